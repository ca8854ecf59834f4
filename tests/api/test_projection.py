"""The fast path and the ordinary path give the same answer, in the same order, bit for bit."""

import asyncio
import gc
import math
import struct
import weakref
from collections.abc import Iterator, Sequence
from types import FrameType, TracebackType
from typing import Any

import numpy as np
import orjson
import pytest
import strawberry
from graphql import parse, validate
from graphql.pyutils import Path
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from api.core import Core, CoreSettings, Run
from api.slots import KeptTexts, Slot, Text
from quantgraph.domain import bars as domain
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, Period
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.sources import Source
from schema.bars import Bar, BarSeries
from schema.rows import ColumnList, RowList
from schema.scalars import SCALARS

DAY = 86_400_000


@strawberry.type
class Judged(Bar):
    """A bar with a field that only a resolver can answer."""

    @strawberry.field
    def change(self, times: int = 1) -> float | None:
        return None if self.close is None else self.close * times


class Iterated(list[Any]):
    """A list that is no list of columns, so that graphql-core visits every row."""


@strawberry.type
class Query:
    @strawberry.field
    def series(self, info: strawberry.Info) -> BarSeries | None:
        return info.context["series"]

    @strawberry.field
    def judged(self, info: strawberry.Info) -> list[Judged] | None:
        return RowList(lambda **row: Judged(**NOTHING | row), info.context["series"].bars)


NOTHING: dict[str, Any] = dict.fromkeys(BAR_FIELDS)
SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
CORE = Core(SCHEMA, CoreSettings(2_000, KeptTexts(1_000_000)))


async def answer(query: str, series: BarSeries, variables: dict[str, Any]) -> Any:
    document = parse(query)
    assert not validate(CORE.schema, document)
    prepared = CORE.prepare(Run(document, None, variables))
    return await prepared.run(prepared.bind(variables), {"series": series})


def ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.core._call", lambda *_: None)
    monkeypatch.setattr("api.executor.PlainExecutor._writer", refuse)
    monkeypatch.setattr("api.executor.PlainExecutor._check_rows", lambda *_: None)


def refuse(*_: object, **__: object) -> Any:
    from api.cells import NotPlain

    return NotPlain("everything", "is taken by the ordinary path here")


def leave(*_: object, **__: object) -> Any:
    raise refuse()


doubles = st.floats(allow_nan=False, allow_infinity=False)
prices = st.integers(0, 10**7).map(lambda cents: cents / 100)
longs = st.integers(-(2**53) + 1, 2**53 - 1)
instants = st.integers(-2_000_000_000_000, 7_000_000_000_000)


@st.composite
def series(draw: st.DrawFn) -> BarSeries:
    length = draw(st.integers(0, 12))
    values: dict[str, Any] = {}
    valid: dict[str, Any] = {}
    for name, field in BAR_FIELDS.items():
        if name != "time" and draw(st.booleans()) and draw(st.booleans()):
            continue  # not read, or the source does not have it
        kind = {"float64": doubles | prices, "bool": st.booleans()}.get(
            field.dtype, instants if name == "time" else longs
        )
        values[name] = np.array(draw(st.lists(kind, min_size=length, max_size=length)), field.dtype)
        if name != "time" and draw(st.booleans()):
            mask = draw(st.lists(st.booleans(), min_size=length, max_size=length))
            valid[name] = np.array(mask, np.bool_)
            if field.dtype == "float64":
                values[name][~valid[name]] = np.nan
    columns = domain.BarColumns(length, values, valid)
    held = domain.Coverage(None, None, complete=None, missing=None)
    return BarSeries.from_domain(
        domain.BarSeries("600519.SH", Period.MIN_1, Adjustment.NONE, Source.IMPORTED, columns, held)
    )


NAMES = ["time", "open", "high", "low", "close", "volume", "amount", "previousClose", "suspended"]


CONDITIONS = ["@skip(if: $no)", "@include(if: $no)", "@skip(if: true)"]


@st.composite
def selections(draw: st.DrawFn, names: Sequence[str] = (*NAMES, "__typename")) -> str:
    parts: list[str] = []
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=12)):
        alias = draw(st.sampled_from(["", "", f"{name.strip('_')}A: ", f"{name.strip('_')}B: "]))
        place = draw(
            st.sampled_from(["", "", "@skip(if: $no)", "@include(if: $no)", "@skip(if: true)"])
        )
        field = f"{alias}{name} {place}"
        parts.append(
            draw(st.sampled_from([field, f"... {{ {field} }}", f"... on TYPE {{ {field} }}"]))
        )
    return " ".join(parts)


def bits(value: Any) -> Any:
    """Return the value with every float as its bits, and objects as ordered pairs."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, dict):
        return [(key, bits(each)) for key, each in value.items()]
    if isinstance(value, list):
        return [bits(each) for each in value]
    return value


def slots(value: Any) -> Iterator[Slot]:
    if isinstance(value, Slot):
        yield value
    for each in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from slots(each)


@given(series(), selections(), selections(), st.booleans(), st.sampled_from([1, 3, 2_000]))
@settings(max_examples=80, deadline=None)
async def test_both_paths_give_the_same_answer(
    series: BarSeries, rows: str, columns: str, no: bool, piece: int
):
    query = (
        f"query($no: Boolean!) {{ series {{ rowCount @skip(if: $no) "
        f"rows {{ __typename {rows.replace('TYPE', 'Bar')} }} "
        f"columns {{ __typename {columns.replace('TYPE', 'BarColumns')} }} }} }}"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("api.slots.PIECE_ROWS", piece)  # short lists are written at once
        fast = await answer(query, series, {"no": no})
        assert list(slots(fast.data))
        found = orjson.loads(Text(fast.data).whole())
        ordinary(patched)
        slow = await answer(query, series, {"no": no})
    assert not list(slots(slow.data))
    assert fast.errors == slow.errors is None
    expected = orjson.loads(Text(slow.data).whole())
    assert bits(found) == bits(expected)


def one(length: int, **values: Any) -> BarSeries:
    columns = {"time": np.arange(length) * DAY, **values}
    held = domain.Coverage(None, None, complete=None, missing=None)
    found = domain.BarColumns(length, columns, {})
    return BarSeries.from_domain(
        domain.BarSeries("600519.SH", Period.DAY_1, Adjustment.NONE, Source.IMPORTED, found, held)
    )


@pytest.mark.parametrize("piece", [1, 2_000])
async def test_a_number_that_json_cannot_carry_is_refused_as_the_ordinary_path_does(
    monkeypatch: pytest.MonkeyPatch, piece: int
):
    monkeypatch.setattr("api.slots.PIECE_ROWS", piece)
    bad = one(3, close=np.array([1.0, math.nan, 3.0]))
    found = await answer("{ series { rows { time close } columns { close } } }", bad, {})
    rows, columns = found.data["series"]["rows"], found.data["series"]["columns"]
    assert [row["close"] for row in rows] == [1.0, None, 3.0]
    assert columns["close"] == [1.0, None, 3.0]
    assert {tuple(each.path) for each in found.errors} == {
        ("series", "rows", 1, "close"),
        ("series", "columns", "close", 1),
    }


async def test_rows_of_which_nothing_is_read_are_as_many_on_both_paths(
    monkeypatch: pytest.MonkeyPatch,
):
    bare = BarSeries(**{**vars(one(3)), "bars": domain.BarColumns(3, {})})
    query = "{ series { rows { __typename } } }"
    fast = orjson.loads(Text((await answer(query, bare, {})).data).whole())
    ordinary(monkeypatch)
    assert fast == (await answer(query, bare, {})).data
    assert fast == {"series": {"rows": [{"__typename": "Bar"}] * 3}}


NULL_CONDITIONS = [
    ("{ series { symbol coverage { complete @skip(if: $x) } } }", ["series", "coverage"], None),
    ("{ series { rows { time @skip(if: $x) } } }", None, {"series": {"rows": []}}),
]


@pytest.mark.parametrize(("selection", "path", "data"), NULL_CONDITIONS)
async def test_a_null_condition_fails_where_graphql_core_meets_it(
    monkeypatch: pytest.MonkeyPatch, selection: str, path: Any, data: Any
):
    query = f"query($x: Boolean = true) {selection}"
    fast = await answer(query, one(0), {"x": None})
    ordinary(monkeypatch)
    slow = await answer(query, one(0), {"x": None})
    assert [each.path for each in fast.errors or ()] == ([path] if path else [])
    assert [str(each) for each in fast.errors or ()] == [str(each) for each in slow.errors or ()]
    assert fast.data == slow.data
    assert data is None or fast.data == data


async def test_a_field_with_a_resolver_takes_the_ordinary_path():
    found = await answer(
        "{ judged { close change(times: 2) } }", one(2, close=np.array([1.0, 2.5])), {}
    )
    assert found.data == {"judged": [{"close": 1.0, "change": 2.0}, {"close": 2.5, "change": 5.0}]}


async def test_too_many_rows_for_the_ordinary_path_are_refused_naming_the_field():
    many = one(2_001, close=np.ones(2_001))
    found = await answer("{ judged { close change } }", many, {})
    assert found.data == {"judged": None}
    error = found.errors[0].original_error
    assert error.reason.value == "ROW_LIMIT"
    assert "Judged.change" in error.message
    assert error.details == {"limit": "2000", "field": "Judged.change"}
    assert Text((await answer("{ judged { close } }", many, {})).data).rows == 2_001


async def test_no_row_is_made_into_an_object_on_the_fast_path(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(RowList, "__iter__", leave)
    monkeypatch.setattr(ColumnList, "__iter__", leave)
    found = await answer("{ series { rows { time } columns { time } } }", one(5_000), {})
    assert Text(found.data).rows == 10_000


async def test_a_prepared_operation_answers_each_run_with_its_own_context():
    document = parse("{ series { rowCount rows { time } } }")
    prepared = CORE.prepare(Run(document, None, {}))
    lengths = [3, 0, 7]
    for length in lengths:
        found = await prepared.run(prepared.bind({}), {"series": one(length)})
        assert found.data["series"]["rowCount"] == length
        assert len(orjson.loads(Text(found.data).whole())["series"]["rows"]) == length


LASTING = [
    "{ judged { close change } }",
    "{ __schema { types { name fields { name args { name } } } } }",
    "{ a: series { rows { time } } b: series { columns { close } symbol } }",
    "{ series { rows { time } columns { close } coverage { complete } } nothing: __typename }",
]


@pytest.mark.parametrize("query", LASTING)
async def test_runs_of_a_prepared_operation_leave_nothing_behind(query: str):
    prepared = CORE.prepare(Run(parse(query), None, {}))

    async def left() -> int:
        for _ in range(50):
            await prepared.run(prepared.bind({}), {"series": one(5, close=np.ones(5))})
        gc.collect()
        kinds = (FrameType, TracebackType, Path)  # what else there is belongs to other threads
        return sum(isinstance(each, kinds) for each in gc.get_objects())

    await left()
    before = await left()
    assert await left() - before < 20


async def test_a_large_answer_for_a_socket_leaves_the_loop_between_pieces():
    found = await answer("{ series { rows { time } } }", one(9_000), {})
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    gathered = await Text(found.data).gathered()
    counting.cancel()
    assert turns >= 5
    assert gathered == Text(found.data).whole().decode()


async def test_many_short_lists_are_not_all_written_in_one_turn():
    aliases = " ".join(f"a{n}: series {{ rows {{ time close }} }}" for n in range(30))
    series = one(2_000, close=np.arange(2_000) / 4)
    with OperationBudget():
        found = await answer(f"{{ {aliases} }}", series, {})
    text = Text(found.data)
    assert text.rows >= 28 * 2_000
    [rows] = {orjson.dumps(each["rows"]) for each in orjson.loads(text.whole()).values()}
    assert len(orjson.loads(rows)) == 2_000


async def test_an_unwritable_number_is_found_in_a_list_that_waits():
    aliases = " ".join(f"a{n}: series {{ rows {{ close }} }}" for n in range(9))
    series = one(2_000, close=np.array([*np.zeros(1_999), np.inf]))
    with OperationBudget():
        found = await answer(f"{{ {aliases} }}", series, {})
    assert len(found.errors) == 9
    assert Text(found.data).rows == 0


async def test_nothing_of_a_run_stays_with_what_it_made_ready():
    class Marked(dict[str, Any]):
        """A context that can be watched."""

    # Two root fields: graphql-core starts them, and its executor's copy meets the rows.
    document = parse("{ a: series { rows { time } columns { time } } b: series { rowCount } }")
    prepared = CORE.prepare(Run(document, None, {}))
    context = Marked(series=one(3))
    found = await prepared.run(prepared.bind({}), context)
    assert found.data["b"] == {"rowCount": 3}
    watched = weakref.ref(context)
    del context, found
    gc.collect()
    assert watched() is None
