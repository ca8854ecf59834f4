"""Option chains: underlying → expiries → strikes → call and put."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

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
