"""Bars of every period, on both wires, made from the days and minutes by session rules."""

import math
from itertools import groupby

import grpc
import pytest

from quantgraph.domain.bars import BAR_FIELDS, BarRequest, Period, Window
from quantgraph.domain.calendar import from_ms
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.wire.bars import request_to_proto, series_from_proto
from schema.scalars import write_instant
from schema.selection import camel

FIELDS = " ".join(camel(name) for name in BAR_FIELDS)
# What a long bar's dates are grouped by.
SPANS = {
    Period.MONTH_1: lambda day: day[:7],
    Period.QUARTER_1: lambda day: (day[:4], (int(day[5:7]) - 1) // 3),
    Period.HALF_YEAR_1: lambda day: (day[:4], day[5:7] > "06"),
    Period.YEAR_1: lambda day: day[:4],
}


def bars(ask, symbol, arguments):
    query = f'{{ bars(symbol: "{symbol}", {arguments}) {{ source rows {{ {FIELDS} }} }} }}'
    return ask(query)["bars"]


def from_grpc(running, symbol, period, last):
    """Return the newest bars of the other wire as rows of GraphQL's names and values."""
    asked = BarRequest((symbol,), period, Window(last=last), fields=tuple(BAR_FIELDS))
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        answer = BarServiceStub(channel).ListBars(request_to_proto(asked))
    found = series_from_proto(answer.series, tuple(BAR_FIELDS)).columns
    columns = {}
    for name, column in found.values.items():
        mask = found.valid.get(name)
        values = column.tolist()
        if name == "time":
            values = [write_instant(from_ms(each)) for each in values]
        columns[camel(name)] = [
            value if mask is None or mask[row] else None for row, value in enumerate(values)
        ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


# One with imported days, one with imported minutes, and a generated fund: all of the past.
@pytest.mark.parametrize("symbol", ["600519.SH", "000001.SZ", "510300.SH"])
@pytest.mark.parametrize("period", Period)
def test_both_wires_have_the_same_bars_of_every_period(ask, recorded, period, symbol):
    last = 12
    rows = bars(ask, symbol, f"period: {period.name}, last: {last}")["rows"]
    assert 0 < len(rows) <= last
    told = from_grpc(recorded, symbol, period, last)
    # the newest bar may grow between the two questions
    assert rows[:-1] == told[: len(rows) - 1]
    assert (rows[-1]["time"], rows[-1]["open"]) == (told[-1]["time"], told[-1]["open"])


@pytest.mark.parametrize("period", SPANS)
def test_long_bars_are_their_days_put_together(ask, period):
    span = 'start: "2015-01-01", end: "2022-12-31"'
    days = bars(ask, "600519.SH", f"period: DAY_1, {span}")["rows"]
    traded = [day for day in days if day["volume"]]
    groups = groupby(traded, key=lambda day: SPANS[period](day["time"]))
    expected = [list(group) for _, group in groups]
    found = bars(ask, "600519.SH", f"period: {period.name}, {span}")["rows"]
    assert len(found) == len(expected)
    for bar, group in zip(found, expected, strict=True):
        assert bar["time"][:7] == group[0]["time"][:7]
        assert bar["time"][:10] <= group[0]["time"][:10]
        assert (bar["open"], bar["close"]) == (group[0]["open"], group[-1]["close"])
        assert bar["high"] == max(day["high"] for day in group)
        assert bar["low"] == min(day["low"] for day in group)
        assert bar["volume"] == sum(day["volume"] for day in group)
        assert math.isclose(bar["amount"], math.fsum(day["amount"] for day in group))


def test_long_bars_of_a_generated_symbol_are_its_days_put_together(ask_mock):
    for period, key in SPANS.items():
        span = 'start: "2019-01-01", end: "2022-12-31"'
        days = bars(ask_mock, "113616.SH", f"period: DAY_1, {span}")["rows"]
        expected = [list(group) for _, group in groupby(days, key=lambda day: key(day["time"]))]
        found = bars(ask_mock, "113616.SH", f"period: {period.name}, {span}")
        assert found["source"] == "SIMULATED"
        assert [bar["time"] for bar in found["rows"]] == [group[0]["time"] for group in expected]
        assert [bar["close"] for bar in found["rows"]] == [group[-1]["close"] for group in expected]
