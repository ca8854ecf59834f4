"""Both encoders against each other and against orjson over dicts."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quantgraph.rows.encoder import encoder_name, row_encoder
from quantgraph.rows.numpy_encoder import NumpyEncoder
from quantgraph.rows.plan import Batch, Cell, Kind
from quantgraph.rows.texts import FIRST_MS, LAST_MS, SAFE_INTEGER
from schema.scalars import write_instant
from tests.rows.strategies import VALUES, bits, cells_and_batches, finite, plain

try:
    from quantgraph.rows.compiled_encoder import CompiledEncoder

    ENCODERS: list[Any] = [NumpyEncoder(), NumpyEncoder(few=0), CompiledEncoder()]
except ImportError:
    ENCODERS = [NumpyEncoder(), NumpyEncoder(few=0)]
each_encoder = pytest.mark.parametrize(
    "encoder", ENCODERS, ids=["numpy-few", "numpy-many", "compiled"][: len(ENCODERS)]
)


def _one(kind: Kind, values: Any, mask: Any = None) -> tuple[Cell, Batch]:
    valid = {} if mask is None else {"a": np.array(mask, bool)}
    column = list(values) if kind is Kind.TEXT else np.array(values, VALUES[kind][1])
    return Cell("a", "a", kind), Batch(len(column), {"a": column}, valid)


@given(cells_and_batches())
@settings(max_examples=400)
def test_every_encoder_says_what_orjson_says_of_dicts(asked: Any) -> None:
    expected = plain(*asked)
    for encoder in ENCODERS:
        text = b"[" + encoder.rows(*asked) + b"]"
        assert bits(json.loads(text)) == bits(expected)
        assert bits(orjson.loads(text)) == bits(orjson.loads(orjson.dumps(expected)))


@given(cells_and_batches())
@settings(max_examples=400)
def test_the_encoders_write_the_same_bytes(asked: Any) -> None:
    cells, *where = asked
    assert len({encoder.rows(*asked) for encoder in ENCODERS}) == 1
    for cell in cells:
        assert len({encoder.column(cell, *where) for encoder in ENCODERS}) == 1


@given(cells_and_batches())
def test_an_array_holds_the_values_of_the_rows(asked: Any) -> None:
    cells, *where = asked
    expected = plain(*asked)
    for encoder in ENCODERS:
        for cell in cells:
            listed = json.loads(b"[" + encoder.column(cell, *where) + b"]")
            assert bits(listed) == bits([row[cell.key] for row in expected])


@given(cells_and_batches(), st.data())
def test_pieces_joined_are_the_whole(asked: Any, data: st.DataObject) -> None:
    cells, batch, start, stop = asked
    cut = data.draw(st.integers(start, stop))
    for encoder in ENCODERS:
        pieces = encoder.rows(cells, batch, start, cut), encoder.rows(cells, batch, cut, stop)
        assert b",".join(filter(None, pieces)) == encoder.rows(*asked)


@given(st.lists(finite, max_size=50))
def test_every_finite_double_comes_back_with_its_bits(values: list[float]) -> None:
    cell, batch = _one(Kind.FLOAT, values)
    for encoder in ENCODERS:
        text = encoder.column(cell, batch, 0, len(values))
        assert bits(json.loads(b"[" + text + b"]")) == bits(values)
        assert text == orjson.dumps(values)[1:-1]


def _prices() -> Iterator[np.ndarray]:
    draw = np.random.default_rng(7)
    for decimals in range(6):
        prices = np.round(draw.uniform(0, 3000, 20_000), decimals)
        yield prices
        yield prices * draw.uniform(0.01, 9, 20_000)  # adjusted ones
        yield np.nextafter(prices, np.inf)
    yield draw.integers(0, 2**64, 50_000, dtype=np.uint64).view(np.float64)
    yield np.round(draw.uniform(0, 1e15, 20_000), 2)


def test_a_great_many_doubles_come_back_with_their_bits() -> None:
    for column in _prices():
        kept = np.ascontiguousarray(column[np.isfinite(column)])
        cell, batch = Cell("a", "a", Kind.FLOAT), Batch(len(kept), {"a": kept}, {})
        texts = {encoder.column(cell, batch, 0, len(kept)) for encoder in ENCODERS}
        assert len(texts) == 1
        back = np.array(json.loads(b"[" + texts.pop() + b"]"), "float64")
        assert (back.view(np.int64) == kept.view(np.int64)).all()


def test_prices_beside_adjusted_ones_beside_holes_are_the_same_bytes() -> None:
    draw = np.random.default_rng(3)
    count = 9_001  # more than two blocks of the matrix
    cents = np.round(draw.uniform(0, 12_000, (3, count)), 2)
    columns = {
        "whole": np.floor(cents[0]),
        "cents": cents[1],
        "parts": np.round(draw.uniform(0, 99, count), 4),
        "large": np.round(draw.uniform(0, 9e12, count), 2),
        "mixed": np.where(draw.random(count) < 0.01, cents[2] * 0.9137, cents[2]),
        "none": np.zeros(count),
        "below": -cents[0],
    }
    cells = [Cell(name, name, Kind.FLOAT) for name in columns]
    valid = {name: draw.random(count) < 0.9 for name in ("cents", "mixed")}
    valid["parts"] = np.ones(count, bool)
    for chosen in (cells, cells[:2], cells[3:4]):
        batch = Batch(count, columns, valid)
        rows = [encoder.rows(chosen, batch, 1, count) for encoder in ENCODERS]
        assert len(set(rows)) == 1
        expected = plain(chosen, batch, 1, count)
        assert bits(json.loads(b"[" + rows[0] + b"]")) == bits(expected)


@pytest.mark.parametrize("step", [1, 7, 1_000, 60_000, 86_400_000, 31_557_600_000])
def test_instants_of_any_grain_are_the_same_bytes(step: int) -> None:
    begin = datetime(2023, 12, 31, 15, 50, tzinfo=UTC).timestamp() * 1000
    cells = [Cell("time", "a", Kind.INSTANT), Cell("day", "a", Kind.DATE)]
    # The last one leaves the tables of 1970 to 2149.
    batch = Batch(300, {"a": int(begin) + np.arange(300, dtype=np.int64) * step}, {})
    rows = {encoder.rows(cells, batch, 0, 300) for encoder in ENCODERS}
    assert len(rows) == 1
    assert json.loads(b"[" + rows.pop() + b"]") == plain(cells, batch, 0, 300)


@pytest.mark.parametrize("power", range(17))
def test_integers_of_every_size_are_the_same_bytes(power: int) -> None:
    near = np.clip(10**power + np.arange(-150, 150), -SAFE_INTEGER, SAFE_INTEGER)
    for values in (near, np.abs(near), np.append(np.abs(near), [0, 1, 9, 10, 10_000])):
        cell, batch = _one(Kind.INT, values)
        texts = {encoder.column(cell, batch, 0, len(values)) for encoder in ENCODERS}
        assert texts == {orjson.dumps(values.tolist())[1:-1]}


@each_encoder
def test_doubles_too_large_for_all_their_decimals_are_the_shortest_text(encoder: Any) -> None:
    draw = np.random.default_rng(11)
    for high in (1e11, 1e12, 1e13, 1e14, 1e15, 1e16):
        # Each alone: in one column the first that is not short would speak for the others.
        for value in draw.uniform(high / 10, high, 300).tolist():
            cell, batch = _one(Kind.FLOAT, [value])
            assert encoder.column(cell, batch, 0, 1) == orjson.dumps(value)


@each_encoder
def test_a_float_stays_a_float(encoder: Any) -> None:
    cell, batch = _one(Kind.FLOAT, [1.0, -0.0, 1e15, 1e16, 0.0001, 1e-5, 1e-6, 12.5])
    text = b"1.0,-0.0,1000000000000000.0,1e+16,0.0001,0.00001,1e-6,12.5"
    assert encoder.column(cell, batch, 0, 8) == text


@each_encoder
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.FLOAT, float("nan")),
        (Kind.FLOAT, float("inf")),
        (Kind.FLOAT, float("-inf")),
        (Kind.INT, SAFE_INTEGER + 1),
        (Kind.INT, -SAFE_INTEGER - 1),
        (Kind.INT, -(2**63)),
        (Kind.INSTANT, FIRST_MS - 1),
        (Kind.INSTANT, LAST_MS + 1),
        (Kind.DATE, 2**63 - 1),
        (Kind.DATE, -(2**63)),
        (Kind.TEXT, "\ud800"),
    ],
)
def test_a_value_without_a_text_is_named_by_row_and_column(
    encoder: Any, kind: Kind, value: Any
) -> None:
    fine = "ok" if kind is Kind.TEXT else 1
    cell, batch = _one(kind, [fine, value, value])
    with pytest.raises(ValueError, match="row 1 of column a cannot be written: "):
        encoder.rows([cell], batch, 0, 3)
    with pytest.raises(ValueError, match="row 2 of column a cannot be written: "):
        encoder.column(cell, batch, 2, 3)
    masked = Batch(3, batch.values, {"a": np.array([True, False, False])})
    assert encoder.rows([cell], masked, 1, 3) == b'{"a":null},{"a":null}'
    assert encoder.column(cell, batch, 0, 1) != b"null"


def test_both_encoders_complain_in_the_same_words() -> None:
    for kind, value in ((Kind.FLOAT, float("nan")), (Kind.INT, 2**60), (Kind.INSTANT, 2**60)):
        cell, batch = _one(kind, [value])
        words = set()
        for encoder in ENCODERS:
            with pytest.raises(ValueError) as caught:
                encoder.column(cell, batch, 0, 1)
            words.add(str(caught.value))
        assert len(words) == 1


@given(st.integers(1990, 2200), st.integers(0, 366 * 86_400_000))
@example(2026, 0)
@example(1999, 364 * 86_400_000)
def test_an_instant_is_written_as_the_scalar_writes_it(year: int, spent: int) -> None:
    moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(milliseconds=spent)
    # The last summers of daylight saving, where a market of +08:00 and the tz database part.
    if moment.year >= 1992:
        stamp = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        cell, batch = _one(Kind.INSTANT, [stamp])
        for encoder in ENCODERS:
            assert json.loads(encoder.column(cell, batch, 0, 1)) == write_instant(moment)


@each_encoder
def test_the_ends_of_the_calendar_and_of_integers_are_written(encoder: Any) -> None:
    cell, batch = _one(Kind.INSTANT, [FIRST_MS, LAST_MS])
    ends = b'"0001-01-01T00:00:00+08:00","9999-12-31T23:59:59.999+08:00"'
    assert encoder.column(cell, batch, 0, 2) == ends
    safe = _one(Kind.INT, [-SAFE_INTEGER, SAFE_INTEGER])
    assert encoder.column(*safe, 0, 2) == b"-9007199254740991,9007199254740991"
    days = Cell("a", "a", Kind.DATE)
    assert encoder.column(days, batch, 0, 2) == b'"0001-01-01","9999-12-31"'


@each_encoder
def test_no_rows_no_cells_and_no_column_have_their_texts(encoder: Any) -> None:
    cell, batch = _one(Kind.INT, [1, 2, 3])
    assert encoder.rows([cell], batch, 1, 1) == b""
    assert encoder.column(cell, batch, 3, 3) == b""
    assert encoder.rows([], batch, 0, 2) == b"{},{}"
    absent = Cell("gone", "gone", Kind.FLOAT)
    assert encoder.rows([absent], batch, 0, 2) == b'{"gone":null},{"gone":null}'
    kind = Cell("__typename", "", Kind.CONSTANT, b'"Bar"')
    assert encoder.rows([kind, cell], batch, 0, 1) == b'{"__typename":"Bar","a":1}'


@each_encoder
@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (2, 1), (0, 4), (4, 4), (-3, -1)])
def test_a_range_outside_the_batch_is_refused(encoder: Any, start: int, stop: int) -> None:
    cell, batch = _one(Kind.INT, [1, 2, 3])
    with pytest.raises(ValueError, match="of 3"):
        encoder.rows([cell], batch, start, stop)
    with pytest.raises(ValueError, match="of 3"):
        encoder.column(cell, batch, start, stop)


@each_encoder
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CONSTANT])
def test_columns_of_another_type_or_length_are_refused(encoder: Any, kind: Kind) -> None:
    cell = Cell("a", "a", kind)
    wrong = np.zeros(3, "float32")
    with pytest.raises(TypeError):
        encoder.rows([cell], Batch(3, {"a": wrong}, {}), 0, 3)
    fine = _one(kind, ["x"] * 2 if kind is Kind.TEXT else [1] * 2)[1].values["a"]
    with pytest.raises(ValueError, match="not 3"):
        encoder.rows([cell], Batch(3, {"a": fine}, {}), 0, 2)
    for mask, error in ((np.ones(2, bool), TypeError), (np.ones(1, bool), ValueError)):
        typed = mask.astype(np.int64) if error is TypeError else mask
        with pytest.raises(error):
            encoder.rows([cell], Batch(2, {"a": fine}, {"a": typed}), 0, 2)


@each_encoder
def test_a_key_of_any_size_is_written(encoder: Any) -> None:
    _, batch = _one(Kind.INT, [7, 8])
    for size in (0, 20, 27, 28, 29, 30, 31, 32, 33, 64, 100_000):
        cell = Cell("k" * size, "a", Kind.INT)
        assert orjson.loads(b"[" + encoder.rows([cell], batch, 0, 2) + b"]") == [
            {"k" * size: 7},
            {"k" * size: 8},
        ]


@each_encoder
def test_threads_may_share_an_encoder(encoder: Any) -> None:
    values = np.round(np.random.default_rng(3).uniform(1, 99, 20_000), 2)
    cell, batch = Cell("a", "a", Kind.FLOAT), Batch(20_000, {"a": values}, {})
    whole = encoder.rows([cell], batch, 0, 20_000)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(encoder.rows, [cell], batch, 0, 20_000) for _ in range(16)]
        assert all(job.result() == whole for job in jobs)


def test_the_environment_may_ask_for_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for asked in ("numpy", ""):
        row_encoder.cache_clear()
        monkeypatch.setenv("QUANTGRAPH_ENCODER", asked)
        names.append(encoder_name())
    row_encoder.cache_clear()
    assert names == ["numpy", ENCODERS[-1].name]
