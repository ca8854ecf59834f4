"""Columns cross the wire as blocks, bit by bit, and the stock client reads the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarColumns, BarSeries, Coverage, Period
from quantgraph.domain.snapshots import QUOTE_FIELDS, MarketSnapshot, QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import (
    LEVEL2_TABLES,
    SNAPSHOT_FIELDS,
    TICK_FIELDS,
    TRADE_FIELDS,
    TickColumns,
    TickKind,
)
from quantgraph.v1 import bars_pb2, snapshots_pb2, ticks_pb2
from quantgraph.wire import bars, snapshots, ticks
from quantgraph.wire.columns import (
    Block,
    columns_from_proto,
    columns_to_proto,
    content_hash,
    layout,
)

BAR_TYPES = {field.name: field.dtype for field in BAR_FIELDS.values()}
COVERAGE = Coverage(None, None, None, None)


@st.composite
def blocks(draw: st.DrawFn, types: dict[str, str]) -> Block:
    length = draw(st.integers(0, 40))
    names = draw(st.lists(st.sampled_from(list(types)), min_size=1, unique=True))
    values = {
        name: draw(hnp.arrays(types[name], length, elements=hnp.from_dtype(np.dtype(types[name]))))
        for name in types
        if name in names
    }
    masked = draw(st.lists(st.sampled_from(names), unique=True))
    valid = {name: draw(hnp.arrays(np.bool_, length)) for name in values if name in masked}
    return Block(length, values, valid)


def same_bits(left: Block | BarColumns | TickColumns, right: Block | BarColumns | TickColumns):
    assert left.length == right.length
    assert list(left.values) == list(right.values)
    gaps = {name: mask for name, mask in left.valid.items() if not mask.all()}
    assert gaps.keys() == right.valid.keys()
    for name, column in left.values.items():
        assert column.dtype.kind == right.values[name].dtype.kind
        held = left.valid.get(name, np.ones(left.length, np.bool_))
        other = right.values[name].astype(column.dtype)
        assert column[held].tobytes() == other[held].tobytes()
        assert name not in gaps or (held == right.valid[name]).all()


@given(blocks(BAR_TYPES))
def test_bar_columns_come_back_bit_by_bit(block: Block):
    series = BarSeries(
        "600519.SH", Period.DAY_1, Adjustment.BACK, Source.IMPORTED,
        BarColumns(block.length, block.values, block.valid), COVERAGE, 5,
    )  # fmt: skip
    read = bars.series_from_proto(bars.series_to_proto(series), tuple(block.values))
    same_bits(series.columns, read.columns)
    assert (read.symbol, read.period, read.adjustment) == (
        "600519.SH",
        Period.DAY_1,
        Adjustment.BACK,
    )
    assert (read.source, read.coverage, read.anchor) == (Source.IMPORTED, COVERAGE, 5)


@given(st.sampled_from(TickKind), st.data())
def test_tick_columns_come_back_bit_by_bit(kind: TickKind, data: st.DataObject):
    block = data.draw(blocks(dict(TICK_FIELDS[kind])))
    sent = TickColumns("600519.SH", kind, Source.REPLAY, block.length, block.values, block.valid)
    read = ticks.ticks_from_proto(ticks.ticks_to_proto(sent), tuple(block.values))
    same_bits(sent, read)
    assert (read.symbol, read.kind, read.source) == (sent.symbol, kind, Source.REPLAY)


@given(blocks(dict(QUOTE_FIELDS)), st.booleans())
def test_snapshots_come_back_bit_by_bit(block: Block, named: bool):
    symbols = tuple(f"{row:06d}.SH" for row in range(block.length))
    names = [None if row % 3 else f"名{row}" for row in range(block.length)] if named else None
    quotes = QuoteColumns(symbols, Source.REPLAY, block.values, block.valid)
    sent = snapshots.snapshot_to_proto(MarketSnapshot(quotes, names))
    read = snapshots.snapshot_from_proto(sent, tuple(block.values))
    columns = read.quotes
    same_bits(block, Block(len(columns.symbols), columns.values, columns.valid))
    assert (read.quotes.symbols, read.quotes.source) == (symbols, Source.REPLAY)
    assert read.names == (names or None)


@settings(max_examples=50)
@given(blocks(BAR_TYPES))
def test_a_twin_is_on_the_wire_what_the_published_message_is(block: Block):
    sent = columns_to_proto(block, bars_pb2.BarColumns)
    stock = bars_pb2.BarColumns.FromString(sent.SerializeToString())
    for name, column in block.values.items():
        expected = np.where(block.valid.get(name, True), column, 0).astype(column.dtype)
        received = np.array(getattr(stock, name), dtype=column.dtype)
        assert received.tobytes() == expected.tobytes()
    # A message that a stock server built by value is the same bytes again.
    built = bars_pb2.BarColumns(row_count=stock.row_count, validity=stock.validity)
    for name in block.values:
        getattr(built, name).extend(getattr(stock, name))
    assert built.SerializeToString(deterministic=True) == sent.SerializeToString(deterministic=True)


def test_the_contract_has_the_columns_of_the_domain():
    tables = {
        snapshots_pb2.QuoteColumns: QUOTE_FIELDS,
        bars_pb2.BarColumns: BAR_TYPES,
        ticks_pb2.SnapshotColumns: SNAPSHOT_FIELDS,
        ticks_pb2.TradeColumns: TRADE_FIELDS,
        **{ticks.COLUMNS[kind][1]: TICK_FIELDS[kind] for kind in LEVEL2_TABLES},
    }
    for message, table in tables.items():
        assert list(layout(message)) == list(table)
        for name, dtype in layout(message).items():
            assert dtype.kind == np.dtype(table[name]).kind
            assert dtype.itemsize >= np.dtype(table[name]).itemsize


def test_a_missing_value_is_zero_on_the_wire_whatever_lay_there():
    mask = np.array([True, False])
    block = Block(2, {"close": np.array([1.5, 77.7])}, {"close": mask})
    other = Block(2, {"close": np.array([1.5, -3.0])}, {"close": mask})
    first, second = (columns_to_proto(each, bars_pb2.BarColumns) for each in (block, other))
    assert first == second
    assert content_hash(first, bars_pb2.BarColumns) == content_hash(second, bars_pb2.BarColumns)
    assert list(bars_pb2.BarColumns.FromString(first.SerializeToString()).close) == [1.5, 0.0]


def test_a_column_that_was_not_asked_for_is_absent():
    block = Block(1, {"time": np.array([5]), "close": np.array([1.0])}, {})
    read = columns_from_proto(
        columns_to_proto(block, bars_pb2.BarColumns), None, bars_pb2.BarColumns
    )
    assert list(read.values) == ["time", "close"]


def test_an_unknown_column_is_our_own_fault():
    with pytest.raises(ValueError, match="BarColumns has no column settle"):
        columns_to_proto(Block(1, {"settle": np.array([1.0])}, {}), bars_pb2.BarColumns)


def test_a_column_is_never_rounded_into_its_type():
    with pytest.raises(TypeError):
        columns_to_proto(Block(1, {"volume": np.array([1.5])}, {}), bars_pb2.BarColumns)


@pytest.mark.parametrize("change", ["row_count", "open", "bitmap"])
def test_columns_that_do_not_fit_together_are_refused(change: str):
    mask = {"open": np.array([True, False, True])}
    message = columns_to_proto(Block(3, {"open": np.ones(3)}, mask), bars_pb2.BarColumns)
    if change == "row_count":
        message.row_count = 4
    elif change == "open":
        message.open = message.open[:-1]
    else:
        message.validity[0].bitmap = b""
    with pytest.raises(ValueError, match="open has"):
        columns_from_proto(message, ("open",), bars_pb2.BarColumns)
