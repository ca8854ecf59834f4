"""The gateway about itself."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from quantgraph import __version__
from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.latency import ServerLatency
from quantgraph.domain.system import (
    PARTS,
    BackendInfo,
    ClockInfo,
    Limits,
    Mode,
    ServerInfo,
)
from quantgraph.domain.terminals import TerminalNews
from quantgraph.native import core_name
from quantgraph.rows.encoder import encoder_name
from quantgraph.services.terminals import TerminalWatch


@dataclass(frozen=True, slots=True)
class SystemState:
    """What changes while the gateway runs, asked anew each time."""

    mode: Callable[[], Mode]
    clock: Callable[[], ClockInfo]
    data: Callable[[], Awaitable[str]]
    trading: Callable[[], TradingStatus]
    backends: Callable[[], tuple[BackendInfo, ...]]
    problems: Callable[[], Mapping[str, str]]
    terminals: TerminalWatch
    latency: Callable[[], ServerLatency] = ServerLatency
    bus: Callable[[], bool | None] = lambda: None


class GatewaySystem:
    """Implements `System`."""

    def __init__(self, limits: Limits, started_at: datetime, state: SystemState) -> None:
        """Hold what never changes, and where to ask for what does."""
        self._limits, self._told = limits, replace(limits)
        self._started_at = started_at
        self._state = state
        self._parts: Mapping[str, Callable[[], Any]] = {
            "trading": state.trading,
            "clock": state.clock,
            "limits": self._present_limits,
            "backends": state.backends,
            "terminals": state.terminals.present,
            "latency": state.latency,
            "bus_connected": state.bus,
        }
        self._known: ServerInfo | None = None

    async def info(self, parts: AbstractSet[str] = PARTS) -> ServerInfo:
        """Return version, mode, clock, limits and capabilities; see `ports.System`."""
        known = self._known
        if known is None:
            known = self._known = await self._all()
        elif parts:
            found = {name: self._parts[name]() for name in parts if name in self._parts}
            if "data" in parts:
                found["data"] = await self._state.data()
            known = self._known = replace(known, **found)
        mode = self._state.mode()
        if known.mode is not mode:  # another gateway's, which was not known before
            known = self._known = replace(known, mode=mode)
        return known

    async def _all(self) -> ServerInfo:
        return ServerInfo(
            version=__version__,
            mode=self._state.mode(),
            data=await self._state.data(),
            row_encoder=encoder_name(),
            matching_core=core_name(),
            started_at=self._started_at,
            **{name: read() for name, read in self._parts.items()},
        )

    def _present_limits(self) -> Limits:
        if self._told != self._limits:  # which a reload changes in place
            self._told = replace(self._limits)
        return self._told

    async def problems(self) -> Mapping[str, str]:
        """Return why the gateway is not ready, by part; empty when it is."""
        return self._state.problems()

    def terminals(self) -> AsyncGenerator[TerminalNews, None]:
        """Yield how the terminals stand; see `ports.System`."""
        return self._state.terminals.events()
