"""From reference data and prices to what the exchange lists."""

from datetime import date
from typing import Protocol

from quantgraph.backends.sim.securities import Security, Source, list_security
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.errors import GatewayError, OrderRefused
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.ports.reference import Reference
from quantgraph.domain.reasons import Reason


class Sources(Protocol):
    """Where the prices of a symbol's day come from."""

    async def source(self, symbol: str, day: date) -> Source | None:
        """Return the source; None where the symbol does not trade on the day.

        Errors: UNKNOWN_SYMBOL, NOT_QUOTED.
        """
        ...


class Listing:
    """Makes securities: instruments as the gateway knows them, prices as the market has them."""

    def __init__(self, reference: Reference, sources: Sources, calendar: TradingCalendar) -> None:
        """List by these."""
        self._reference = reference
        self._sources = sources
        self._calendar = calendar

    async def __call__(self, symbol: str, day: date) -> Security:
        """Return a symbol's security. Raises OrderRefused where it is not traded on the day."""
        instrument = await self.find(symbol)
        return await make_security(instrument, day, self._sources, self._calendar)

    async def find(self, symbol: str) -> Instrument:
        """Return what is listed. Raises OrderRefused where nothing is."""
        instrument = (await self._reference.instruments([symbol]))[0]
        if instrument is None:
            raise _refused(f"The simulated exchange does not trade {symbol}.", symbol)
        return instrument


async def make_security(
    instrument: Instrument, day: date, sources: Sources, calendar: TradingCalendar
) -> Security:
    """Return an instrument's security. Raises OrderRefused where it is not traded on the day."""
    symbol = instrument.symbol
    try:
        source = await sources.source(symbol, day)
    except GatewayError as error:
        raise _refused(error.message, symbol) from error
    if source is None:
        text = f"{symbol} is suspended today."
        raise OrderRefused(Reason.SUSPENDED, text, symbol=symbol)
    return list_security(instrument, day, source, calendar)


def _refused(text: str, symbol: str) -> OrderRefused:
    return OrderRefused(Reason.TERMINAL_REFUSED, text, symbol=symbol)
