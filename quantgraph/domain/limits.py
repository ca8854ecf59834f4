"""What an account may do: limits that its operator sets, and how an order is judged by them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason

# The exchanges call an account high-frequency from 300 submits and cancels in a second or 20,000
# in a day on (implementation rules of programmatic trading, in force since 2025-07-07). Where
# orders are real nobody can set a limit near that.
MOST_PER_SECOND = 100
MOST_PER_DAY = 10_000
HIGH_FREQUENCY_DAY = 20_000


@dataclass(frozen=True, slots=True)
class TradingLimits:
    """What one account may do; None: no limit. Money in yuan, quantities in shares.

    Actions are submits and cancels together. `approval_above`: value of an order above which it
    waits for another key. `price_distance`: of a limit price from the last
    price, as a share of that. `symbols_allowed`: all where it is empty.
    """

    actions_per_second: int = 5
    actions_per_day: int = 500
    order_value: Decimal | None = None
    order_quantity: int | None = None
    position_quantity: int | None = None
    position_value: Decimal | None = None
    daily_value: Decimal | None = None
    price_distance: Decimal | None = None
    approval_above: Decimal | None = None
    symbols_allowed: frozenset[str] = frozenset()
    symbols_blocked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The limits of every account: its own, or those of all others."""

    others: TradingLimits = TradingLimits()
    own: Mapping[str, TradingLimits] = field(default_factory=dict[str, TradingLimits])

    def of(self, account_id: str) -> TradingLimits:
        """Return the limits of an account."""
        return self.own.get(account_id, self.others)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account has used of its limits. Money in yuan.

    `traded_value`: of today's executions, buys and sells; `open_value`: what its open orders may
    still trade, those of unknown fate in full.
    """

    actions_last_second: int
    actions_today: int
    traded_value: Decimal
    open_value: Decimal

    @property
    def daily_value(self) -> Decimal:
        """What counts against the daily value."""
        return self.traded_value + self.open_value


@dataclass(frozen=True, slots=True)
class Allowance:
    """An account's limits, and what it has used of them on a trading day."""

    account_id: str
    day: date
    limits: TradingLimits
    used: Usage


@dataclass(frozen=True, slots=True)
class Ask:
    """An order as the limits see it. `price`: the worst that it may reach, in yuan.

    `last`: the newest price, None where nobody asked for it; `named`: whether the caller named
    the price.
    """

    symbol: str
    side: Side
    quantity: int
    price: Decimal
    named: bool
    last: Decimal | None = None

    @property
    def value(self) -> Decimal:
        """Quantity times price."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account holds and has ordered before an order is added.

    `quantity`: shares of the symbol held and in open buys; `buys_value`: of those open buys;
    `held`: the held ones alone; `daily_value`: traded today and open. `sellable`: shares that no
    open sell may take, those on their way to the terminal included; None where nobody asked.
    """

    quantity: int
    held: int
    buys_value: Decimal
    daily_value: Decimal
    sellable: int | None = None


def refusals(ask: Ask, standing: Standing, limits: TradingLimits) -> Iterator[OrderRefused]:
    """Yield why the limits refuse an order, in a fixed order; nothing where they allow it."""
    for check in _CHECKS:
        found = check(ask, standing, limits)
        if found is not None:
            yield found


def _symbol(ask: Ask, _: Standing, limits: TradingLimits) -> OrderRefused | None:
    allowed = not limits.symbols_allowed or ask.symbol in limits.symbols_allowed
    if allowed and ask.symbol not in limits.symbols_blocked:
        return None
    why = "is blocked for" if allowed else "is not among the symbols allowed to"
    zh = "禁止交易" if allowed else "不在允许交易的证券之列"
    text = f"{ask.symbol} {why} this account (trading.limits)."
    return OrderRefused(
        Reason.SYMBOL_BLOCKED, text, zh=f"{ask.symbol} {zh}", details={"symbol": ask.symbol}
    )


def _oversold(ask: Ask, standing: Standing, _: TradingLimits) -> OrderRefused | None:
    left = standing.sellable
    if ask.side is Side.BUY or left is None or ask.quantity <= left:
        return None
    left = max(left, 0)
    text = (
        f"{ask.quantity} shares of {ask.symbol} to sell; {left} are left beside all open sells, "
        "those of unknown fate included."
    )
    zh = f"卖出 {ask.symbol} {ask.quantity} 股，扣除全部未了结卖单后可卖 {left} 股"
    found = {"quantity": ask.quantity, "sellable": left}
    return OrderRefused(Reason.INSUFFICIENT_SHARES, text, zh=zh, details=found)


def _order_quantity(ask: Ask, _: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.order_quantity
    if most is None:
        return None
    words = _Words("shares in one order", "单笔委托数量", "股")
    return _above(Reason.ORDER_QUANTITY_LIMIT, ask.quantity, most, words)


def _distance(ask: Ask, _: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.price_distance
    if most is None or ask.last is None or not ask.named:
        return None
    away = abs(ask.price - ask.last)
    if away <= most * ask.last:
        return None
    shown, allowed = away / ask.last * 100, most * 100
    text = (
        f"The price {ask.price:f} is {shown:.2f}% away from the last price {ask.last:f}; "
        f"{allowed:f}% are allowed."
    )
    zh = f"价格 {ask.price:f} 偏离最新价 {ask.last:f} 达 {shown:.2f}%，上限 {allowed:f}%"
    return OrderRefused(
        Reason.PRICE_DISTANCE_LIMIT,
        text,
        zh=zh,
        details={
            "asked": f"{away / ask.last:.4f}",
            "allowed": f"{most:f}",
            "last": f"{ask.last:f}",
        },
    )


def _order_value(ask: Ask, _: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.order_value
    if most is None:
        return None
    words = _Words("yuan in one order", "单笔委托金额", "元")
    return _above(Reason.ORDER_VALUE_LIMIT, ask.value, most, words)


def _position(ask: Ask, standing: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.position_quantity
    if most is None or ask.side is Side.SELL:
        return None
    after = standing.quantity + ask.quantity
    words = _Words(f"shares of {ask.symbol} after this order and all open buys", "持仓数量", "股")
    return _above(Reason.POSITION_QUANTITY_LIMIT, after, most, words)


def _position_value(ask: Ask, standing: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.position_value
    if most is None or ask.side is Side.SELL or ask.last is None:
        return None
    after = standing.held * ask.last + standing.buys_value + ask.value
    words = _Words(f"yuan of {ask.symbol} after this order and all open buys", "持仓市值", "元")
    return _above(Reason.POSITION_VALUE_LIMIT, after, most, words)


def _daily_value(ask: Ask, standing: Standing, limits: TradingLimits) -> OrderRefused | None:
    most = limits.daily_value
    if most is None:
        return None
    after = standing.daily_value + ask.value
    words = _Words("yuan traded today or open, with this one", "当日成交与未成交金额", "元")
    return _above(Reason.DAILY_VALUE_LIMIT, after, most, words)


_Check: TypeAlias = Callable[[Ask, Standing, TradingLimits], OrderRefused | None]
_CHECKS: tuple[_Check, ...] = (
    _symbol,
    _oversold,
    _order_quantity,
    _distance,
    _order_value,
    _position,
    _position_value,
    _daily_value,
)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is limited, with its unit, in both languages."""

    what: str
    zh: str
    unit: str


def _above(
    reason: Reason, asked: Decimal | int, allowed: Decimal | int, words: _Words
) -> OrderRefused | None:
    if asked <= allowed:
        return None
    found, most = _shown(asked), _shown(allowed)
    text = f"{found} {words.what}; {most} are allowed."
    zh = f"{words.zh} {found} {words.unit}，上限 {most} {words.unit}"
    return OrderRefused(reason, text, zh=zh, details={"asked": found, "allowed": most})


def _shown(value: Decimal | int) -> str:
    """Return a number in digits, without zeros that a product has left behind the cents."""
    whole, point, rest = (
        f"{value:f}".partition(".") if isinstance(value, Decimal) else (value, "", "")
    )
    return f"{whole}{point}{rest[:2]}{rest[2:].rstrip('0')}"
