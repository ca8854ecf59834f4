"""Snapshots cost a fixed number of calls, and are refused before they are made."""

import numpy as np
import pytest

from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Market
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sectors import Sector
from quantgraph.domain.snapshots import QuoteColumns, SnapshotRequest
from quantgraph.domain.sources import Source
from quantgraph.services.snapshots import MarketBoard


class Below:
    """Counts what is asked of it."""

    def __init__(self, symbols):
        self.symbols = symbols
        self.calls = []

    async def market_symbols(self, market):
        self.calls.append("symbols")
        return self.symbols

    async def sector(self, name):
        self.calls.append("sector")
        return Sector(name, None, self.symbols, Source.SIMULATED) if name == "白酒" else None

    async def board(self, symbols, fields):
        self.calls.append("board")
        columns = {name: np.zeros(len(symbols)) for name in fields}
        return QuoteColumns(tuple(symbols), Source.SIMULATED, columns, {})

    async def instruments(self, symbols):
        self.calls.append("instruments")
        return [None for _ in symbols]


def many(count):
    return tuple(f"{n:06d}.SH" for n in range(count))


@pytest.mark.parametrize("count", [0, 1, 5_000])
async def test_a_snapshot_costs_the_same_calls_whatever_its_size(count):
    below = Below(many(count))
    board = MarketBoard(below, below, 5_000)
    found = await board.snapshot(SnapshotRequest(Market.SH, ("open",), named=True))
    assert below.calls == ["symbols", "board", "instruments"]
    assert (len(found.quotes.symbols), list(found.names)) == (count, [None] * count)


async def test_a_member_that_stands_twice_has_one_row():
    below = Below(("600519.SH", "000858.SZ", "600519.SH"))
    found = await MarketBoard(below, below, 10).snapshot(SnapshotRequest("白酒", ()))
    assert found.quotes.symbols == ("600519.SH", "000858.SZ")
    assert found.names is None


async def test_too_many_rows_are_refused_before_they_are_made():
    below = Below(many(6))
    board = MarketBoard(below, below, 10)
    with OperationBudget():
        await board.snapshot(SnapshotRequest(Market.SH, ()))
        with pytest.raises(GatewayError) as caught:
            await board.snapshot(SnapshotRequest(Market.SH, ()))
    assert caught.value.reason is Reason.ROW_LIMIT
    assert caught.value.message.startswith("12 rows asked")
    assert "DownloadBars" not in caught.value.message
    assert below.calls == ["symbols", "board", "symbols"]


async def test_an_unknown_sector_is_no_empty_one():
    below = Below(())
    with pytest.raises(GatewayError) as caught:
        await MarketBoard(below, below, 10).snapshot(SnapshotRequest("没有", ()))
    assert caught.value.reason is Reason.UNKNOWN_SECTOR
