"""Histories of ex-right events: the asked part, with the factors of the whole."""

from datetime import date

import pytest

from quantgraph.domain.bars import Period
from quantgraph.domain.dividends import Dividend, DividendRequest, tell_history
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.services.dividends import DividendBook

FIRST = Dividend("600519.SH", date(2020, 6, 24), 1.25)
HOLE = Dividend("600519.SH", date(2021, 6, 25), None)
LAST = Dividend("600519.SH", date(2022, 6, 30), 1.5)


class Known:
    def __init__(self):
        self.calls = []

    async def dividends(self, symbols, period):
        self.calls.append((tuple(symbols), period))
        return [[FIRST] if each == "600519.SH" else None for each in symbols]

    async def instruments(self, symbols):
        self.calls.append(tuple(symbols))
        return [None if each == "999999.SH" else object() for each in symbols]


def test_factors_are_multiplied_up_over_events_before_the_span():
    other = Dividend("600519.SH", date(2021, 6, 25), 2.0)
    asked = DividendRequest(("600519.SH",), start=date(2021, 1, 1))
    # given newest first, told oldest first
    (found,) = tell_history("600519.SH", [other, FIRST], asked).events
    assert (found.dividend, found.cumulative) == (other, 2.5)


def test_after_an_event_of_unknown_size_no_factor_is_known():
    told = tell_history("600519.SH", [FIRST, HOLE, LAST], DividendRequest(("600519.SH",)))
    assert [each.cumulative for each in told.events] == [1.25, None, None]


async def test_a_batch_costs_two_calls_and_errors_stay_in_their_place():
    known = Known()
    symbols = ("600519.SH", "999999.SH", "000001.SZ")
    found = await DividendBook(known, known).histories(DividendRequest(symbols))
    assert known.calls == [symbols, (symbols, Period.DAY_1)]
    assert [each.dividend for each in found[0].events] == [FIRST]
    assert found[1].reason is Reason.UNKNOWN_SYMBOL
    assert found[2].events is None


async def test_dates_the_wrong_way_round_ask_nobody():
    known = Known()
    asked = DividendRequest(("600519.SH",), date(2022, 1, 2), date(2022, 1, 1))
    with pytest.raises(InvalidRequest):
        await DividendBook(known, known).histories(asked)
    assert known.calls == []
