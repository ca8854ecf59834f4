"""Checks of market data: stamps, units, order, and errors in their places."""

from contextlib import aclosing
from datetime import datetime, time
from itertools import pairwise

from quantgraph.domain.bars import BarColumns, BarRequest, BarSeries, Period, Window
from quantgraph.domain.calendar import SHANGHAI, from_ms, to_ms
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ipos import IpoRequest
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.services.conformance.running import (
    Check,
    NonconformityError,
    SkippedError,
    Subject,
    expect,
)

# In no exchange's range of codes.
NOTHING = "999999.SH"
_AHEAD_MS = 60_000
_HALVES = ((time(9, 30), time(11, 30)), (time(13, 0), time(15, 0)))


async def _instruments(subject: Subject) -> str:
    asked = (*subject.symbols, NOTHING)
    found = await subject.backend.reference.instruments(asked)
    expect(len(found) == len(asked), f"{len(found)} instruments for {len(asked)} symbols")
    expect(found[-1] is None, f"{NOTHING} is an instrument")
    for symbol, each in zip(subject.symbols, found, strict=False):
        expect(each is not None and each.symbol == symbol, f"no instrument {symbol}")
    return ", ".join(f"{each.symbol} {each.name}" for each in found if each is not None)


async def _sectors(subject: Subject) -> str:
    sectors = await subject.backend.reference.sectors()
    if not sectors:
        raise SkippedError("no sectors; they have to be downloaded first")
    names = [each.name for each in sectors]
    expect(len(set(names)) == len(names), "a sector is listed twice")
    expect(names == sorted(names), "sectors are not in the order of their names")
    return f"{len(names)} sectors"


async def _quotes(subject: Subject) -> str:
    asked = (*subject.symbols, NOTHING)
    *known, unknown = await subject.backend.quotes.quotes(asked)
    expect(
        isinstance(unknown, GatewayError) and unknown.reason is Reason.UNKNOWN_SYMBOL,
        f"{NOTHING} has a quote, or another error than UNKNOWN_SYMBOL",
    )
    for symbol, each in zip(subject.symbols, known, strict=True):
        if isinstance(each, GatewayError):
            raise NonconformityError(f"{symbol}: {each.reason.value}: {each.message}")
        _check_quote(each, to_ms(subject.clock.now()))
    newest = max(each.time for each in known if isinstance(each, Quote))
    return f"the newest is of {_shown(newest)}"


def _check_quote(quote: Quote, now: int) -> None:
    expect(quote.time <= now + _AHEAD_MS, f"{quote.symbol} is of {_shown(quote.time)}, later")
    prices = (quote.last_price, quote.open, quote.high, quote.low, quote.previous_close)
    expect(all(each is None or each > 0 for each in prices), f"{quote.symbol} has a price of 0")
    for side, falling in ((quote.bids, True), (quote.asks, False)):
        levels = [each.price for each in side]
        expect(levels == sorted(levels, reverse=falling), f"{quote.symbol} levels out of order")
    # Of the day's shares at about the day's prices: lots would be a hundred times off.
    if quote.volume and quote.high and quote.low:
        average = quote.amount / quote.volume
        expect(
            quote.low * 0.9 <= average <= quote.high * 1.1,
            f"{quote.symbol}: {quote.amount} yuan for {quote.volume} are no shares",
        )


async def _stream(subject: Subject) -> str:
    symbol = subject.symbols[0]
    async with aclosing(subject.backend.quotes.follow(symbol)) as quotes:
        first = await anext(quotes)
    expect(first.symbol == symbol, f"{symbol} was followed, {first.symbol} came")
    return f"the present quote came first, of {_shown(first.time)}"


async def _days(subject: Subject) -> str:
    series = await _bars(subject, Period.DAY_1, 20)
    for each in series:
        days = [from_ms(stamp).astimezone(SHANGHAI) for stamp in _stamps(each.columns)]
        expect(all(each.time() == time(0) for each in days), "a day does not begin at 00:00")
    return _counted(series)


async def _minutes(subject: Subject) -> str:
    series = await _bars(subject, Period.MIN_1, 240)
    for each in series:
        for stamp in _stamps(each.columns):
            moment = from_ms(stamp).astimezone(SHANGHAI)
            expect(_in_session(moment), f"{each.symbol} has a minute that begins at {moment}")
    return _counted(series)


async def _bars(subject: Subject, period: Period, last: int) -> list[BarSeries]:
    request = BarRequest((*subject.symbols, NOTHING), period, Window(last=last))
    *found, unknown = await subject.backend.data.bars(request)
    expect(
        isinstance(unknown, GatewayError) and unknown.reason is Reason.UNKNOWN_SYMBOL,
        f"{NOTHING} has bars, or another error than UNKNOWN_SYMBOL",
    )
    series: list[BarSeries] = []
    for symbol, each in zip(subject.symbols, found, strict=True):
        if isinstance(each, GatewayError):
            raise NonconformityError(f"{symbol}: {each.reason.value}: {each.message}")
        expect(each.symbol == symbol, f"{symbol} was asked for, {each.symbol} came")
        expect(each.columns.length <= last, f"{each.columns.length} bars for the last {last}")
        _check_bars(each)
        series.append(each)
    if not any(each.columns.length for each in series):
        raise SkippedError("nothing was downloaded yet")
    return series


def _check_bars(series: BarSeries) -> None:
    stamps, columns = _stamps(series.columns), series.columns.values
    rising = all(one < two for one, two in pairwise(stamps))
    expect(rising, f"{series.symbol}: bars out of order, or twice")
    low, high = columns["low"], columns["high"]
    for name in ("open", "close"):
        inside = (low <= columns[name] + 1e-9) & (columns[name] <= high + 1e-9)
        expect(bool(inside.all()), f"{series.symbol}: {name} outside low and high")


def _stamps(columns: BarColumns) -> list[int]:
    return [int(each) for each in columns.values["time"]]


async def _dividends(subject: Subject) -> str:
    found = await subject.backend.data.dividends(subject.symbols, Period.DAY_1)
    told = [each for each in found if each is not None]
    if not told:
        raise SkippedError("nobody knows of dividends")
    for events in told:
        days = [each.ex_date for each in events]
        expect(days == sorted(days), "dividends out of order")
    return f"{sum(map(len, told))} events"


async def _ipos(subject: Subject) -> str:
    found = await subject.backend.catalog.ipos(IpoRequest())
    days = [(each.subscription_date, each.symbol) for each in found]
    expect(days == sorted(days), "new issues out of order")
    return f"{len(days)} new issues"


def _in_session(moment: datetime) -> bool:
    return any(begin <= moment.time() < end for begin, end in _HALVES)


def _counted(series: list[BarSeries]) -> str:
    return ", ".join(f"{each.symbol} {each.columns.length} bars" for each in series)


def _shown(stamp: int) -> str:
    return from_ms(stamp).astimezone(SHANGHAI).isoformat(timespec="seconds")


MARKET = (
    Check("instruments are found, and none for a code that is nothing", _instruments),
    Check("sectors are listed once, by name", _sectors),
    Check("quotes are in shares and yuan, levels best first", _quotes),
    Check("a followed quote tells the present state at once", _stream),
    Check("daily bars begin at 00:00 and rise", _days),
    Check("minutes begin in the session and rise", _minutes),
    Check("dividends come oldest first", _dividends),
    Check("new issues come by day", _ipos),
)
