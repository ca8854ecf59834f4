"""Every number that the SDK names is in our tables, and every other one is unlisted."""

from types import SimpleNamespace

import pytest

from quantgraph.backends.xtquant.order_codes import (
    ACCOUNT_STATUSES,
    ACCOUNT_TYPES,
    CASH_ACCOUNT,
    ORDER_TYPES,
    PRICE_TYPES,
    STATUSES,
    price_kind,
    price_number,
)
from quantgraph.backends.xtquant.records import state_of
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import OrderState, PriceType, Side
from tests.doubles import native

S, P = OrderState, PriceType
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(scope="module")
def constants():
    return native.sdk("xtconstant")


def values(constants, *starts, but=()):
    return {
        getattr(constants, name)
        for name in dir(constants)
        if name.startswith(starts) and name not in but
    }


def test_every_status_is_one_of_ours():
    told = {
        48: S.SENT, 49: S.SENT, 50: S.WORKING, 51: S.PENDING_CANCEL, 52: S.PENDING_CANCEL,
        53: S.CANCELED, 54: S.CANCELED, 55: S.PARTIALLY_FILLED, 56: S.FILLED, 57: S.REJECTED,
    }  # fmt: skip
    for status in range(-1, 301):
        assert state_of(SimpleNamespace(order_status=status)) is told.get(status, S.UNKNOWN)


def test_statuses_of_orders_and_accounts_are_those_of_the_sdk(constants):
    orders = {name for name in dir(constants) if name.startswith("ORDER_")} - {"ORDER_TYPE_SET"}
    assert {getattr(constants, name) for name in orders} == STATUSES.keys()
    assert values(constants, "ACCOUNT_STATUS") == ACCOUNT_STATUSES.keys()
    assert [status for status, why in ACCOUNT_STATUSES.items() if why is None] == [0]


def test_types_of_accounts_are_those_of_the_sdk(constants):
    assert constants.ACCOUNT_TYPE_DICT.keys() == ACCOUNT_TYPES.keys()
    assert constants.SECURITY_ACCOUNT == CASH_ACCOUNT


def test_types_of_orders_are_those_of_the_sdk(constants):
    starts = ("FUTURE_", "STOCK_", "CREDIT_", "COMPOSE_", "ETF_", "OPTION_FUTURE_OPTION_EXERCISE")
    others = ("FUTURE_ACCOUNT", "FUTURE_OPTION_ACCOUNT", "CREDIT_ACCOUNT", "STOCK_OPTION_ACCOUNT")
    assert values(constants, *starts, but=others) == ORDER_TYPES.keys()


@pytest.mark.parametrize(
    ("names", "side"),
    [
        ("STOCK_BUY CREDIT_FIN_BUY CREDIT_BUY_SECU_REPAY FUTURE_OPEN_LONG", BUY),
        ("FUTURE_CLOSE_SHORT_TODAY STOCK_OPTION_BUY_CLOSE STOCK_OPTION_COVERED_CLOSE", BUY),
        ("STOCK_SELL CREDIT_SLO_SELL CREDIT_SELL_SECU_REPAY FUTURE_OPEN_SHORT", SELL),
        ("FUTURE_CLOSE_LONG_TODAY STOCK_OPTION_SELL_OPEN STOCK_OPTION_COVERED_OPEN", SELL),
        ("ETF_PURCHASE CREDIT_DIRECT_CASH_REPAY STOCK_OPTION_CALL_EXERCISE FUTURE_HEDGE", None),
    ],
)
def test_an_order_goes_the_way_that_its_name_says(constants, names, side):
    for name in names.split():
        assert ORDER_TYPES[getattr(constants, name)] is side


def test_price_types_are_those_of_the_sdk(constants):
    words = ("SH_", "SZ_", "PEER", "MINE", "BEST", "CANCEL", "CONVERT")
    markets = {name for name in dir(constants) if name.startswith("MARKET_")}
    numbers = {
        getattr(constants, name)
        for name in markets
        if name.startswith(tuple(f"MARKET_{word}" for word in words))
    }
    assert numbers | {constants.LATEST_PRICE, constants.FIX_PRICE} == PRICE_TYPES.keys()


@pytest.mark.parametrize(
    ("market", "taken"),
    [
        (Market.SH, {P.BEST_FIVE_CANCEL: 42, P.BEST_FIVE_LIMIT: 43}),
        (Market.BJ, {P.BEST_FIVE_CANCEL: 42, P.BEST_FIVE_LIMIT: 43}),
        (Market.SZ, {P.BEST_FIVE_CANCEL: 47, P.FILL_OR_KILL: 48}),
    ],
)
def test_each_market_takes_its_own_price_types(market, taken):
    both = {P.LIMIT: 11, P.OPPOSITE_BEST: 44, P.OWN_BEST: 45}
    found = {kind: price_number(market, kind) for kind in P}
    assert {kind: number for kind, number in found.items() if number} == {**both, **taken}
    assert not any(price_number(Market.CFFEX, kind) for kind in P)


@pytest.mark.parametrize(
    ("number", "price", "kind"),
    [
        (11, 10.0, P.LIMIT), (42, 0.0, P.BEST_FIVE_CANCEL), (48, 0.0, P.FILL_OR_KILL),
        (49, 0.0, P.OPPOSITE_BEST), (50, 10.0, P.LIMIT), (5, 10.0, P.LIMIT), (999, 10.0, P.LIMIT),
        (999, 0.0, P.OPPOSITE_BEST),
    ],
)  # fmt: skip
def test_a_list_may_show_other_numbers_than_were_sent(number, price, kind):
    assert price_kind(number, price) is kind
