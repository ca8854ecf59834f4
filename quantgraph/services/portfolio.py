"""Risk and strategies: gathers holdings, trades and prices, and lets them be reckoned."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import unknown_account
from quantgraph.domain.journal import Journal
from quantgraph.domain.portfolio import (
    OrderTally,
    Risk,
    Strategy,
    StrategyPage,
    StrategyQuery,
    Trade,
    Unvalued,
    strategy_key,
)
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.ports.trading import Accounts
from quantgraph.services.books import Book, Lot
from quantgraph.services.prices import Prices, cents, read_prices
from quantgraph.services.risk import concentrate, profit_of_day, total, weigh, weigh_sectors
from quantgraph.services.workers import Workers

# Trades of one job of the workers: a long log lets others in between.
_BATCH = 2_000
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class PortfolioSources:
    """Where the figures come from."""

    clock: Clock
    accounts: Accounts
    quotes: Quotes
    reference: Reference
    journal: Journal
    workers: Workers


class PortfolioDesk:
    """Implements `Portfolio`. Each trade is read once: what it adds up to is kept per account."""

    def __init__(self, sources: PortfolioSources) -> None:
        """Reckon from `sources`; the books fill as they are asked for."""
        self._sources = sources
        self._books: dict[str, Book] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def risk(self, account_id: str) -> Risk:
        """Return the risk of an account now; see `ports.Portfolio`."""
        sources = self._sources
        held = {each.symbol: each.quantity for each in await sources.accounts.positions(account_id)}
        asset = await sources.accounts.asset(account_id)
        now = sources.clock.now()
        day = day_of(to_ms(now))
        trades = (await self._book(account_id)).of_day(day)
        prices = await read_prices(sources.quotes, held.keys() | trades.keys(), day)
        exposures, gross = weigh(held, prices)
        profit, hidden = profit_of_day(day, held, trades, prices)
        return Risk(
            account_id=account_id,
            time=now,
            buying_power=asset.cash,
            gross_exposure=gross,
            exposures=exposures,
            sectors=weigh_sectors(exposures, gross, await sources.reference.sectors()),
            concentration=concentrate(exposures, gross),
            day_profit=profit,
            unvalued=hidden,
        )

    async def strategies(self, query: StrategyQuery) -> StrategyPage:
        """Return a page of an account's strategies; see `ports.Portfolio`."""
        sources = self._sources
        await self._require_account(query.account_id)
        tallies = await sources.workers.run(sources.journal.tallies, query.account_id)
        rest = sorted(
            (each for each in tallies if strategy_key(each.strategy) > (query.after or "")),
            key=lambda each: strategy_key(each.strategy),
        )
        chosen = rest[: query.first]
        book = await self._book(query.account_id)
        lots = book.of_strategies(each.strategy for each in chosen)
        held = {symbol for of in lots.values() for symbol, lot in of.items() if lot.quantity}
        prices = await read_prices(sources.quotes, held, day_of(to_ms(sources.clock.now())))
        strategies = tuple(_reckon(each, lots[each.strategy], prices) for each in chosen)
        return StrategyPage(strategies, len(rest) > query.first)

    async def _book(self, account_id: str) -> Book:
        """Return the account's book, up to the newest trade of its log."""
        async with self._locks.setdefault(account_id, asyncio.Lock()):
            while True:
                known = self._books.get(account_id)
                after = 0 if known is None else known.sequence
                epoch, trades = await self._sources.workers.run(self._read, account_id, after)
                if known is None or known.epoch != epoch:
                    # Another log: what was read of it began in the middle.
                    self._books[account_id] = Book(epoch)
                    if after:
                        continue
                book = self._books[account_id]
                book.take(trades)
                if len(trades) < _BATCH:
                    return book

    def _read(self, account_id: str, after: int) -> tuple[str, Sequence[Trade]]:
        journal = self._sources.journal
        # Both before and after: a log that starts over in between is read again.
        epoch, trades = "", ()
        while epoch != journal.epoch:
            epoch = journal.epoch
            trades = journal.trades(account_id, after, _BATCH)
        return epoch, trades

    async def _require_account(self, account_id: str) -> None:
        if all(each.id != account_id for each in await self._sources.accounts.accounts()):
            raise unknown_account(account_id)


def _reckon(tally: OrderTally, lots: Mapping[str, Lot], prices: Prices) -> Strategy:
    held = {symbol: lot for symbol, lot in lots.items() if lot.quantity}
    gains: list[Decimal | None] = []
    hidden: list[Unvalued] = []
    for symbol, lot in sorted(held.items()):
        price = prices[symbol]
        if isinstance(price, Unvalued):
            gains.append(None)
            hidden.append(price)
        else:
            gains.append(cents(lot.quantity * price.newest) - lot.cost)
    return Strategy(
        name=tally.strategy,
        orders=tally.orders,
        open_orders=tally.open_orders,
        filled_quantity=sum(lot.filled for lot in lots.values()),
        turnover=sum((lot.turnover for lot in lots.values()), _ZERO),
        fees=sum((lot.fees for lot in lots.values()), _ZERO),
        realized_profit=sum((lot.realized for lot in lots.values()), _ZERO),
        unrealized_profit=total(gains),
        unmatched_quantity=sum(lot.unmatched for lot in lots.values()),
        unvalued=tuple(hidden),
    )
