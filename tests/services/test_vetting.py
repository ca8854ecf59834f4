"""What an operator may not ask of a simulated world is refused with both bounds."""

from decimal import Decimal

import pytest

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.simulation import Injection, NewAccount, NewPosition
from quantgraph.services.vetting import check_trade, checked_account

HUGE = Decimal("999999999999999.999999999")


@pytest.mark.parametrize("price", [Decimal(0), Decimal("-0.01"), Decimal(10**12), HUGE])
def test_a_price_out_of_bounds_is_told_which_they_are(price):
    with pytest.raises(InvalidRequest) as refused:
        check_trade(Injection("600519.SH", price, 100))
    expected = f"price is {price}; it must be above 0 and below 1000000000000."
    assert refused.value.message == expected


@pytest.mark.parametrize("quantity", [0, -1, 10**10 + 1])
def test_a_quantity_out_of_bounds_is_told_which_they_are(quantity):
    with pytest.raises(InvalidRequest) as refused:
        check_trade(Injection("600519.SH", Decimal(1), quantity))
    assert refused.value.message == f"quantity is {quantity}; from 1 to 10000000000."


@pytest.mark.parametrize(("quantity", "cost"), [(10**10 + 1, 1), (0, 1), (1, 10**12), (1, -1)])
def test_a_holding_out_of_bounds_is_told_which_they_are(quantity, cost):
    held = NewPosition("600519.SH", quantity, Decimal(cost))
    with pytest.raises(InvalidRequest) as refused:
        checked_account(NewAccount("a", "A", Decimal(1), (held,)))
    expected = "600519.SH: a holding has 1 to 10000000000 shares, and a cost from 0 to below "
    assert refused.value.message == f"{expected}1000000000000."


def test_what_lies_at_the_bounds_is_taken():
    check_trade(Injection("600519.SH", Decimal("999999999999.999"), 10**10))
    held = NewPosition("600519.SH", 10**10, Decimal("999999999999.999"))
    account = NewAccount("a", "A", Decimal(1), (held,))
    assert checked_account(account) == account
