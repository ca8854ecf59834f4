"""What a broker's counter says when it refuses an order: its manner, in Chinese and in English.

Users of real terminals have reported the numbers 260200, 251005 and 120144; all from 900000 on are
our own, for counters differ. Account numbers are placeholders.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason


class RejectionStyle(StrEnum):
    """CODED: bracketed, with the counter's number and fields. PLAIN: a sentence without either."""

    CODED = "coded"
    PLAIN = "plain"


class Rejection(NamedTuple):
    """One text: the counter's number, Chinese and English."""

    number: int
    zh: str
    en: str


CATALOG: Mapping[Reason, Rejection] = {
    Reason.INSUFFICIENT_CASH: Rejection(260200, "可用资金不足", "Insufficient available funds"),
    Reason.INSUFFICIENT_SHARES: Rejection(
        251005, "证券可用数量不足", "Insufficient available securities"
    ),
    Reason.SESSION_CLOSED: Rejection(120144, "当前时间不允许交易", "No trading at this time"),
    Reason.SUSPENDED: Rejection(900001, "证券停牌", "The security is suspended"),
    Reason.PRICE_BAND: Rejection(900002, "委托价格超过涨跌幅限制", "Price beyond the daily limits"),
    Reason.PRICE_CAGE: Rejection(
        900003, "委托价格超出有效申报价格范围", "Price outside the valid declaration range"
    ),
    Reason.TICK_SIZE: Rejection(
        900004, "委托价格不是最小价差的整数倍", "Price is not a multiple of the tick"
    ),
    Reason.LOT_SIZE: Rejection(
        900005, "委托数量不是交易单位的整数倍", "Quantity is not a multiple of the lot"
    ),
    Reason.QUANTITY_LIMIT: Rejection(
        900006, "委托数量超过单笔上限", "Quantity beyond the largest order"
    ),
    Reason.QUANTITY_INVALID: Rejection(900007, "委托数量无效", "Invalid quantity"),
    Reason.PRICE_TYPE_UNSUPPORTED: Rejection(
        900008, "不支持该报价方式", "Price type is not supported"
    ),
    Reason.PRICE_REQUIRED: Rejection(900009, "限价委托必须输入价格", "A limit order needs a price"),
    Reason.PRICE_NOT_ALLOWED: Rejection(
        900010, "市价委托不能输入价格", "A market order takes no price"
    ),
    Reason.PURCHASE_LIMIT: Rejection(
        900011, "超过风险警示股票当日买入上限", "Beyond the daily limit for risk-warning shares"
    ),
    Reason.NOT_TRADABLE: Rejection(900012, "证券不可交易", "The security is not tradable"),
    Reason.RULE_UNKNOWN: Rejection(900013, "无适用交易规则", "No trading rule applies"),
    Reason.ORDER_EXPIRED: Rejection(900014, "委托已过有效期", "The order has expired"),
    Reason.ORDER_NOT_CANCELABLE: Rejection(900015, "委托不可撤销", "The order cannot be canceled"),
    Reason.CANCEL_CLOSED: Rejection(
        900016, "当前时间不允许撤单", "No cancels are taken at this time"
    ),
    Reason.CLOSE_NOT_REACHED: Rejection(
        900018, "收盘定价委托限价劣于收盘价", "The limit is worse than the closing price"
    ),
    Reason.TERMINAL_REFUSED: Rejection(900017, "废单", "Order refused"),
}
_ACCOUNT = "fund_account=000000000000"


def say(refusal: OrderRefused, style: RejectionStyle) -> OrderRefused:
    """Return the same refusal in the counter's words; one that no counter gives stays as it is."""
    found = CATALOG.get(refusal.reason)
    if found is None:
        return refusal
    write = _coded if style is RejectionStyle.CODED else _plain
    zh, en = write(found, refusal.details)
    return OrderRefused(refusal.reason, en, zh=zh, details=refusal.details)


def _coded(said: Rejection, details: Mapping[str, str]) -> tuple[str, str]:
    fields = ",".join((_ACCOUNT, *(f"{name}={value}" for name, value in details.items())))
    zh, en = (f"[COUNTER][{said.number}][{text}][{fields}]" for text in (said.zh, said.en))
    return zh, en


def _plain(said: Rejection, details: Mapping[str, str]) -> tuple[str, str]:
    if said is CATALOG[Reason.INSUFFICIENT_CASH] and {"needed", "cash"} <= details.keys():
        short = Decimal(details["needed"]) - Decimal(details["cash"])
        zh = f"[COUNTER] [资金可用余额]不足，尚需[{short:f}]"
        return zh, f"[COUNTER] [available balance] insufficient, [{short:f}] more needed"
    return f"[COUNTER] {said.zh}", f"[COUNTER] {said.en}"
