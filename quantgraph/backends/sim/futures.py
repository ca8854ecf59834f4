"""Index futures IF on 000300.SH: contract months, and which is the main one."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from quantgraph.backends.sim.expiries import Cycle, Month
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.futures import MainContract
from quantgraph.domain.instruments import Instrument, InstrumentKind, Market
from quantgraph.domain.sources import Source

PRODUCT = "IF"
_FIRST_DAY = date(2010, 4, 16)
_CODE = re.compile(r"IF([0-9]{2})(0[1-9]|1[0-2])\.CFFEX")
_FRIDAY = 4


class FuturesDesk:
    """Knows the contracts of IF: they end on the third Friday of their month."""

    def __init__(self, calendar: TradingCalendar) -> None:
        """List by the trading calendar."""
        self._calendar = calendar
        self._cycle = Cycle(calendar, lambda month: month.weekday(3, _FRIDAY))

    def main_contracts(self, start: date, end: date) -> Sequence[MainContract]:
        """Return the main contract of each trading day. Errors: CALENDAR_NOT_COVERED."""
        days: list[date] = self._calendar.between(start, end).tolist()
        return [self._main(day) for day in days if day >= _FIRST_DAY]

    def find(self, symbol: str, day: date) -> Instrument | None:
        """Return a contract that is listed on the day."""
        found = _CODE.fullmatch(symbol)
        if found is None:
            return None
        month = Month(2000 + int(found[1]), int(found[2]))
        if month not in self._cycle.months(day):
            return None
        return Instrument(
            symbol=symbol,
            name=f"沪深300股指{found[1]}{found[2]}",
            market=Market.CFFEX,
            kind=InstrumentKind.FUTURE,
            board=None,
            price_tick=Decimal("0.2"),
            list_date=self._cycle.list_day(month),
            delist_date=self._cycle.last_day(month) + timedelta(days=1),
            is_st=False,
            source=Source.SIMULATED,
        )

    def _main(self, day: date) -> MainContract:
        """Return the nearest month, on its last day already the next: trading has moved on."""
        months = self._cycle.months(day)
        first = 1 if self._cycle.last_day(months[0]) == day else 0
        main, second = months[first : first + 2]
        return MainContract(PRODUCT, day, _symbol(main), _symbol(second), Source.SIMULATED)


def _symbol(month: Month) -> str:
    return f"{PRODUCT}{month.year % 100:02d}{month.month:02d}.{Market.CFFEX}"
