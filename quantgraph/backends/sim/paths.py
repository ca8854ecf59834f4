"""Which symbols exist in the simulated world, and the daily path of each."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from quantgraph.backends.sim.announced import Announced
from quantgraph.backends.sim.daily import Path, walk
from quantgraph.backends.sim.flow.stored import LivedDay
from quantgraph.backends.sim.issues import IssueDesk
from quantgraph.backends.sim.leading import go_through
from quantgraph.backends.sim.listings import Anchor, Listings
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.origins import Origin
from quantgraph.backends.sim.universe import FIRST_DAY, LISTED, invent_profile
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.rules.ticks import shown_tick
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.sources import Source

_FINEST = 10_000  # four decimals, of what has no rule: imported index points
_KEPT_NAMES = 10_000
_KEPT = 512  # paths, about 0.2 MB each for ten years
_KEPT_EXCERPTS = 8_192  # about 3 kB each; more symbols than one exchange lists
_AHEAD = 30  # days that an excerpt reaches beyond the one it was cut for


def no_days(instrument: Instrument, scale: int) -> Mapping[date, LivedDay]:
    """Let no day be lived again."""
    del instrument, scale
    return {}


@dataclass(frozen=True, slots=True)
class World:
    """What a simulated market is made of; the same world always has the same prices.

    `start` is the first trading day of its clock: imported symbols go on from there. `lived` reads
    the days from there on that an instrument lives again, in ticks of a scale: blocking.
    `announced` changes what it knows as long as the world lasts: days before an ex-day stay as
    they were.
    """

    seed: int
    calendar: TradingCalendar
    start: date
    listings: Listings
    lived: Callable[[Instrument, int], Mapping[date, LivedDay]] = no_days
    announced: Announced = field(default_factory=Announced)


@dataclass(frozen=True, slots=True)
class _Known:
    instrument: Instrument
    anchor: Anchor | None
    level: float | None = None
    announced: tuple[CorporateAction, ...] = ()


@dataclass(frozen=True, slots=True)
class _Walked:
    known: _Known
    path: Path


@dataclass(frozen=True, slots=True)
class _Excerpt:
    known: _Known
    first: date
    last: date
    path: Path


class Paths:
    """Instruments and daily paths by symbol. What imports are read for blocks: call it in a worker.

    `recall…` and `ready` answer from memory and never block.
    An import may change what a path goes on from: then it is walked anew, and no other is.
    """

    def __init__(self, world: World) -> None:
        """Compute nothing yet."""
        self.world = world
        self.issues = IssueDesk(world.seed, world.calendar)
        self._known: tuple[Hashable, Memo[str, _Known]] = (None, Memo(_KEPT_NAMES))
        self._paths: Memo[str, _Walked] = Memo(_KEPT)
        self._excerpts: Memo[str, _Excerpt] = Memo(_KEPT_EXCERPTS)

    def instruments(self, symbols: Sequence[str], day: date) -> Mapping[str, Instrument]:
        """Return those that exist and are listed on the day, the imported ones first."""
        known = self._look(symbols)
        return {s: k.instrument for s, k in known.items() if _listed(k.instrument, day)}

    def load(self, symbols: Sequence[str], day: date) -> Mapping[str, Path]:
        """Return the whole path of every symbol that is listed on the day.

        It reaches beyond the day: the caller cuts it off where the clock stands.
        """
        known = self._look(symbols)
        return {
            symbol: self._path(symbol, one)
            for symbol, one in known.items()
            if _listed(one.instrument, day)
        }

    def excerpts(self, symbols: Sequence[str], day: date) -> Mapping[str, Path]:
        """Return what `load` would, cut to the day and the few after it.

        A whole market's paths would not fit into memory, and would drive out those in use.
        """
        known = self._look(symbols)
        return {
            symbol: self._excerpt(symbol, one, day)
            for symbol, one in known.items()
            if _listed(one.instrument, day)
        }

    def recall(self, symbols: Sequence[str], day: date) -> Mapping[str, Instrument] | None:
        """Return what `instruments` would, if all of it is in memory; never blocks."""
        known = self._held(symbols)
        if known is None:
            return None
        return {s: k.instrument for s, k in known.items() if _listed(k.instrument, day)}

    def recall_paths(self, symbols: Sequence[str], day: date) -> Mapping[str, Path] | None:
        """Return what `load` would, if all of it is in memory; never blocks."""
        known = self._held(symbols)
        if known is None:
            return None
        listed = [symbol for symbol, one in known.items() if _listed(one.instrument, day)]
        walked = {symbol: self._paths.get(symbol) for symbol in listed}
        found = {s: w.path for s, w in walked.items() if w is not None and w.known == known[s]}
        return found if len(found) == len(listed) else None

    def ready(self, symbol: str, day: date) -> Path | None:
        """Return the path if it is in memory already; never blocks."""
        walked = self._paths.get(symbol)
        if walked is None or not _listed(walked.known.instrument, day):
            return None
        known = walked.known
        return walked.path if known.announced == self._events(symbol, known.anchor) else None

    def anchored(self, symbols: Sequence[str]) -> Collection[str]:
        """Return the symbols whose path goes on from an imported bar."""
        return {s for s, known in self._look(symbols).items() if known.anchor is not None}

    def _held(self, symbols: Sequence[str]) -> dict[str, _Known] | None:
        memo = self._present()
        held = {symbol: memo.get(symbol) for symbol in symbols}
        known = {symbol: one for symbol, one in held.items() if one is not None}
        return known if len(known) == len(held) else None

    def _look(self, symbols: Sequence[str]) -> dict[str, _Known]:
        memo = self._present()
        held = {symbol: memo.get(symbol) for symbol in symbols}
        new = [symbol for symbol, known in held.items() if known is None]
        if new:
            found = self._read(new)
            held |= {symbol: memo.put(symbol, known) for symbol, known in found.items()}
        return {symbol: known for symbol, known in held.items() if known is not None}

    def _present(self) -> Memo[str, _Known]:
        """Return what is known of the imports as they are now; every import begins a new memory.

        A slower thread keeps filling the memory that it began with, never the one after it.
        """
        version = (self.world.listings.version(), self.world.announced.version)
        kept, memo = self._known
        if kept == version:
            return memo
        fresh: Memo[str, _Known] = Memo(_KEPT_NAMES)
        self._known = (version, fresh)
        return fresh

    def _read(self, symbols: Sequence[str]) -> dict[str, _Known]:
        anchors = self.world.listings.anchors(symbols, self.world.start)
        instruments = {s: _infer(s) for s in anchors}
        instruments |= {s: LISTED[s].instrument() for s in symbols if s in LISTED}
        for symbol in symbols:
            issued = self.issues.profile(symbol)
            if issued is not None:
                instruments[symbol] = issued.instrument()
        for symbol, imported in self.world.listings.instruments(symbols).items():
            # One without a name was inferred from its bars: the universe knows more.
            known = instruments.get(symbol)
            if known is None:
                instruments[symbol] = imported
            elif imported.name is not None:
                instruments[symbol] = imported.filled(known)
        levels = self._levels([s for s in instruments if s not in anchors])
        return {
            s: _Known(i, anchors.get(s), levels.get(s), self._events(s, anchors.get(s)))
            for s, i in instruments.items()
        }

    def _events(self, symbol: str, anchor: Anchor | None) -> tuple[CorporateAction, ...]:
        """Return what was announced; an import takes the place of generated days and events."""
        return () if anchor else self.world.announced.of(symbol)

    def _levels(self, symbols: Sequence[str]) -> Mapping[str, float]:
        """Return where imported minutes stand of what has no price of its own otherwise."""
        bare = [s for s in symbols if s not in LISTED and self.issues.profile(s) is None]
        return self.world.listings.levels(bare, self.world.start) if bare else {}

    def _path(self, symbol: str, known: _Known) -> Path:
        walked = self._paths.get(symbol)
        if walked is None or walked.known != known:
            walked = self._paths.put(symbol, _Walked(known, self._walk(known)))
        return walked.path

    def _excerpt(self, symbol: str, known: _Known, day: date) -> Path:
        held = self._excerpts.get(symbol)
        if held is None or held.known != known or not held.first <= day <= held.last:
            walked = self._paths.get(symbol)
            whole = walked.path if walked and walked.known == known else self._walk(known)
            last = day + timedelta(days=_AHEAD)
            held = _Excerpt(known, day, last, whole.between(day, last))
            self._excerpts.put(symbol, held)
        return held.path

    def _walk(self, known: _Known) -> Path:
        origin = self._origin(known)
        calendar = self.world.calendar
        first = self.world.start
        if known.anchor is None:
            first = max(FIRST_DAY, calendar.first, known.instrument.list_date or FIRST_DAY)
        days = calendar.between(min(first, calendar.last), calendar.last)
        lived = self.world.lived(origin.instrument, origin.scale)
        path = go_through(origin, days, lived) if lived else walk(origin, days)
        return path if known.anchor else self._issued(path)

    def _issued(self, path: Path) -> Path:
        """Put the issue price before the first session of a new share: its band hangs on it."""
        issue = self.issues.price(path.instrument.symbol)
        if issue is not None and len(path.days):
            path.previous[0] = round(issue * path.scale)
        return path

    def _origin(self, known: _Known) -> Origin:
        instrument, anchor = known.instrument, known.anchor
        symbol, seed = instrument.symbol, self.world.seed
        profile = LISTED.get(symbol) or self.issues.profile(symbol)
        profile = profile or invent_profile(instrument, seed, known.level)
        scale = price_scale(instrument)
        if anchor is None:
            close = max(round(profile.price * scale), 1)
            events = known.announced
            return Origin(profile, instrument, seed, scale, close, pays=True, announced=events)
        close = max(round(anchor.close * scale), 1)
        profile = replace(profile, price=anchor.close)
        return Origin(profile, instrument, seed, scale, close, pays=False, volume=anchor.volume)


def _infer(symbol: str) -> Instrument:
    """Return what the code of a symbol alone tells."""
    market, kind, board = classify(symbol)
    return Instrument(
        symbol=symbol,
        name=None,
        market=market,
        kind=kind,
        board=board,
        price_tick=None,
        list_date=None,
        delist_date=None,
        is_st=False,
        source=Source.IMPORTED,
    )


def _listed(instrument: Instrument, day: date) -> bool:
    # how long an imported one lives is the store's to tell
    gone = instrument.delist_date if instrument.source is Source.SIMULATED else None
    begun = instrument.list_date is None or instrument.list_date <= day
    return begun and (gone is None or day < gone)


def price_scale(instrument: Instrument) -> int:
    """Return how many ticks make a yuan: by the instrument's own tick, or by its rule."""
    tick = shown_tick(instrument)
    if tick is not None and tick > 0 and (1 / tick) % 1 == Decimal(0):
        return int(1 / tick)
    return _FINEST
