"""grpc.health.v1 from the gateway's own words: asked at each check, followed for watchers."""

# ruff: noqa: N802 the methods are named by the contract

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2

from quantgraph.domain.controls import TradingState
from quantgraph.domain.ports.gateway import System

_log = structlog.get_logger(__name__)
_POLL_SECONDS = 0.5
_messages: Any = health_pb2  # its types do not know List yet
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
# Problems of a part that only orders need leave the other services in service.
_ORDERS = "quantgraph.v1.OrderService"
_ORDER_PARTS = frozenset({"orders", "journal", "disk", "trading"})


class LiveHealth:
    """Health of the whole server ("") and of each service.

    OrderService is in service only while submits are taken; any other problem concerns all.
    """

    def __init__(self, system: System, services: Sequence[str]) -> None:
        """Ask `system` about these services."""
        self._system = system
        self._services = ("", *services)
        # grpc's own servicer keeps the watchers; its package has no types.
        self._inner: Any = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] no types
        self._statuses: dict[str, health_pb2.HealthCheckResponse.ServingStatus] = {}
        self._task: asyncio.Task[None] | None = None

    async def Check(
        self, request: health_pb2.HealthCheckRequest, context: object
    ) -> health_pb2.HealthCheckResponse:
        await self.refresh()
        answer: health_pb2.HealthCheckResponse = await self._inner.Check(request, context)
        return answer

    async def List(self, request: object, context: object) -> Message:
        await self.refresh()
        answer = _messages.HealthListResponse()
        for service, status in self._statuses.items():
            answer.statuses[service].status = status
        return answer

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: object) -> None:
        await self._inner.Watch(request, context)

    async def start(self) -> None:
        """Begin to follow the gateway's state."""
        await self.refresh()
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Say NOT_SERVING for good."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._inner.enter_graceful_shutdown()

    async def refresh(self) -> None:
        """Take over what the gateway says now; watchers hear of changes."""
        problems = await self._system.problems()
        trading = (await self._system.info()).trading_state
        for service in self._services:
            self._statuses[service] = _status(service, problems, trading)
            await self._inner.set(service, self._statuses[service])

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            try:
                await self.refresh()
            except Exception:
                # A state that cannot be told now is asked again; the last one stands till then.
                _log.exception("health_unknown")


def _status(
    service: str, problems: Mapping[str, str], trading: TradingState
) -> health_pb2.HealthCheckResponse.ServingStatus:
    if service == _ORDERS:
        return _NOT_SERVING if problems or trading is not TradingState.ACTIVE else _SERVING
    concerning = problems if service == "" else problems.keys() - _ORDER_PARTS
    return _NOT_SERVING if concerning else _SERVING
