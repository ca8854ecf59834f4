"""Another gateway as a `Backend`: its market data, its accounts, and in prod its desk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quantgraph.backends.remote.accounts import AgentAccounts
from quantgraph.backends.remote.agent import KIND, Agent
from quantgraph.backends.remote.capability import NO_ORDERS
from quantgraph.backends.remote.catalog import AgentCatalog, AgentQuotas
from quantgraph.backends.remote.channel import AgentChannel, Target
from quantgraph.backends.remote.depth import AgentDepth, AgentDepthFeed
from quantgraph.backends.remote.desk import open_desk
from quantgraph.backends.remote.downloads import AgentDownloads
from quantgraph.backends.remote.forming import AgentBars
from quantgraph.backends.remote.frames import AgentFrames
from quantgraph.backends.remote.history import AgentHistory
from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.live import QuoteLines
from quantgraph.backends.remote.quotes import AgentQuotes
from quantgraph.backends.remote.reference import AgentReference
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Capability, Mode
from quantgraph.domain.terminals import TerminalPart


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """What the terminal is called here, where its gateway is, and how long a question may take.

    `mode`: this gateway's; in DEV no orders go to the other one.
    """

    name: str
    target: Target
    seconds: float = 30.0
    mode: Mode = Mode.DEV


class RemoteTerminal:
    """Makes the parts of one agent, in the running loop; nothing connects before `start`."""

    def __init__(self, settings: RemoteSettings, clock: Clock) -> None:
        """Make them; nothing is asked yet."""
        self._name = settings.name
        self._channel = AgentChannel(settings.target, settings.seconds)
        self.agent = Agent(settings.name, self._channel, clock)
        self._lines = QuoteLines(self.agent, clock)
        trades = settings.mode is not Mode.DEV
        self._desk = open_desk(DeskLine(self.agent, settings.mode)) if trades else None

    def backend(self) -> Backend:
        """Return the terminal as the gateway sees it."""
        catalog = AgentCatalog(self.agent)
        return Backend(
            name=self._name,
            kind=KIND,
            quotes=AgentQuotes(self.agent, self._lines),
            data=AgentHistory(self.agent),
            bar_feed=AgentBars(self.agent, self._lines),
            reference=AgentReference(self.agent),
            catalog=catalog,
            depth=AgentDepth(self.agent),
            depth_feed=AgentDepthFeed(self.agent, self._lines),
            quotas=AgentQuotas(self._channel),
            hong_kong=catalog,
            futures_positions=catalog,
            accounts=AgentAccounts(self.agent),
            downloader=AgentDownloads(self.agent),
            sender=_no_sender,
            capabilities=self._capabilities,
            problems=self._problems,
            status=self.agent.status,
            heed=self._heed,
            start=self._start,
            close=self._close,
            desk=self._desk,
            bar_frames=AgentFrames(self.agent),
            clock=self.agent.clock,
        )

    def _capabilities(self) -> tuple[Capability, ...]:
        if self._desk is None:
            return self.agent.capabilities(orders=False)
        return self.agent.capabilities(orders=True, closed=self._desk.problems().get("mode"))

    def _problems(self) -> Mapping[str, str]:
        if not self.agent.link.state.connected:
            text = f"The gateway at {self._channel.address} cannot be asked."
            return {"market_data": text, "accounts": text}
        found: dict[str, str] = {}
        if not self.agent.stands(TerminalPart.MARKET_DATA):
            found["market_data"] = "The remote terminal's market data service does not answer."
        if not self.agent.stands(TerminalPart.TRADING):
            found["accounts"] = "The remote terminal's trading service is not connected."
        return found

    def _heed(self, changed: Callable[[], None]) -> None:
        self.agent.heard.append(lambda _: changed())

    async def _start(self) -> None:
        self.agent.link.start()

    async def _close(self) -> None:
        await self.agent.link.close()
        await self._lines.close()
        await self._channel.close()


def _no_sender() -> Terminal:
    raise StartupError(Reason.MODE_UNAVAILABLE, NO_ORDERS)
