"""Instruments, sectors and index weights of the universe, as far as they exist on a day."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from quantgraph.backends.sim.universe import FIRST_DAY, INDEX, INDUSTRIES, LISTED, UNIVERSE, Profile
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import Board, Instrument, Market
from quantgraph.domain.names import finds, initials_of
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector, date_not_held
from quantgraph.domain.sources import Source

INDEX_SECTOR = "沪深300"
_RICH_YIELD = 35  # ‰
_WHOLE = 100_000  # weights are counted in 0.001 %


def list_instruments(day: date) -> list[Instrument]:
    """Return what of the universe is listed on the day, funds and bonds too, in symbol order."""
    return [
        profile.instrument()
        for profile in sorted(LISTED.values(), key=lambda profile: profile.symbol)
        if profile.listed is None or profile.listed <= day
        if profile.last is None or day <= profile.last
    ]


def search_listed(
    search: InstrumentSearch, first: int, after: str | None, listed: Iterable[Instrument]
) -> list[Instrument]:
    """Return up to `first` of the listed after a symbol; see `InstrumentSearch`."""
    found = (
        each
        for each in sorted(listed, key=lambda each: each.symbol)
        if each.symbol > (after or "") and search.admits(each) and _has(each, search.text)
    )
    return list(islice(found, first))


def market_symbols(market: Market, day: date) -> tuple[str, ...]:
    """Return the universe's symbols of an exchange, in order."""
    return tuple(each.symbol for each in list_instruments(day) if each.market is market)


def list_sectors(day: date) -> list[Sector]:
    """Return industries, concepts and the index sample, by name."""
    profiles = [profile for profile in _listed(day) if profile.symbol != INDEX]
    groups: dict[tuple[str, str], list[Profile]] = {
        (name, "行业"): [p for p in profiles if p.industry == name] for name in INDUSTRIES
    }
    boards = {p.symbol: p.instrument().board for p in profiles}
    groups["科创板", "概念"] = [p for p in profiles if boards[p.symbol] is Board.STAR]
    groups["创业板", "概念"] = [p for p in profiles if boards[p.symbol] is Board.CHINEXT]
    groups["高股息", "概念"] = [p for p in profiles if p.dividend >= _RICH_YIELD]
    groups["风险警示", "概念"] = [p for p in profiles if p.instrument().is_st]
    groups[INDEX_SECTOR, "INDEX"] = _members(profiles)
    return [
        _sector(name, category, members, day)
        for (name, category), members in sorted(groups.items())
        if members
    ]


def find_sector(name: str, day: date, today: date) -> Sector | None:
    """Return a sector as of a day. Raises Unsupported DATE_NOT_HELD before its first list."""
    now = next((each for each in list_sectors(today) if each.name == name), None)
    if now is None:
        return None
    if day < now.dates[0]:
        raise date_not_held(f"The sector {name}", day, now.dates[0])
    then = next(each for each in list_sectors(min(day, today)) if each.name == name)
    return replace(then, dates=now.dates)


def _sector(name: str, category: str, members: Sequence[Profile], day: date) -> Sector:
    """Return a sector whose lists changed whenever one of its members was listed."""
    listed = {max(p.listed or FIRST_DAY, FIRST_DAY) for p in members}
    dates = tuple(sorted({each for each in listed if each <= day}))
    symbols = tuple(p.symbol for p in members)
    return Sector(name, category, symbols, Source.SIMULATED, dates[-1], dates)


def list_weights(index_symbol: str, calendar: TradingCalendar, day: date) -> list[IndexWeight]:
    """Return the weights of the sample at the end of last month, heaviest first; sum 100.

    By the size that the universe's table gives each member; empty for any other index. Raises
    Unsupported DATE_NOT_HELD for a day before the universe begins.
    """
    if index_symbol != INDEX:
        return []
    if day < FIRST_DAY:
        raise date_not_held(f"The index {index_symbol}", day, FIRST_DAY)
    when = calendar.previous_session(day.replace(day=1))
    members = _members([p for p in _listed(when) if p.symbol != INDEX])
    sizes = [round(p.price * 100) * p.shares for p in members]
    parts = _apportion(sizes) if sizes else []
    rows = sorted(zip(parts, members, strict=True), key=lambda row: (-row[0], row[1].symbol))
    return [
        IndexWeight(INDEX, member.symbol, part / 1_000, when, Source.SIMULATED)
        for part, member in rows
    ]


def _listed(day: date) -> Sequence[Profile]:
    profiles = sorted(UNIVERSE.values(), key=lambda profile: profile.symbol)
    return [p for p in profiles if p.listed is None or p.listed <= day]


def _has(instrument: Instrument, text: str | None) -> bool:
    if not text:
        return True
    name = instrument.name or ""
    return finds(text, instrument.symbol, name, initials_of(name))


def _members(profiles: Sequence[Profile]) -> list[Profile]:
    return [
        p for p in profiles if p.instrument().board is not Board.BSE and not p.instrument().is_st
    ]


def _apportion(sizes: Sequence[int]) -> list[int]:
    """Divide the whole by size; the largest remainders get what rounding down left over."""
    total = sum(sizes)
    parts = [size * _WHOLE // total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda i: (-(sizes[i] * _WHOLE % total), i))
    for index in order[: _WHOLE - sum(parts)]:
        parts[index] += 1
    return parts
