"""Named lists of symbols, and a member's share of an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source


def group_by_member(
    sectors: Sequence["Sector"], symbols: Sequence[str]
) -> Sequence[Sequence["Sector"]]:
    """Return per symbol those of the sectors that it is a member of, in their order."""
    found: dict[str, list[Sector]] = {symbol: [] for symbol in symbols}
    for sector in sectors:
        for member in found.keys() & set(sector.symbols):
            found[member].append(sector)
    return [found[symbol] for symbol in symbols]


def date_not_held(what: str, day: date, first: date | None) -> Unsupported:
    """Say that nobody knows what a list was on a day; `first` is the first day that is known."""
    known = "only without a date" if first is None else f"from {first} on"
    text = f"{what} is held {known}, not as of {day}; nothing is guessed."
    return Unsupported(Reason.DATE_NOT_HELD, text, date=day.isoformat())


@dataclass(frozen=True, slots=True)
class Sector:
    """A named list of symbols. `category` is for example 概念, 行业 or INDEX.

    `day` is the day that the list is of, None where its source states none. `dates` are all days
    of which a list is held, ascending: the members of any day are those of the newest not after.
    """

    name: str
    category: str | None
    symbols: tuple[str, ...]
    source: Source
    day: date | None = None
    dates: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexWeight:
    """A member's share of an index on a date, in percent of the index."""

    index_symbol: str
    symbol: str
    weight: float
    date: date
    source: Source
