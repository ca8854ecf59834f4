"""What an order's way to the terminal costs, and what its journal costs of that.

    uv run --group bench python -m bench.pipeline [--runs 5] [--seconds 3]

Every run measures the same ways in turn: with the journal, without it (its recorder then answers
from memory: no thread, no file), and the journal alone. Writes its table into docs/performance.md.
"""

import argparse
import asyncio
import gc
import logging
import math
import platform
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from bench.graphql.client import Job, latencies, throughput
from bench.graphql.contestants import GraphQL
from bench.report import write_table
from quantgraph.config import CalendarConfig
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.journal import Entry, Intent, Outcome, Recorded
from quantgraph.domain.limits import LimitTable, TradingLimits
from quantgraph.domain.orders import Destination, Order, OrderState, Origin, PriceType
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.terminal import PlacedOrder
from quantgraph.domain.transitions import after_report
from quantgraph.services import desk, failpoints
from quantgraph.services.access import KeyAccess
from quantgraph.services.calendar import load_calendar
from quantgraph.services.desk import OrderDesk
from quantgraph.services.guard import GuardSources, OrderGuard
from quantgraph.services.ledger import Ledger
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.recorder import Heard
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal
from tests.services.kills.gateway import OneMarket
from tests.services.trading import ticket  # pyright: ignore[reportUnknownVariableType] tests have no types

CLIENTS = 64
_MANY = 10_000_000
_SETTINGS = {
    "http": {"port": 0},
    "grpc": {"port": 0},
    "rates": {"orders": _MANY, "orders_per_second": _MANY},
    "trading": {"limits": {"actions_per_second": _MANY, "actions_per_day": _MANY}},
    "mock": {
        "open_orders": _MANY,
        "accounts": [{"id": "sim-1", "name": "Rich", "cash": "1000000000000.00"}],
    },
}
_QUOTE = '{"query": "{ quote(symbol: \\"000001.SZ\\") { previousClose } }"}'


class Unwritten:
    """Stands for the recorder where nothing is journalled: it knows orders as long as it lives."""

    def __init__(
        self,
        journal: object,
        places: int,
        pause_s: float = 0.0,
        heard: Heard | None = None,
        took: object = None,
    ) -> None:
        del journal, places, pause_s, took
        self._heard = heard
        self._orders: dict[str, Order] = {}

    waiting = 0

    @contextmanager
    def place(self, what: str = "orders") -> Generator[None]:
        del what
        yield

    async def record(self, entry: Entry) -> Recorded:
        order = self._after(entry)
        self._orders[order.id] = order
        recorded = Recorded(order, "", new=True)
        if self._heard is not None:
            self._heard(entry, recorded)
        return recorded

    async def close(self) -> None:
        self._orders.clear()

    def _after(self, entry: Entry) -> Order:
        if isinstance(entry, Intent):
            return entry.order if entry.then is None else replace(entry.order, state=entry.then)
        order = self._orders[entry.order_id]
        changed = after_report(order, entry.report) if isinstance(entry, Outcome) else None
        return changed or order


@contextmanager
def recording(*, journalled: bool) -> Generator[None]:
    """Let orders be recorded, or kept in memory alone."""
    kept = desk.Recorder
    if not journalled:
        desk.Recorder = Unwritten  # pyright: ignore[reportAttributeAccessIssue] what it does is what is measured
    try:
        yield
    finally:
        desk.Recorder = kept


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
    gc.collect()
    gc.freeze()
    market, terminal, workers = OneMarket(), Answering(), Workers(2, 4_096)
    journal = OrderJournal(folder / "journal.sqlite", "e1")
    ledger = Ledger(journal, market, workers, market)  # pyright: ignore[reportArgumentType] it is asked for less
    desk = OrderDesk(workers, market, RandomIds(), Destination.SIMULATED, "o", "one", ledger=ledger)
    trading = JournaledTrading(journal, terminal, market, desk)  # pyright: ignore[reportArgumentType] asked for nothing else
    valuer = Valuer(market, calendar, market, market)  # pyright: ignore[reportArgumentType] as above
    table = LimitTable(TradingLimits(_MANY, _MANY), {})
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


def gateway(folder: str, pipe: Connection, *, journalled: bool) -> None:
    """Be a whole gateway in a process of its own, and note when it knows its caller."""
    from api.server import loop_factory, serve
    from quantgraph.loading import load_config

    _quiet()
    began, waits = 0.0, list[float]()

    def watched(check: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*asked: Any) -> Any:
            nonlocal began
            began = time.perf_counter()
            return check(*asked)

        return begin

    def reached(name: str) -> None:
        if name == "before_call":
            waits.append((time.perf_counter() - began) * 1_000)

    def started(running: Any) -> None:
        pipe.send(int(running.addresses.http.rsplit(":", 1)[1]))

        def listen() -> None:
            with suppress(EOFError):  # whoever measures has died
                while pipe.recv() == "waits":
                    pipe.send(list(waits))
            running.stop()

        threading.Thread(target=listen, daemon=True).start()

    # A request that is known asks the one, every other the other.
    KeyAccess.known = watched(KeyAccess.known)
    KeyAccess.authenticate = watched(KeyAccess.authenticate)
    failpoints.hook = reached
    with recording(journalled=journalled), asyncio.Runner(loop_factory=loop_factory()) as runner:
        settings = {**_SETTINGS, "data_dir": folder}
        file = Path(__file__).parents[1] / "config.toml"
        runner.run(serve(load_config(file, settings), started))


def graphql(folder: Path, seconds: float, *, journalled: bool) -> Found:
    """Measure a whole gateway through GraphQL over HTTP."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    options = {"journalled": journalled}
    process = context.Process(target=gateway, args=(str(folder), theirs), kwargs=options)
    process.start()
    theirs.close()
    port = ours.recv()
    price = _price(port)
    requests = [GraphQL().order(price) for _ in range(20_000)]
    latencies(Job(port, requests[:5_000], seconds, least=20))
    ours.send("waits")
    waits = ours.recv()
    if len(waits) < 20:
        raise SystemExit(f"{len(waits)} orders got to the terminal: the gateway refuses them")
    rate = throughput(Job(port, requests[5_000:], seconds, clients=CLIENTS))
    ours.send("stop")
    process.join(30)
    return Found(waits[len(waits) // 20 :], rate)


def _price(port: int) -> str:
    import httpx

    headers = {"content-type": "application/json"}
    url = f"http://127.0.0.1:{port}/graphql"
    answer = httpx.post(url, content=_QUOTE, headers=headers, timeout=30).json()
    close = Decimal(repr(answer["data"]["quote"]["previousClose"]))
    return f"{close * Decimal('0.95'):.2f}"


def p99(waits: list[float]) -> float:
    return sorted(waits)[math.ceil(len(waits) * 0.99) - 1]


def measure(runs: int, seconds: float) -> str:
    figures: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path(__file__).parents[1]) as name:
        calendar = load_calendar(CalendarConfig(), Path(name))
        for number in range(runs):
            run = Path(name) / str(number)
            one = _run(run, calendar, seconds)
            for figure, value in one.items():
                figures[figure].append(value)
            print({figure: round(value, 2) for figure, value in one.items()}, flush=True)
    return table(figures, runs, seconds)


def _run(folder: Path, calendar: TradingCalendar, seconds: float) -> dict[str, float]:
    found: dict[str, float] = {}
    commits: list[float] = []
    for wire in ("service", "GraphQL"):
        pair: list[Found] = []
        for journalled in (True, False):
            own = folder / f"{wire}-{journalled}"
            own.mkdir(parents=True)
            commits += bare(own, seconds / 2)
            if wire == "service":
                with recording(journalled=journalled):
                    pair.append(_on_its_loop(service(own, calendar, seconds)))
            else:
                pair.append(graphql(own, seconds, journalled=journalled))
        with_it, without = pair
        found[f"{wire}: p99 to the terminal's call, one client (ms)"] = p99(with_it.waits)
        found[f"{wire}: the same without journal (ms)"] = p99(without.waits)
        found[f"{wire}: orders/s of {CLIENTS} clients"] = with_it.rate
        found[f"{wire}: orders/s without journal"] = without.rate
        found[f"{wire}: with journal / without"] = with_it.rate / without.rate
        if wire == "service":
            found["service: processor ms per order"] = with_it.spent
            found["service: processor ms per order without journal"] = without.spent
    found["a bare commit: median (ms)"] = statistics.median(commits)
    found["a bare commit: p99 (ms)"] = p99(commits)
    for wire in ("service", "GraphQL"):
        ours = found[f"{wire}: p99 to the terminal's call, one client (ms)"]
        found[f"{wire}: p99 / that of a bare commit"] = ours / p99(commits)
    return found


def _on_its_loop(work: Coroutine[Any, Any, Found]) -> Found:
    from api.server import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


_GOALS = {
    "service: p99 / that of a bare commit": "≤ 2",
    "GraphQL: p99 / that of a bare commit": "≤ 2",
    "service: with journal / without": "≥ 0.6",
    "GraphQL: with journal / without": "≥ 0.6",
    f"service: orders/s of {CLIENTS} clients": "≥ 2,000",
}


def table(figures: dict[str, list[float]], runs: int, seconds: float) -> str:
    version, machine = platform.python_version(), platform.machine()
    lines = [
        f"Python {version}, {machine}; {runs} runs, {seconds:g} s for each figure of a run.",
        "",
        "| | min | median | max | goal |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in sorted(figures):
        values = figures[name]
        low, middle, high = min(values), statistics.median(values), max(values)
        goal = _GOALS.get(name, "")
        lines.append(f"| {name} | {low:,.3g} | **{middle:,.3g}** | {high:,.3g} | {goal} |")
    return "\n".join(lines)


def _quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--short", action="store_true", help="see that it works; writes nothing")
    options = parser.parse_args()
    _quiet()
    if options.short:
        print(measure(1, 0.3))
        return
    text = measure(options.runs, options.seconds)
    print(text)
    write_table("pipeline", text)


if __name__ == "__main__":
    main()
