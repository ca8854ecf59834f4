"""The way to the agent of what concerns accounts, closed where it lives in another mode."""

import asyncio

from google.protobuf.message import Message

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import Answer
from quantgraph.backends.remote.failures import offline
from quantgraph.domain.controls import TradingState, TradingStatus
from quantgraph.domain.errors import GatewayError, TradingDisabled, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode

# Seconds that an act may take: more than the agent's terminal may, less than an operation here.
ACT_S = 25.0
# Seconds that it waits for a connection: without one nothing is sent. And for one to come back.
_READY_S = 2.0
_BACK_S = 10.0
# Between two looks whether one that is back can be asked.
_PAUSE_S = 0.25


class DeskLine:
    """Asks an agent that is known to live in this gateway's mode, and no other.

    Errors of every method: MODE_MISMATCH where it lives in another; TERMINAL_OFFLINE before it has
    said in which, and as `AgentChannel.call`. Nothing was asked of it then.
    """

    def __init__(self, agent: Agent, mode: Mode) -> None:
        """Ask `agent` once it is seen to live in `mode`."""
        self.agent = agent
        self._mode = mode

    async def call(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Return the answer to a question; it is asked again after a cut."""
        self.require_mode()
        return await self.agent.channel.call(method, request, answer)

    async def act(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Return the answer to what may be done once alone. Errors besides: OUTCOME_UNKNOWN."""
        await self._connected()
        return await self.agent.channel.act(method, request, answer, ACT_S)

    async def repeat(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Return the answer to what a repeat does not do twice: after a cut it is asked once more.

        Errors besides: OUTCOME_UNKNOWN where that was cut as well, or the time is up.
        """
        until = asyncio.get_running_loop().time() + ACT_S
        try:
            return await self.act(method, request, answer)
        except Unavailable as error:
            if error.reason is not Reason.OUTCOME_UNKNOWN or not await self._again(until):
                raise
        left = until - asyncio.get_running_loop().time()
        return await self.agent.channel.act(method, request, answer, left)

    async def back(self) -> bool:
        """Return whether there is a connection again, to look at what became of an act."""
        return await self.agent.channel.ready(_BACK_S) and await self._stayed()

    def require_link(self) -> None:
        """Raise TERMINAL_OFFLINE while the agent is away: what waited would come late."""
        if not self.agent.link.state.connected:
            raise offline(self.agent.channel.address, "it is away, and nothing was sent")

    def require_mode(self) -> None:
        """Raise MODE_MISMATCH, or TERMINAL_OFFLINE before it is known where the agent lives."""
        if self.agent.info is None:
            raise offline(self.agent.channel.address, "it has not answered yet")
        why = self.mismatch()
        if why is not None:
            info = self.agent.info
            modes = {"mode": self._mode.value, "found": info.mode.value}
            raise TradingDisabled(Reason.MODE_MISMATCH, why, details=modes)

    def mismatch(self) -> str | None:
        """Return why nothing is traded through the agent, None where it lives in the same mode."""
        info = self.agent.info
        if info is None or info.mode is self._mode:
            return None
        return (
            f"The gateway at {self.agent.channel.address} is in mode {info.mode.value}, this one "
            f"in {self._mode.value}: no order goes from one to the other. Start both in one mode."
        )

    def status(self) -> TradingStatus:
        """Return where all trading stands, as was said last; DISCONNECTED while it is away."""
        info, connected = self.agent.info, self.agent.link.state.connected
        if info is not None and connected and self.mismatch() is None:
            return info.trading
        return self.away(None)

    def away(self, account_id: str | None) -> TradingStatus:
        """Return that nothing is taken from here, and why."""
        text = self.mismatch() or f"The gateway at {self.agent.channel.address} cannot be asked."
        return TradingStatus(account_id, TradingState.DISCONNECTED, reason=text)

    async def _connected(self) -> None:
        """Raise unless an act can be sent now to an agent of this mode."""
        self.require_mode()
        if not await self.agent.channel.ready(_READY_S):
            raise offline(self.agent.channel.address, "there is no connection; nothing was sent")

    async def _again(self, until: float) -> bool:
        """Return whether it can be asked again, in this mode, before an act's time is up."""
        loop = asyncio.get_running_loop()
        while (left := until - loop.time()) > 0:
            if await self.agent.channel.ready(left) and await self._answers():
                return self.mismatch() is None
            # The connection that is there may be the one that breaks: its end is not known yet.
            await asyncio.sleep(min(_PAUSE_S, left))
        return False

    async def _stayed(self) -> bool:
        """Return whether who answers now lives in this mode: it may have been begun anew."""
        return await self._answers() and self.mismatch() is None

    async def _answers(self) -> bool:
        try:
            self.agent.info = await self.agent.ask()
        except GatewayError:
            return False
        return True
