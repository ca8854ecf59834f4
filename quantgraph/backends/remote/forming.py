"""The bar under way, as the agent tells it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.live import QuoteLines
from quantgraph.domain.bars import Period
from quantgraph.domain.live_bars import BarEvent, BarWatch, FormingBar
from quantgraph.domain.streams import SourceState, StreamKind
from quantgraph.v1 import bars_pb2
from quantgraph.wire.live_bars import event_from_proto, watch_to_proto


class AgentBars:
    """Implements `BarFeed`: one stream of the agent's for each symbol and period."""

    def __init__(self, agent: Agent, lines: QuoteLines) -> None:
        """Follow nothing yet."""
        self._agent = agent
        self._lines = lines

    async def follow(self, symbol: str, period: Period) -> AsyncGenerator[FormingBar | None, None]:
        """Yield the bar under way (MIN_1 or DAY_1) at each change, until closed or cut.

        Errors: UNKNOWN_SYMBOL, SUBSCRIPTION_LIMIT; TERMINAL_OFFLINE after a cut.
        """
        watch = watch_to_proto(BarWatch(symbol, period))
        newest: FormingBar | None = None
        async with aclosing(self._agent.channel.stream("BarService/WatchBars", watch)) as messages:
            async for data in messages:
                event = event_from_proto(bars_pb2.WatchBarsResponse.FromString(data).event)
                if event.kind is not StreamKind.HEARTBEAT:
                    newest = _forming(event)
                # With a heartbeat as well: time goes on where nothing trades.
                yield newest

    def state(self) -> SourceState:
        """Return whether the agent and its terminal can be asked, and when a quote came last."""
        return self._lines.state()


def _forming(event: BarEvent) -> FormingBar | None:
    """Return the bar under way; None after a final one, until something trades again."""
    if event.bar is None or event.data_source is None or event.final:
        return None
    return FormingBar(event.bar, event.data_source)
