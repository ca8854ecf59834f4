"""Compiled converters coerce variables as graphql-core does, or leave them to it."""

import pytest
from graphql import parse
from graphql.execution.values import get_variable_values
from hypothesis import example, given
from hypothesis import strategies as st

from api.cells import NotPlain
from api.variables import PlainVariables
from resolvers.root import graphql_schema

SCHEMA = graphql_schema._schema
TICKET = {
    "accountId": "sim-1", "clientOrderId": "k", "symbol": "600519.SH", "side": "BUY",
    "quantity": 100, "priceType": "LIMIT", "limitPrice": "10.10", "note": None,
    "expiresAt": "2026-11-24T00:00:00+08:00",
}  # fmt: skip
VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
    | st.lists(st.sampled_from(["600519.SH", 1, None]), max_size=2)
    | st.sampled_from(["BUY", "10.1", "600519.SH", {}, {"accountId": "x"}])
)  # fmt: skip


def definitions(text):
    return parse(f"query({text}) {{ __typename }}").definitions[0].variable_definitions


def theirs(asked, given_):
    found = get_variable_values(SCHEMA, asked, given_)
    return None if isinstance(found, list) else found


ORDER = definitions("$input: SubmitOrderInput!, $other: CancelOrderInput")
BARS = definitions("$symbol: Symbol!, $period: Period, $last: Int, $symbols: [Symbol!]")


@given(
    st.dictionaries(st.sampled_from([*TICKET, "nothing"]), VALUES, max_size=3),
    st.sets(st.sampled_from([*TICKET]), max_size=2),
)
def test_a_ticket_is_coerced_alike_or_left(changes, left):
    ticket = {name: value for name, value in (TICKET | changes).items() if name not in left}
    same(ORDER, {"input": ticket})


@given(
    st.dictionaries(st.sampled_from(["input", "other", "third"]), VALUES),
)
def test_a_variable_of_another_kind_is_left(given_):
    same(ORDER, given_)


@given(st.dictionaries(st.sampled_from(["symbol", "period", "last", "symbols"]), VALUES))
@example({"symbol": "600519.SH", "period": "MIN_1", "last": 3, "symbols": ["600519.SH"]})
@example({"symbol": "600519.SH", "symbols": "600519.SH"})
def test_leaves_and_lists_of_them_are_coerced_alike_or_left(given_):
    same(BARS, given_)


def same(asked, given_):
    ours, expected = PlainVariables(SCHEMA, asked).coerce(given_), theirs(asked, given_)
    assert (ours is None) == (expected is None)
    if ours is not None:
        assert ours.coerced == expected.coerced
        assert [*ours.coerced] == [*expected.coerced]
        assert told(ours) == told(expected)


def told(found):
    return [(n, s.signature.name, str(s.signature.type), s.value) for n, s in found.sources.items()]


@pytest.mark.parametrize("text", ["$last: Int = 3", "$what: Order", "$orders: [SubmitOrderInput!]"])
def test_what_is_not_plain_is_not_compiled(text):
    with pytest.raises(NotPlain):
        PlainVariables(SCHEMA, definitions(text))
