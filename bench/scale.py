"""How many times faster than real time one core runs symbols that all have a live order book.

    uv run python -m bench.scale [--symbols 5000] [--minutes 2] [--runs 1]

Every symbol has an order of ours resting below its display, and its generated traders come with
every screen, each three seconds. Simulated seconds are divided by the processor seconds of one
thread. A book event is a command that a book took: an order, a cancel, or what of one is withdrawn;
the trades they made come on top. Memory is that of the process, with all that Python loaded. The
collector is set as in the exchange's own process.
"""

import argparse
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from datetime import time as of_day
from decimal import Decimal

from api.child import collect_seldom
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.securities import Source, list_security
from quantgraph.domain.calendar import at
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.native import core_name
from quantgraph.seeds import SeedAccount
from tests.backends.sim.conftest import make_calendar
from tests.backends.sim.hall import instrument, order

DAY = date(2023, 2, 1)


class Many(NoListings):
    """Shares that nobody listed: prices and activity are invented for them."""

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        return {each: instrument(each) for each in symbols}


def open_exchange(count: int, start: int) -> tuple[Exchange, int]:
    """List shares and place an order on each; return how many rest."""
    calendar = make_calendar()
    paths = Paths(World(1, calendar, DAY, Many()))
    quoter = Quoter(paths, 1_000)
    seed = SeedAccount(id="sim-1", name="b", cash=Decimal(10**12))
    rules = Rules(calendar, FeeSchedule(), "SIM", open_orders=count, live_symbols=count)
    exchange = Exchange([Ledger.open(seed)], DAY, rules)
    codes = [f"{n}.SH" for n in (*range(600_000, 602_000), *range(603_000, 604_000))]
    symbols = [*codes, *(f"{n:06d}.SZ" for n in range(1, 2_001))][:count]
    for symbol in symbols:
        path = paths.excerpts([symbol], DAY)[symbol]
        frames = quoter.frames(path, DAY)
        if frames is None:
            continue
        source = Source(Decimal(frames.previous) / path.scale, frames, frames.so_far)
        security = list_security(path.instrument, DAY, source, calendar)
        exchange.list_security(security)
        rungs = frames.standing(start).bids
        if not rungs:
            continue
        price = security.yuan(rungs[-1].price)
        told = replace(order(symbol, Side.BUY, 100, str(price)), symbol=symbol)
        exchange.place(told, start)
    return exchange, len(exchange.live)


def measure(count: int, minutes: int, runs: int = 1) -> Iterator[str]:
    """Yield a line per stretch of `minutes`, one after the other in the same exchange."""
    at_ms, kept = at(DAY, of_day(10, 0)), _memory()
    exchange, live = open_exchange(count, at_ms)
    opened = _memory()
    for _ in range(runs):
        events = exchange.fingerprint()[1]
        began = time.process_time()
        at_ms += minutes * 60_000
        exchange.advance(at_ms)
        # asked for in time: books that were left behind catch up with it
        commands = exchange.fingerprint()[1] - events
        spent = time.process_time() - began
        yield (
            f"{core_name()} core, {live:,} live symbols, {minutes} simulated minutes: "
            f"{spent:,.1f} s of one core, {minutes * 60 / spent:,.2f} times real time; "
            f"{commands / spent:,.0f} book events a second; "
            f"{spent / live / minutes / 60 * 1e6:,.1f} µs a symbol and second; "
            f"{opened - kept:,.0f} MB for the books, {_memory() - opened:,.0f} MB more since"
        )


def _memory() -> float:
    """Return the most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int, default=5_000)
    parser.add_argument("--minutes", type=int, default=2)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--short", action="store_true", help="see that it works")
    options = parser.parse_args()
    chosen = (20, 1, 1) if options.short else (options.symbols, options.minutes, options.runs)
    collect_seldom()
    for line in measure(*chosen):
        print(line, flush=True)


if __name__ == "__main__":
    main()
