"""What the rooms above may ask of the market: history, newest states and live feeds."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol, Self, runtime_checkable

from quantgraph.domain.bars import BarRequest, BarSeries, Period
from quantgraph.domain.dividends import Dividend, DividendHistory, DividendRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.live_bars import BarEvent, BarWatch, FormingBar
from quantgraph.domain.members import QuoteBroadcast
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import MarketSnapshot, QuoteColumns, SnapshotRequest
from quantgraph.domain.streams import (
    QuoteEvent,
    QuoteWatch,
    SourceState,
)
from quantgraph.domain.subscriptions import Tally
from quantgraph.domain.ticks import TickColumns, TickRequest


class Bars(Protocol):
    """Bar history."""

    async def bars(self, request: BarRequest) -> Sequence[BarSeries | GatewayError]:
        """Return one series per symbol of the request, in its order.

        Only the columns in `request.fields` are read and returned. Errors per symbol:
        UNKNOWN_SYMBOL, ADJUSTMENT_UNAVAILABLE, SOURCE_UNAVAILABLE.
        """
        ...


class BarFrames(Protocol):
    """Bulk bars that another gateway has written: the messages of DownloadBars, still bytes."""

    async def open(self, request: BarRequest, token: bytes) -> AsyncGenerator[bytes, None] | None:
        """Return the frames of a download behind a token of it (empty: all), to be closed.

        None where nobody writes them for us, or not of these bars. Errors, then and on the way:
        START_AFTER_END; RESUME_TOKEN_INVALID, RESUME_TOKEN_EXPIRED, RESUME_REQUEST_CHANGED and
        EPOCH_CHANGED of the token; TERMINAL_OFFLINE, after which the newest frame's token goes on.
        """
        ...


class Dividends(Protocol):
    """Ex-right events."""

    async def dividends(
        self, symbols: Sequence[str], period: Period
    ) -> Sequence[Sequence[Dividend] | None]:
        """Return the events per symbol, oldest first, of its bars of a base period.

        The events come from where those bars come from: a series never mixes two sources. An
        empty sequence says that there were none; None says that nobody knows (adjusted prices
        are then ADJUSTMENT_UNAVAILABLE).
        """
        ...


class DividendHistories(Protocol):
    """Ex-right events as history: those that adjusted prices of the day are made by."""

    async def histories(self, request: DividendRequest) -> Sequence[DividendHistory | GatewayError]:
        """Return one history per symbol of the request, in its order.

        Errors: START_AFTER_END; per symbol UNKNOWN_SYMBOL.
        """
        ...


class Ticks(Protocol):
    """Recorded snapshots and trades."""

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Return the recording of one symbol; empty columns where nothing is held.

        Errors: UNKNOWN_SYMBOL.
        """
        ...


class Quotes(Protocol):
    """Newest states."""

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol. Errors per symbol: UNKNOWN_SYMBOL."""
        ...


class QuoteBoard(Protocol):
    """Newest states of many symbols at once."""

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the asked columns of those symbols that exist, all of one moment."""
        ...


class Snapshots(Protocol):
    """Newest states of a whole exchange or sector."""

    async def snapshot(self, request: SnapshotRequest) -> MarketSnapshot:
        """Return every symbol of the selection, in order; unlisted members are left out.

        A fixed number of calls below, whatever the number of symbols. Errors: UNKNOWN_SECTOR,
        ROW_LIMIT.
        """
        ...


class QuoteFeed(Protocol):
    """A terminal's live feed, before it is shared among subscribers."""

    def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield every new quote of a symbol until closed. Errors: UNKNOWN_SYMBOL."""
        ...

    def state(self) -> SourceState:
        """Return whether the feed is connected, and its last event."""
        ...


@runtime_checkable
class ToldQuotes(Protocol):
    """A feed that calls whoever listens, which saves a task's turn for each quote."""

    def listen(self, symbol: str, told: Callable[[Quote], None]) -> Awaitable[None]:
        """Have `told` called, in the loop, with what `QuoteFeed.follow` would yield.

        Lasts until it is cancelled. Errors as `QuoteFeed.follow`.
        """
        ...


class BarFeed(Protocol):
    """A terminal's live bars, before they are shared among subscribers."""

    def follow(self, symbol: str, period: Period) -> AsyncGenerator[FormingBar | None, None]:
        """Yield the base bar under way (MIN_1 or DAY_1) at each change, until closed.

        None where nothing has traded in it; something comes at once, and within seconds of each
        bar's end. Errors: UNKNOWN_SYMBOL.
        """
        ...

    def state(self) -> SourceState:
        """Return whether the feed is connected, and its last event."""
        ...


class BarStream(Protocol):
    """Live bars for subscribers."""

    def watch(self, watch: BarWatch) -> AsyncGenerator[BarEvent, None]:
        """Yield a snapshot (the bar under way, or the last final one), then updates.

        Of the bar under way a slow reader gets the newest state, of final bars every one, once,
        equal to what `Bars.bars` answers. A heartbeat comes every 5 s. Errors: UNKNOWN_SYMBOL,
        SUBSCRIPTION_LIMIT, EPOCH_CHANGED; SLOW_CONSUMER for a reader 10,000 final bars behind.
        """
        ...


class QuoteTap(Protocol):
    """A reader of live quotes that is asked, not awaited. Nothing here waits but `add`."""

    @property
    def symbols(self) -> AbstractSet[str]:
        """What is read now."""
        ...

    async def add(self, symbols: Sequence[str]) -> Sequence[GatewayError | None]:
        """Read more symbols, each with its snapshot first; return why not per symbol, or None."""
        ...

    def drop(self, symbols: Sequence[str]) -> None:
        """Read these symbols no more: nothing that waits of them is told."""
        ...

    def due(self, most: int) -> Sequence[QuoteEvent]:
        """Take up to `most` events that are due: a snapshot per symbol first, then updates.

        Errors as `QuoteStream.watch`.
        """
        ...

    def tally(self) -> Tally:
        """Return how it keeps up."""
        ...

    def next_due(self) -> float | None:
        """Return when something that waits is due, in seconds of `time.monotonic`.

        0 is at once; None where nothing waits.
        """
        ...

    def beat(self) -> QuoteEvent:
        """Return a heartbeat of this moment."""
        ...

    def fork(self, wake: Callable[[float], None]) -> Self:
        """Return another reader who has what this one has, and waits for what it waits for."""
        ...

    def state(self) -> Hashable | None:
        """Return what readers of one watch who have been told the same share.

        None while something waits.
        """
        ...

    def close(self) -> None:
        """Read no more. Closing again does nothing."""
        ...


class QuoteStream(Protocol):
    """Live quotes for subscribers."""

    def broadcast(self, gather_s: float) -> QuoteBroadcast:
        """Return what tells many at once; under load quotes may wait `gather_s` for others."""
        ...

    async def tap(self, watch: QuoteWatch, wake: Callable[[float], None]) -> QuoteTap:
        """Return a reader; `wake` is told when what has just come is due, as `next_due` says.

        Errors: UNKNOWN_SYMBOL, SUBSCRIPTION_LIMIT.
        """
        ...

    def watch(self, watch: QuoteWatch) -> AsyncGenerator[QuoteEvent, None]:
        """Yield a snapshot per symbol, then updates, and a heartbeat every 5 s.

        Errors: UNKNOWN_SYMBOL, SUBSCRIPTION_LIMIT; SLOW_CONSUMER ends a BUFFER watch whose
        buffer overflows.
        """
        ...
