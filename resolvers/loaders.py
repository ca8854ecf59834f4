"""One operation's loaders: edges that ask one by one are answered by batches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property

from strawberry.dataloader import DataLoader

from quantgraph.domain.accounts import Asset, Position
from quantgraph.domain.bars import BarRequest, BarSeries
from quantgraph.domain.budget import present_budget
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Fill, Order, OrderKey
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.sectors import Sector
from schema.context import BarKey


class OperationLoaders:
    """Made for each operation and for each subscription event; never kept longer.

    A loader that lives as long as a socket would answer every later event from its cache.
    """

    def __init__(self, gateway: Gateway) -> None:
        """Make empty loaders over the gateway's ports."""
        self._gateway = gateway
        self._asked: set[BarKey] = set()

    # Each is made when it is first asked: most operations ask none.
    @cached_property
    def _instruments(self) -> DataLoader[str, Instrument | None]:
        return DataLoader(self._load_instruments)

    @cached_property
    def _quotes(self) -> DataLoader[str, Quote]:
        return DataLoader(self._load_quotes)

    @cached_property
    def _bars(self) -> DataLoader[BarKey, BarSeries]:
        return DataLoader(self._load_bars)

    @cached_property
    def _rules(self) -> DataLoader[tuple[str, date | None], InstrumentRules]:
        return DataLoader(self._load_rules)

    @cached_property
    def _sectors(self) -> DataLoader[str, Sequence[Sector]]:
        return DataLoader(self._load_sectors)

    @cached_property
    def _orders(self) -> DataLoader[OrderKey, Order | None]:
        return DataLoader(self._load_orders)

    # Not remembered, these three: each mutation of an operation shows what it made of them.
    @cached_property
    def _fills(self) -> DataLoader[OrderKey, Sequence[Fill]]:
        return DataLoader(self._load_fills, cache=False)

    @cached_property
    def _assets(self) -> DataLoader[str, Asset]:
        return DataLoader(self._load_assets, cache=False)

    @cached_property
    def _holdings(self) -> DataLoader[str, Sequence[Position]]:
        return DataLoader(self._load_holdings, cache=False)

    async def instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument, or None where there is none."""
        return await self._instruments.load(symbol)

    async def quote(self, symbol: str) -> Quote:
        """Return the newest quote. Errors: UNKNOWN_SYMBOL."""
        return await self._quotes.load(symbol)

    async def bars(self, key: BarKey) -> BarSeries:
        """Return one series. Errors as `Bars.bars`.

        A repeated key (an alias) is read once, but its rows are written again each time: they
        count again.
        """
        request = BarRequest((key.symbol,), key.period, key.window, key.adjustment, key.fields)
        ready = self._gateway.ready_bars(request)
        if ready is not None:
            return _or_raise(ready[0])
        repeated = key in self._asked
        self._asked.add(key)
        series = await self._bars.load(key)
        if repeated:
            present_budget().spend(series.columns.length, self._gateway.limits.bar_rows)
        return series

    async def rules(self, symbol: str, day: date | None) -> InstrumentRules:
        """Return the rules of a day. Errors: CALENDAR_NOT_COVERED, UNKNOWN_SYMBOL."""
        return await self._rules.load((symbol, day))

    async def sectors_of(self, symbol: str) -> Sequence[Sector]:
        """Return the sectors that a symbol is in now, by name."""
        return await self._sectors.load(symbol)

    async def order(self, account_id: str, order_id: str) -> Order | None:
        """Return an order of an account."""
        return await self._orders.load(OrderKey(account_id, order_id))

    async def fills(self, account_id: str, order_id: str) -> Sequence[Fill]:
        """Return the fills of an order, oldest first. Errors as `Fills.order_fills`."""
        return await self._fills.load(OrderKey(account_id, order_id))

    async def asset(self, account_id: str) -> Asset:
        """Return the money of an account. Errors: UNKNOWN_ACCOUNT."""
        return await self._assets.load(account_id)

    async def positions(self, account_id: str) -> Sequence[Position]:
        """Return the holdings of an account, by symbol. Errors: UNKNOWN_ACCOUNT."""
        return await self._holdings.load(account_id)

    async def _load_instruments(self, symbols: list[str]) -> Sequence[Instrument | None]:
        return await self._gateway.reference.instruments(symbols)

    async def _load_assets(self, accounts: list[str]) -> Sequence[Asset | GatewayError]:
        return await self._gateway.accounts.assets(accounts)

    async def _load_holdings(
        self, accounts: list[str]
    ) -> Sequence[Sequence[Position] | GatewayError]:
        return await self._gateway.accounts.holdings(accounts)

    async def _load_quotes(self, symbols: list[str]) -> Sequence[Quote | GatewayError]:
        return await self._gateway.quotes.quotes(symbols)

    async def _load_bars(self, keys: list[BarKey]) -> Sequence[BarSeries | GatewayError]:
        """Ask once per (period, window, adjustment, fields), whatever the number of symbols."""
        groups: dict[BarKey, list[int]] = {}
        for place, key in enumerate(keys):
            groups.setdefault(replace(key, symbol=""), []).append(place)
        answers: dict[int, BarSeries | GatewayError] = {}
        for shape, places in groups.items():
            symbols = tuple(keys[place].symbol for place in places)
            request = BarRequest(
                symbols, shape.period, shape.window, shape.adjustment, shape.fields
            )
            series = await self._gateway.bars.bars(request)
            answers.update(zip(places, series, strict=True))
        return [answers[place] for place in range(len(keys))]

    async def _load_rules(
        self, keys: list[tuple[str, date | None]]
    ) -> Sequence[InstrumentRules | GatewayError]:
        """Ask once per day, whatever the number of symbols."""
        found: dict[tuple[str, date | None], InstrumentRules | GatewayError] = {}
        for day in {each[1]: None for each in keys}:
            symbols = [symbol for symbol, wanted in keys if wanted == day]
            rules = await self._answer(symbols, day)
            found.update({(s, day): each for s, each in zip(symbols, rules, strict=True)})
        return [found[key] for key in keys]

    async def _answer(
        self, symbols: list[str], day: date | None
    ) -> Sequence[InstrumentRules | GatewayError]:
        try:
            return await self._gateway.rules.rules(symbols, day)
        except GatewayError as error:  # of one day: the others still answer
            return [error] * len(symbols)

    async def _load_sectors(self, symbols: list[str]) -> Sequence[Sequence[Sector]]:
        return await self._gateway.reference.sectors_of(symbols)

    async def _load_orders(self, keys: list[OrderKey]) -> list[Order | None]:
        return [await self._gateway.trading.order(key) for key in keys]

    async def _load_fills(self, keys: list[OrderKey]) -> list[Sequence[Fill]]:
        """Ask once per account, whatever the number of its orders."""
        accounts: dict[str, list[str]] = {}
        for key in keys:
            accounts.setdefault(key.account_id, []).append(key.id or "")
        found: dict[OrderKey, Sequence[Fill]] = {}
        for account, ids in accounts.items():
            fills = await self._gateway.fills.order_fills(account, ids)
            found.update((OrderKey(account, each), fills[n]) for n, each in enumerate(ids))
        return [found[key] for key in keys]


def _or_raise(series: BarSeries | GatewayError) -> BarSeries:
    if isinstance(series, GatewayError):
        raise series
    return series
