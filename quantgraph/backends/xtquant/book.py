"""What the terminal says of each instrument, asked once a day: half of all questions need it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from quantgraph.backends.xtquant.codes import exact, from_vendor, to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import digits_day
from quantgraph.domain.instruments import Instrument, InstrumentKind, Market, classify
from quantgraph.domain.sources import Source

# The vendor's name of each exchange as a whole, by what it lists there.
_WHOLE: Mapping[Market, tuple[str, ...]] = {
    Market.SH: ("SH",),
    Market.SZ: ("SZ",),
    Market.BJ: ("BJ",),
    Market.CFFEX: ("IF",),
}
_DATED = (InstrumentKind.OPTION, InstrumentKind.FUTURE)


class InstrumentBook:
    """Instruments of the present day by symbol. Only the data thread touches it.

    A new day forgets all: names, listing days and what is listed change overnight.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._day: date | None = None
        self._known: dict[str, Instrument | None] = {}
        self._listed: dict[Market, tuple[str, ...]] = {}

    def find(
        self, data: Data, symbols: Iterable[str], day: date
    ) -> Mapping[str, Instrument | None]:
        """Return the instrument per symbol, None for an unknown one: one call per new one."""
        self._turn(day)
        found: dict[str, Instrument | None] = {}
        for symbol in symbols:
            if symbol not in self._known:
                told = data.call("get_instrument_detail", to_vendor(symbol))
                self._known[symbol] = None if not told else read_instrument(symbol, told)
            found[symbol] = self._known[symbol]
        return found

    def listed(self, data: Data, market: Market, day: date) -> tuple[str, ...]:
        """Return every symbol of an exchange that the terminal quotes, in order."""
        self._turn(day)
        if market not in self._listed:
            quoted: Mapping[str, object] = data.call("get_full_tick", [*_WHOLE[market]])
            symbols = {from_vendor(code) for code in quoted}
            mine = {s for s in symbols if s is not None and classify(s)[0] is market}
            self._listed[market] = tuple(sorted(mine))
        return self._listed[market]

    def unknown(self, symbols: Iterable[str], day: date) -> Sequence[str]:
        """Return those of the symbols that the terminal was not asked about today."""
        self._turn(day)
        return [symbol for symbol in symbols if symbol not in self._known]

    def _turn(self, day: date) -> None:
        if day != self._day:
            self._day = day
            self._known.clear()
            self._listed.clear()


def read_instrument(symbol: str, told: Mapping[str, Any]) -> Instrument:
    """Return an instrument of the vendor's detail (short form)."""
    market, kind, board = classify(symbol)
    name = str(told.get("InstrumentName") or "") or None
    opened, created = digits_day(told.get("OpenDate")), digits_day(told.get("CreateDate"))
    return Instrument(
        symbol=symbol,
        name=name,
        market=market,
        kind=kind,
        board=board,
        price_tick=exact(told.get("PriceTick")),
        # Of options and futures the day of creation is the first of trading.
        list_date=(created or opened) if kind in _DATED else opened,
        delist_date=digits_day(told.get("ExpireDate")),
        is_st=name is not None and name.lstrip("*").startswith(("ST", "SST")),
        source=Source.TERMINAL,
    )
