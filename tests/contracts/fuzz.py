"""Values for every scalar and operation of the GraphQL contract, good ones among the bad."""

import os
import random
import re
from collections.abc import Callable, Collection
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
    is_union_type,
)
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from quantgraph.domain.reasons import Kind
from tools.sdl import FILE

SEED = int(os.environ.get("QUANTGRAPH_SEED", random.randrange(2**32)))
CASES = int(os.environ.get("QUANTGRAPH_CASES", "8"))
NEVER = {Kind.INTERNAL, Kind.STARTUP}
LEAK = re.compile(
    r"Traceback \(|File \"|object at 0x|\b[A-Z]\w*(?:Error|Exception)\b|site-packages|\.py\b"
    r"|<class |sqlite3|NoneType|quantgraph\.(?:domain|services|store|backends|wire)"
)
SCHEMA: GraphQLSchema = build_schema(FILE.read_text("utf-8"))


def leaks(message: str, given: str) -> list[str]:
    """Return what a message tells of our insides. What the caller sent may be quoted in it.

    Hypothesis sends texts that it reads in our sources, names of exceptions among them.
    """
    return [each for each in LEAK.findall(message) if each not in given]


def root_fields(*roots: GraphQLObjectType | None) -> list[str]:
    """Return `Query.bars` and so on."""
    return sorted(f"{root.name}.{name}" for root in roots if root for name in root.fields)


EXECUTED = root_fields(SCHEMA.query_type, SCHEMA.mutation_type)
STREAMED = root_fields(SCHEMA.subscription_type)

_ODD = ["", " ", "\x00", "x" * 300, "白酒", "%", "'; DROP TABLE orders; --", "NaN", "null"]
# Per scalar: what the gateway takes.
_GOOD = {
    "Symbol": ["600519.SH", "000001.SZ", "300750.SZ", "999999.SH"],
    "Decimal": ["1700.00", "12.34", "0.01", "999999999999999.999999999"],
    "Date": ["2023-02-01", "2022-12-30", "1990-12-19", "0001-01-01", "9999-12-31"],
    "DateTime": [
        "2023-02-01T09:30:00+08:00", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
    "TimeBound": [
        "2023-02-01", "2022-12-30T09:30:00+08:00", "0001-01-01", "9999-12-31",
        "0001-01-01T00:00:00Z",
    ],
    "ID": ["sim-1", "sim-2", "mock_order_1", "c-1"],
    "String": ["白酒", "600519", "银行", "MTIz", "茅台"],
}  # fmt: skip
# Per scalar: what looks much like it.
_BAD = {
    "Symbol": ["600519", "600519.XX"],
    "Decimal": ["-1", "0", "1e5", "01"],
    "Date": ["2023-02-30"],
    "DateTime": ["0001-01-01T00:00:00+23:59", "2023-02-01T09:30:00", "2023-02-01T24:00:00Z"],
    "TimeBound": ["9999-12-31T23:59:59.999999Z", "2023-13-01", "T"],
    "ID": [],
    "String": [],
}
# By the name of an argument: what gets past the first check of most operations.
_SENSIBLE: dict[str, list[Any]] = {
    "accountId": ["sim-1"],
    "clientOrderId": ["c-1", "c-2"],
    "epoch": [None],
    "after": [None],
    "afterSequence": [None],
    "symbol": ["600519.SH", "000001.SZ"],
    "stocks": [["600519.SH"], ["600519.SH", "000001.SZ"]],
    "symbols": [["600519.SH"], ["600519.SH", "000001.SZ"]],
    "quantity": [100, 200],
    "limitPrice": ["1700.00", "12.34"],
    "exDate": ["2023-02-06", "2023-06-30"],
    "cash": ["25.5", "1"],
    "bonus": ["1", "0.5"],
    "conversion": ["2", "0"],
    "first": [1, 5],
    "last": [1, 5],
    "start": [None, "2022-12-30"],
    "end": [None, "2023-02-01"],
}
# What most operations do without and one does not: a corporate action that grants nothing.
_ALWAYS = {"cash"}
# An order is named by one of these: both or none is refused at once.
_EITHER = ("id", "clientOrderId")
_NUMBERS = [0, 1, -1, 5, 100, 200, 500, 501, 100_000, 2**31 - 1, 2**31, 2**53 - 1, 2**53, -(2**63)]
_JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_NUMBERS) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def texts(name: str) -> SearchStrategy[str]:
    """Return texts for a scalar, half of them good."""
    good = st.sampled_from(_GOOD[name])
    return good | good | st.sampled_from([*_BAD[name], *_ODD]) | st.text(max_size=40)


def value(kind: GraphQLInputType) -> SearchStrategy[Any]:
    """Return JSON values for a variable: mostly of the right shape, sometimes of any other."""
    return st.integers(0, 9).flatmap(lambda dice: _JSON if dice == 0 else _shaped(kind))


def _shaped(kind: Any) -> SearchStrategy[Any]:
    if is_non_null_type(kind):
        return _shaped(kind.of_type)
    if is_list_type(kind):
        return st.lists(value(kind.of_type), max_size=3)
    if is_enum_type(kind):
        return st.sampled_from([*kind.values, "NONSENSE", ""])
    if is_input_object_type(kind):
        return _members(kind.fields, lambda name, each: value(each.type))
    if kind.name in _GOOD:
        return texts(kind.name)
    return st.booleans() if kind.name == "Boolean" else st.sampled_from(_NUMBERS)


def _sensible(name: str, kind: Any) -> SearchStrategy[Any]:
    if is_non_null_type(kind):
        return _sensible(name, kind.of_type).filter(lambda given: given is not None)
    if name in _SENSIBLE:
        return st.sampled_from(_SENSIBLE[name])
    if is_list_type(kind):
        return st.lists(_sensible("", kind.of_type), min_size=1, max_size=3)
    if is_enum_type(kind):
        return st.sampled_from([*kind.values])
    if is_input_object_type(kind):
        return _reasonable(kind.fields)
    if kind.name in _GOOD:
        return st.sampled_from(_GOOD[kind.name])
    return st.booleans() if kind.name == "Boolean" else st.sampled_from([1, 5, 100])


def members(fields: Any) -> SearchStrategy[dict[str, Any]]:
    """Return variables for arguments: with anything, or such as get past the first checks."""
    anything, reasonable = halves(fields)
    return anything | reasonable


def halves(fields: Any) -> tuple[SearchStrategy[dict[str, Any]], SearchStrategy[dict[str, Any]]]:
    """Return variables with anything, and such as get past the first checks.

    Hypothesis draws from one strategy of several as it likes: who means half asks each for half.
    """
    return _members(fields, lambda name, each: value(each.type)), _reasonable(fields)


def _reasonable(fields: Any) -> SearchStrategy[dict[str, Any]]:
    if all(name in fields for name in _EITHER):
        return st.one_of(
            _usual({name: each for name, each in fields.items() if name != left}, chosen)
            for left, chosen in (_EITHER, _EITHER[::-1])
        )
    return _usual(fields)


def _usual(fields: Any, chosen: str = "") -> SearchStrategy[dict[str, Any]]:
    return _members(fields, lambda name, each: _sensible(name, each.type), {*_ALWAYS, chosen})


def _members(
    fields: Any, made: Callable[[str, Any], SearchStrategy[Any]], always: Collection[str] = ()
) -> SearchStrategy[dict[str, Any]]:
    """Return members of an object: required ones always, others at times."""
    both = {name: made(name, each) for name, each in fields.items()}
    needed = {
        name: both.pop(name)
        for name, each in fields.items()
        if name in always or is_required_argument(each) or is_required_input_field(each)
    }
    return st.fixed_dictionaries(needed, optional=both)


def document(label: str) -> tuple[str, Any]:
    """Return an operation over one root field with a variable per argument, and the arguments."""
    root, name = label.split(".")
    field = SCHEMA.type_map[root].fields[name]
    given = ", ".join(f"{each}: ${each}" for each in field.args)
    declared = ", ".join(f"${each}: {_declared(argument)}" for each, argument in field.args.items())
    call = f"{name}({given})" if given else name
    operation = f"{root.lower()} ({declared})" if declared else root.lower()
    chosen = _plain(get_named_type(field.type))
    return f"{operation} {{ {call} {{ {chosen} }} }}", field.args


def _declared(argument: GraphQLArgument) -> str:
    """Return the type of its variable: one that may be left out where the argument may."""
    shown = str(argument.type)
    return shown if is_required_argument(argument) else shown.removesuffix("!")


def _plain(kind: Any) -> str:
    """Return a selection of every field that has neither arguments nor fields of its own."""
    if is_union_type(kind):
        return "__typename ... on Problem { code message messageZh retryable }"
    if not is_object_type(kind):
        return "__typename"
    leaves = [name for name, each in kind.fields.items() if not _inner(each) and not each.args]
    return " ".join(["__typename", *leaves])


def _inner(field: Any) -> bool:
    named = get_named_type(field.type)
    return not (is_enum_type(named) or hasattr(named, "parse_value"))


def json_values() -> SearchStrategy[Any]:
    """Return any JSON."""
    return _JSON


def use_scalars() -> None:
    """Tell schemathesis what literals our scalars have."""
    from schemathesis.graphql import nodes, scalar

    for name in _GOOD:
        scalar(name, texts(name).map(nodes.String))
    scalar("Long", (st.sampled_from(_NUMBERS) | st.integers()).map(nodes.Int))


def repeatable(cases: int) -> Callable[[Any], Any]:
    """Run a property so often, from the seed that conftest.py prints."""

    def wrap(test: Any) -> Any:
        options = {"phases": [Phase.generate], "database": None, "deadline": None}
        silent = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        silent += [HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]
        return seed(SEED)(
            settings(max_examples=cases, suppress_health_check=silent, **options)(test)
        )

    return wrap
