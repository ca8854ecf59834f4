"""The gateway about itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from quantgraph import __version__
from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.latency import ServerLatency
from quantgraph.domain.system import (
    BackendInfo,
    ClockInfo,
    Limits,
    Mode,
    ServerInfo,
)
from quantgraph.rows.encoder import encoder_name


@dataclass(frozen=True, slots=True)
class SystemState:
    """What changes while the gateway runs, asked anew each time."""

    clock: Callable[[], ClockInfo]
    data: Callable[[], Awaitable[str]]
    trading: Callable[[], TradingStatus]
    backends: Callable[[], tuple[BackendInfo, ...]]
    problems: Callable[[], Mapping[str, str]]
    latency: Callable[[], ServerLatency] = ServerLatency


class GatewaySystem:
    """Implements `System`."""

    def __init__(
        self, mode: Mode, limits: Limits, started_at: datetime, state: SystemState
    ) -> None:
        """Hold what never changes, and where to ask for what does."""
        self._mode = mode
        self._limits = limits
        self._started_at = started_at
        self._state = state

    async def info(self) -> ServerInfo:
        """Return version, mode, clock, limits and capabilities."""
        return ServerInfo(
            version=__version__,
            mode=self._mode,
            trading=self._state.trading(),
            clock=self._state.clock(),
            limits=self._limits,
            backends=self._state.backends(),
            data=await self._state.data(),
            row_encoder=encoder_name(),
            started_at=self._started_at,
            latency=self._state.latency(),
        )

    async def problems(self) -> Mapping[str, str]:
        """Return why the gateway is not ready, by part; empty when it is."""
        return self._state.problems()
