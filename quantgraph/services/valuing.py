"""What an order may cost at worst, and the last price: where nobody knows, it is refused."""

from dataclasses import dataclass, replace
from decimal import Decimal

from quantgraph.domain.calendar import TradingCalendar, day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, Unsupported, unknown_symbol
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.limits import Ask, TradingLimits
from quantgraph.domain.orders import OrderTicket
from quantgraph.domain.ports.market import Quotes
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.bands import price_band
from quantgraph.domain.rules.situations import Prices, prices_of


@dataclass(frozen=True, slots=True)
class Valuer:
    """Asks the market for prices, and for no more of them than the limits need."""

    clock: Clock
    calendar: TradingCalendar
    reference: Reference
    quotes: Quotes

    async def ask(self, ticket: OrderTicket, limits: TradingLimits) -> Ask:
        """Return the order as the limits see it.

        Errors: PRICE_UNKNOWN, RULE_UNKNOWN, UNKNOWN_SYMBOL, and whatever the quote's source says.
        """
        price, named = ticket.limit_price, ticket.limit_price is not None
        if price is None:
            price = await self.ceiling(ticket.symbol)
        ask = Ask(ticket.symbol, ticket.side, ticket.quantity, price, named)
        if limits.price_distance is None and limits.position_value is None:
            return ask
        return replace(ask, last=await self._last(ticket.symbol))

    async def ceiling(self, symbol: str) -> Decimal:
        """Return the highest price of the day, in yuan: the top of the band. Errors as above."""
        instrument = (await self.reference.instruments([symbol]))[0]
        if instrument is None:
            raise unknown_symbol(symbol)
        return self._top(instrument, await self._prices(symbol))

    def _top(self, instrument: Instrument, prices: Prices) -> Decimal:
        if prices.previous_close is None:
            raise _unpriced(instrument.symbol)
        day = day_of(to_ms(self.clock.now()))
        band = price_band(instrument, prices.previous_close, day, self.calendar)
        if band is None:
            raise _unpriced(instrument.symbol)
        return band.high

    async def _last(self, symbol: str) -> Decimal:
        """Return the last price; before the first trade of the day, the previous close."""
        prices = await self._prices(symbol)
        last = prices.previous_close if prices.last is None else prices.last
        if last is None:
            raise _unpriced(symbol)
        return last

    async def _prices(self, symbol: str) -> Prices:
        quote = (await self.quotes.quotes([symbol]))[0]
        if isinstance(quote, GatewayError):
            raise quote
        return prices_of(quote)


def _unpriced(symbol: str) -> Unsupported:
    text = (
        f"Nothing bounds the price of {symbol} now, so the account's limits cannot be judged, and "
        "nothing is let through."
    )
    return Unsupported(Reason.PRICE_UNKNOWN, text, symbol=symbol)
