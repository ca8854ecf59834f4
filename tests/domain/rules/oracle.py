"""The rules of shares, funds and convertible bonds a second time, from their prose.

Whole numbers, no table, no product code. Prices are in mills (a thousandth of a yuan), times in
seconds of the day, boards as text.
"""

from datetime import date, timedelta
from typing import NamedTuple

CENT = 10
MARKET_TYPES = {"OWN_BEST", "OPPOSITE_BEST", "BEST_FIVE_CANCEL", "BEST_FIVE_LIMIT", "FILL_OR_KILL"}


class Case(NamedTuple):
    """An order and all that it meets; None where nobody knows or nothing is shown."""

    symbol: str
    day: date
    second: int
    side: str = "BUY"
    quantity: int = 200
    price_type: str = "LIMIT"
    price: int | None = None
    close: int | None = 10_000
    bid: int | None = None
    ask: int | None = None
    last: int | None = None
    st: bool = False
    listed: date | None = None
    held: int = 0
    bought: int | None = 0


def clock(hour: int, minute: int, second: int = 0) -> int:
    """Return a time of day in seconds."""
    return (hour * 60 + minute) * 60 + second


def board(symbol: str) -> str:
    """Return the board of a share by its code; FUND and BOND for what is none."""
    if symbol.startswith("5") and symbol.endswith("SH"):
        return "FUND"
    if symbol.startswith("1"):
        return "BOND"
    if symbol.endswith("BJ"):
        return "BSE"
    if symbol.startswith("688"):
        return "STAR"
    return "CHINEXT" if symbol.startswith("30") else "MAIN"


def exists(case: Case) -> bool:
    """Return whether the board had opened."""
    opened = {
        "STAR": date(2019, 7, 22), "BSE": date(2021, 11, 15), "CHINEXT": date(2009, 10, 30),
        # Bonds trade under the rules of August 2022; before, nothing here says how.
        "BOND": date(2022, 8, 1),
    }  # fmt: skip
    if case.symbol.startswith("588"):
        return case.day >= date(2020, 11, 16)
    return case.day >= opened.get(board(case.symbol), date(1996, 12, 16))


def step(case: Case) -> int:
    """Return the smallest price step: a cent of shares, a mill of all else."""
    return 1 if board(case.symbol) in ("FUND", "BOND") else CENT


def session_number(case: Case) -> int:
    """Return how many weekdays the share has been listed on, this one counted."""
    if case.listed is None or (case.day - case.listed).days > 30:
        return 1_000
    days = (case.listed + timedelta(days=n) for n in range((case.day - case.listed).days + 1))
    return sum(day.weekday() < 5 for day in days)


def percent(case: Case) -> int:
    """Return the band of an ordinary day."""
    where = board(case.symbol)
    if where == "BSE":
        return 30
    if where == "BOND" or case.symbol.startswith("588"):
        return 20
    if where == "STAR" or (where == "CHINEXT" and case.day >= date(2020, 8, 24)):
        return 20
    if where == "MAIN" and case.st and case.day < date(2026, 7, 6):
        return 5
    return 10


def rates(case: Case) -> tuple[float, float] | str | None:
    """Return percent up and down; None without a band; "?" where nobody says."""
    where, number = board(case.symbol), session_number(case)
    if number > 5 or case.listed is None:
        return percent(case), percent(case)
    if where == "BOND":
        first = number == 1 and case.listed >= date(2022, 8, 1)
        return (57.3, 43.3) if first else (percent(case), percent(case))
    if where == "FUND":
        return "?" if number == 1 else (percent(case), percent(case))
    reformed = {
        "MAIN": date(2023, 4, 10), "CHINEXT": date(2020, 8, 24), "STAR": date(2019, 7, 22),
        "BSE": date(2021, 11, 15),
    }[where]  # fmt: skip
    if case.listed >= reformed:
        free = number <= (1 if where == "BSE" else 5)
        return None if free else (percent(case), percent(case))
    if number > 1:
        return percent(case), percent(case)
    return (44, 36) if case.listed >= date(2014, 1, 1) else "?"


def half_up(mills: int, share: float, tick: int) -> int:
    """Return a percentage of a price, rounded half up to the tick."""
    tenths = round(share * 10)
    return (2 * mills * tenths + 1000 * tick) // (2 * 1000 * tick) * tick


def limits(case: Case) -> tuple[int, int] | None:
    """Return the lowest and highest price of the day, None without a band or a close."""
    found = rates(case)
    if case.close is None or not isinstance(found, tuple):
        return None
    (up, down), tick = found, step(case)
    high = max(half_up(case.close, 100 + up, tick), case.close + tick)
    low = min(half_up(case.close, 100 - down, tick), case.close - tick)
    return max(low, tick), high


def phase(case: Case) -> str:
    """Return what the exchange does."""
    now, where, market = case.second, board(case.symbol), case.symbol[-2:]
    if case.day.weekday() > 4:
        return "CLOSED"
    if clock(9, 15) <= now < clock(9, 25):
        return "AUCTION" if now < clock(9, 20) else "FIXED"
    if clock(9, 30) <= now < clock(11, 30) or clock(13, 0) <= now < clock(14, 57):
        return "CONTINUOUS"
    if clock(14, 57) <= now < clock(15, 0):
        # Shanghai has had a closing auction since 2018-08-20, of funds since 2026-07-06.
        since = date(2026, 7, 6) if where == "FUND" else date(2018, 8, 20)
        closing = where != "BOND" and (market != "SH" or case.day >= since)
        return "FIXED" if closing else "CONTINUOUS"
    late = clock(15, 5) <= now < clock(15, 30)
    return "LATE" if late and trades_late(case, where) else "CLOSED"


def trades_late(case: Case, where: str) -> bool:
    """Return whether the day has trading at the close from 15:05 to 15:30."""
    first = {
        "STAR": date(2019, 7, 22), "CHINEXT": date(2020, 8, 24), "MAIN": date(2026, 7, 6),
        "FUND": date(2026, 7, 6),
    }  # fmt: skip
    if case.symbol.startswith("50"):  # closed-end and LOF, not exchange-traded
        return False
    return where in first and case.day >= first[where]


def takes_late(case: Case) -> bool:
    """Return whether orders for that trading are taken now."""
    morning = clock(9, 30) if case.symbol.endswith("SH") else clock(9, 15)
    inside = morning <= case.second < clock(11, 30) or clock(13, 0) <= case.second < clock(15, 30)
    return case.day.weekday() < 5 and trades_late(case, board(case.symbol)) and inside


def market_types(case: Case) -> set[str]:
    """Return the price types that need no price, as the exchange has them."""
    if board(case.symbol) == "BOND":
        return set()
    if case.symbol.endswith("SZ"):
        return MARKET_TYPES - {"BEST_FIVE_LIMIT"}
    five = {"BEST_FIVE_CANCEL", "BEST_FIVE_LIMIT"}
    if board(case.symbol) == "FUND":
        return five
    young = board(case.symbol) in ("STAR", "BSE") or case.day >= date(2023, 4, 10)
    return five | {"OWN_BEST", "OPPOSITE_BEST"} if young else five


def broken(case: Case) -> set[str]:
    """Return the codes of all rules that the order breaks; none: it is taken."""
    if case.listed is not None and case.day < case.listed:
        return {"NOT_TRADABLE"}
    if rates(case) == "?":
        return {"RULE_UNKNOWN", *_timing(case), *_quantity(case), *_prices(case)}
    return {*_timing(case), *_quantity(case), *_prices(case)}


def _timing(case: Case) -> set[str]:
    now, found = phase(case), set[str]()
    late = case.price_type == "AFTER_HOURS"
    if not (takes_late(case) if late else now in ("AUCTION", "FIXED", "CONTINUOUS")):
        found.add("SESSION_CLOSED")
    if case.price_type in MARKET_TYPES:
        banded = isinstance(rates(case), tuple)
        if now != "CONTINUOUS" or case.price_type not in market_types(case) or not banded:
            found.add("PRICE_TYPE_UNSUPPORTED")
    return found


def _quantity(case: Case) -> set[str]:
    where, found, quantity = board(case.symbol), set[str](), case.quantity
    if quantity < 1:
        return {"QUANTITY_INVALID"}
    if where in ("MAIN", "CHINEXT", "FUND", "BOND"):
        lot = 10 if where == "BOND" else 100
        whole = quantity % lot == 0
        rest = case.side == "SELL" and quantity % lot == case.held % lot
    else:
        whole = quantity >= (200 if where == "STAR" else 100)
        rest = case.side == "SELL" and quantity == case.held
    if not (whole or rest):
        found.add("LOT_SIZE")
    if quantity > most(case):
        found.add("QUANTITY_LIMIT")
    return found | _warned(case)


def most(case: Case) -> int:
    """Return the largest order."""
    priced = case.price_type not in MARKET_TYPES
    where = board(case.symbol)
    if where == "STAR":
        return 100_000 if priced else 50_000
    if where == "CHINEXT" and case.day >= date(2020, 8, 24):
        return 300_000 if priced else 150_000
    return 1_000_000


def _warned(case: Case) -> set[str]:
    first = {"SH": date(2013, 1, 1), "SZ": date(2020, 12, 31)}.get(case.symbol[-2:], date.max)
    if board(case.symbol) in ("FUND", "BOND"):
        return set()
    if not case.st or case.side == "SELL" or case.day < first:
        return set()
    if case.bought is None:
        return {"RULE_UNKNOWN"}
    return {"PURCHASE_LIMIT"} if case.bought + case.quantity > 500_000 else set()


def _prices(case: Case) -> set[str]:
    found: set[str] = set()
    if case.close is None:
        found.add("RULE_UNKNOWN")
    if case.price_type in MARKET_TYPES:
        return found if case.price is None else found | {"PRICE_NOT_ALLOWED"}
    if case.price is None:
        return found | {"PRICE_REQUIRED"}
    if case.price <= 0 or case.price % step(case):
        found.add("TICK_SIZE")
    band = limits(case)
    if band is not None and not band[0] <= case.price <= band[1]:
        found.add("PRICE_BAND")
    caged = phase(case) == "CONTINUOUS" and case.price_type != "AFTER_HOURS"
    if caged and outside_cage(case, case.price):
        found.add("PRICE_CAGE")
    if case.price_type == "AFTER_HOURS" and phase(case) == "LATE" and misses_close(case):
        found.add("CLOSE_NOT_REACHED")
    return found


def misses_close(case: Case) -> bool:
    """Return whether the close, that of the day before on a day without a trade, is beyond."""
    close = case.close if case.last is None else case.last
    if close is None or case.price is None:
        return False
    return case.price < close if case.side == "BUY" else case.price > close


def outside_cage(case: Case, price: int) -> bool:
    """Return whether a price is too far from the best one."""
    where = board(case.symbol)
    if where in ("FUND", "BOND"):
        return False
    first = {
        "MAIN": date(2023, 4, 10), "CHINEXT": date(2020, 8, 24), "STAR": date(2019, 7, 22),
        "BSE": date(2021, 11, 15),
    }[where]  # fmt: skip
    if case.day < first:
        return False
    share = 5 if where == "BSE" else 2
    # The ten ticks came with the reform of 2023; Beijing has had them from its first day.
    ticks = 10 * CENT if where == "BSE" or case.day >= date(2023, 4, 10) else 0
    order = (case.ask, case.bid) if case.side == "BUY" else (case.bid, case.ask)
    base = next((each for each in (*order, case.last, case.close) if each is not None), None)
    if base is None:
        return False
    if case.side == "BUY":
        return price * 100 > base * (100 + share) and price > base + ticks
    return price * 100 < base * (100 - share) and price < base - ticks


def takes_cancel(case: Case) -> bool:
    """Return whether an order can be taken back now."""
    if case.price_type == "AFTER_HOURS":
        return takes_late(case)
    return phase(case) in ("AUCTION", "CONTINUOUS", "LATE")


def charges(
    symbol: str, day: date, side: str, cents: int, *, apart: bool
) -> tuple[int, int, int, int, int] | None:
    """Return commission, stamp duty, transfer, handling and regulatory fees in cents.

    None where nothing says one of them. Commission is 2.5 in ten thousand, five yuan at least;
    `apart`: handling and regulatory fees are not part of it.
    """
    rates = [stamp_rate(symbol, day, side), transfer_rate(symbol, day)]
    rates += [handling_rate(symbol, day), regulatory_rate(symbol, day)] if apart else [0, 0]
    if any(rate is None for rate in rates):
        return None
    # Ten-millionths of the money, half a cent up.
    paid = [(2 * cents * rate + 10_000_000) // 20_000_000 for rate in rates if rate is not None]
    least = max((2 * cents * 2_500 + 10_000_000) // 20_000_000, 500)
    return least, paid[0], paid[1], paid[2], paid[3]


def stamp_rate(symbol: str, day: date, side: str) -> int | None:
    """Return a thousandth of what shares are sold for, half of it since 28 August 2023."""
    where = board(symbol)
    if where == "FUND":
        return 0
    if where == "BOND":
        return 0 if day >= date(2022, 8, 1) else None
    if day < date(2008, 9, 19):
        return None
    if side == "BUY":
        return 0
    return 5_000 if day >= date(2023, 8, 28) else 10_000


def transfer_rate(symbol: str, day: date) -> int | None:
    """Return two in 100,000 of shares since August 2015, half of it since 29 April 2022."""
    where = board(symbol)
    if where == "FUND":
        return 0
    if where == "BOND":
        return 0 if day >= date(2022, 8, 1) else None
    if day < date(2015, 8, 1):
        return 0 if symbol.endswith("SZ") else None
    return 100 if day >= date(2022, 4, 29) else 200


def handling_rate(symbol: str, day: date) -> int | None:
    """Return what the exchange takes of each side: 4.87 in 100,000, 3.41 since 28 August 2023.

    Beijing's is 25, half of it since then. Funds: 4.5 in Shanghai and 4.87 in Shenzhen, 4 in both
    since 19 July 2021; convertible bonds 4.
    """
    where, lower = board(symbol), day >= date(2023, 8, 28)
    if where == "BOND":
        return 400 if day >= date(2022, 8, 1) else None
    if where == "BSE":
        opened = day >= date(2021, 11, 15)
        return (1_250 if lower else 2_500) if opened else None
    if day < date(2015, 8, 1):
        return None
    if where == "FUND":
        if day >= date(2021, 7, 19):
            return 400
        return 450 if symbol.endswith("SH") else 487
    return 341 if lower else 487


def regulatory_rate(symbol: str, day: date) -> int | None:
    """Return two in 100,000 of each side of shares; nothing of funds and bonds."""
    where = board(symbol)
    if where == "FUND":
        return 0 if day >= date(2015, 8, 1) else None
    if where == "BOND":
        return 0 if day >= date(2022, 8, 1) else None
    return 200 if day >= date(2012, 9, 1) else None
