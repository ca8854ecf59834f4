"""Order books leave the collector nothing to find: in a process of their own it looks seldom."""

import gc
from collections.abc import Iterator
from datetime import time

import pytest

from quantgraph.domain.calendar import at
from quantgraph.domain.orders import PriceType, Side

from .conftest import START
from .generated import SYMBOLS, enter, open_exchange


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("begin", [time(9, 24), time(10, 0), time(14, 56)])
def test_books_that_trade_go_round_in_no_circles(begin: time) -> None:
    exchange, now = open_exchange(), at(START, begin)
    exchange.advance(now)
    gc.collect()
    for symbol in SYMBOLS:
        enter(exchange, (symbol, Side.BUY, 3, PriceType.LIMIT), now)
        enter(exchange, (symbol, Side.SELL, 40, PriceType.LIMIT), now)
    assert exchange.advance(now + 6 * 60_000)
    exchange.dealing.close()
    assert gc.collect() == 0
