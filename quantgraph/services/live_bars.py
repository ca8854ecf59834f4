"""Live bars shared: one upstream per symbol and period, whatever the number of readers."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from quantgraph.domain.clock import Clock
from quantgraph.domain.live_bars import BarEvent, BarWatch
from quantgraph.domain.ports.market import BarFeed, Bars
from quantgraph.services.bar_lines import Line, Reader
from quantgraph.services.forming import Former
from quantgraph.services.upstreams import Kind, Upstreams


@dataclass(frozen=True, slots=True)
class BarSources:
    """What live bars are made of: the feed, the bars that are `bars`, clock and epoch."""

    feed: BarFeed
    bars: Bars
    clock: Clock
    epoch: Callable[[], str]
    monotonic: Callable[[], float] = time.monotonic


class SharedBars:
    """Implements `BarStream`; the last reader leaving ends an upstream after a grace period."""

    def __init__(self, sources: BarSources) -> None:
        """Follow nothing until somebody asks."""
        self._sources = sources
        self._shared = Upstreams(
            Kind(
                "bars",
                Line,
                Reader,
                self._carrier,
                sources.feed.state,
                sources.epoch,
                monotonic=sources.monotonic,
            )
        )

    @property
    def upstream_count(self) -> int:
        """Symbols and periods followed now."""
        return self._shared.count

    def watch(self, watch: BarWatch) -> AsyncGenerator[BarEvent, None]:
        """Yield a snapshot, then updates, and a heartbeat at least every 5 s; see the port."""
        return self._shared.watch(watch)

    async def start_over(self) -> None:
        """End every stream because a new epoch begins, in which sequences start at 1 again."""
        await self._shared.start_over()

    async def close(self) -> None:
        """End every upstream and tell every reader."""
        await self._shared.close()

    def _carrier(self, watch: BarWatch, line: Line) -> Callable[[], Awaitable[None]]:
        sources = self._sources
        # One for all tries: it knows what the line was told before a loss.
        former = Former(watch, line, (sources.bars, sources.clock, sources.epoch))

        async def carry() -> None:
            if not line.ready:  # whether there is such a symbol, and why it has no bars
                await former.advance(None)
            async with aclosing(sources.feed.follow(watch.symbol, watch.period.base)) as bars:
                async for bar in bars:
                    await former.advance(bar)
                    line.lost = False
                    line.open()

        return carry
