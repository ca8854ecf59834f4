"""Answers ControlService; the call's frame has checked the account already."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import AsyncGenerator
from contextlib import aclosing

from grpc_bridge.access import caller
from quantgraph.domain.access import Scope
from quantgraph.domain.controls import HaltWish
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.v1 import controls_pb2
from quantgraph.v1.controls_pb2_grpc import ControlServiceServicer
from quantgraph.wire.controls import (
    account_of,
    arming_from_proto,
    event_to_proto,
    status_to_proto,
    wish_from_proto,
)


class ControlServicer(ControlServiceServicer):
    """ControlService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._controls = gateway.controls

    async def GetTradingStatus(
        self, request: controls_pb2.GetTradingStatusRequest, context: object
    ) -> controls_pb2.GetTradingStatusResponse:
        status = await self._controls.status(account_of(request))
        return controls_pb2.GetTradingStatusResponse(status=status_to_proto(status))

    async def StreamTradingStatus(
        self, request: controls_pb2.StreamTradingStatusRequest, context: object
    ) -> AsyncGenerator[controls_pb2.StreamTradingStatusResponse]:
        async with aclosing(self._controls.events(account_of(request))) as events:
            async for event in events:
                yield controls_pb2.StreamTradingStatusResponse(event=event_to_proto(event))

    async def HaltTrading(
        self, request: controls_pb2.HaltTradingRequest, context: object
    ) -> controls_pb2.HaltTradingResponse:
        done = await self._controls.halt(wish_from_proto(request))
        return controls_pb2.HaltTradingResponse(
            status=status_to_proto(done.status), changed=done.changed, unanswered=done.unanswered
        )

    async def ResumeTrading(
        self, request: controls_pb2.ResumeTradingRequest, context: object
    ) -> controls_pb2.ResumeTradingResponse:
        done = await self._controls.resume(wish_from_proto(request))
        return controls_pb2.ResumeTradingResponse(
            status=status_to_proto(done.status), changed=done.changed
        )

    async def ArmTrading(
        self, request: controls_pb2.ArmTradingRequest, context: object
    ) -> controls_pb2.ArmTradingResponse:
        caller().require_switch(None, Scope.ADMIN)
        done = await self._controls.arm(arming_from_proto(request))
        return controls_pb2.ArmTradingResponse(
            status=status_to_proto(done.status), changed=done.changed
        )

    async def DisarmTrading(
        self, request: controls_pb2.DisarmTradingRequest, context: object
    ) -> controls_pb2.DisarmTradingResponse:
        caller().require_switch(None, Scope.TRADE)
        done = await self._controls.disarm(
            HaltWish(reason=request.reason if request.HasField("reason") else None)
        )
        return controls_pb2.DisarmTradingResponse(
            status=status_to_proto(done.status), changed=done.changed, unanswered=done.unanswered
        )

    async def SetDeadMan(
        self, request: controls_pb2.SetDeadManRequest, context: object
    ) -> controls_pb2.SetDeadManResponse:
        done = await self._controls.set_dead_man(request.account_id, request.seconds)
        return controls_pb2.SetDeadManResponse(
            status=status_to_proto(done.status), changed=done.changed
        )
