"""Option chains: underlying → expiries → strikes → call and put."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quantgraph.domain.errors import InvalidRequest, Unsupported, bad_request
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source


class OptionType(StrEnum):
    """Which right an option gives."""

    CALL = "CALL"
    PUT = "PUT"


@dataclass(frozen=True, slots=True)
class OptionContract:
    """One contract. Strike in yuan per unit of the underlying, `unit` of them per contract."""

    symbol: str
    name: str | None
    type: OptionType
    strike: float
    expiry: date
    unit: int | None
    list_date: date | None
    source: Source


@dataclass(frozen=True, slots=True)
class OptionStrike:
    """The contracts of one strike; None where one is not listed."""

    strike: float
    call: OptionContract | None
    put: OptionContract | None


@dataclass(frozen=True, slots=True)
class OptionExpiry:
    """The strikes of one expiry, lowest first."""

    expiry: date
    strikes: tuple[OptionStrike, ...]


@dataclass(frozen=True, slots=True)
class OptionChain:
    """The listed contracts on one underlying, nearest expiry first."""

    underlying: str
    expiries: tuple[OptionExpiry, ...]


def day_to_come(day: date, today: date) -> InvalidRequest:
    """Say that what will be listed on a day is not known before it."""
    text = f"{day} has not come yet: the present day is {today}."
    return bad_request(text, field="date")


def chain_not_held(day: date) -> Unsupported:
    """Say that the terminal has no list of options of a day that has passed."""
    text = f"The terminal holds no list of options as of {day}: OPTION_HISTORY downloads them."
    return Unsupported(Reason.DATE_NOT_HELD, text, date=day.isoformat())
