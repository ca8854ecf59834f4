"""Named lists of symbols, and a member's share of an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from quantgraph.domain.errors import Unsupported, bad_request
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


CUSTOM_CATEGORY = "自定义"
_NAME_LENGTH = 64
# The terminal drops these from names without a word, and then two names are one.
_FORBIDDEN = frozenset('\\/:*?"<>|')


@dataclass(frozen=True, slots=True)
class CustomSector:
    """A list that a user made; `former` is the name that it had before it was renamed last."""

    name: str
    category: str
    symbols: tuple[str, ...]
    former: str | None = None

    def shown(self) -> Sector:
        """Return it as everybody sees it."""
        return Sector(self.name, self.category, self.symbols, Source.USER)


@dataclass(frozen=True, slots=True)
class SectorChange:
    """A custom sector after a change, None after its deletion, and whether anything changed."""

    sector: Sector | None
    changed: bool


class SectorShelf(Protocol):
    """Custom sectors at rest. Blocking: call it through `Workers`.

    Errors: Unavailable STORE_UNAVAILABLE, and then nothing was changed.
    """

    def load(self) -> Sequence[CustomSector]:
        """Return all of them, by name."""
        ...

    def replace(self, name: str | None, sector: CustomSector | None) -> None:
        """Put a sector in the place of the one named, durably: None makes or deletes one."""
        ...


def checked_name(name: str, field: str = "name") -> str:
    """Return a name that a custom sector may have, or raise BAD_REQUEST."""
    plain = name == name.strip() and name.isprintable() and not _FORBIDDEN & set(name)
    if plain and 1 <= len(name) <= _NAME_LENGTH:
        return name
    text = (
        f"{field}: {name[:40]!r} cannot name a sector: expected 1 to {_NAME_LENGTH} printable "
        f"characters, none of {' '.join(sorted(_FORBIDDEN))}, and no space at either end."
    )
    raise bad_request(text, field=field)
