"""What makes two tickets the same order."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from quantgraph.domain.calendar import SHANGHAI
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderState,
    OrderTicket,
    Origin,
    PriceType,
    Side,
    changed,
)

NOON = datetime(2024, 3, 1, 4, 0, tzinfo=UTC)
TICKET = OrderTicket(
    "sim-1", "c1", "600519.SH", Side.BUY, 100, limit_price=Decimal("1700.00"), expires_at=NOON
)


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": NOON.astimezone(SHANGHAI)},
        {"limit_price": Decimal("1700.0")},
        {"limit_price": Decimal("1.7E3")},
    ],
)
def test_the_same_values_written_otherwise_are_the_same_order(change):
    assert replace(TICKET, **change).digest() == TICKET.digest()


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": NOON + timedelta(seconds=1)},
        {"expires_at": None},
        {"limit_price": None},
        {"quantity": 200},
        {"side": Side.SELL},
        {"symbol": "000001.SZ"},
        {"strategy": "mean"},
        {"note": "mean"},
    ],
)
def test_another_value_is_another_order(change):
    assert replace(TICKET, **change).digest() != TICKET.digest()


ORDER = Order(
    "o1", "sim-1", "c1", None, "600519.SH", Side.BUY, PriceType.LIMIT, Decimal("10.40"), 100, 0,
    None, OrderState.SENT, Destination.SIMULATED, Origin.OURS, NOON, NOON, tag="q1",
)  # fmt: skip


@pytest.mark.parametrize("name", [each.name for each in fields(Order)])
def test_an_order_with_another_value_keeps_all_the_others(name):
    assert changed(ORDER, **{name: "other"}) == replace(ORDER, **{name: "other"})


def test_a_value_that_no_order_has_is_refused():
    with pytest.raises(KeyError):
        changed(ORDER, colour="red")


@pytest.mark.parametrize(
    ("written", "shown"),
    [("1700", "1700.00"), ("1.7E3", "1700.00"), ("3.9050", "3.905"), ("3.900", "3.90"),
     ("0.5", "0.50"), ("-1", "-1.00"), (f"1.{'0' * 40}1", f"1.{'0' * 40}1")],
)  # fmt: skip
def test_equal_prices_have_one_text_and_no_digit_is_lost(written, shown):
    price = replace(TICKET, limit_price=Decimal(written)).limit_price
    assert str(price) == shown
    assert price == Decimal(written)
