"""Measures what a storm of pushed quotes does to the event loop that takes them.

    nice -n -20 uv run python -m bench.storm [--short] [--seconds 10]

The SDK's own Python decodes what its eight threads bring; the second half injects rows that are
decoded already. A ticker on the loop says how late it is, idle and in the storm, and another
process asks the gateway that runs on it for /health/live.
"""

import argparse
import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.pool import Pool
from tempfile import TemporaryDirectory
from typing import Any, cast

from quantgraph.backends.link import Patience
from quantgraph.backends.xtquant.data import DataClient
from quantgraph.backends.xtquant.live import FeedParts, TerminalFeed
from quantgraph.backends.xtquant.quotes import read_quote
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.quotes import Quote

_THREADS = 8
_TICK_S = 0.005
_INJECTED = 100_000
_LADDER = [11.4, 11.41, 11.42, 11.43, 11.44]
_ROW = {
    "lastPrice": 11.39, "open": 11.39, "high": 11.4, "low": 11.31, "lastClose": 11.38,
    "amount": 862127800.0, "volume": 758613, "pvolume": 75861284, "stockStatus": 3, "openInt": 13,
    "transactionNum": 37062, "lastSettlementPrice": 11.38, "settlementPrice": 0.0, "pe": 0.0,
    "askPrice": _LADDER, "bidPrice": _LADDER[::-1], "askVol": [10929, 12401, 6671, 4555, 6708],
    "bidVol": [2429, 7127, 7146, 9111, 12189], "volRatio": 0.0, "speed1Min": 0.0, "speed5Min": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """How late the loop was, and how long /health/live took (p50, p99, most of each, ms), quotes
    offered a second, and whether every last one came."""

    p50: float
    p99: float
    most: float
    health: Sequence[float]
    offered: float
    whole: bool
    overrun: int


class _NoTerminal:
    """Answers as a terminal whose subscriptions are as they should be."""

    async def run(self, *_: object) -> bool:
        return False

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote]:
        quotes = [read_quote(symbol, {"time": 1_700_000_000_000, **_ROW}) for symbol in symbols]
        return [quote for quote in quotes if quote is not None]


def symbols(count: int) -> list[str]:
    """Return so many symbols."""
    return [f"{600000 + n}.SH" for n in range(count)]


async def lateness(stop: asyncio.Event) -> list[float]:
    """Return by how many ms each tick of 5 ms came late."""
    late: list[float] = []
    while not stop.is_set():
        due = time.monotonic() + _TICK_S
        await asyncio.sleep(_TICK_S)
        late.append((time.monotonic() - due) * 1_000)
    return late


async def follow(quotes: AsyncGenerator[Quote, None], last: int) -> None:
    """Read until the last quote."""
    async with aclosing(quotes):
        async for quote in quotes:
            if quote.time >= last:
                return


@dataclass(frozen=True)
class Place:
    """Where a gateway is asked, and the process that asks it."""

    url: str
    pool: Pool


def ping(url: str, seconds: float) -> list[float]:
    """Return how long each answer of /health/live took, ms; a hundred are asked for a second."""
    import httpx

    took: list[float] = []
    with httpx.Client(base_url=url, timeout=30) as client:
        client.get("/health/live")
        end = time.monotonic() + seconds - 0.1
        while time.monotonic() < end:
            begun = time.monotonic()
            client.get("/health/live").raise_for_status()
            took.append((time.monotonic() - begun) * 1_000)
            time.sleep(0.01)
    return took


async def beside(
    pool: Pool, folder: str, work: Callable[[Place], Coroutine[Any, Any, Seen]]
) -> Seen:
    """Do the work on the loop of a whole gateway."""
    from api.server import Running, serve
    from api.steady import steady
    from quantgraph.loading import load_config

    sections = {"data_dir": folder, "http": {"port": 0}, "grpc": {"port": 0}}
    config = load_config(None, {**sections, "logging": {"level": "error", "requests": False}})
    ready: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    gateway = asyncio.create_task(serve(config, ready.set_result))
    running = await ready
    steady()
    try:
        return await work(Place(running.addresses.http, pool))
    finally:
        running.stop()
        await gateway


async def measure(
    place: Place, count: int, seconds: float, blow: Callable[[TerminalFeed, float], int]
) -> Seen:
    """Return what a storm does; `blow` fills it from its threads and says how many rows it took."""
    terminal = _NoTerminal()
    parts = FeedParts(
        cast("DataClient", terminal), cast("Any", terminal), SystemClock(), Patience()
    )
    feed, last = TerminalFeed(parts), 1_800_000_000_000
    readers = [asyncio.create_task(follow(feed.follow(s), last)) for s in symbols(count)]
    await asyncio.sleep(0.5)
    stop = asyncio.Event()
    ticker = asyncio.create_task(lateness(stop))
    asked = place.pool.apply_async(ping, (place.url, seconds))
    rows = await asyncio.to_thread(blow, feed, seconds)
    # That all readers leave at once afterwards is no part of the storm.
    stop.set()
    health = sorted(await asyncio.to_thread(asked.get, 60))
    late = sorted(await ticker)
    feed.push("tick", {s: {**_ROW, "time": last} for s in symbols(count)})
    done, _ = await asyncio.wait(readers, timeout=10)
    await feed.close()
    whole = len(done) == count
    return Seen(
        late[len(late) // 2], late[len(late) * 99 // 100], late[-1],
        (health[len(health) // 2], health[len(health) * 99 // 100], health[-1]),
        rows / seconds, whole, feed.overrun,
    )  # fmt: skip


def idle(feed: TerminalFeed, seconds: float) -> int:
    """Push nothing."""
    del feed
    time.sleep(seconds)
    return 0


def inject(codes: Sequence[str], rate: float, *, decoding: bool) -> Any:
    """Return what pushes `rate` rows a second from eight threads, encoded ones where `decoding`."""

    # Before anything is measured: to encode them is the far side's work.
    lots = [
        [_encoded(each) for each in codes[number::_THREADS]] if decoding else None
        for number in range(_THREADS)
    ]

    def blow(feed: TerminalFeed, seconds: float) -> int:
        taken = [0] * _THREADS

        # As the SDK makes it: decodes bytes, and calls with whatever else it is given.
        heard = load_sdk().data.subscribe_callback_wrapper(partial(feed.push, "tick"))

        def run(number: int) -> None:
            mine = codes[number::_THREADS]
            packed = lots[number]
            begun, sent = time.monotonic(), 0
            while (spent := time.monotonic() - begun) < seconds:
                due = int(spent * rate / _THREADS)
                for n in range(sent, due):
                    code = mine[n % len(mine)]
                    now = 1_700_000_000_000 + n
                    told = {code: {**_ROW, "time": now}}
                    heard(told if packed is None else packed[n % len(mine)])
                    if time.monotonic() - begun > seconds:
                        break
                    taken[number] += 1
                sent = due
                time.sleep(0.001)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(_THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(taken)

    return blow


def _encoded(code: str) -> bytes:
    from xtquant import xtbson

    return bytes(xtbson.BSON.encode({code: {**_ROW, "time": 1_700_000_000_000}}))


def decode_rate() -> float:
    """Return quotes a second that the SDK's own Python decodes on one core, alone."""
    from xtquant import xtbson

    packed, begun, count = _encoded("600000.SH"), time.perf_counter(), 0
    while time.perf_counter() - begun < 1.0:
        xtbson.BSON.decode(packed)
        count += 1
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Measure and print; a storm that loses the last quote of a symbol fails."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    seconds, count = (1.0, 200) if options.short else (options.seconds, 1_000)
    from tests.doubles import native

    native.installed()
    load_sdk()

    rate = decode_rate()
    print(f"the SDK decodes {rate:,.0f} quotes/s on one core; load {os.getloadavg()[0]:.1f}")
    codes = symbols(count)
    storms = {
        "idle": idle,
        "twice what the SDK decodes, decoding": inject(codes, 2 * rate, decoding=True),
        "decoded already": inject(codes, _INJECTED, decoding=False),
    }
    with get_context("spawn").Pool(1) as pool:
        run(pool, (count, seconds), storms)


def run(
    pool: Pool, size: tuple[int, float], storms: Mapping[str, Callable[[TerminalFeed, float], int]]
) -> None:
    """Blow one storm after the other, and print what each did."""
    from api.server import loop_factory

    count, seconds = size
    for name, blow in storms.items():
        with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=loop_factory()) as runner:
            work = partial(measure, count=count, seconds=seconds, blow=blow)
            seen = runner.run(beside(pool, folder, work))
        half, most, worst = seen.health
        print(
            f"{name}: {seen.offered:,.0f} quotes/s of {count} symbols; "
            f"/health/live p50 {half:.1f}, p99 {most:.1f}, most {worst:.1f} ms; "
            f"loop late p50 {seen.p50:.1f}, p99 {seen.p99:.1f}, most {seen.most:.1f} ms; "
            f"replaced by newer {seen.overrun:,}; "
            f"last of every symbol {'came' if seen.whole else 'LOST'}"
        )
        assert seen.whole


if __name__ == "__main__":
    main()
