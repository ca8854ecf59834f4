"""One of several terminals, as it is told of: without what it is not asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.sources import Source
from quantgraph.domain.system import Capability
from quantgraph.domain.terminals import TerminalPart, TerminalState, TerminalStatus

_ALONE = "This terminal is asked about its accounts alone (market_data = false)."
# What is asked by account: it is there, whoever tells of the market.
_BY_ACCOUNT = frozenset(
    {"accounts", "connections", "controls", "trading", "batches", "previews", "allowances"}
    | {"fills", "portfolio", "ipoQuotas", "futuresPositionStatistics", "orders"}
)


@dataclass(frozen=True, slots=True)
class Member:
    """A terminal, and whether it is asked for market data."""

    backend: Backend
    market_data: bool = True


def told_of(member: Member) -> Backend:
    """Return the terminal as it is told of: where its market data is not asked for, without it."""
    backend = member.backend
    if member.market_data:
        return backend

    def problems() -> Mapping[str, str]:
        found = backend.problems()
        return {part: text for part, text in found.items() if part != "market_data"}

    def status() -> TerminalStatus:
        told = backend.status()
        links = tuple(each for each in told.links if each.part is not TerminalPart.MARKET_DATA)
        return replace(told, links=links)

    def capabilities() -> tuple[Capability, ...]:
        return tuple(map(_left_alone, backend.capabilities()))

    return replace(backend, problems=problems, status=status, capabilities=capabilities)


def stands(backend: Backend, part: TerminalPart) -> bool:
    """Return whether a part of the terminal can be asked now."""
    links = backend.status().links
    return any(each.part is part and each.state is TerminalState.CONNECTED for each in links)


def is_real(backend: Backend) -> bool:
    """Return whether what it tells is the market's."""
    return backend.status().source is not Source.SIMULATED


def _left_alone(row: Capability) -> Capability:
    if row.operation.partition(".")[0] in _BY_ACCOUNT or not row.available:
        return row
    return Capability(row.operation, available=False, reason=_ALONE)
