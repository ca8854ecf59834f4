"""Orders and executions out of the vendor's records: plain values, before they meet the loop."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from quantgraph.backends.xtquant.order_codes import ORDER_TYPES, STATUSES, price_kind
from quantgraph.domain.calendar import day_of, from_ms, to_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Fill, OrderState, Side, plain_price
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport, Form, ListedOrder

# What the vendor hands over: its classes have no types.
Record: TypeAlias = Any
# A share's tick is a cent, a fund's a tenth of one; averages have a digit more.
_TICK, _AVERAGE, _CENT = Decimal("0.001"), Decimal("0.0001"), Decimal("0.01")
# No sum and no price has as many digits before its point.
_BEYOND = 1e15
# What counters say, by number or words; users of real terminals have reported these.
_SAID = (
    (("260200", "可用资金不足", "资金可用余额"), Reason.INSUFFICIENT_CASH),
    (("251005", "证券可用数量不足", "可用股份不足"), Reason.INSUFFICIENT_SHARES),
    (("120144", "当前时间不允许"), Reason.SESSION_CLOSED),
    (("停牌",), Reason.SUSPENDED),
    (("涨跌幅",), Reason.PRICE_BAND),
)


def money(value: float, step: Decimal = _CENT) -> Decimal | None:
    """Return yuan as the terminal means them: no dust of a double; None for what is no sum.

    NaN, infinity, and the largest doubles that counters write for what they have not filled in.
    """
    if not math.isfinite(value) or abs(value) >= _BEYOND:
        return None
    return Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP)


def broker_name(order_id: int, day: date) -> str:
    """Return what names an order of the terminal on every day: its ids begin anew each morning."""
    return f"{day:%Y%m%d}-{order_id}"


def order_number(broker_order_id: str, day: date) -> int | None:
    """Return the terminal's id of an order of a day, None of any other."""
    at, _, number = broker_order_id.partition("-")
    return int(number) if at == f"{day:%Y%m%d}" and number.isdecimal() else None


def side_of(record: Record) -> Side | None:
    """Return which way an order goes, None where it neither buys nor sells."""
    return ORDER_TYPES.get(record.order_type)


def state_of(record: Record) -> OrderState:
    """Return where an order stands; UNKNOWN where its status is one that nobody has listed."""
    return STATUSES.get(record.order_status, OrderState.UNKNOWN)


def named(record: Record, now: datetime) -> str | None:
    """Return what names a record's order, None where it bears no id."""
    if record.order_id <= 0:
        return None
    return broker_name(record.order_id, day_of(to_ms(_placed(record, now))))


def order_report(record: Record, now: datetime) -> ExecutionReport | None:
    """Return what a pushed order tells; None of one that neither buys nor sells."""
    side = side_of(record)
    if side is None:
        return None
    state = state_of(record)
    return ExecutionReport(
        tag=record.order_remark or None,
        account_id=record.account_id,
        state=state,
        filled_quantity=record.traded_volume,
        average_price=_average(record),
        time=now,
        refusal=_refusal(record, state),
        broker_order_id=named(record, now),
        form=Form(record.stock_code, side, record.order_volume, _limit(record)),
    )


def listed_order(record: Record, trades: Sequence[Fill], now: datetime) -> ListedOrder | None:
    """Return a row of the terminal's list; None of one that neither buys nor sells, or unnamed."""
    side, name, state = side_of(record), named(record, now), state_of(record)
    if side is None or name is None:
        return None
    placed = _placed(record, now)
    return ListedOrder(
        tag=record.order_remark or None,
        broker_order_id=name,
        account_id=record.account_id,
        symbol=record.stock_code,
        side=side,
        quantity=record.order_volume,
        limit_price=_limit(record),
        state=state,
        filled_quantity=record.traded_volume,
        average_price=_average(record),
        time=max([placed, *(each.time for each in trades)]),
        fills=tuple(trades),
        strategy=record.strategy_name or None,
        refusal=_refusal(record, state),
        price_type=price_kind(record.price_type, record.price),
        placed_at=placed,
    )


def fill_of(record: Record, name: str) -> Fill | None:
    """Return an execution of the order of that name; None where it says no price or no number.

    The terminal numbers executions anew each day, and both sides of a trade alike: the order's
    name makes it one of its own. `fee` is the commission that it tells, often 0 until settlement.
    """
    price, side = money(record.traded_price, _TICK), ORDER_TYPES.get(record.order_type)
    if price is None or side is None or not record.traded_id or record.traded_volume <= 0:
        return None
    amount = money(record.traded_amount) or (price * record.traded_volume).quantize(_CENT)
    return Fill(
        id=f"{name}-{record.traded_id}",
        order_id="",
        account_id=record.account_id,
        symbol=record.stock_code,
        side=side,
        quantity=record.traded_volume,
        price=plain_price(price),
        amount=amount,
        fee=money(record.commission) or Decimal("0.00"),
        time=from_ms(record.traded_time * 1_000),
    )


def trade_time(record: Record, now: datetime) -> datetime:
    """Return when an execution happened; now where it does not say."""
    return from_ms(record.traded_time * 1_000) if record.traded_time > 0 else now


def refused(text: str) -> OrderRefused:
    """Return the counter's refusal with our code for what it says."""
    for words, reason in _SAID:
        if any(word in text for word in words):
            return OrderRefused(reason, f"The counter refuses the order: {text}", zh=text)
    said = text or "no reason given"
    return OrderRefused(Reason.TERMINAL_REFUSED, f"The counter refuses the order: {said}", zh=text)


def _refusal(record: Record, state: OrderState) -> OrderRefused | None:
    return refused(record.status_msg) if state is OrderState.REJECTED else None


def _placed(record: Record, now: datetime) -> datetime:
    # Unix seconds; 0 in a record that is not filled in.
    return from_ms(record.order_time * 1_000) if record.order_time > 0 else now


def _limit(record: Record) -> Decimal | None:
    if not price_kind(record.price_type, record.price).priced:
        return None
    price = money(record.price, _TICK)
    return plain_price(price) if price is not None and price > 0 else None


def _average(record: Record) -> Decimal | None:
    if record.traded_volume <= 0:
        return None
    price = money(record.traded_price, _AVERAGE)
    return price if price is not None and price > 0 else None
