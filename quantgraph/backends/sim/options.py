"""Options on the fund 510300.SH: contracts around its price on the day a month was listed."""

import re
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from quantgraph.backends.sim.expiries import Cycle, Month
from quantgraph.backends.sim.paths import Paths
from quantgraph.domain.instruments import Instrument, InstrumentKind, Market
from quantgraph.domain.options import (
    OptionChain,
    OptionContract,
    OptionExpiry,
    OptionStrike,
    OptionType,
)
from quantgraph.domain.sources import Source

UNDERLYING = "510300.SH"
_FIRST_DAY = date(2019, 12, 23)
_UNIT = 10_000
_WEDNESDAY = 2
# A code tells its contract: months since _BASE, the strike in steps of 0.05 yuan, call or put.
_CODE = re.compile(r"1([0-9]{3})([0-9]{3})([01])\.SH")
_BASE = Month(2015, 1)
_STEP = 0.05
_AROUND = 4  # strikes each side of the price


class OptionDesk:
    """Makes chains out of the fund's closes. Blocks: call it in a worker."""

    def __init__(self, paths: Paths) -> None:
        """List by the calendar and prices of the paths."""
        self._paths = paths
        self._cycle = Cycle(paths.world.calendar, lambda month: month.weekday(4, _WEDNESDAY))

    def chain(self, underlying: str, day: date) -> OptionChain:
        """Return the contracts that are listed on the day; none on any other underlying."""
        if underlying != UNDERLYING or day < _FIRST_DAY:
            return OptionChain(underlying, ())
        expiries = [self._expiry(month) for month in self._cycle.months(day)]
        return OptionChain(underlying, tuple(each for each in expiries if each.strikes))

    def find(self, symbol: str, day: date) -> Instrument | None:
        """Return a contract that is listed on the day."""
        found = _CODE.fullmatch(symbol)
        if found is None or day < _FIRST_DAY:
            return None
        month = _BASE.plus(int(found[1]))
        if month not in self._cycle.months(day) or int(found[2]) not in self._steps(month):
            return None
        kind = OptionType.PUT if found[3] == "1" else OptionType.CALL
        contract = self._contract(month, int(found[2]), kind)
        return Instrument(
            symbol=symbol,
            name=contract.name,
            market=Market.SH,
            kind=InstrumentKind.OPTION,
            board=None,
            price_tick=Decimal("0.0001"),
            list_date=contract.list_date,
            delist_date=contract.expiry + timedelta(days=1),
            is_st=False,
            source=Source.SIMULATED,
        )

    def _expiry(self, month: Month) -> OptionExpiry:
        strikes = [
            OptionStrike(
                _strike(step),
                self._contract(month, step, OptionType.CALL),
                self._contract(month, step, OptionType.PUT),
            )
            for step in self._steps(month)
        ]
        return OptionExpiry(self._cycle.last_day(month), tuple(strikes))

    def _contract(self, month: Month, step: int, kind: OptionType) -> OptionContract:
        put = kind is OptionType.PUT
        months = (month.year - _BASE.year) * 12 + month.month - _BASE.month
        thousandths = round(_strike(step) * 1_000)
        return OptionContract(
            symbol=f"1{months:03d}{step:03d}{int(put)}.SH",
            name=f"300ETF{'沽' if put else '购'}{month.month}月{thousandths}",
            type=kind,
            strike=_strike(step),
            expiry=self._cycle.last_day(month),
            unit=_UNIT,
            list_date=self._listed(month),
            source=Source.SIMULATED,
        )

    def _listed(self, month: Month) -> date:
        return max(self._cycle.list_day(month), _FIRST_DAY)

    def _steps(self, month: Month) -> range:
        """Return the strikes of a month in steps; none where the fund has no price yet."""
        price = self._price(self._listed(month))
        if price is None:
            return range(0)
        width = _width(price)
        middle = round(price / (width * _STEP)) * width
        return range(max(middle - _AROUND * width, width), middle + _AROUND * width + 1, width)

    def _price(self, day: date) -> float | None:
        """Return the fund's reference price of a day: the close before it."""
        path = self._paths.load((UNDERLYING,), day).get(UNDERLYING)
        if path is None:
            return None
        row = int(np.searchsorted(path.days, np.datetime64(day)))
        return int(path.previous[row]) / path.scale if row < len(path.days) else None


def _strike(step: int) -> float:
    return round(step * _STEP, 2)


def _width(price: float) -> int:
    """Return the distance between strikes, in steps: 0.05, 0.10 and 0.25 yuan."""
    bounds = ((3, 1), (5, 2))
    return next((width for bound, width in bounds if price <= bound), 5)
