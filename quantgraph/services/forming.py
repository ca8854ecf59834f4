"""What a line of live bars is told: finals as `bars` answers them, and the bar under way."""

from collections.abc import Callable

from quantgraph.domain.aggregation import aggregate_bars, bucket_end, bucket_start
from quantgraph.domain.bars import BarRequest, Window
from quantgraph.domain.calendar import DAY_MS, day_number, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.live_bars import Bar, BarWatch, FormingBar, columns_of, rows_of
from quantgraph.domain.ports.market import Bars
from quantgraph.domain.sources import Source
from quantgraph.services.bar_lines import Line

_MINUTE_MS = 60_000
# Bars of one read after a jump of the clock.
_PAGE = 1_000
Page = tuple[list[Bar], Source]


class Former:
    """Makes the news of one line.

    Finals are read from `bars` itself, so that they are what it answers ever after, bit for bit.
    The bar under way is what `bars` holds of it already and the feed's base bar, aggregated.
    """

    def __init__(
        self, watch: BarWatch, line: Line, sources: tuple[Bars, Clock, Callable[[], str]]
    ) -> None:
        """Tell `line`; `sources`: the bars, the clock, and what the present epoch is."""
        self._watch = watch
        self._line = line
        self._bars, self._clock, self._epoch = sources
        # A stamp: every final bar up to it was told, or was there before the line.
        self._last: int | None = None
        self._partial: Bar | None = None
        self._source = Source.SIMULATED
        self._shown: Bar | None = None
        self._mark: int | None = None

    async def advance(self, forming: FormingBar | None) -> None:
        """Tell the finals that are due, then how the present bar stands.

        Errors: of the bars; nothing was lost then, and the next call goes on.
        """
        now = self._now()
        mark = self._mark_of(now)
        if mark != self._mark:
            self._mark = None
            await self._settle(now)
            # A fast clock may have gone on: what was read may hold more than the feed had said.
            if self._mark_of(self._now()) != mark:
                return
            self._mark = mark
        if self._current():
            self._form(forming, now)

    async def _settle(self, now: int) -> None:
        if self._last is None:
            rows, source = await self._read(Window(last=2))
            done = [bar for bar in rows if self._is_final(bar, now)]
            # The last one is the snapshot of a market that stands still.
            self._take(done[-1:], rows, source, now)
            self._last = done[-1].time if done else bucket_start(self._watch.period, now) - 1
            return
        days = max(_PAGE // self._watch.period.per_day, 1)
        first = self._last + 1
        while first <= now and self._current():
            end = min(first + days * DAY_MS, now)
            rows, source = await self._read(Window(first, end))
            done = [bar for bar in rows if self._is_final(bar, now)]
            self._take(done, rows, source, now)
            self._last = done[-1].time if done else self._last
            first = end + 1

    def _take(self, done: list[Bar], rows: list[Bar], source: Source, now: int) -> None:
        if not self._current():
            return
        self._source = source
        for bar in done:
            self._line.publish(bar, source, final=True)
        if rows:
            self._partial = None if self._is_final(rows[-1], now) else rows[-1]

    async def _read(self, window: Window) -> Page:
        request = BarRequest((self._watch.symbol,), self._watch.period, window)
        (found,) = await self._bars.bars(request)
        if isinstance(found, GatewayError):
            raise found
        return rows_of(found.columns), found.source

    def _form(self, forming: FormingBar | None, now: int) -> None:
        found = self._present(forming, now)
        if found is not None and found.bar != self._shown and found.bar.time > (self._last or 0):
            self._shown = found.bar
            self._line.publish(found.bar, found.source, final=False)

    def _present(self, forming: FormingBar | None, now: int) -> FormingBar | None:
        """Return the bar under way: what `bars` holds of it, and the base bar under way."""
        period, bars = self._watch.period, list[Bar]()
        partial, source = self._partial, self._source
        if partial is not None and bucket_end(period, partial.time) >= now:
            bars.append(partial)
        if forming is not None and self._belongs(forming, now):
            bars.append(forming.bar)
            source = forming.source
        if not bars:
            return None
        made = bars if period is period.base else rows_of(aggregate_bars(columns_of(bars), period))
        return FormingBar(made[-1], source)

    def _belongs(self, forming: FormingBar, now: int) -> bool:
        # A recorded day grows by what is lived of it again, but by nothing that was made up.
        if self._source is Source.IMPORTED and forming.source is Source.SIMULATED:
            return False
        # The opening auction prints before its minute; what has ended meanwhile `bars` has.
        return forming.bar.time <= now <= bucket_end(self._watch.period.base, forming.bar.time)

    def _is_final(self, bar: Bar, now: int) -> bool:
        return bucket_end(self._watch.period, bar.time) < now

    def _current(self) -> bool:
        """Return whether the epoch lasts; the line is about to be ended otherwise."""
        return self._epoch() == self._line.epoch

    def _now(self) -> int:
        return to_ms(self._clock.now())

    def _mark_of(self, now: int) -> int:
        """Return what changes whenever a base bar ends."""
        return now // _MINUTE_MS if self._watch.period.minutes else day_number(now)
