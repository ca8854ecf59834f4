"""One ordinary order in an ordinary place, and what may be changed about either."""

from datetime import date, time
from decimal import Decimal

import numpy as np
import pytest

from quantgraph.domain.calendar import TradingCalendar, at
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.situations import Prices, Situation, Wish
from quantgraph.domain.rules.trust import ANY_ROW
from quantgraph.domain.sources import Source

FIRST, LAST = date(1990, 12, 19), date(2026, 12, 31)


def weekdays() -> TradingCalendar:
    days = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + np.timedelta64(1, "D"))
    return TradingCalendar(days[np.is_busday(days)], first=FIRST, last=LAST, source="weekdays")


@pytest.fixture(scope="session")
def calendar() -> TradingCalendar:
    return weekdays()


@pytest.fixture(scope="session")
def make_instrument():
    def make(symbol="600519.SH", listed=None, is_st=False, delisted=None, name="名"):
        kinds = classify(symbol)
        return Instrument(
            symbol, name, *kinds, None, listed, delisted, is_st, Source.SIMULATED
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def make_wish():
    def make(price="10.00", side=Side.BUY, quantity=100, price_type=PriceType.LIMIT):
        return Wish(side, quantity, price_type, None if price is None else Decimal(price))

    return make


@pytest.fixture(scope="session")
def make_place(calendar, make_instrument):
    def make(day=date(2024, 8, 21), clock=time(10), **changes):
        given = {
            "instrument": make_instrument(),
            "instant_ms": at(day, clock),
            "calendar": calendar,
            "prices": Prices(Decimal("10.00")),
            "held": 0,
            "bought": 0,
            "trust": ANY_ROW,
        }
        return Situation(**{**given, **changes})

    return make
