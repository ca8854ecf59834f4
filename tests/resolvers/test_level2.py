"""The recorded level-2 day of 600519: every row and column of its files, through both wires."""

import gzip
from datetime import datetime

import grpc
import numpy as np
import polars as pl
import pytest

from quantgraph.domain.level2 import PHASES
from quantgraph.domain.ticks import LEVEL2_TABLES, TRADE_SIDES, TickKind, TickRequest
from quantgraph.store.imports.layouts import LAYOUTS
from quantgraph.v1.ticks_pb2_grpc import TickServiceStub
from quantgraph.wire.ticks import request_to_proto, ticks_from_proto
from schema.scalars import parse_instant
from schema.selection import camel

SYMBOL, DAY = "600519.SH", "2023-02-01"
ROOTS = {
    TickKind.LEVEL2_QUOTE: ("level2Quotes", "sse-l2-snapshot", "snapshot"),
    TickKind.LEVEL2_TRANSACTION: ("level2Transactions", "sse-l2-trade", "trade"),
}
PHASE_WORDS = {
    "START": "START",
    "OCALL": "OPENING_AUCTION",
    "TRADE": "CONTINUOUS",
    "CCALL": "CLOSING_AUCTION",
    "ENDTR": "ENDED",
    "CLOSE": "CLOSED",
}
SIDE_WORDS = {"B": "BUY", "S": "SELL", "N": "NONE"}
# What the exchange has no price for is written as 0 in the file, and is null here.
NO_PRICE = {"open", "high", "low", "last_price", "close", "iopv", "previous_close"}
NO_PRICE |= {"average_bid_price", "average_ask_price"}


def expected(shared, kind):
    """Return the file's columns by our names, as plain values, in the order of their stamps."""
    _, name, file = ROOTS[kind]
    layout = next(each for each in LAYOUTS if each.name == name)
    with gzip.open(shared / f"l2/600519_20230201_{file}.csv.gz") as stream:
        frame = pl.read_csv(stream.read(), infer_schema=False)
    ours = {ours: unit.column for ours, unit in layout.values.items() if ours != "taker"}
    ours["time"] = layout.stamp[1]
    if kind is TickKind.LEVEL2_TRANSACTION:
        ours["side"] = "TradeBSFlag"
    # nothing but the symbol may be left over
    assert set(frame.columns) - set(ours.values()) == {"SecurityID"}
    frame = frame.sort("UpdateTime" if file == "snapshot" else "TradTime", maintain_order=True)
    return {
        camel(name): [told(name, cell) for cell in frame[column]] for name, column in ours.items()
    }


def told(name, cell):
    if cell is None:
        return None
    if name in ("time", "local_time"):
        return datetime.fromisoformat(f"{DAY}T{cell}+08:00")
    if name == "phase":
        return PHASE_WORDS[cell]
    if name == "side":
        return SIDE_WORDS[cell]
    number = float(cell)
    if number == 0 and (name in NO_PRICE or "_price_" in name):
        return None
    return number


@pytest.mark.parametrize("kind", list(ROOTS))
def test_every_row_and_column_of_the_files_is_answered(ask, shared, kind):
    root, columns = ROOTS[kind][0], expected(shared, kind)
    assert set(columns) == {camel(name) for name in LEVEL2_TABLES[kind]}
    query = f'{{ {root}(symbol: "{SYMBOL}") {{ source rowCount rows {{ {" ".join(columns)} }} }} }}'
    found = ask(query)[root]
    assert (found["source"], found["rowCount"]) == ("IMPORTED", len(columns["time"]))
    for name, values in columns.items():
        answered = [row[name] for row in found["rows"]]
        if name in ("time", "localTime"):
            answered = [parse_instant(each) for each in answered]
        assert answered == values, name


@pytest.mark.parametrize("kind", list(ROOTS))
def test_the_other_wire_tells_the_same_day(recorded, shared, kind):
    columns, parts = expected(shared, kind), []
    # a whole day of ten levels is more than one message may hold
    for start, end in ((None, "12:00:00"), ("12:00:00.001", None)):
        bounds = [each and instant(each) for each in (start, end)]
        asked = TickRequest(SYMBOL, kind, *bounds, tuple(LEVEL2_TABLES[kind]), 0)
        with grpc.insecure_channel(recorded.addresses.grpc) as channel:
            parts.append(
                ticks_from_proto(TickServiceStub(channel).ListTicks(request_to_proto(asked)))
            )
    assert sum(part.length for part in parts) == len(columns["time"])
    for name in LEVEL2_TABLES[kind]:
        answered = [value for part in parts for value in listed(part, name)]
        assert answered == columns[camel(name)], name


def instant(clock):
    return int(datetime.fromisoformat(f"{DAY}T{clock}+08:00").timestamp() * 1000)


def listed(part, name):
    values = part.values[name].tolist()
    if name in ("time", "local_time"):
        zone = datetime.fromisoformat(f"{DAY}T00:00+08:00").tzinfo
        values = [datetime.fromtimestamp(each / 1000, zone) for each in values]
    if name in ("phase", "side"):
        names = {"phase": PHASES, "side": TRADE_SIDES}[name]
        values = [names[each].name if each in names else None for each in values]
    mask = part.valid.get(name, np.ones(part.length, np.bool_))
    return [value if known else None for value, known in zip(values, mask, strict=True)]


def test_a_ten_level_day_too_large_for_one_message_is_refused(recorded):
    kind = TickKind.LEVEL2_QUOTE
    asked = TickRequest(SYMBOL, kind, None, None, tuple(LEVEL2_TABLES[kind]), 0)
    channel = grpc.insecure_channel(recorded.addresses.grpc)
    with channel, pytest.raises(grpc.RpcError) as caught:
        TickServiceStub(channel).ListTicks(request_to_proto(asked))
    assert "max_message_bytes" in caught.value.details()


def test_orders_that_nobody_recorded_are_no_rows(ask):
    query = f'{{ level2Orders(symbol: "{SYMBOL}") {{ rowCount rows {{ time side type }} }} }}'
    assert ask(query)["level2Orders"] == {"rowCount": 0, "rows": []}


def test_level_2_is_bounded_as_ticks_are(ask):
    rows = f'level2Transactions(symbol: "{SYMBOL}") {{ rowCount }}'
    query = "{ " + " ".join(f"t{n}: {rows}" for n in range(4)) + " }"
    answer = ask(query, fails=True)
    assert {each["extensions"]["code"] for each in answer["errors"]} == {"ROW_LIMIT"}
