"""Compiled converters give resolvers what Strawberry's own would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strawberry import UNSET
from strawberry.types.arguments import convert_arguments

from api.inputs import compile_arguments
from quantgraph.domain.orders import PriceType, Side
from resolvers.root import graphql_schema

CONVERTER = graphql_schema.schema_converter


def root_fields():
    types = (graphql_schema.query, graphql_schema.mutation, graphql_schema.subscription)
    return [field for kind in types for field in kind.__strawberry_definition__.fields]


def field(name):
    return next(each for each in root_fields() if each.python_name == name)


def both(chosen, given_):
    theirs = convert_arguments(
        given_, chosen.arguments, CONVERTER.scalar_registry, CONVERTER.config
    )
    return compile_arguments(graphql_schema, chosen)(given_), theirs


TICKET = st.fixed_dictionaries(
    {"accountId": st.text(), "side": st.sampled_from(Side), "quantity": st.integers()},
    optional={
        "clientOrderId": st.text(),
        "symbol": st.text(),
        "priceType": st.sampled_from(PriceType),
        "limitPrice": st.one_of(st.none(), st.decimals(allow_nan=False)),
        "strategy": st.sampled_from([None, UNSET, "a"]),
    },
)


@given(TICKET)
def test_a_ticket_is_what_strawberry_makes_of_it(ticket):
    ours, theirs = both(field("submit_order"), {"input": ticket})
    assert ours == theirs
    assert type(ours["input"]) is type(theirs["input"])


@pytest.mark.parametrize("value", [None, UNSET], ids=str)
def test_an_object_that_is_absent_stays_absent(value):
    ours, theirs = both(field("cancel_order"), {"input": value})
    assert ours == theirs == {"input": value}


@pytest.mark.parametrize("name", ["bars", "orders", "instruments", "quotes"])
def test_arguments_that_were_not_given_are_left_to_the_resolver(name):
    assert both(field(name), {}) == ({}, {})


@given(st.lists(st.text(), max_size=3) | st.none())
def test_a_list_is_a_copy(symbols):
    ours, theirs = both(field("instruments"), {"symbols": symbols, "first": 5})
    assert ours == theirs
    assert symbols is None or ours["symbols"] is not symbols


def test_every_root_field_compiles():
    for each in root_fields():
        assert compile_arguments(graphql_schema, each)({}) == {}
