"""Snapshots of a whole exchange or sector over the newest quotes."""

from collections.abc import Sequence

from quantgraph.domain.budget import present_budget
from quantgraph.domain.errors import InvalidRequest, unknown_sector
from quantgraph.domain.instruments import Market
from quantgraph.domain.ports.market import QuoteBoard
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.snapshots import MarketSnapshot, SnapshotRequest


class MarketBoard:
    """`ports.Snapshots`: one call for the symbols, one for the quotes, one for names if asked."""

    def __init__(self, quotes: QuoteBoard, reference: Reference, rows: int) -> None:
        """Ask `quotes`; an operation may take `rows` of snapshots, bars and ticks together."""
        self._quotes = quotes
        self._reference = reference
        self.rows = rows

    async def snapshot(self, request: SnapshotRequest) -> MarketSnapshot:
        """Answer a request; see the port."""
        symbols = await self._symbols(request.selector)
        budget = present_budget()
        # Refused before it is made: a whole market costs more than to count it.
        if budget.taken + len(symbols) > self.rows:
            raise _too_many(budget.taken + len(symbols), self.rows)
        budget.spend(len(symbols), self.rows)
        quotes = await self._quotes.board(symbols, request.fields)
        names = await self._names(quotes.symbols) if request.named else None
        return MarketSnapshot(quotes, names)

    async def _symbols(self, selector: Market | str) -> tuple[str, ...]:
        # a market is a string too, so it must be looked at first
        if isinstance(selector, Market):
            return await self._reference.market_symbols(selector)
        sector = await self._reference.sector(selector)
        if sector is None:
            raise unknown_sector(selector)
        return tuple(dict.fromkeys(sector.symbols))

    async def _names(self, symbols: Sequence[str]) -> list[str | None]:
        found = await self._reference.instruments(symbols)
        return [None if each is None else each.name for each in found]


def _too_many(rows: int, limit: int) -> InvalidRequest:
    text = (
        f"{rows} rows asked with those of before; the limit is {limit} per operation "
        "(limits.bar_rows). Ask for a sector, or in several operations."
    )
    return InvalidRequest(Reason.ROW_LIMIT, text, limit=limit)
