"""Makes one symbol's minutes from a seed, for the peers and into the gateway's own store."""

from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.graphql.columns import SYMBOL, Columns, save
from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import TradingCalendar, starts_of
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore

ROOT = Path(__file__).parents[2]
# The simulated clock starts on 2023-02-01: what is older is history to every server.
_FIRST_DAY, _LAST_DAY = date(2005, 1, 4), date(2023, 1, 31)
_SESSION_MINUTES = np.concatenate([np.arange(570, 690), np.arange(780, 900)])


def prepare(folder: Path, rows: int) -> None:
    """Write the peers' columns, the gateway's store in `folder/mock`, and its config.toml."""
    store = folder / "mock"
    store.mkdir(parents=True)
    calendar = load_calendar(CalendarConfig(), store)
    columns = make_minutes(rows, calendar)
    save(columns, folder)
    market = MarketStore(store)
    with market.write(calendar) as writer:
        writer.put_bars(SYMBOL, Period.MIN_1, BarColumns(rows, columns))
    market.close()
    (folder / "config.toml").write_text(_config(rows), "utf-8")


def make_minutes(rows: int, calendar: TradingCalendar) -> Columns:
    """Return the last `rows` minutes before the simulated market opens, prices in whole cents."""
    rng = np.random.default_rng(20230201)
    close = 170_000 + rng.integers(-30, 31, rows).cumsum() % 90_000
    opened = close + rng.integers(-20, 21, rows)
    high = np.maximum(opened, close) + rng.integers(0, 15, rows)
    low = np.minimum(opened, close) - rng.integers(0, 15, rows)
    volume = rng.integers(1, 40_000, rows) * 100
    prices = {"open": opened, "high": high, "low": low, "close": close}
    return {
        "time": _stamps(rows, calendar),
        **{name: cents / 100 for name, cents in prices.items()},
        "volume": volume.astype(np.int64),
        "amount": np.round(volume * close / 100, 2),
    }


def _stamps(rows: int, calendar: TradingCalendar) -> npt.NDArray[np.int64]:
    days = starts_of(calendar.between(_FIRST_DAY, _LAST_DAY))
    return (days[:, None] + _SESSION_MINUTES * 60_000).ravel()[-rows:]


def _config(rows: int) -> str:
    """Return the shipped config.toml, with room for the rows and for thousands of orders."""
    text = (ROOT / "config.toml").read_text("utf-8")
    for old, new in (
        ("bar_rows = 100000 ", f"bar_rows = {max(rows, 100_000)} "),
        ('cash = "1000000.00"', 'cash = "900000000000.00"'),
        ("orders = 100 ", "orders = 1000000000 "),
        ("actions_per_second = 5 ", "actions_per_second = 1000000 "),
        ("actions_per_day = 500 ", "actions_per_day = 1000000000 "),
        ("open_orders = 1000 ", "open_orders = 1000000000 "),
    ):
        if old not in text:
            raise SystemExit(f"config.toml has no {old!r} any more; adapt bench/graphql.")
        text = text.replace(old, new)
    return text
