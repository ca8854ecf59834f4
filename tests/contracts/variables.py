"""Variables for operations: with anything in them, or such as get past the first checks."""

from collections.abc import Callable, Collection, Iterator
from itertools import product
from typing import Any

from graphql import (
    GraphQLInputType,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_ODD = ["", " ", "\x00", "x" * 300, "白酒", "%", "'; DROP TABLE orders; --", "NaN", "null"]
# Per scalar: what the gateway takes.
_GOOD = {
    "Symbol": ["600519.SH", "000001.SZ", "300750.SZ", "999999.SH"],
    "Decimal": ["1700.00", "12.34", "0.01", "999999999999999.999999999"],
    "Date": ["2023-02-01", "2022-12-30", "1990-12-19", "0001-01-01", "9999-12-31"],
    "DateTime": [
        "2023-02-01T09:30:00+08:00", "2099-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
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
    "DateTime": [
        "0001-01-01T00:00:00+23:59", "2023-02-01T09:30:00", "2023-02-01T24:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
    "TimeBound": ["9999-12-31T23:59:59.999999Z", "2023-13-01", "T"],
    "ID": [],
    "String": [],
}  # fmt: skip
SCALARS = tuple(_GOOD)
# By the name of an argument: what gets past the first check of most operations. A name of one
# input alone stands behind that.
_SENSIBLE: dict[str, list[Any]] = {
    "accountId": ["sim-1"],
    "CreateAccountInput.accountId": ["sim-1", "fuzz-1", "fuzz-2"],
    "clientOrderId": ["c-1", "c-2"],
    "epoch": [None],
    "after": [None],
    "afterSequence": [None],
    "code": ["00700.HK", "09988.HK"],
    "symbol": ["600519.SH", "000001.SZ"],
    "table": ["bond_conv_price_info", "bond_amount_chg", "bond_call_info"],
    "fields": [["time"], ["symbol", "time"], []],
    "tags": [["GE_EXTRA_ETF"], []],
    "stocks": [["600519.SH"], ["600519.SH", "000001.SZ"]],
    "symbols": [["600519.SH"], ["600519.SH", "000001.SZ"]],
    "market": ["SH", "SZ"],
    "board": ["MAIN"],
    "quantity": [100, 200],
    "openQuantity": [1, 100],
    "levels": [1, 5],
    "prices": [["12.34"], ["1700.00", "1700.01"]],
    "limitPrice": ["1700.00", "12.34"],
    "price": ["1700.00", "12.34", "0.01"],
    "costPrice": ["1700.00", "0", "0.001"],
    "amount": ["0.01", "12.34", "1000000.00"],
    "expiresAt": [None, "2023-02-01T15:00:00+08:00", "2023-02-10T00:00:00Z"],
    # Later than any jump of the clock among these, and than as many next days as are drawn.
    "exDate": ["2024-12-27", "2025-06-27"],
    "time": ["09:14:59", "14:57", "15:30"],
    # Of a root field: an instant.
    ".time": ["2023-02-01T10:00:00+08:00", "2022-12-30T14:00:00+08:00"],
    "day": [None, "2023-02-02", "2023-06-30"],
    "cash": ["25.5", "1"],
    "bonus": ["1", "0.5"],
    "conversion": ["2", "0"],
    "first": [1, 5],
    "last": [1, 5],
    "start": [None, "2022-12-30"],
    "end": [None, "2023-02-01"],
    # Of symbols: those of whole lists take none, and no days.
    "StartDownloadInput.kind": ["MINUTES", "DAYS", "TICKS", "FINANCIALS"],
    # Of one kind alone, which needs it.
    "StartDownloadInput.table": [None],
    "SnapshotInput.name": [f"kept-{number}" for number in range(1, 41)],
}
# What most operations do without and one does not: a corporate action that grants nothing, a
# download of nothing.
_ALWAYS = {"cash", "StartDownloadInput.symbols"}
# Arguments that are checked together, and which of them may be given. The first that fits counts.
_TOGETHER: dict[tuple[str, ...], list[tuple[str, ...]]] = {
    ("id", "clientOrderId"): [("id",), ("clientOrderId",)],
    ("levels", "prices"): [("levels",), ("prices",)],
    ("symbols", "sector", "market"): [("symbols",), ("sector",), ("market",)],
    ("market", "sector"): [("market",), ("sector",)],
    ("symbols", "search"): [(), ("symbols",), ("search",)],
    ("start", "end", "last"): [(), ("start",), ("start", "end"), ("end",), ("last",)],
    ("phase", "time", "day", "nextDay"): [
        ("phase",), ("time",), ("day", "phase"), ("day", "time"), ("nextDay", "phase"),
        ("nextDay", "time"),
    ],
    ("speed", "paused"): [("speed",), ("paused",), ("speed", "paused")],
    ("market", "kind", "board"): [("market",), ("market", "kind"), ("market", "board")],
}  # fmt: skip
# What tells the members of a list apart.
_DISTINCT = {"NewPositionInput": "symbol", "ScenarioArgumentInput": "name"}
_NUMBERS = [0, 1, -1, 5, 100, 200, 500, 501, 100_000, 2**31 - 1, 2**31, 2**53 - 1, 2**53, -(2**63)]
_JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_NUMBERS) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
Variables = SearchStrategy[dict[str, Any]]


def json_values() -> SearchStrategy[Any]:
    """Return any JSON."""
    return _JSON


def numbers() -> SearchStrategy[int]:
    """Return whole numbers, many of them at an edge."""
    return st.sampled_from(_NUMBERS) | st.integers()


def texts(name: str) -> SearchStrategy[str]:
    """Return texts for a scalar, half of them good."""
    good = st.sampled_from(_GOOD[name])
    return good | good | st.sampled_from([*_BAD[name], *_ODD]) | st.text(max_size=40)


def members(fields: Any) -> Variables:
    """Return variables for arguments: with anything, or such as get past the first checks."""
    anything, reasonable = halves(fields)
    return anything | reasonable


def halves(fields: Any) -> tuple[Variables, Variables]:
    """Return variables with anything, and such as get past the first checks.

    Hypothesis draws from one strategy of several as it likes: who means half asks each for half.
    """
    return _members(fields, lambda name, each: _value(each.type)), _reasonable("", fields)


def _value(kind: GraphQLInputType) -> SearchStrategy[Any]:
    """Return JSON values for a variable: mostly of the right shape, sometimes of any other."""
    return st.integers(0, 9).flatmap(lambda dice: _JSON if dice == 0 else _shaped(kind))


def _shaped(kind: Any) -> SearchStrategy[Any]:
    if is_non_null_type(kind):
        return _shaped(kind.of_type)
    if is_list_type(kind):
        return st.lists(_value(kind.of_type), max_size=3)
    if is_enum_type(kind):
        return st.sampled_from([*kind.values, "NONSENSE", ""])
    if is_input_object_type(kind):
        return _members(kind.fields, lambda name, each: _value(each.type))
    if kind.name in _GOOD:
        return texts(kind.name)
    return st.booleans() if kind.name == "Boolean" else st.sampled_from(_NUMBERS)


def _sensible(owner: str, name: str, kind: Any) -> SearchStrategy[Any]:
    if is_non_null_type(kind):
        return _sensible(owner, name, kind.of_type).filter(lambda given: given is not None)
    chosen = _SENSIBLE.get(f"{owner}.{name}") or _SENSIBLE.get(name)
    if chosen is not None:
        return st.sampled_from(chosen)
    if is_list_type(kind):
        return _several(_sensible("", "", kind.of_type), kind.of_type)
    if is_enum_type(kind):
        return st.sampled_from([*kind.values])
    if is_input_object_type(kind):
        return _reasonable(kind.name, kind.fields)
    if kind.name in _GOOD:
        return st.sampled_from(_GOOD[kind.name])
    return st.booleans() if kind.name == "Boolean" else st.sampled_from([1, 5, 100])


def _several(one: SearchStrategy[Any], kind: Any) -> SearchStrategy[list[Any]]:
    inner = kind.of_type if is_non_null_type(kind) else kind
    own = _DISTINCT.get(inner.name)
    apart = None if own is None else (lambda each: each[own])
    return st.lists(one, min_size=1, max_size=3, unique_by=apart)


def _reasonable(owner: str, fields: Any) -> Variables:
    return st.one_of(
        _members(
            {name: each for name, each in fields.items() if name not in left},
            lambda name, each: _sensible(owner, name, each.type),
            chosen | {name for name in fields if not _ALWAYS.isdisjoint((name, f"{owner}.{name}"))},
        )
        for chosen, left in _choices(fields)
    )


def _choices(fields: Collection[str]) -> Iterator[tuple[set[str], set[str]]]:
    """Yield what is given and what is left out of the arguments that are checked together."""
    taken, groups = set[str](), list[tuple[str, ...]]()
    for group in _TOGETHER:
        if taken.isdisjoint(group) and all(name in fields for name in group):
            taken.update(group)
            groups.append(group)
    for each in product(*(_TOGETHER[group] for group in groups)):
        chosen = {name for names in each for name in names}
        yield chosen, taken - chosen


def _members(
    fields: Any, made: Callable[[str, Any], SearchStrategy[Any]], always: Collection[str] = ()
) -> Variables:
    """Return members of an object: required ones always, others at times."""
    both = {name: made(name, each) for name, each in fields.items()}
    needed = {
        name: both.pop(name)
        for name, each in fields.items()
        if name in always or is_required_argument(each) or is_required_input_field(each)
    }
    return st.fixed_dictionaries(needed, optional=both)
