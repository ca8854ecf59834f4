"""Held data as a market knows it whose clock stands before the newest of it."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import DAY_MS, day_of, day_start, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.shelf import HeldBars, MarketShelf, Reports
from quantgraph.domain.ticks import TickColumns, TickKind, TickRequest

_MINUTE_MS = 60_000
# A display is stamped with the second that it was published in, and tells all of that second.
_SECOND_MS = 1_000
_DISPLAYS = (TickKind.SNAPSHOT, TickKind.LEVEL2_QUOTE)


@dataclass(frozen=True, slots=True)
class View:
    """From where held data is seen: a clock, and the first day that it ran on.

    From `opens` on other days are lived than the held ones, and no held row of them shows, except
    of symbols whose held days are lived again: `replayed` tells until which day, None if not.
    Each row of those shows once the clock has passed it.
    """

    clock: Clock
    opens: date
    replayed: Callable[[str], date | None]

    @property
    def now(self) -> int:
        """The clock's instant, epoch ms."""
        return to_ms(self.clock.now())

    @property
    def today(self) -> date:
        """The clock's trading day."""
        return day_of(self.now)

    def bound(self, symbol: str, length: int) -> int:
        """Return the newest stamp of a symbol's rows that are over after `length` ms."""
        before = day_start(self.opens) - 1
        until = self.replayed(symbol)
        if until is None:
            return before
        over = (day_start(self.today) if length == DAY_MS else self.now) - length
        return max(min(over, day_start(until) + DAY_MS - 1), before)


class CurtainedShelf:
    """Implements `MarketShelf` over another one: nothing later than a view is ever told.

    Reports show from their announcement on, ex-right events from their day on, lists as of the
    newest date that has come.
    """

    def __init__(self, shelf: MarketShelf, view: View) -> None:
        """Show the shelf as far as the view reaches."""
        self._shelf = shelf
        self._view = view

    def version(self) -> Hashable:
        """Return a value that differs after everything that is written; never waits."""
        return self._shelf.version()

    def read_bars(self, request: BarRequest) -> Sequence[HeldBars | GatewayError | None]:
        """Return finished bars; None where the series begins later than the view.

        One transaction for the symbols that are replayed until one day, one for all others.
        """
        length = _MINUTE_MS if request.period is Period.MIN_1 else DAY_MS
        groups: dict[int, list[str]] = {}
        for symbol in dict.fromkeys(request.symbols):
            groups.setdefault(self._view.bound(symbol, length), []).append(symbol)
        found: dict[str, HeldBars | GatewayError | None] = {}
        for bound, symbols in groups.items():
            found |= self._read(replace(request, symbols=tuple(symbols)), bound)
        return [found[symbol] for symbol in request.symbols]

    def _read(self, request: BarRequest, bound: int) -> dict[str, HeldBars | GatewayError | None]:
        window = request.window
        end = bound if window.end is None else min(window.end, bound)
        # a span that lies behind the curtain is asked for as one that holds nothing
        start = window.start if window.start is None else min(window.start, end)
        asked = replace(request, window=replace(window, start=start, end=end))
        found = dict(zip(request.symbols, self._shelf.read_bars(asked), strict=True))
        newest = self._newest(request, found, bound)
        for symbol, last in newest.items():
            held = found[symbol]
            if last is None:
                found[symbol] = None
            elif isinstance(held, HeldBars):
                found[symbol] = replace(held, last=last)
        if window.start is not None and window.start > bound:
            return {s: _emptied(e) if isinstance(e, HeldBars) else e for s, e in found.items()}
        return found

    def _newest(
        self, request: BarRequest, found: Mapping[str, HeldBars | GatewayError | None], bound: int
    ) -> dict[str, int | None]:
        """Return the newest stamp that shows of those series that go on behind the curtain."""
        held = ((s, each) for s, each in found.items() if isinstance(each, HeldBars))
        longer = tuple(symbol for symbol, each in held if each.last > bound)
        if not longer:
            return {}
        window = Window(end=bound, last=1)
        last = self._shelf.read_bars(
            replace(request, symbols=longer, window=window, fields=("time",))
        )
        pairs = zip(longer, last, strict=True)
        return {s: _last_stamp(each) for s, each in pairs if not isinstance(each, GatewayError)}

    def read_ticks(self, request: TickRequest) -> TickColumns | None:
        """Return the rows of a recording up to the view."""
        late = _SECOND_MS if request.kind in _DISPLAYS else 0
        bound = self._view.bound(request.symbol, late)
        end = bound if request.end is None else min(request.end, bound)
        return self._shelf.read_ticks(replace(request, end=end))

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Return what is listed of the symbols by now."""
        today = self._view.today
        found = self._shelf.instruments(symbols)
        return {s: _known(each, today) for s, each in found.items() if _listed(each, today)}

    def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> Sequence[Instrument]:
        """Return up to `first` instruments that are listed by now, in symbol order."""
        today, found = self._view.today, list[Instrument]()
        while len(found) < first:
            page = self._shelf.search(search, first, after)
            found += [_known(each, today) for each in page if _listed(each, today)]
            if len(page) < first:
                break
            after = page[-1].symbol
        return found[:first]

    def sectors(self) -> Sequence[Sector]:
        """Return all sectors by name, each as of the newest date that has come."""
        return self._present(self._shelf.sectors())

    def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector, or None. Errors: DATE_NOT_HELD."""
        today = self._view.today
        if day is not None:
            held = self._shelf.sector(name, min(day, today))
            return None if held is None else _dated(held, today)
        held = self._shelf.sector(name)
        return None if held is None else next(iter(self._present([held])), None)

    def sector_names(self) -> frozenset[str]:
        """Return the names of all sectors that are known by now."""
        return frozenset(sector.name for sector in self.sectors())

    def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sector]:
        """Return the sectors that any of the symbols is in now, by name."""
        asked = set(symbols)
        return [sector for sector in self.sectors() if not asked.isdisjoint(sector.symbols)]

    def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the newest weights not after a day. Errors: DATE_NOT_HELD for a told day."""
        today = self._view.today
        try:
            return self._shelf.weights(index_symbol, min(day or today, today))
        except GatewayError as error:
            if day is None and error.reason is Reason.DATE_NOT_HELD:
                return ()
            raise

    def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Mapping[str, Sequence[Dividend] | None]:
        """Return the events up to the view, of symbols whose bars begin before it."""
        found: dict[str, Sequence[Dividend] | None] = {}
        for symbol, events in self._shelf.dividends(self._begun(symbols, period), period).items():
            last = min(day_of(self._view.bound(symbol, 0)), self._view.today)
            known = events if events is None else [e for e in events if e.ex_date <= last]
            found[symbol] = known
        return found

    def _begun(self, symbols: Sequence[str], period: Period) -> list[str]:
        """Return the symbols of which bars of the day or the period show."""
        begun: set[str] = set()
        for each in dict.fromkeys((Period.DAY_1, period)):
            request = BarRequest(tuple(symbols), each, Window(last=1), fields=("time",))
            held = zip(symbols, self.read_bars(request), strict=True)
            begun |= {symbol for symbol, series in held if series is not None}
        return [symbol for symbol in symbols if symbol in begun]

    def financials(self, request: FinancialRequest) -> Mapping[str, Reports]:
        """Return the asked statements as far as they have been announced."""
        now = self._view.clock.now()
        as_of = now if request.as_of is None else min(request.as_of, now)
        return self._shelf.financials(replace(request, as_of=as_of))

    def _present(self, held: Sequence[Sector]) -> list[Sector]:
        today, found = self._view.today, list[Sector]()
        for sector in held:
            if sector.day is None or sector.day <= today:
                found.append(_dated(sector, today))
            elif any(each <= today for each in sector.dates):
                older = self._shelf.sector(sector.name, today)
                found += [] if older is None else [_dated(older, today)]
        return found


def _last_stamp(held: HeldBars | None) -> int | None:
    if held is None or not held.columns.length:
        return None
    return int(held.columns.values["time"][-1])


def _emptied(held: HeldBars) -> HeldBars:
    return replace(held, columns=held.columns.take(slice(0, 0)), days=held.days[:0])


def _listed(held: Instrument, today: date) -> bool:
    return held.list_date is None or held.list_date <= today


def _known(held: Instrument, today: date) -> Instrument:
    """Leave out when an instrument will be delisted."""
    gone = held.delist_date
    return held if gone is None or gone <= today else replace(held, delist_date=None)


def _dated(held: Sector, today: date) -> Sector:
    return replace(held, dates=tuple(each for each in held.dates if each <= today))
