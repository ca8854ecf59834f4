"""The agent's switches of trading, turned from here."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from quantgraph.backends.remote.line import DeskLine
from quantgraph.backends.remote.relay import Relay
from quantgraph.domain.controls import (
    ArmWish,
    ControlChange,
    HaltWish,
    TradingEvent,
    TradingStatus,
)
from quantgraph.domain.streams import StreamKind
from quantgraph.v1 import controls_pb2
from quantgraph.wire.controls import (
    arming_to_proto,
    change_from_proto,
    event_from_proto,
    status_from_proto,
    wish_to_proto,
)


class AgentControls:
    """Implements `Controls`: whatever is turned here stands at the agent, for all who trade there.

    What stops trading is asked again after a cut; what lets it go on is asked once, for somebody
    else may have stopped it meanwhile. Errors besides those of the port: OUTCOME_UNKNOWN. The agent
    notes this gateway's key as who did it.
    """

    def __init__(self, line: DeskLine, relay: Relay) -> None:
        """Turn nothing yet."""
        self._line, self._relay = line, relay

    async def status(self, account_id: str | None) -> TradingStatus:
        """Return where trading stands at the agent; DISCONNECTED where it is of another mode."""
        if self._line.mismatch() is not None:
            return self._line.away(account_id)
        answer = await self._line.call(
            "ControlService/GetTradingStatus",
            controls_pb2.GetTradingStatusRequest(account_id=account_id),
            controls_pb2.GetTradingStatusResponse,
        )
        return status_from_proto(answer.status)

    async def events(self, account_id: str | None) -> AsyncGenerator[TradingEvent, None]:
        """Yield where trading stands; DISCONNECTED while the agent is away."""
        wish = controls_pb2.StreamTradingStatusRequest(account_id=account_id)
        told = self._relay.messages("ControlService/StreamTradingStatus", lambda: wish)
        kind, away = StreamKind.SNAPSHOT, False
        async with aclosing(told) as messages:
            async for data in messages:
                if data is None:
                    kind = StreamKind.HEARTBEAT if away else StreamKind.UPDATE
                    away = True
                    yield TradingEvent(kind, self._line.away(account_id))
                    continue
                answer = controls_pb2.StreamTradingStatusResponse.FromString(data)
                event = event_from_proto(answer.event)
                # Where it stands after a cut is no beginning, but a change.
                yield TradingEvent(StreamKind.UPDATE, event.status) if away else event
                away = False

    async def halt(self, wish: HaltWish) -> ControlChange:
        """Stop trading at the agent; a halt that is stricter already stays."""
        answer = await self._line.repeat(
            "ControlService/HaltTrading",
            wish_to_proto(wish, controls_pb2.HaltTradingRequest),
            controls_pb2.HaltTradingResponse,
        )
        return change_from_proto(answer)

    async def resume(self, wish: HaltWish) -> ControlChange:
        """Let trading go on at the agent."""
        answer = await self._line.act(
            "ControlService/ResumeTrading",
            wish_to_proto(wish, controls_pb2.ResumeTradingRequest),
            controls_pb2.ResumeTradingResponse,
        )
        return change_from_proto(answer)

    async def arm(self, wish: ArmWish) -> ControlChange:
        """Arm the agent, with the agent's own secret."""
        answer = await self._line.act(
            "ControlService/ArmTrading", arming_to_proto(wish), controls_pb2.ArmTradingResponse
        )
        return change_from_proto(answer)

    async def disarm(self, wish: HaltWish) -> ControlChange:
        """End the agent's arming at once."""
        answer = await self._line.repeat(
            "ControlService/DisarmTrading",
            controls_pb2.DisarmTradingRequest(reason=wish.reason),
            controls_pb2.DisarmTradingResponse,
        )
        return change_from_proto(answer)

    async def set_dead_man(self, account_id: str, seconds: int) -> ControlChange:
        """Set an account's timer at the agent: it runs there, whatever becomes of this gateway."""
        answer = await self._line.act(
            "ControlService/SetDeadMan",
            controls_pb2.SetDeadManRequest(account_id=account_id, seconds=seconds),
            controls_pb2.SetDeadManResponse,
        )
        return change_from_proto(answer)
