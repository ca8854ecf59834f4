"""Prices to value holdings by: exact, and with a reason where there is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.domain.calendar import day_of
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.portfolio import Unvalued
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.ticks import in_ticks

_CENT = Decimal("0.01")


def cents(money: Decimal) -> Decimal:
    """Round half up to the cent."""
    return money.quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Price:
    """The newest price of a symbol, and what it was when the day began (None: nobody knows)."""

    newest: Decimal
    before: Decimal | None


Prices = Mapping[str, Price | Unvalued]


async def read_prices(quotes: Quotes, symbols: Iterable[str], day: date) -> Prices:
    """Return the price per symbol, or why there is none. One call for all of them."""
    wanted = tuple(sorted(set(symbols)))
    found = await quotes.quotes(wanted) if wanted else ()
    return {
        symbol: _failed(symbol, quote) if isinstance(quote, GatewayError) else _price(quote, day)
        for symbol, quote in zip(wanted, found, strict=True)
    }


def no_price(symbol: str) -> Unvalued:
    """Say that nobody gives a price."""
    text = f"{symbol} has neither a last price nor a previous close."
    return _failed(symbol, Unsupported(Reason.PRICE_UNKNOWN, text))


def mismatch(symbol: str) -> Unvalued:
    """Say that more was traded today than positions can show."""
    text = f"Today's fills of {symbol} do not lead to its position; ask again in a moment."
    return _failed(symbol, Unsupported(Reason.FILLS_MISMATCH, text))


def _failed(symbol: str, error: GatewayError) -> Unvalued:
    return Unvalued(symbol, error.reason.value, error.message, error.message_zh)


def _price(quote: Quote, day: date) -> Price | Unvalued:
    """Return the last price; before the first trade of the day, the previous close."""
    price = quote.previous_close if quote.last_price is None else quote.last_price
    if price is None:
        return no_price(quote.symbol)
    # Since a quote of an earlier day nothing has moved: that day's change is not this day's.
    before = quote.previous_close if day_of(quote.time) == day else price
    newest = in_ticks(quote.symbol, price)
    return Price(newest, None if before is None else in_ticks(quote.symbol, before))
