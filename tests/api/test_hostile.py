"""A document made to cost much costs a few times the parsing of the largest allowed one, at most.

Calls are counted, not seconds: they are the same on every machine.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from graphql import GraphQLError, parse

from api.documents import DocumentRefused, Documents
from quantgraph.config import HttpConfig, LimitsConfig
from quantgraph.domain.errors import InvalidRequest
from resolvers.root import graphql_schema
from tests.api.hostile import FILLING, LONG, hostile, largest

MOST = 5
LIMITS = LimitsConfig()


def calls(work: Callable[[], Any]) -> int:
    """Return how many functions a piece of work has called, of Python's and of C's."""
    counted = 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return counted


@pytest.fixture(scope="module")
def documents() -> Documents:
    found = Documents(graphql_schema._schema, LIMITS)
    found._prepare("{ serverInfo { mode } }")
    return found


@pytest.fixture(scope="module")
def allowed(documents: Documents) -> dict[bool, int]:
    """The calls that parsing the largest document takes, and the largest that fills a body."""
    found: dict[bool, int] = {}
    for filled in (False, True):
        text = largest(FILLING if filled else "")
        assert len(text) < HttpConfig().max_body_bytes
        documents._prepare(text)
        with pytest.raises(GraphQLError, match="tokens"):
            parse(text.replace("a0:", "a" + ": a a" * 20 + ":"), max_tokens=LIMITS.query_tokens)
        found[filled] = calls(partial(parse, text, max_tokens=LIMITS.query_tokens))
    return found


@pytest.mark.parametrize("name", list(hostile()))
def test_a_hostile_document_is_cheap_to_refuse(
    documents: Documents, allowed: dict[bool, int], name: str
) -> None:
    text = hostile()[name]

    def refuse() -> None:
        with suppress(DocumentRefused, InvalidRequest):
            documents._prepare(text)

    assert calls(refuse) <= MOST * allowed[name in LONG]
