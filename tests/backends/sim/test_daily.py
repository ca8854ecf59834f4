from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest

from quantgraph.backends.sim.daily import Path, walk
from quantgraph.backends.sim.origins import Origin
from quantgraph.backends.sim.universe import INDEX, UNIVERSE
from quantgraph.domain.instruments import Board
from quantgraph.domain.rules.bands import price_band

from .conftest import make_calendar

CALENDAR = make_calendar()


def make_path(symbol: str, seed: int = 1, last: date = date(2024, 12, 31)) -> Path:
    profile = UNIVERSE[symbol]
    listed = profile.listed or date(2015, 1, 5)
    days = CALENDAR.between(max(date(2015, 1, 5), listed), last)
    close = round(profile.price * 100)
    return walk(Origin(profile, profile.instrument(), seed, 100, close, pays=True), days)


@pytest.mark.parametrize("symbol", list(UNIVERSE))
def test_every_bar_is_sound_and_inside_the_rules_band(symbol: str) -> None:
    path = make_path(symbol)
    bars = path.bars
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.volume > 0).all()
    if symbol == INDEX:
        return
    money = bars.amount * 100
    assert (money >= bars.low * bars.volume).all()
    assert (money <= bars.high * bars.volume).all()
    for row in range(0, len(path.days), 7):
        day = path.days[row].astype(date)
        band = price_band(path.instrument, Decimal(int(path.previous[row])) / 100, day, CALENDAR)
        if band is not None:
            assert band.low * 100 <= int(bars.low[row]), day
            assert int(bars.high[row]) <= band.high * 100, day


def test_some_days_end_at_the_limit() -> None:
    sealed = 0
    for symbol in ("601012.SH", "600438.SH", "603501.SH"):
        path = make_path(symbol)
        limit = (2 * path.previous * 11_000 + 10_000) // 20_000
        sealed += int((path.bars.close == limit).sum())
    assert sealed > 0


@pytest.mark.parametrize("symbol", ["600519.SH", "300274.SZ", "601398.SH"])
def test_reference_prices_differ_from_the_close_before_on_ex_days_alone(symbol: str) -> None:
    path = make_path(symbol)
    moved = path.days[1:][path.previous[1:] != path.bars.close[:-1]]
    assert [day.astype(date) for day in moved] == [paid.ex_date for paid in path.dividends]
    assert {paid.ex_date.year for paid in path.dividends} == set(range(2015, 2025))


@pytest.mark.parametrize("symbol", ["600519.SH", "300274.SZ", "603501.SH"])
def test_reference_prices_follow_cash_and_shares(symbol: str) -> None:
    path = make_path(symbol)
    days = {day.astype(date): row for row, day in enumerate(path.days)}
    for paid in path.dividends:
        row = days[paid.ex_date]
        before = Decimal(int(path.bars.close[row - 1])) / 100
        assert paid.cash is not None
        exact = (before - Decimal(repr(paid.cash))) / (1 + Decimal(repr(paid.new_shares)))
        reference = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert reference * 100 == int(path.previous[row])
        assert paid.ratio == pytest.approx(float(before / reference), rel=1e-14)


def test_some_dear_stock_pays_in_shares_both_ways() -> None:
    paid = [each for symbol in UNIVERSE for each in make_path(symbol).dividends]
    assert any(each.bonus for each in paid)
    assert any(each.conversion for each in paid)


def test_a_longer_future_does_not_change_the_past() -> None:
    short, long = make_path("600519.SH", last=date(2023, 1, 31)), make_path("600519.SH")
    assert (long.bars.close[: len(short.days)] == short.bars.close).all()
    assert (long.bars.volume[: len(short.days)] == short.bars.volume).all()


def test_other_seeds_make_other_markets() -> None:
    one, two = make_path("600519.SH", seed=1), make_path("600519.SH", seed=2)
    assert (one.bars.close != two.bars.close).mean() > 0.9


def test_prices_stay_near_where_they_began() -> None:
    for symbol, profile in UNIVERSE.items():
        path = make_path(symbol)
        shares = np.prod([1 + paid.new_shares for paid in path.dividends])
        low, high = path.bars.low.min() / 100, path.bars.high.max() / 100
        assert profile.price / shares / 4 < low, symbol
        assert high < profile.price * 4, symbol


def test_the_universe_covers_every_board() -> None:
    boards = {profile.instrument().board for profile in UNIVERSE.values()}
    assert boards == {*Board, None}
    assert sum(profile.instrument().is_st for profile in UNIVERSE.values()) == 1
