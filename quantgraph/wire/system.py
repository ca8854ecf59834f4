"""The gateway about itself."""

from dataclasses import asdict, fields
from typing import Literal

from quantgraph.domain.latency import Latency, ServerLatency
from quantgraph.domain.system import BackendInfo, Capability, ClockInfo, Limits, ServerInfo
from quantgraph.v1 import system_pb2
from quantgraph.wire.controls import status_from_proto, status_to_proto
from quantgraph.wire.enums import MODE, PHASE, TRADING_STATE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    instant_from_proto,
    instant_to_proto,
)
from quantgraph.wire.terminals import terminal_from_proto, written

_DIALS = ("quote_age", "order_round_trip", "callback_lag", "journal_commit")
_SHARES: tuple[Literal["p50"], Literal["p95"], Literal["p99"]] = ("p50", "p95", "p99")
# Both wires name every limit as the domain does.
_LIMITS = tuple(each.name for each in fields(Limits))


def info_to_proto(info: ServerInfo) -> system_pb2.ServerInfo:
    """Write what the gateway says about itself."""
    return system_pb2.ServerInfo(
        version=info.version,
        mode=MODE.to_proto(info.mode),
        trading_state=TRADING_STATE.to_proto(info.trading_state),
        clock=clock_to_proto(info.clock),
        limits=system_pb2.Limits(**asdict(info.limits)),
        backends=[_backend(each) for each in info.backends],
        data=info.data,
        row_encoder=info.row_encoder,
        matching_core=info.matching_core,
        trading=status_to_proto(info.trading),
        started_at=instant_to_proto(info.started_at),
        latency=latency_to_proto(info.latency),
        terminal_status=written(info.terminals),
        bus_connected=info.bus_connected,
    )


def info_from_proto(message: system_pb2.ServerInfo) -> ServerInfo:
    """Read what a gateway says about itself."""
    return ServerInfo(
        version=message.version,
        mode=MODE.from_proto(message.mode, "mode"),
        trading=status_from_proto(message.trading),
        clock=clock_from_proto(message.clock),
        limits=Limits(**{each: getattr(message.limits, each) for each in _LIMITS}),
        backends=tuple(_backend_of(each) for each in message.backends),
        data=message.data,
        row_encoder=message.row_encoder,
        matching_core=message.matching_core,
        started_at=instant_from_proto(message.started_at, "started_at"),
        terminals=tuple(terminal_from_proto(each) for each in message.terminal_status),
        latency=latency_from_proto(message.latency),
        bus_connected=message.bus_connected if message.HasField("bus_connected") else None,
    )


def latency_to_proto(latency: ServerLatency) -> system_pb2.ServerLatency:
    """Write how late the gateway has been."""
    dials = {name: _dial(getattr(latency, name)) for name in _DIALS}
    return system_pb2.ServerLatency(**dials, window_seconds=latency.window_seconds)


def latency_from_proto(message: system_pb2.ServerLatency) -> ServerLatency:
    """Read how late a gateway has been."""
    dials = {name: _dial_of(getattr(message, name)) for name in _DIALS}
    return ServerLatency(**dials, window_seconds=message.window_seconds)


def _dial(found: Latency) -> system_pb2.Latency:
    return system_pb2.Latency(p50=found.p50, p95=found.p95, p99=found.p99, count=found.count)


def _dial_of(message: system_pb2.Latency) -> Latency:
    told = {name: getattr(message, name) if message.HasField(name) else None for name in _SHARES}
    return Latency(**told, count=message.count)


def clock_to_proto(clock: ClockInfo) -> system_pb2.ClockInfo:
    """Write what a clock shows."""
    return system_pb2.ClockInfo(
        now=instant_to_proto(clock.now),
        simulated=clock.simulated,
        speed=clock.speed,
        paused=clock.paused,
        phase=PHASE.to_proto(clock.phase),
        trading_day=date_to_proto(clock.trading_day),
        epoch=clock.epoch,
        lagging=clock.lagging,
        effective_speed=clock.effective_speed,
    )


def clock_from_proto(message: system_pb2.ClockInfo) -> ClockInfo:
    """Read what a clock shows."""
    return ClockInfo(
        now=instant_from_proto(message.now, "clock.now"),
        simulated=message.simulated,
        speed=message.speed,
        paused=message.paused,
        phase=PHASE.from_proto(message.phase, "clock.phase"),
        trading_day=date_from_proto(message.trading_day, "clock.trading_day"),
        epoch=message.epoch,
        lagging=message.lagging,
        effective_speed=message.effective_speed,
    )


def _backend(backend: BackendInfo) -> system_pb2.BackendInfo:
    capabilities = [
        system_pb2.Capability(
            operation=each.operation, available=each.available, reason=each.reason
        )
        for each in backend.capabilities
    ]
    return system_pb2.BackendInfo(
        name=backend.name,
        kind=backend.kind,
        connected=backend.connected,
        capabilities=capabilities,
    )


def _backend_of(message: system_pb2.BackendInfo) -> BackendInfo:
    capabilities = tuple(
        Capability(each.operation, each.available, each.reason if each.HasField("reason") else None)
        for each in message.capabilities
    )
    return BackendInfo(message.name, message.kind, message.connected, capabilities)
