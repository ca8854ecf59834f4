"""Ex-right events: what a share became, and what it paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quantgraph.domain.sources import Source


@dataclass(frozen=True, slots=True)
class Dividend:
    """One ex-right day of one symbol, per share held before it.

    `ratio` is previous close / ex-right reference price (≥ 1 for a payout). Cash in yuan before
    tax; bonus and conversion are new shares per share; rights are shares offered at
    `rights_price`. All five are None where only the ratio is known (a previous-close column
    cannot tell cash from shares); additive adjustment is then impossible. A ratio of None says
    that prices cannot be adjusted across that day at all, for example because days before it are
    missing.
    """

    symbol: str
    ex_date: date
    ratio: float | None
    cash: float | None = None
    bonus: float | None = None
    conversion: float | None = None
    rights: float | None = None
    rights_price: float | None = None
    source: Source = Source.IMPORTED

    @property
    def itemised(self) -> bool:
        """Whether cash and shares are told apart."""
        return self.cash is not None

    @property
    def new_shares(self) -> float:
        """New shares per share, paid for or not."""
        return (self.bonus or 0.0) + (self.conversion or 0.0) + (self.rights or 0.0)

    @property
    def net_cash(self) -> float:
        """Cash received per share less what the rights cost, yuan."""
        return (self.cash or 0.0) - (self.rights or 0.0) * (self.rights_price or 0.0)


@dataclass(frozen=True, slots=True)
class DividendRequest:
    """Whose events, and the ex-dates to tell, both ends included; None leaves an end open."""

    symbols: tuple[str, ...]
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class DividendEvent:
    """An event, and the product of all known ratios up to it.

    `cumulative` is what BACK_RATIO multiplies a price of that day by, had the series been held
    from before the first known event; None from the first event on whose ratio is not known.
    """

    dividend: Dividend
    cumulative: float | None


@dataclass(frozen=True, slots=True)
class DividendHistory:
    """The events of one symbol, oldest first; `events` is None where nobody knows them."""

    symbol: str
    events: tuple[DividendEvent, ...] | None


def tell_history(
    symbol: str, dividends: Sequence[Dividend] | None, request: DividendRequest
) -> DividendHistory:
    """Return the asked part of a history; factors are summed up over the whole of it."""
    if dividends is None:
        return DividendHistory(symbol, None)
    told: list[DividendEvent] = []
    product: float | None = 1.0
    for each in sorted(dividends, key=lambda dividend: dividend.ex_date):
        product = None if product is None or each.ratio is None else product * each.ratio
        if _within(each.ex_date, request):
            told.append(DividendEvent(each, product))
    return DividendHistory(symbol, tuple(told))


def _within(day: date, request: DividendRequest) -> bool:
    after = request.start is None or request.start <= day
    return after and (request.end is None or day <= request.end)
