"""Answers `simulation`, `fingerprint` and the mutations of mock mode; all need scope admin."""

import datetime as dt
import re
from collections.abc import Awaitable
from typing import Annotated

import strawberry

from quantgraph.domain.errors import GatewayError, bad_request
from quantgraph.domain.ports.simulation import Simulation as Port
from quantgraph.domain.simulation import (
    ClockChange,
    Jump,
)
from quantgraph.domain.simulation import Snapshot as DomainSnapshot
from quantgraph.domain.system import ClockInfo as DomainClock
from resolvers.problems import problem_of
from schema.context import Info
from schema.control import (
    ChangeClockResult,
    ChangeClockSuccess,
    ChangeSnapshotResult,
    ChangeSnapshotSuccess,
    JumpClockInput,
    SetClockInput,
    SetClockResult,
    SetFaultsInput,
    SetFaultsResult,
    SetFaultsSuccess,
    SnapshotInput,
)
from schema.problems import SimulationRefused
from schema.scalars import Symbol
from schema.simulation import Fault, Fingerprint, Simulation, Snapshot
from schema.system import ClockInfo

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
ADMIN = " Needs a key with scope admin; mock mode only."
ACT = f"{ADMIN} Refusals are members of the result."


def simulation_of(info: Info) -> Port:
    """Return the port of the simulated world."""
    port = info.context.gateway.simulation
    if port is None:
        # Its contract lacks these fields, so that this is met by a wrong assembly alone.
        raise RuntimeError("the contract of this mode has no simulation")
    return port


@strawberry.type
class SimulationQueries:
    @strawberry.field(
        description="The simulated world: its clock, and the scenarios, faults and snapshots that "
        "there are." + ADMIN
    )
    async def simulation(self, info: Info) -> Simulation | None:
        return Simulation.from_domain(await simulation_of(info).state())

    @strawberry.field(
        description="A hash over all that order books were told and told. Errors: UNKNOWN_SYMBOL."
        + ADMIN
    )
    async def fingerprint(
        self,
        info: Info,
        symbol: Annotated[
            Symbol | None, strawberry.argument(description="Whose books; absent: all.")
        ] = None,
    ) -> Fingerprint | None:
        return Fingerprint.from_domain(await simulation_of(info).fingerprint(symbol))


@strawberry.type
class ClockMutations:
    @strawberry.mutation(
        description="Change the clock's speed, pause it or let it go on; live feeds follow at "
        "once. Pausing drops what is left of a jump." + ACT
    )
    async def set_clock(
        self,
        info: Info,
        input: Annotated[SetClockInput, strawberry.argument(description="How time goes on.")],
    ) -> SetClockResult:
        change = ClockChange(input.speed, input.paused)
        return _turned(await simulation_of(info).set_clock(change))

    @strawberry.mutation(
        description="Move the clock forward; orders meet all that was traded in between. Where "
        "order books take longer than ten seconds the answer's clock is `lagging`, on its way. "
        "Refusals: CLOCK_BACKWARD, CALENDAR_NOT_COVERED (the calendar ends before)." + ADMIN
    )
    async def jump_clock(
        self,
        info: Info,
        input: Annotated[JumpClockInput, strawberry.argument(description="Where it goes.")],
    ) -> ChangeClockResult:
        at = None if input.time is None else _time(input.time)
        jump = Jump(phase=input.phase, time=at, day=input.day, next_day=input.next_day)
        try:
            return _turned(await simulation_of(info).jump_clock(jump))
        except GatewayError as error:
            return problem_of("jumpClock", error)


@strawberry.type
class WorldMutations:
    @strawberry.mutation(
        description="Switch the named incidents on and all others off. Refusals: UNKNOWN_FAULT."
        + ADMIN
    )
    async def set_faults(
        self,
        info: Info,
        input: Annotated[SetFaultsInput, strawberry.argument(description="Which are on.")],
    ) -> SetFaultsResult:
        try:
            faults = await simulation_of(info).set_faults(input.settings)
        except GatewayError as error:
            return problem_of("setFaults", error)
        return SetFaultsSuccess(faults=[Fault.from_domain(each) for each in faults])

    @strawberry.mutation(
        description="Keep the world as it is: accounts, orders, books, clock and the order log. "
        "Refusals: SNAPSHOT_TAKEN, SNAPSHOT_LIMIT." + ADMIN
    )
    async def save_snapshot(
        self,
        info: Info,
        input: Annotated[SnapshotInput, strawberry.argument(description="Its name.")],
    ) -> ChangeSnapshotResult:
        return await _snapshot("saveSnapshot", simulation_of(info).save_snapshot(input.name))

    @strawberry.mutation(
        description="Go on from where a snapshot was taken, in a new epoch: streams end with "
        "EPOCH_CHANGED. Refusals: UNKNOWN_SNAPSHOT, SNAPSHOT_UNUSABLE." + ADMIN
    )
    async def restore_snapshot(
        self,
        info: Info,
        input: Annotated[SnapshotInput, strawberry.argument(description="Its name.")],
    ) -> ChangeSnapshotResult:
        return await _snapshot("restoreSnapshot", simulation_of(info).restore_snapshot(input.name))

    @strawberry.mutation(description="Delete a snapshot. Refusals: UNKNOWN_SNAPSHOT." + ADMIN)
    async def delete_snapshot(
        self,
        info: Info,
        input: Annotated[SnapshotInput, strawberry.argument(description="Its name.")],
    ) -> ChangeSnapshotResult:
        return await _snapshot("deleteSnapshot", simulation_of(info).delete_snapshot(input.name))


def _turned(clock: DomainClock) -> ChangeClockSuccess:
    return ChangeClockSuccess(clock=ClockInfo.from_domain(clock))


async def _snapshot(
    mutation: str, change: Awaitable[DomainSnapshot]
) -> ChangeSnapshotSuccess | SimulationRefused:
    try:
        return ChangeSnapshotSuccess(snapshot=Snapshot.from_domain(await change))
    except GatewayError as error:
        return problem_of(mutation, error)


def _time(text: str) -> dt.time:
    if _TIME.fullmatch(text) is None:
        raise bad_request(f"{text[:40]!r} is not a time like 14:57 or 14:57:30.", field="time")
    return dt.time.fromisoformat(text)
