"""What a busy simulated exchange costs those who ask the gateway meanwhile.

    uv run python -m bench.beside [--live 2000] [--near 300] [--speed 5] [--rounds 5]

Gateways are started as a user would: one without live order books; one whose exchange runs in a
process of its own with `--live` symbols, an order of ours resting in each; one with `--near` of
them in its own process. In every round each has its turn: its clock runs, and a client of raw
sockets, in a process of its own, asks four things in turn; then it writes to the disk without any
gateway. The others' clocks stand meanwhile. Writes its table into docs/performance.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import repeat
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

from bench.graphql.client import Job, latencies
from bench.graphql.contestants import post
from bench.report import write_table
from bench.startup import ROOT, free_port
from quantgraph.config import CalendarConfig
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore
from quantgraph.store.reference import Listing

KINDS = ("quote", "50 quotes", "250 bars", "submitOrder")
DISK = "one fsync"  # what the disk alone takes meanwhile: an order waits for two of them
LISTED = 5_000
_SHOWN = "{ time lastPrice volume bids { price quantity } }"
_QUOTE = f"query($s: Symbol!) {{ quote(symbol: $s) {_SHOWN} }}"
_QUOTES = f"query($s: [Symbol!]!) {{ quotes(symbols: $s) {_SHOWN} }}"
_CLOSES = "query($s: [Symbol!]!) { quotes(symbols: $s) { symbol previousClose } }"
_BARS = (
    "query($s: Symbol!) { bars(symbol: $s, last: 250) "
    "{ rows { time open high low close volume } } }"
)
_ORDER = (
    "mutation($i: SubmitOrderInput!) { submitOrder(input: $i) { __typename "
    "... on Problem { code message } } }"
)
_CLOCK = "{ serverInfo { clock { lagging effectiveSpeed now } } }"


@dataclass(frozen=True)
class Setup:
    """A gateway: how many symbols are live, and whether the exchange has its own process."""

    name: str
    live: int
    process: bool


@dataclass
class Running:
    """A gateway that answers, its symbols with the price that an order rests at, and findings."""

    setup: Setup
    port: int
    prices: Mapping[str, str]
    times: dict[str, list[list[float]]] = field(default_factory=dict)
    speeds: list[float] = field(default_factory=list)

    def ask(self, query: str, variables: Mapping[str, object] | None = None) -> Any:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        url = f"http://127.0.0.1:{self.port}/graphql"
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            found = json.load(answer)
        assert "errors" not in found, found
        return found["data"]

    def turn(self, given: str) -> None:
        self.ask(f"mutation {{ setClock(input: {given}) {{ __typename }} }}")


def codes(count: int) -> list[str]:
    """Codes of both exchanges' main boards."""
    shanghai = (f"{n}.SH" for n in (*range(600_000, 602_000), *range(603_000, 604_000)))
    return [*shanghai, *(f"{n:06d}.SZ" for n in range(1, 2_001))][:count]


def prepare(folder: Path, live: int, *, process: bool) -> None:
    store = folder / "mock"
    store.mkdir(parents=True)
    market = MarketStore(store)
    listed = [Listing(each, each, date(2010, 1, 4)) for each in codes(LISTED)]
    with market.write(load_calendar(CalendarConfig(), store)) as writer:
        writer.reference.put_listings(listed)
    market.close()
    text = (ROOT / "config.toml").read_text("utf-8")
    for old, new in (
        ('start = ""', 'start = "2023-02-01"'),
        ('cash = "1000000.00"', 'cash = "900000000000.00"'),
        ("orders = 100 ", "orders = 1000000000 "),
        ("actions_per_second = 5 ", "actions_per_second = 1000000 "),
        ("actions_per_day = 500 ", "actions_per_day = 10000000 "),
        ("process = false", f"process = {str(process).lower()}"),
        ("open_orders = 1000 ", f"open_orders = {live + 100_000} "),
        ("live_symbols = 500 ", f"live_symbols = {live + 10} "),
    ):
        if old not in text:
            raise SystemExit(f"config.toml has no {old!r} any more; adapt bench/beside.")
        text = text.replace(old, new)
    (folder / "config.toml").write_text(text, "utf-8")


@contextmanager
def running(setup: Setup, folder: Path, known: int) -> Generator[Running]:
    """Start a gateway; `known` symbols are asked about, live or not, so that all know as many."""
    prepare(folder, setup.live, process=setup.process)
    with started(setup, folder) as server:
        server.prices = dict(make_live(server, max(known, 50)))
        yield server


@contextmanager
def started(setup: Setup, folder: Path) -> Generator[Running]:
    """Start a gateway in its folder, by the config.toml there; its clock stands."""
    port, log = free_port(), (folder / "log").open("wb")
    options = ["--port", str(port), "--grpc-port", str(free_port()), "--data-dir", str(folder)]
    command = [sys.executable, "-m", "quantgraph", "serve", *options]
    command += ["--config", str(folder / "config.toml")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        server = Running(setup, port, {})
        for _ in range(600):
            try:
                server.turn("{ paused: true }")
                break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def make_live(server: Running, count: int) -> Iterator[tuple[str, str]]:
    """Let an order rest in each symbol that is to be live; yield prices at which one rests."""
    symbols = codes(count)
    with ThreadPoolExecutor(8) as pool:
        for begin in range(0, count, 500):
            some = symbols[begin : begin + 500]
            found = server.ask(_CLOSES, {"s": some})
            prices: dict[str, str] = {
                each["symbol"]: _low(each["previousClose"]) for each in found["quotes"]
            }
            ordered = list(prices.items())[: max(server.setup.live - begin, 0)]
            tickets = [_ticket(symbol, price) for symbol, price in ordered]
            told = pool.map(server.ask, repeat(_ORDER), tickets)
            for each in told:
                assert each["submitOrder"]["__typename"] == "SubmitOrderSuccess", each
            yield from prices.items()


def _low(close: float) -> str:
    return f"{(Decimal(repr(close)) * Decimal('0.91')):.2f}"


def _ticket(symbol: str, price: str) -> dict[str, object]:
    told = {"accountId": "sim-1", "symbol": symbol, "side": "BUY", "quantity": 100}
    return {"i": told | {"clientOrderId": uuid.uuid4().hex, "limitPrice": price}}


def requests(server: Running, count: int) -> list[bytes]:
    """All that a client asks in one round, the four kinds in turn; symbols that are live."""
    symbols = list(server.prices)
    asked: list[bytes] = []
    for number in range(count):
        symbol = symbols[number * 7 % len(symbols)]
        begin = number * 13 % (len(symbols) - 49)
        # Orders make no symbol live that was not: but for one where none is.
        traded = symbols[number * 7 % server.setup.live] if server.setup.live else symbols[0]
        asked.append(post("/graphql", _QUOTE, {"s": symbol}))
        asked.append(post("/graphql", _QUOTES, {"s": symbols[begin : begin + 50]}))
        asked.append(post("/graphql", _BARS, {"s": symbol}))
        asked.append(post("/graphql", _ORDER, _ticket(traded, server.prices[traded])))
    return asked


def measure(server: Running, pool: Pool, count: int, speed: float) -> None:
    """Have a turn: milliseconds of every answer, and the speed that the clock really had."""
    warm = len(KINDS) * 5
    asked = requests(server, count + 5)
    server.turn(f"{{ speed: {speed}, paused: false }}")
    time.sleep(1)  # what the clock's start sets off is not what is asked about
    job = Job(server.port, asked, seconds=0, least=count * len(KINDS), warm=warm)
    found = pool.apply(latencies, (job,))
    server.times.setdefault(DISK, []).append(pool.apply(fsyncs, (count,)))
    clock = server.ask(_CLOCK)["serverInfo"]["clock"]
    server.turn("{ paused: true }")
    server.speeds.append(clock["effectiveSpeed"])
    for place, kind in enumerate(KINDS):
        server.times.setdefault(kind, []).append(found[place :: len(KINDS)])


def fsyncs(count: int) -> list[float]:
    """Milliseconds of so many fsyncs of a few bytes, a while between them as between orders."""
    waits: list[float] = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(count):
            time.sleep(0.01)
            file.write(bytes(4_096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            waits.append((time.perf_counter() - began) * 1_000)
    return waits


def rows(servers: Sequence[Running]) -> Iterator[str]:
    """Of every kind p50 and p99 over the rounds: medians, and ratios to the idle gateway's."""
    idle = servers[0]
    for kind in (*KINDS, DISK):
        for name, share in (("p50", 0.50), ("p99", 0.99)):
            cells = [f"| {kind} | {name}"]
            base = [_quantile(each, share) for each in idle.times[kind]]
            cells.append(f"{statistics.median(base):.2f}")
            for server in servers[1:]:
                here = [_quantile(each, share) for each in server.times[kind]]
                ratios = sorted(a / b for a, b in zip(here, base, strict=True))
                low, middle, high = ratios[0], statistics.median(ratios), ratios[-1]
                cells.append(f"{statistics.median(here):.2f}")
                cells.append(f"{low:.2f} / **{middle:.2f}** / {high:.2f}")
            yield " | ".join(cells) + " |"


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def table(servers: Sequence[Running], asked: argparse.Namespace) -> Iterator[str]:
    yield (
        f"CPython {platform.python_version()}, {platform.machine()}; {asked.rounds} rounds of "
        f"{asked.count} requests of each kind, clocks at ×{asked.speed:g}."
    )
    yield ""
    heads = [f"{each.setup.name} | ratio (min / median / max)" for each in servers[1:]]
    yield " | ".join(["| asked | ms", servers[0].setup.name, *heads]) + " |"
    yield "|---|---" + "|--:" * (2 * len(servers) - 1) + "|"
    yield from rows(servers)
    yield ""
    for each in servers:
        low, middle = min(each.speeds), statistics.median(each.speeds)
        yield f"- {each.setup.name}: the clock ran at ×{middle:.2f} (at least ×{low:.2f})."


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--live", type=int, default=2_000)
    parser.add_argument("--near", type=int, default=300)
    parser.add_argument("--speed", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=200, help="requests of each kind in a round")
    parser.add_argument("--short", action="store_true", help="see that it works")
    asked = parser.parse_args()
    if asked.short:
        asked.live, asked.near, asked.rounds, asked.count = 60, 20, 1, 20
    setups = (
        Setup("no live books", 0, process=False),
        Setup(f"{asked.live:,} live, own process", asked.live, process=True),
        Setup(f"{asked.near:,} live, same process", asked.near, process=False),
    )
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pool = stack.enter_context(get_context("spawn").Pool(1))
        servers = [
            stack.enter_context(running(each, home / str(place), asked.live))
            for place, each in enumerate(setups)
        ]
        for number in range(asked.rounds):
            # Whoever comes first in a round comes last in the next one.
            for server in servers if number % 2 else servers[::-1]:
                measure(server, pool, asked.count, asked.speed)
        text = "\n".join(table(servers, asked))
    print(text)
    if not asked.short:
        write_table("beside", text)


if __name__ == "__main__":
    main()
