"""Limits over a real journal, in a loop, below a market and a terminal that a test arranges."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from quantgraph.domain.accounts import Account, AccountStatus, Means, Position
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.limits import LimitTable, TradingLimits
from quantgraph.domain.orders import Destination, OrderState, OrderTicket, Side
from quantgraph.domain.quotes import Quote
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import LogCursor
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder
from quantgraph.services.desk import OrderDesk
from quantgraph.services.ledger import Ledger
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from tests.services.journals import quick_journal
from tests.waiting import until

NOON = datetime(2023, 2, 1, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
MAOTAI, PINGAN = "600519.SH", "000001.SZ"
PLENTY = TradingLimits(1_000_000, 1_000_000)


class Market:
    """Two shares, last traded at 10.50 after a close of 10.00; an account that holds 300 of one."""

    time = NOON
    last, close, held = 10.5, 10.0, 300

    def __init__(self):
        # By our id; here because the terminal's list outlives the gateway's restarts.
        self.listed = {}

    def now(self):
        return self.time

    def pass_ms(self, ms):
        self.time += timedelta(milliseconds=ms)

    async def instruments(self, symbols):
        return [
            Instrument(each, "名", *classify(each), None, None, None, False, Source.SIMULATED)
            for each in symbols
        ]

    async def quotes(self, symbols):
        return [
            Quote(
                symbol=each, time=to_ms(self.time), last_price=self.last, open=None, high=None,
                low=None, previous_close=self.close, volume=0, amount=0.0, bids=(), asks=(),
                suspended=False, source=Source.SIMULATED,
            )
            for each in symbols
        ]  # fmt: skip

    async def accounts(self):
        return [Account(each, each, "test", AccountStatus.CONNECTED) for each in ("one", "two")]

    async def means(self, account_id, symbol):
        return Means(Decimal(10**9), self.held if symbol == MAOTAI else 0, 0)

    async def positions(self, account_id):
        sums = (Decimal(10), None, None, None, Source.SIMULATED)
        return [Position(account_id, MAOTAI, self.held, self.held, *sums)]


class Terminal:
    """Takes everything, unless it is to refuse or to stay silent; tells what a test reports."""

    def __init__(self, market):
        self.market = market
        self.placed, self.withdrawn = [], []
        self.failure = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.queue = asyncio.Queue()
        self.accounts = market.accounts

    async def place(self, order):
        self.placed.append((self.market.time, order))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        broker_id = f"b{len(self.market.listed) + 1}"
        self.market.listed[order.id] = ListedOrder(
            order.tag, broker_id, order.account_id, order.symbol, order.side, order.quantity,
            order.limit_price, OrderState.WORKING, 0, None, self.market.time,
        )  # fmt: skip
        return PlacedOrder(broker_id)

    async def withdraw(self, order):
        self.withdrawn.append((self.market.time, order))

    async def find(self, account_id, tag):
        return [each for each in await self.orders_today(account_id) if each.tag == tag]

    async def orders_today(self, account_id):
        return [each for each in self.market.listed.values() if each.account_id == account_id]

    async def reports(self):
        while True:
            yield await self.queue.get()

    def tell(self, order, state, filled=0, price="10.40"):
        average = Decimal(price) if filled else None
        now = self.market.time
        if order.id in self.market.listed:
            row = self.market.listed[order.id]
            self.market.listed[order.id] = replace(
                row, state=state, filled_quantity=filled, average_price=average, time=now
            )
        self.queue.put_nowait(
            ExecutionReport(order.tag, order.account_id, state, filled, average, now)
        )


class HeardLedger(Ledger):
    """Tells a test what it has taken."""

    def __init__(self, heard, *parts):
        super().__init__(*parts)
        self._seen = heard

    def heard(self, entry, recorded):
        super().heard(entry, recorded)
        self._seen.add((recorded.order.id, recorded.order.state))


class Desk:
    """A gateway's orders below the wires, over a folder that another may have been over before."""

    def __init__(self, folder, calendar, limits=PLENTY, market=None, **own):
        self.market = market or Market()
        self.terminal = Terminal(self.market)
        self.journal = quick_journal(folder)
        self.workers = Workers(2, 4_096)
        self.heard = set()
        self.ledger = HeardLedger(self.heard, self.journal, self.market, self.workers, self.market)
        valuer = Valuer(self.market, calendar, self.market, self.market)
        desk = OrderDesk(
            self.workers, self.market, RandomIds(), Destination.SIMULATED, "mock_order_", "one",
            10_000, ledger=self.ledger,
        )  # fmt: skip
        self.trading = JournaledTrading(self.journal, self.terminal, self.market, desk)
        table = LimitTable(limits, own)
        self.limited = LimitedTrading(
            self.trading, LimitParts(table, self.ledger, valuer, self.market, self.market)
        )

    async def __aenter__(self):
        self.trading.start()
        return self

    async def __aexit__(self, *_):
        self.terminal.gate.set()
        await self.trading.close()
        await self.limited.close()
        self.workers.close()
        self.journal.close()

    async def submit(self, key, **changes):
        return (await self.limited.submit(ticket(key, **changes))).order

    async def told(self, order, state, filled=0, price="10.40"):
        """Report a change and wait until it is recorded."""
        before = self.journal.newest(order.account_id)
        self.terminal.tell(order, state, filled, price)
        cursor = LogCursor(order.account_id, self.journal.epoch, before)
        async with asyncio.timeout(10), aclosing(self.trading.events(cursor)) as events:
            async for event in events:
                if event.order is not None and event.order.state is state:
                    break
        # The file has it before the loop is told: what the books say follows a turn later.
        await until(lambda: (order.id, state) in self.heard)

    async def used(self, account="one"):
        return (await self.limited.allowance(account)).used


def ticket(key, **changes):
    base = OrderTicket("one", key, MAOTAI, Side.BUY, 100, limit_price=Decimal("10.40"))
    return replace(base, **changes)
