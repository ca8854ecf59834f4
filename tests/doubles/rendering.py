"""Our simulated market in the vendor's words: lots, end stamps, milliseconds, Chinese keys.

Written against the SDK's documents, not against `backends/xtquant`: the two must not share tables.
"""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

_BEIJING = timezone(timedelta(hours=8))
FIELDS = ("time", "open", "high", "low", "close", "volume", "amount", "preClose", "suspendFlag")
_DTYPES = {"time": "<i8", "volume": "<i8", "suspendFlag": "<i4"}
_MINUTE = 60_000
# Symbols whose volume is not counted in lots of a hundred.
_LOT_OF_TEN = ("110", "111", "113", "118", "123", "127", "128")


def lot(code):
    name, _, market = code.partition(".")
    if market in ("IF", "SHO", "SZO"):
        return 1
    return 10 if name.startswith(_LOT_OF_TEN) else 100


def code_of(symbol):
    name, market = symbol.split(".")
    if market == "CFFEX":
        return f"{name}.IF"
    return f"{name}.{market}O" if len(name) == 8 else symbol


def symbol_of(code):
    name, market = code.split(".")
    return f"{name}.{ {'IF': 'CFFEX', 'SHO': 'SH', 'SZO': 'SZ'}.get(market, market) }"


def text_of(ms, pattern="%Y%m%d%H%M%S"):
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_BEIJING).strftime(pattern)


def ms_of(digits):
    pattern = "%Y%m%d" if len(digits) == 8 else "%Y%m%d%H%M%S"
    when = datetime.strptime(digits, pattern).replace(tzinfo=_BEIJING)
    return int(when.timestamp() * 1000)


def day_ms(day):
    when = datetime(day.year, day.month, day.day, tzinfo=_BEIJING)
    return float(when.timestamp() * 1000)


def digits(day):
    return 0 if day is None else int(day.strftime("%Y%m%d"))


def bar_rows(columns, code, period):
    """Return dicts of the vendor's fields, stamped as it stamps."""
    names = ("time", "open", "high", "low", "close", "volume", "amount", "previous_close")
    cells = zip(*(columns.values[name].tolist() for name in names), strict=True)
    rows: list[dict[str, Any]] = []
    for time, *rest in cells:
        row = dict(zip(FIELDS, (time, *rest, 0), strict=True))
        row["volume"] = row["volume"] / lot(code)
        rows += [row] if period == "1d" else minute_rows(row)
    return rows


def minute_rows(row):
    """Return a minute at its end, the first of a day in two: what the auction traded, and after."""
    ended = {**row, "time": row["time"] + _MINUTE}
    if text_of(row["time"], "%H%M") != "0930":
        return [ended]
    part = row["volume"] // 3
    money = row["amount"] / 3
    price = row["open"]
    auction = {**row, "high": price, "low": price, "close": price, "volume": part, "amount": money}
    after = {
        "volume": row["volume"] - part,
        "amount": row["amount"] - money,
        "preClose": price,
        "open": row["close"],
    }
    return [auction, {**ended, **after}]


def frame(code, rows, fields, period):
    """Return the `v4` shape of one stock: code, index, and a buffer per field."""
    index = [text_of(row["time"], "%Y%m%d" if period == "1d" else "%Y%m%d%H%M%S") for row in rows]
    data = []
    for name in fields or FIELDS:
        dtype = _DTYPES.get(name, "<f8")
        column = np.array([row[name] for row in rows], "<f8")
        whole = dtype == "<f8" or not np.isnan(column).any()
        # Where a number is missing the vendor has no integers left to write it with.
        dtype = dtype if whole else "<f8"
        data.append((name, dtype, column.astype(dtype).tobytes()))
    return code, index, data


def tick(quote, code, *, pulled):
    """Return the dict of a quote; a pulled one writes its time as text."""
    told = {
        "lastPrice": quote.last_price or 0.0,
        "open": quote.open or 0.0,
        "high": quote.high or 0.0,
        "low": quote.low or 0.0,
        "lastClose": quote.previous_close or 0.0,
        "amount": quote.amount,
        "volume": quote.volume // lot(code),
        "pvolume": quote.volume,
        "stockStatus": 3,
        "openInt": 1 if quote.suspended else 16 if quote.halted else 13,
        "transactionNum": 0,
        "askPrice": _ladder(quote.asks, "price", 0.0),
        "bidPrice": _ladder(quote.bids, "price", 0.0),
        "askVol": [each // lot(code) for each in _ladder(quote.asks, "quantity", 0)],
        "bidVol": [each // lot(code) for each in _ladder(quote.bids, "quantity", 0)],
    }
    if pulled:
        second, rest = divmod(quote.time, 1000)
        text = text_of(second * 1000, "%Y%m%d %H:%M:%S")
        return {"timetag": f"{text}.{rest:03d}" if rest else text, **told}
    return {"time": quote.time, **told}


def _ladder(levels, part, empty):
    # Binary dust as the vendor's own sample shows it: 11.370000000000001.
    cells = [getattr(level, part) for level in levels[:5]]
    dusty = [math.nextafter(each, math.inf) if part == "price" else each for each in cells]
    return dusty + [empty] * (5 - len(dusty))


def detail(instrument):
    """Return the terminal's description of an instrument, before the SDK trims it."""
    dated = instrument.kind.value in ("OPTION", "FUTURE")
    name, _, market = code_of(instrument.symbol).partition(".")
    first = digits(instrument.list_date)
    return {
        "ExchangeID": market,
        "InstrumentID": name,
        "InstrumentName": instrument.name or "",
        "ProductID": name[:2],
        "ProductType": -1,
        "UniCode": name,
        "OpenDate": 0 if dated else first,
        "CreateDate": first if dated else 0,
        "ExpireDate": digits(instrument.delist_date) or 99999999,
        "PriceTick": float(instrument.price_tick or 0),
        "VolumeMultiple": 1,
        "InstrumentStatus": 0,
        "IsTrading": True,
        "ExtendInfo": {},
    }


def option(contract, underlying):
    """Return the description of an option as far as it differs."""
    name, market = underlying.split(".")
    return {
        "InstrumentName": contract.name or f"50ETF{'购' if contract.type == 'CALL' else '沽'}",
        "ExpireDate": digits(contract.expiry),
        "CreateDate": digits(contract.list_date),
        "OpenDate": digits(contract.list_date),
        "ExtendInfo": {
            "OptUndlCode": name,
            "OptUndlUniCode": name,
            "OptUndlMarket": market,
            "OptExercisePrice": contract.strike,
            "OptUnit": contract.unit,
            "OptionType": 0 if contract.type == "CALL" else 1,
        },
    }


def basket(found):
    """Return a fund's list under the numbers of the vendor's table 2004."""
    flags = {"FORBIDDEN": 0, "ALLOWED": 1, "REQUIRED": 2, "REFUNDED": 3}
    head = (
        found.symbol.split(".")[0], found.name, found.cash_difference, found.unit_value,
        found.net_value, found.estimated_cash, found.max_cash_ratio, found.iopv_published,
        found.creation_unit, found.creation_allowed, found.redemption_allowed,
        found.creation_limit, found.redemption_limit,
    )  # fmt: skip
    told = {str(key): value for key, value in enumerate(head)}
    told["13"] = [
        {
            "14": part.symbol.split(".")[0],
            "15": part.name,
            "16": part.quantity,
            "17": flags[part.substitution],
            "18": part.creation_premium,
            "19": part.creation_amount,
            "20": part.redemption_discount,
            "21": part.redemption_amount,
            "22": {"SH": 1, "SZ": 2, "BJ": 4}[part.symbol[-2:]],
        }
        for part in found.components
    ]
    return {**told, "25": 0.0}


def bond(found):
    """Return a bond's terms under the numbers of the vendor's table 4004."""
    return {
        "0": found.symbol.split(".")[0],
        "1": found.name,
        "2": found.stock_symbol,
        "5": found.par_value,
        "7": found.issue_amount,
        "8": found.outstanding,
        "9": digits(found.issue_date),
        "10": digits(found.maturity_date),
        "15": digits(found.list_date),
        "18": digits(found.conversion_start),
        "19": digits(found.conversion_end),
        "20": found.initial_price,
        "21": found.conversion_price,
    }


def issue(found):
    """Return a new issue in the vendor's keys."""
    code, market = found.symbol.split(".")
    days = {"startDate": found.subscription_date, "declareDate": found.announce_date}
    days |= {"paymentDate": found.payment_date, "listedDate": found.list_date}
    return {
        "securityCode": code,
        "market": market,
        "codeName": found.name,
        "actIssueQty": found.issue_quantity,
        "onlineIssueQty": found.online_quantity,
        "onlineSubCode": found.subscription_code,
        "onlineSubMaxQty": found.max_subscription,
        "onlineSubMinQty": found.min_subscription,
        "publishPrice": found.issue_price,
        "isProfit": None if found.profitable is None else int(found.profitable),
        "industryPe": found.industry_pe,
        "beforePE": found.pe_before,
        "afterPE": found.pe_after,
        "lwr": None if found.win_rate is None else found.win_rate * 100,
        **{name: str(digits(day)) for name, day in days.items()},
    }


def report(found, fields):
    """Return a statement's row: dates in ms, whatever is missing NaN."""
    holders = found.statement.value in ("HOLDERS", "TOP_HOLDERS", "TOP_FLOAT_HOLDERS")
    ends, told = ("endDate", "declareDate") if holders else ("m_timetag", "m_anntime")
    announced = found.announce_date
    row = {ends: day_ms(found.report_date)}
    row[told] = math.nan if announced is None else day_ms(announced)
    for name, field in fields.items():
        row[field.native] = found.values.get(name, "" if field.text else math.nan)
    return row


def dividend(found):
    """Return an event's key and row."""
    key = found.ex_date.strftime("%Y%m%d")
    return key, {
        "time": day_ms(found.ex_date),
        "interest": found.cash or 0.0,
        "stockBonus": found.bonus or 0.0,
        "stockGift": found.conversion or 0.0,
        "allotNum": found.rights or 0.0,
        "allotPrice": found.rights_price or 0.0,
        "gugai": 0.0,
        "dr": found.ratio or 0.0,
    }


def main_row(found):
    """Return a row of the history of main contracts, under the numbers of table 5004."""
    second = found.second_symbol
    return {
        "G": int(day_ms(found.date)),
        "33": found.symbol.split(".")[0],
        "151": "" if second is None else second.split(".")[0],
    }


def listing(contract, day, underlying):
    """Return a row of the history of options, under the numbers of table 9502."""
    name, market = underlying.split(".")
    code, _, place = code_of(contract.symbol).partition(".")
    return {
        "G": int(day_ms(day)), "0": code, "1": place, "2": name, "3": market,
        "4": contract.strike, "5": contract.type[0], "6": contract.expiry.month,
        "7": digits(contract.expiry), "8": 0, "9": digits(contract.list_date), "10": 0,
        "11": contract.name, "12": contract.unit,
    }  # fmt: skip


def a_day(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_BEIJING).date()
