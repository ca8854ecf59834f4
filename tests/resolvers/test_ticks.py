"""Recorded snapshots and trades over HTTP, compared with the same recording over gRPC."""

import grpc
import pytest

from quantgraph.domain.calendar import from_ms
from quantgraph.domain.ticks import TICK_FIELDS, TickKind, TickRequest
from quantgraph.v1.ticks_pb2_grpc import TickServiceStub
from quantgraph.wire.ticks import request_to_proto, ticks_from_proto
from schema.scalars import write_instant
from schema.selection import camel

SYMBOL = "600519.SH"
SIDES = {1: "BUY", -1: "SELL", 0: "NONE"}
ROOTS = {TickKind.SNAPSHOT: "ticks", TickKind.TRADE: "trades"}


def listed(recorded, kind):
    """Return the recording as rows of GraphQL's names and values, from the other wire."""
    asked = TickRequest(SYMBOL, kind, None, None, tuple(TICK_FIELDS[kind]), 0)
    with grpc.insecure_channel(recorded.addresses.grpc) as channel:
        found = ticks_from_proto(TickServiceStub(channel).ListTicks(request_to_proto(asked)))
    columns = {}
    for name, column in found.values.items():
        missing = set((~found.valid[name]).nonzero()[0]) if name in found.valid else set()
        values = [None if n in missing else each for n, each in enumerate(column.tolist())]
        if name == "time":
            values = [write_instant(from_ms(each)) for each in values]
        if name == "side":
            values = [SIDES[each] for each in values]
        columns[camel(name)] = values
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("kind", list(ROOTS))
def test_both_wires_tell_the_same_recording(ask, recorded, kind):
    names = " ".join(camel(name) for name in TICK_FIELDS[kind])
    query = (
        f'{{ {ROOTS[kind]}(symbol: "{SYMBOL}") {{ symbol source rowCount rows {{ {names} }} }} }}'
    )
    found = ask(query)[ROOTS[kind]]
    expected = listed(recorded, kind)
    assert len(expected) > 1000
    assert found["rowCount"] == len(expected)
    assert (found["symbol"], found["source"]) == (SYMBOL, "IMPORTED")
    assert found["rows"] == expected


def test_a_span_is_cut_at_both_ends(ask):
    query = f"""query($start: TimeBound, $end: TimeBound) {{
        trades(symbol: "{SYMBOL}", start: $start, end: $end) {{ rows {{ time side }} }} }}"""
    start, end = "2023-02-01T10:00:00+08:00", "2023-02-01T10:01:00+08:00"
    rows = ask(query, start=start, end=end)["trades"]["rows"]
    assert rows
    assert start <= rows[0]["time"] <= rows[-1]["time"] <= end
    assert {row["side"] for row in rows} <= {"BUY", "SELL", "NONE"}


def test_a_symbol_without_a_recording_has_no_rows(ask):
    found = ask('{ ticks(symbol: "000001.SZ") { rowCount rows { time bidPrice1 } } }')
    assert found["ticks"] == {"rowCount": 0, "rows": []}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('symbol: "999999.SH"', "UNKNOWN_SYMBOL"),
        (f'symbol: "{SYMBOL}", start: "2023-02-02", end: "2023-02-01"', "START_AFTER_END"),
    ],
)
def test_a_bad_span_or_symbol_is_refused(ask, arguments, code):
    answer = ask(f"{{ trades({arguments}) {{ rowCount }} }}", fails=True)
    assert answer["data"] == {"trades": None}
    assert answer["errors"][0]["extensions"]["code"] == code


def test_trades_and_bars_of_one_operation_share_its_limit(ask, recorded):
    rows = 'trades(symbol: "600519.SH") { rowCount }'
    count = ask(f"{{ {rows} }}")["trades"]["rowCount"]
    times = 100_000 // count + 1
    query = "{ " + " ".join(f"t{n}: {rows}" for n in range(times)) + " }"
    answer = ask(query, fails=True)
    assert {each["extensions"]["code"] for each in answer["errors"]} == {"ROW_LIMIT"}
