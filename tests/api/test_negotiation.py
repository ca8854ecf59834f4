"""Content negotiation follows quality values and specificity."""

import pytest

from api.negotiation import EVENTS, GRAPHQL_JSON, JSON, accepted, is_json

OFFERS = (GRAPHQL_JSON, JSON, EVENTS)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", GRAPHQL_JSON),
        ("application/*", GRAPHQL_JSON),
        ("application/json", JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/json;q=0.5, application/graphql-response+json;q=0.9", GRAPHQL_JSON),
        ("application/graphql-response+json;q=0, */*;q=0.1", JSON),
        ("text/event-stream", EVENTS),
        ("application/graphql-response+json, application/json, text/event-stream", GRAPHQL_JSON),
        ("text/html", None),
        ("application/json;q=broken", None),
    ],
)
def test_the_client_gets_what_it_likes_best(header, chosen):
    assert accepted(header, OFFERS) == chosen


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
