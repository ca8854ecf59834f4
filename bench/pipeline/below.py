"""The pipeline below the wires: guard, limits and journal, and the journal alone."""

import asyncio
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from api.steady import steady
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.journal import Intent
from quantgraph.domain.limits import LimitTable, TradingLimits
from quantgraph.domain.orders import Destination, Order, OrderState, Origin, PriceType
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.terminal import PlacedOrder
from quantgraph.services.desk import OrderDesk
from quantgraph.services.guard import GuardSources, OrderGuard
from quantgraph.services.ledger import Ledger
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal
from tests.services.kills.gateway import OneMarket
from tests.services.trading import ticket  # pyright: ignore[reportUnknownVariableType] tests have no types

CLIENTS = 64
# More than any measurement comes to: no limit refuses here.
MANY = 10_000_000


class Answering:
    """A terminal that takes everything at once, and notes when it was called."""

    def __init__(self) -> None:
        self.called = 0.0
        self._numbers = count(1)

    async def place(self, order: Order) -> PlacedOrder:
        del order
        self.called = time.perf_counter()
        return PlacedOrder(f"b{next(self._numbers)}")

    async def orders_today(self, account_id: str) -> list[Any]:
        del account_id
        return []

    async def reports(self) -> Any:
        await asyncio.Event().wait()
        yield


@dataclass(frozen=True)
class Found:
    """Milliseconds to the terminal's call of one client, and orders a second of many.

    `spent`: milliseconds of processor time per order, of all threads, where it is known.
    """

    waits: list[float]
    rate: float
    spent: float = 0.0


async def service(folder: Path, calendar: TradingCalendar, seconds: float) -> Found:
    """Measure guard, limits and journal below the wires, on the loop that serves them."""
    # As `quantgraph serve` does once it has started.
    steady()
    market, terminal, workers = OneMarket(), Answering(), Workers(2, 4_096)
    journal = OrderJournal(folder / "journal.sqlite", "e1")
    ledger = Ledger(journal, market, workers, market)  # pyright: ignore[reportArgumentType] it is asked for less
    desk = OrderDesk(workers, market, RandomIds(), Destination.SIMULATED, "o", "one", ledger=ledger)
    trading = JournaledTrading(journal, terminal, market, desk)  # pyright: ignore[reportArgumentType] asked for nothing else
    valuer = Valuer(market, calendar, market, market)  # pyright: ignore[reportArgumentType] as above
    table = LimitTable(TradingLimits(MANY, MANY), {})
    limited = LimitedTrading(trading, LimitParts(table, ledger, valuer, market, market))  # pyright: ignore[reportArgumentType] as above
    sources = (market, calendar, market, market, market, FeeSchedule(), frozenset(PriceType))
    guard = OrderGuard(limited, GuardSources(*sources, ANY_ROW))  # pyright: ignore[reportArgumentType] as above
    trading.start()
    keys = (f"k{number}" for number in count())
    waits: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(waits) < 20:
        began = time.perf_counter()
        await guard.submit(ticket(next(keys)))
        waits.append((terminal.called - began) * 1_000)
    began, worked, done = time.perf_counter(), time.process_time(), 0

    async def client() -> None:
        nonlocal done
        while time.perf_counter() < began + seconds:
            await guard.submit(ticket(next(keys)))
            done += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    rate = done / (time.perf_counter() - began)
    spent = (time.process_time() - worked) * 1_000 / done
    await trading.close()
    await limited.close()
    workers.close()
    journal.close()
    return Found(waits[len(waits) // 20 :], rate, spent)


def bare(folder: Path, seconds: float) -> list[float]:
    """Return the milliseconds of commits of one intent each, by the journal alone."""
    waits: list[float] = []
    # A folder of its own: the heads kept beside a journal are of that one alone.
    alone = folder / "bare"
    alone.mkdir()
    market, journal = OneMarket(), OrderJournal(alone / "journal.sqlite", "e1")
    wish, now = ticket("k"), market.now()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(waits) < 20:
        key = f"k{len(waits)}"
        order = Order(
            f"o{key}", wish.account_id, key, None, wish.symbol, wish.side, wish.price_type,
            wish.limit_price, wish.quantity, 0, None, OrderState.ACCEPTED, Destination.SIMULATED,
            Origin.OURS, now, now, tag=f"q1{key:>20}",
        )  # fmt: skip
        began = time.perf_counter()
        journal.record([Intent(order, wish.digest(), OrderState.SENT)])
        waits.append((time.perf_counter() - began) * 1_000)
    journal.close()
    return waits[len(waits) // 20 :]
