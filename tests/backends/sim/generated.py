"""An exchange over generated days: frames every three seconds, orders among their traders."""

from contextlib import suppress
from decimal import Decimal

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.listings import NoListings
from quantgraph.backends.sim.paths import Paths, World
from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.securities import Source, list_security
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount, SeedPosition

from .conftest import START, make_calendar
from .hall import order

SYMBOLS = ("600519.SH", "000001.SZ", "688981.SH")
CALENDAR = make_calendar()
PATHS = Paths(World(1, CALENDAR, START, NoListings()))
QUOTER = Quoter(PATHS, 1_000)
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal(100_000_000),
    positions=tuple(
        SeedPosition(symbol=each, quantity=50_000, cost_price=Decimal(10)) for each in SYMBOLS
    ),
)


def open_exchange() -> Exchange:
    """Open it on `START` with an account that has enough of everything."""
    rules = Rules(CALENDAR, FeeSchedule(), "SIM")
    exchange = Exchange([Ledger.open(SEED)], START, rules)
    for path in PATHS.excerpts(SYMBOLS, START).values():
        frames = QUOTER.frames(path, START)
        assert frames is not None
        source = Source(Decimal(frames.previous) / path.scale, frames, frames.so_far)
        exchange.list_security(list_security(path.instrument, START, source, CALENDAR))
    return exchange


def enter(
    exchange: Exchange, what: tuple[str, Side, int, PriceType], now: int, shares: int = 500
) -> list[ExecutionReport]:
    """Enter an order some ticks away from the last price, if it is taken."""
    symbol, side, away, kind = what
    security, reports = exchange.security(symbol), exchange.advance(now)
    screen = exchange.screen(symbol)
    last = (security.so_far(now) if screen is None else screen.tally).last
    price = None
    if kind.priced:
        price = str(security.yuan((last or security.ticks(security.previous_close)) + away))
    told = order(f"o{exchange.count}", side, shares, price, symbol=symbol, price_type=kind)
    with suppress(OrderRefused):
        return reports + exchange.place(told, now)[1]
    return reports + exchange.advance(now)
