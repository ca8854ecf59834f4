"""What is told live of the market, quotes, bars and books: they end, and start over, together."""

from dataclasses import dataclass

from quantgraph.services.live_bars import SharedBars
from quantgraph.services.live_depth import SharedDepth
from quantgraph.services.quotes import SharedQuotes


@dataclass(frozen=True, slots=True)
class MarketStreams:
    """The shared streams of a gateway."""

    quotes: SharedQuotes
    bars: SharedBars
    depth: SharedDepth

    async def start_over(self) -> None:
        """End every stream: a new epoch begins."""
        await self.quotes.start_over()
        await self.bars.start_over()
        await self.depth.start_over()

    async def close(self) -> None:
        """End every stream: the gateway is stopping."""
        await self.quotes.close()
        await self.bars.close()
        await self.depth.close()
