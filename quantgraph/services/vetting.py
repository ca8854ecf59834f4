"""What an operator may ask of a simulated world: sizes, ids, names, money in whole cents."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import bad_request
from quantgraph.domain.simulation import CorporateAction, HandOrder, Injection, NewAccount

_ID = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_NAME_LENGTH = 64
# Characters that the order form of a terminal takes.
_REMARK_LENGTH = 24
_POSITIONS = 200
_MOST_SHARES = 10**10
_MOST_YUAN = Decimal(10**12)
# Per ten shares: more than anybody ever granted.
_MOST_GRANTED = Decimal(1_000)


def check_trade(trade: Injection) -> None:
    """Refuse sizes and prices that cannot be. Raises BAD_REQUEST."""
    _check_size(trade.quantity)
    _check_price("price", trade.price)


def check_hand(order: HandOrder) -> None:
    """Refuse what no order form takes; the counter judges the rest. Raises BAD_REQUEST."""
    _check_size(order.quantity)
    _check_price("limit_price", order.limit_price)
    remark = order.remark
    if remark is not None and not (0 < len(remark) <= _REMARK_LENGTH and remark.isprintable()):
        text = f"The remark must be 1 to {_REMARK_LENGTH} printable characters; or leave it out."
        raise bad_request(text, field="remark")


def checked_amount(amount: Decimal) -> Decimal:
    """Return what is paid, in cents. Raises BAD_REQUEST."""
    paid = _checked_money("amount", amount)
    if paid == 0:
        raise bad_request("amount is 0; it must be above 0.", field="amount")
    return paid


def check_action(action: CorporateAction, today: date, calendar: TradingCalendar) -> None:
    """Refuse grants that cannot be, and ex-days that are none. Raises BAD_REQUEST."""
    granted = {"cash": action.cash, "bonus": action.bonus, "conversion": action.conversion}
    for field, amount in granted.items():
        if not 0 <= amount <= _MOST_GRANTED:
            text = f"{field} is {amount}; from 0 to {_MOST_GRANTED} for ten shares."
            raise bad_request(text, field=field)
    if not any(granted.values()):
        raise bad_request("Nothing is granted; give cash, bonus or conversion.", field="cash")
    if action.ex_date <= today or not calendar.is_session(action.ex_date):
        text = f"The ex-day {action.ex_date} is no trading day after today, {today}."
        raise bad_request(text, field="ex_date")


def checked_account(account: NewAccount) -> NewAccount:
    """Return an account to be opened, its cash in cents. Raises BAD_REQUEST."""
    if _ID.fullmatch(account.account_id) is None:
        text = f"{account.account_id[:60]!r} is no account id: 1 to 40 of letters, digits and -_."
        raise bad_request(text, field="account_id")
    if not 0 < len(account.name) <= _NAME_LENGTH or not account.name.isprintable():
        text = f"The name must be 1 to {_NAME_LENGTH} printable characters."
        raise bad_request(text, field="name")
    cash = _checked_money("cash", account.cash)
    symbols = [each.symbol for each in account.positions]
    if len(symbols) > _POSITIONS or len(set(symbols)) < len(symbols):
        text = f"Each symbol is held once, and {_POSITIONS} are held at most."
        raise bad_request(text, field="positions")
    for held in account.positions:
        if not 0 < held.quantity <= _MOST_SHARES or not 0 <= held.cost_price < _MOST_YUAN:
            text = (
                f"{held.symbol}: a holding has 1 to {_MOST_SHARES} shares, "
                f"and a cost from 0 to below {_MOST_YUAN}."
            )
            raise bad_request(text, field="positions")
    return replace(account, cash=cash)


def _check_size(quantity: int) -> None:
    if not 0 < quantity <= _MOST_SHARES:
        text = f"quantity is {quantity}; from 1 to {_MOST_SHARES}."
        raise bad_request(text, field="quantity")


def _check_price(field: str, price: Decimal) -> None:
    if not 0 < price < _MOST_YUAN:
        text = f"{field} is {price}; it must be above 0 and below {_MOST_YUAN}."
        raise bad_request(text, field=field)


def _checked_money(field: str, amount: Decimal) -> Decimal:
    # A zero behind the cents would stay in every sum of the account.
    paid = round(amount, 2)
    if not 0 <= paid <= _MOST_YUAN or amount != paid:
        text = f"{field} is {amount}; expected yuan from 0 to {_MOST_YUAN}, in whole cents."
        raise bad_request(text, field=field)
    return paid


def checked_name(name: str) -> str:
    """Return a name for a snapshot. Raises BAD_REQUEST."""
    # It names a file: nothing in it may lead out of the folder, or hide it.
    if _ID.fullmatch(name) is None or name.startswith("."):
        text = f"{name[:60]!r} is no name: 1 to 40 of letters, digits and -_., no . in front."
        raise bad_request(text, field="name")
    return name
