"""Live quotes shared: one upstream per symbol, one mailbox per subscriber."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace

import structlog

from quantgraph.domain.errors import EpochChanged, GatewayError, LimitReached, NotFound, Unavailable
from quantgraph.domain.feeds import listening
from quantgraph.domain.ports.market import QuoteFeed, Quotes
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteEvent, QuoteWatch, StreamKind
from quantgraph.domain.subscriptions import attach
from quantgraph.services.broadcast import Broadcast
from quantgraph.services.mailbox import Mailbox
from quantgraph.services.taps import Tap

HEARTBEAT_S = 5.0
GRACE_S = 5.0
MAX_SUBSCRIBERS = 20_000
# Seconds until a terminal that says no more of a symbol is asked again, at first and at most.
RETRY_S, RETRY_MOST_S = 0.5, 5.0
_log = structlog.get_logger(__name__)


class _Upstream:
    """One symbol's feed and everybody who listens to it."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.newest: Quote | None = None
        self.boxes: set[Mailbox] = set()
        self.task: asyncio.Task[None] | None = None
        self.ending: asyncio.TimerHandle | None = None

    def publish(self, quote: Quote) -> None:
        """Give a quote its number and leave it in every mailbox."""
        self.sequence += 1
        self.newest = quote
        for box in self.boxes:
            box.put(quote, self.sequence)


class SharedQuotes:
    """Implements `QuoteStream` over a terminal's feed; the last reader leaving ends an upstream."""

    def __init__(
        self,
        feed: QuoteFeed,
        quotes: Quotes,
        epoch: Callable[[], str],
        monotonic: Callable[[], float] = time.monotonic,
        heard: Callable[[Quote], None] | None = None,
    ) -> None:
        """Share `feed`; `epoch` tells the present epoch, `quotes` gives first snapshots.

        `heard` is told of each quote as it comes.
        """
        self._feed = feed
        self._listen = listening(feed)
        self._heard = heard
        self._quotes = quotes
        self._epoch = epoch
        self._monotonic = monotonic
        self._upstreams: dict[str, _Upstream] = {}
        # Sequences outlive their upstream: within an epoch a number is never given twice.
        self._sequences: dict[str, int] = {}
        # Symbols that the terminal does not tell of for now, though somebody listens.
        self._lost: set[str] = set()
        self._readers = 0
        self._closed: GatewayError | None = None

    @property
    def upstream_count(self) -> int:
        """Symbols followed at the terminal now."""
        return len(self._upstreams)

    def broadcast(self, gather_s: float) -> Broadcast:
        """Return what tells many at once; see `ports.QuoteStream`."""
        return Broadcast(self, gather_s)

    async def watch(self, watch: QuoteWatch) -> AsyncGenerator[QuoteEvent, None]:
        """Yield a snapshot per symbol, then updates, and a heartbeat at least every 5 s."""
        self._check_readers()
        first = await self._first(watch)
        symbols = tuple(quote.symbol for quote in first)
        if self._closed is not None:
            raise self._closed
        box = Mailbox(watch, self._monotonic)
        epoch = self._epoch()
        self._readers += 1
        self._join(symbols, box)
        attach(box)
        try:
            for quote in first:
                box.check()
                taken = self._snapshot(quote)
                yield box.event(StreamKind.SNAPSHOT, epoch, taken)
            async for event in self._updates(box, epoch):
                yield event
        finally:
            self._readers -= 1
            self._leave(symbols, box)

    async def tap(self, watch: QuoteWatch, wake: Callable[[float], None]) -> Tap:
        """Return a reader that is told when something is due; see `ports.QuoteStream`."""
        self._check_readers()
        first = self._present(watch) or await self._first(watch)
        if self._closed is not None:
            raise self._closed
        symbols = tuple(quote.symbol for quote in first)
        box = Mailbox(replace(watch, symbols=symbols), self._monotonic, wake)
        tap = self.open(box, self._epoch())
        attach(tap)
        for quote in first:
            box.lay(*self._snapshot(quote))
        return tap

    def open(self, box: Mailbox, epoch: str) -> Tap:
        """Have a mailbox take part."""
        self._readers += 1
        self._join(box.watch.symbols, box)
        return Tap(self, box, epoch)

    def shut(self, box: Mailbox) -> None:
        """Have a mailbox take part no longer."""
        self._readers -= 1
        self._leave(box.watch.symbols, box)

    async def look(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quotes. Raises SHUTTING_DOWN where no more is followed."""
        found = await self._quotes.quotes(symbols)
        if self._closed is not None:
            raise self._closed
        return found

    def include(self, box: Mailbox, quotes: Sequence[Quote]) -> None:
        """Have a mailbox take part in more symbols, whose newest quotes these are."""
        new = {each.symbol: each for each in quotes if each.symbol not in box.symbols}
        box.grow(new)
        self._join(tuple(new), box)
        for quote in new.values():
            box.lay(*self._snapshot(quote))

    def exclude(self, box: Mailbox, symbols: Sequence[str]) -> None:
        """Have a mailbox take part in these symbols no longer."""
        held = tuple(each for each in dict.fromkeys(symbols) if each in box.symbols)
        self._leave(held, box)
        box.shrink(held)

    def beat(self, box: Mailbox, epoch: str) -> QuoteEvent:
        """Return a heartbeat of this moment: one lost symbol is a lost source."""
        state = self._feed.state()
        if state.connected and not self._lost.isdisjoint(box.watch.symbols):
            state = replace(state, connected=False)
        return QuoteEvent(StreamKind.HEARTBEAT, epoch, source=state)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        text = "A new epoch has begun; subscribe again."
        self._sequences.clear()
        await self._end_all(EpochChanged(Reason.EPOCH_CHANGED, text))

    async def close(self) -> None:
        """End every upstream and tell every reader."""
        text = "The gateway is stopping; connect again later."
        self._closed = Unavailable(Reason.SHUTTING_DOWN, text)
        await self._end_all(self._closed)

    async def _end_all(self, error: GatewayError) -> None:
        # Taken away first: whoever comes while they end begins upstreams of its own.
        ended, self._upstreams = list(self._upstreams.values()), {}
        self._lost.clear()
        tasks = [each.task for each in ended if each.task is not None]
        for upstream in ended:
            for box in upstream.boxes:
                box.fail(error)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _updates(self, box: Mailbox, epoch: str) -> AsyncGenerator[QuoteEvent, None]:
        beat = self._monotonic() + HEARTBEAT_S
        while True:
            taken = await box.take(max(beat - self._monotonic(), 0.0))
            if taken is not None:
                yield box.event(StreamKind.UPDATE, epoch, taken)
            if box.take_pulse() or self._monotonic() >= beat:
                beat = self._monotonic() + HEARTBEAT_S
                yield self.beat(box, epoch)

    def _check_readers(self) -> None:
        if self._readers >= MAX_SUBSCRIBERS:
            text = f"{self._readers} quote streams are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)

    def _present(self, watch: QuoteWatch) -> list[Quote] | None:
        """Return the newest quotes where all are followed already, else None."""
        present: list[Quote] = []
        for symbol in watch.symbols:
            upstream = self._upstreams.get(symbol)
            if upstream is None or upstream.newest is None:
                return None
            present.append(upstream.newest)
        return present

    async def _first(self, watch: QuoteWatch) -> list[Quote]:
        found = await self._quotes.quotes(watch.symbols)
        quoted = [each for each in found if not isinstance(each, GatewayError)]
        for each in found:
            if isinstance(each, GatewayError) and not (quoted and _is_left_out(each, watch)):
                raise each
        return quoted

    def _snapshot(self, quote: Quote) -> tuple[Quote, int]:
        upstream = self._upstreams[quote.symbol]
        if upstream.newest is not None and upstream.newest.time >= quote.time:
            quote = upstream.newest
        return quote, upstream.sequence

    def _join(self, symbols: tuple[str, ...], box: Mailbox) -> None:
        for symbol in symbols:
            upstream = self._upstreams.get(symbol)
            if upstream is None:
                upstream = self._upstreams[symbol] = _Upstream(self._sequences.get(symbol, 0))
            upstream.boxes.add(box)
            if upstream.ending is not None:
                upstream.ending.cancel()
                upstream.ending = None
            if upstream.task is None:
                upstream.task = asyncio.create_task(self._pump(symbol, upstream))

    def _leave(self, symbols: tuple[str, ...], box: Mailbox) -> None:
        loop = asyncio.get_running_loop()
        for symbol in symbols:
            upstream = self._upstreams.get(symbol)
            if upstream is None:
                continue
            upstream.boxes.discard(box)
            if not upstream.boxes and upstream.ending is None:
                upstream.ending = loop.call_later(GRACE_S, self._end, symbol, upstream)

    def _end(self, symbol: str, upstream: _Upstream) -> None:
        if self._forget(symbol, upstream) and upstream.task is not None:
            upstream.task.cancel()

    def _forget(self, symbol: str, upstream: _Upstream) -> bool:
        """Let go of an upstream; False where it had ended before, and another may be there."""
        if self._upstreams.get(symbol) is not upstream:
            return False
        self._sequences[symbol] = upstream.sequence
        self._lost.discard(symbol)
        del self._upstreams[symbol]
        return True

    async def _pump(self, symbol: str, upstream: _Upstream) -> None:
        """Carry one symbol's quotes from the terminal to its readers until cancelled.

        Where the terminal says no more, readers are told by a heartbeat, and it is asked again.
        """
        delay = RETRY_S

        def take(quote: Quote) -> None:
            nonlocal delay
            delay = RETRY_S
            self._lost.discard(symbol)
            if self._heard is not None:
                self._heard(quote)
            upstream.publish(quote)

        while True:
            try:
                await self._listen(symbol, take)
            except NotFound as error:
                self._give_up(symbol, upstream, error)
                return
            except Exception as error:
                _log.warning("quotes_lost", symbol=symbol, error=repr(error))
            if symbol not in self._lost:
                self._lost.add(symbol)
                for box in upstream.boxes:
                    box.pulse()
            await asyncio.sleep(delay)
            delay = min(delay * 2, RETRY_MOST_S)

    def _give_up(self, symbol: str, upstream: _Upstream, error: GatewayError) -> None:
        self._forget(symbol, upstream)
        for box in upstream.boxes:
            box.fail(error)


def _is_left_out(error: GatewayError, watch: QuoteWatch) -> bool:
    return not watch.named and error.reason in {Reason.UNKNOWN_SYMBOL, Reason.NOT_QUOTED}
