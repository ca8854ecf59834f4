"""Which second of a generated day a screen shows, by the phases of its part of the market."""

from datetime import date, time

import numpy as np
import pytest

from quantgraph.backends.sim.program import closing_days, program
from quantgraph.domain.calendar import at
from quantgraph.domain.instruments import Segment, classify
from quantgraph.domain.rules.sessions import Phase, list_phases

DAY = date(2023, 2, 1)


def segment(symbol: str) -> Segment:
    market, kind, board = classify(symbol)
    return Segment(market, kind, board)


@pytest.mark.parametrize(
    ("symbol", "clock", "second"),
    [
        ("600519.SH", time(9, 24, 59), -1),
        ("600519.SH", time(9, 25), 0),
        ("600519.SH", time(9, 30, 1), 1),
        ("600519.SH", time(11, 29, 59), 7_199),
        ("600519.SH", time(12, 0), 7_199),
        ("600519.SH", time(13, 0), 7_200),
        ("600519.SH", time(14, 58), 14_219),
        ("600519.SH", time(15, 0), 14_399),
        ("600519.SH", time(15, 20), 14_399),
        ("510300.SH", time(14, 58), 14_280),
        ("510300.SH", time(15, 0), 14_399),
        ("000300.SH", time(9, 24, 59), -1),
        ("000300.SH", time(14, 58), 14_280),
    ],
)
def test_a_screen_shows_the_newest_second_that_is_over(symbol, clock, second) -> None:
    assert program(segment(symbol), DAY).second(at(DAY, clock)) == second


@pytest.mark.parametrize(
    ("clock", "since"),
    [
        (time(9, 14, 59), time(9, 14, 59)),
        (time(9, 15, 2), time(9, 15)),
        (time(9, 24, 59), time(9, 24, 57)),
        (time(9, 29), time(9, 25)),
        (time(9, 30, 1), time(9, 30)),
        (time(9, 30, 4), time(9, 30, 2)),
        (time(10, 0), time(9, 59, 59)),
        (time(12, 0), time(11, 29, 59)),
        (time(13, 0, 1), time(11, 29, 59)),
        (time(13, 0, 2), time(13, 0, 2)),
        (time(14, 56, 59), time(14, 56, 59)),
        (time(14, 57), time(14, 57)),
        (time(15, 0, 1), time(15, 0)),
    ],
)
def test_a_screen_stands_for_three_seconds_and_for_the_breaks(clock, since) -> None:
    assert program(segment("600519.SH"), DAY).shown(at(DAY, clock)) == at(DAY, since)


@pytest.mark.parametrize("symbol", ["600519.SH", "000001.SZ", "510300.SH", "688981.SH"])
def test_days_that_close_by_auction_are_those_of_the_phases(symbol) -> None:
    days = np.arange("2017-01-01", "2027-01-01", dtype="datetime64[D]")
    told = closing_days(segment(symbol), days)
    for day, called in zip(days[::97].tolist(), told[::97].tolist(), strict=True):
        phases = [span.phase for span in list_phases(segment(symbol), day)]
        assert called == (Phase.CLOSE_AUCTION in phases)
        assert called == program(segment(symbol), day).calls
