"""Content negotiation follows quality values and specificity."""

import pytest

from api.negotiation import EVENTS, GRAPHQL_JSON, JSON, PARTS, Wanted, accepted, is_json

URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed"
)
APOLLO = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,"
    "application/graphql-response+json,application/json;q=0.9"
)


@pytest.mark.parametrize(
    ("header", "single", "stream"),
    [
        (None, JSON, None),
        ("", JSON, None),
        ("*/*", JSON, None),
        ("application/*", JSON, None),
        ("application/json, text/plain, */*", JSON, None),
        ("application/graphql-response+json, */*", GRAPHQL_JSON, None),
        ("application/json", JSON, None),
        ("application/json; charset=utf-8", JSON, None),
        ("application/json;q=0.5, application/graphql-response+json;q=0.9", GRAPHQL_JSON, None),
        ("application/graphql-response+json;q=0, */*;q=0.1", JSON, None),
        ("text/event-stream", None, EVENTS),
        ("text/*", None, EVENTS),
        ("text/event-stream, application/json;q=0.1", JSON, EVENTS),
        (URQL, GRAPHQL_JSON, EVENTS),
        ("text/event-stream;q=0, */*", JSON, None),
        ("multipart/mixed", None, None),
        ('multipart/mixed; subscriptionSpec="1.0"', None, PARTS),
        ("multipart/mixed;subscriptionSpec=2.0", None, None),
        (APOLLO, GRAPHQL_JSON, PARTS),
        ("text/event-stream, multipart/mixed;subscriptionSpec=1.0", None, EVENTS),
        ("text/event-stream;q=0.5, multipart/mixed;subscriptionSpec=1.0", None, PARTS),
        ("text/html", None, None),
        ("application/json;q=broken", None, None),
    ],
)
def test_the_client_gets_what_it_likes_best(header, single, stream):
    assert accepted(header) == Wanted(single, stream)


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("Application/JSON; Charset=UTF-8", True),
        ('application/json; charset="utf-8"', True),
        ("application/json; charset = utf-8; odata=none", True),
        ("application/json-patch+json", False),
        ("application/json; charset=utf-16", False),
        ("text/plain", False),
        (None, False),
    ],
)
def test_a_body_is_json_only_if_it_says_exactly_so(content_type, taken):
    assert is_json(content_type) is taken
