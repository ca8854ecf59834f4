"""The fund's list of creation and redemption: the index sample by weight, and cash for the rest."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from quantgraph.backends.sim.directory import list_weights
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.universe import INDEX, LISTED
from quantgraph.domain.etfs import CashSubstitution, EtfBasket, EtfComponent
from quantgraph.domain.sectors import IndexWeight
from quantgraph.domain.sources import Source

FUND = "510300.SH"
_UNIT = 900_000  # fund units
_LOT = 100  # the fund's own: its list names whole hundreds
_PREMIUM = 0.1
_LIMIT_UNITS = 300
Prices = Mapping[str, float]
Shares = Mapping[str, int]


class EtfDesk:
    """Makes the list of a day out of the closes before it. Blocks: call it in a worker."""

    def __init__(self, paths: Paths) -> None:
        """List by the prices of the paths."""
        self._paths = paths

    def basket(self, symbol: str, day: date) -> EtfBasket | None:
        """Return the list of the only fund, None for anything else."""
        if symbol != FUND:
            return None
        prices = self._references(day)
        shares = self._shares(day, prices)
        unit_value = round(prices[FUND] * _UNIT, 2)
        limit = _LIMIT_UNITS * _UNIT
        return EtfBasket(
            symbol=FUND,
            name=LISTED[FUND].name,
            date=day,
            creation_unit=_UNIT,
            cash_difference=self._cash_before(day, prices),
            estimated_cash=round(unit_value - _worth(shares, prices), 2),
            unit_value=unit_value,
            net_value=prices[FUND],
            max_cash_ratio=0.5,
            iopv_published=True,
            creation_allowed=True,
            redemption_allowed=True,
            creation_limit=limit,
            redemption_limit=limit,
            components=tuple(_component(s, shares[s], prices[s]) for s in sorted(shares)),
            source=Source.SIMULATED,
        )

    def _cash_before(self, day: date, prices: Prices) -> float | None:
        """Return what the list of the session before left in cash at that session's close."""
        before = self._paths.world.calendar.previous_session(day)
        earlier = self._references(before)
        members = {each.symbol for each in self._weights(before)}
        # A member that goes on from imported bars has no generated price before the first day.
        if not {FUND, *members} <= earlier.keys():
            return None
        # A price after an ex-day would count a payout as a loss of the shares.
        shares = self._shares(before, earlier)
        if not shares.keys() <= prices.keys():
            return None
        return round(prices[FUND] * _UNIT - _worth(shares, prices), 2)

    def _shares(self, day: date, prices: Prices) -> Shares:
        """Return whole lots of each member, nearest to its weight in the fund."""
        value = prices[FUND] * _UNIT
        found: dict[str, int] = {}
        for each in self._weights(day):
            price = prices.get(each.symbol)
            lots = 0 if price is None else round(value * each.weight / 100 / price / _LOT)
            if lots:
                found[each.symbol] = lots * _LOT
        return found

    def _weights(self, day: date) -> Sequence[IndexWeight]:
        return list_weights(INDEX, self._paths.world.calendar, day)

    def _references(self, day: date) -> Prices:
        """Return the reference price of the day of fund and members: the close before it."""
        paths = self._paths.excerpts((FUND, *(each.symbol for each in self._weights(day))), day)
        found: dict[str, float] = {}
        for symbol, path in paths.items():
            row = int(np.searchsorted(path.days, np.datetime64(day)))
            if row < len(path.days) and path.days[row] == np.datetime64(day):
                found[symbol] = int(path.previous[row]) / path.scale
        return found


def _worth(shares: Shares, prices: Prices) -> float:
    return sum(count * prices[symbol] for symbol, count in shares.items())


def _component(symbol: str, quantity: int, price: float) -> EtfComponent:
    """Return a component: Shenzhen's are bought by the fund, with the cash settled later."""
    away = symbol.endswith(".SZ")
    kind = CashSubstitution.REFUNDED if away else CashSubstitution.ALLOWED
    amount = round(quantity * price, 2) if away else None
    discount = _PREMIUM if away else None
    name = LISTED[symbol].name
    return EtfComponent(symbol, name, quantity, kind, _PREMIUM, amount, discount, amount)
