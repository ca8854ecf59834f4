"""Rows of the terminal's downloaded lists: funds' baskets, bonds and new issues."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from quantgraph.backends.xtquant.codes import from_vendor
from quantgraph.backends.xtquant.days import digits_day
from quantgraph.domain.bonds import ConvertibleBond
from quantgraph.domain.etfs import CashSubstitution, EtfBasket, EtfComponent
from quantgraph.domain.ipos import Ipo
from quantgraph.domain.sources import Source

# What the exchanges' flags 0 to 8 come to: 1 may be paid in cash, 0 may not, 2 must be; the
# others concern shares of other markets, whose price is settled afterwards (退补).
_SUBSTITUTIONS: Mapping[int, CashSubstitution] = {
    0: CashSubstitution.FORBIDDEN,
    1: CashSubstitution.ALLOWED,
    2: CashSubstitution.REQUIRED,
    3: CashSubstitution.REFUNDED,
    4: CashSubstitution.REQUIRED,
    5: CashSubstitution.REFUNDED,
    6: CashSubstitution.REQUIRED,
    7: CashSubstitution.REFUNDED,
    8: CashSubstitution.REQUIRED,
}
_ISSUE_MARKETS = ("SH", "SZ", "BJ")
_PERCENT = 100.0


def read_basket(symbol: str, told: Mapping[str, Any], day: date) -> EtfBasket | None:
    """Return a fund's list; None for one without a creation unit, which cannot be created."""
    unit = _whole(told, "最小申购、赎回单位")
    if not unit:
        return None
    rows: list[Mapping[str, Any]] = told.get("成份股信息") or []
    components = [part for row in rows if (part := _component(row)) is not None]
    return EtfBasket(
        symbol=symbol,
        name=_text(told, "基金名称"),
        date=day,
        creation_unit=unit,
        cash_difference=_number(told, "现金差额"),
        estimated_cash=_number(told, "预估现金差额"),
        unit_value=_number(told, "最小申购、赎回单位净值"),
        net_value=_number(told, "基金份额净值"),
        max_cash_ratio=_number(told, "现金替代比例上限"),
        iopv_published=_flag(told, "是否需要公布IOPV"),
        creation_allowed=_flag(told, "申购的允许情况"),
        redemption_allowed=_flag(told, "赎回的允许情况"),
        creation_limit=_whole(told, "申购上限"),
        redemption_limit=_whole(told, "赎回上限"),
        components=tuple(sorted(components, key=lambda part: part.symbol)),
        source=Source.TERMINAL,
    )


def read_bond(symbol: str, told: Mapping[str, Any]) -> ConvertibleBond | None:
    """Return a bond's terms; None where the terminal does not tell its share.

    The keys are the numbers of the vendor's table 4004, or its Chinese labels.
    """
    row = {name: told.get(key, told.get(label)) for name, (key, label) in _BOND_KEYS.items()}
    stock = _stock_symbol(row["stock"])
    if stock is None:
        return None
    return ConvertibleBond(
        symbol=symbol,
        name=_text(row, "name"),
        stock_symbol=stock,
        par_value=_number(row, "par") or _PERCENT,
        conversion_price=_number(row, "price"),
        initial_price=_number(row, "initial"),
        conversion_start=digits_day(row["from"]),
        conversion_end=digits_day(row["until"]),
        issue_date=digits_day(row["issued"]),
        list_date=digits_day(row["listed"]),
        maturity_date=digits_day(row["matures"]),
        issue_amount=_number(row, "amount"),
        outstanding=_number(row, "left"),
        source=Source.TERMINAL,
    )


def read_issue(told: Mapping[str, Any]) -> Ipo | None:
    """Return a new issue; None without a code of ours or a subscription day."""
    symbol = _issue_symbol(told)
    day = digits_day(told.get("startDate"))
    if symbol is None or day is None:
        return None
    rate = _number(told, "lwr")
    return Ipo(
        symbol=symbol,
        name=_text(told, "codeName"),
        subscription_code=_text(told, "onlineSubCode"),
        subscription_date=day,
        issue_price=_number(told, "publishPrice"),
        issue_quantity=_whole(told, "actIssueQty"),
        online_quantity=_whole(told, "onlineIssueQty"),
        max_subscription=_whole(told, "onlineSubMaxQty"),
        min_subscription=_whole(told, "onlineSubMinQty"),
        announce_date=digits_day(told.get("declareDate")),
        payment_date=digits_day(told.get("paymentDate")),
        list_date=digits_day(told.get("listedDate")),
        industry_pe=_number(told, "industryPe"),
        pe_before=_number(told, "beforePE"),
        pe_after=_number(told, "afterPE"),
        profitable=_flag(told, "isProfit"),
        win_rate=None if rate is None else rate / _PERCENT,
        source=Source.TERMINAL,
    )


_BOND_KEYS: Mapping[str, tuple[str, str]] = {
    "name": ("1", "可转债简称"),
    "stock": ("2", "正股代码"),
    "par": ("5", "面值"),
    "amount": ("7", "发行总额（元）"),
    "left": ("8", "债券余额（元）"),
    "issued": ("9", "起息日期"),
    "matures": ("10", "到期日期"),
    "listed": ("15", "上市日期"),
    "from": ("18", "转股起始日"),
    "until": ("19", "转股截止日"),
    "initial": ("20", "初始转股价"),
    "price": ("21", "最新转股价"),
}


def _component(row: Mapping[str, Any]) -> EtfComponent | None:
    symbol = from_vendor(str(row.get("成份股代码") or ""))
    flag = _SUBSTITUTIONS.get(_whole(row, "现金替代标志") or 0)
    if symbol is None or flag is None:
        return None
    return EtfComponent(
        symbol=symbol,
        name=_text(row, "成份股名称"),
        quantity=_whole(row, "成份股数量") or 0,
        substitution=flag,
        creation_premium=_number(row, "申购现金替代溢价比率"),
        creation_amount=_number(row, "申购替代金额"),
        redemption_discount=_number(row, "赎回现金替代折价比率"),
        redemption_amount=_number(row, "赎回替代金额"),
    )


def _stock_symbol(code: object) -> str | None:
    text = str(code or "")
    if "." in text:
        return from_vendor(text)
    market = "SH" if text.startswith("6") else "SZ"
    return from_vendor(f"{text}.{market}")


def _issue_symbol(told: Mapping[str, Any]) -> str | None:
    code, market = str(told.get("securityCode") or ""), str(told.get("market") or "")
    if "." in code:
        return from_vendor(code)
    return from_vendor(f"{code}.{market}") if market in _ISSUE_MARKETS else None


def _text(row: Mapping[str, Any], key: str) -> str | None:
    return str(row.get(key) or "").strip() or None


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _whole(row: Mapping[str, Any], key: str) -> int | None:
    value = _number(row, key)
    return None if value is None else round(value)


def _flag(row: Mapping[str, Any], key: str) -> bool | None:
    value = _number(row, key)
    return None if value is None else value > 0
