"""Ex-right events: what a share became, and what it paid."""

from dataclasses import dataclass
from datetime import date


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
