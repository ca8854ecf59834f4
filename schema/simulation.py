"""The simulated world as its operator sees it; in the contract of mock mode alone."""

import datetime as dt
from decimal import Decimal

import strawberry

from quantgraph.domain import scenarios
from quantgraph.domain import simulation as domain
from schema.scalars import Long, Symbol
from schema.system import ClockInfo


@strawberry.type(description="A number that a scenario takes.")
class ScenarioParameter:
    name: str = strawberry.field(description="Its name.")
    default_value: Decimal = strawberry.field(description="What counts where none is given.")
    low: Decimal = strawberry.field(description="The smallest value that it takes.")
    high: Decimal = strawberry.field(description="The largest value that it takes.")
    whole: bool = strawberry.field(description="Whether it takes no fractions.")
    description: str = strawberry.field(description="What it is, with its unit; English.")
    description_zh: str = strawberry.field(description="The same in Chinese (中文说明).")


@strawberry.type(description="A scripted course that a symbol's trading can take.")
class Scenario:
    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What happens; English.")
    description_zh: str = strawberry.field(description="The same in Chinese (中文说明).")
    parameters: list[ScenarioParameter] = strawberry.field(description="Numbers that it takes.")

    @classmethod
    def from_domain(cls, scenario: scenarios.Scenario) -> "Scenario":
        """Show a domain scenario."""
        parameters = [
            ScenarioParameter(
                name=each.name,
                default_value=each.default,
                low=each.low,
                high=each.high,
                whole=each.whole,
                description=each.description,
                description_zh=each.description_zh,
            )
            for each in scenario.parameters
        ]
        return cls(
            name=scenario.name,
            description=scenario.description,
            description_zh=scenario.description_zh,
            parameters=parameters,
        )


@strawberry.type(description="An incident of a real terminal that can be played.")
class Fault:
    name: str = strawberry.field(description="Its name.")
    description: str = strawberry.field(description="What happens; English.")
    description_zh: str = strawberry.field(description="The same in Chinese (中文说明).")
    setting: str | None = strawberry.field(
        description="What it was switched on by, as `setFaults` takes it; null: it is off."
    )

    @classmethod
    def from_domain(cls, fault: domain.Fault) -> "Fault":
        """Show a domain fault."""
        return cls(
            name=fault.name,
            description=fault.description,
            description_zh=fault.description_zh,
            setting=fault.setting,
        )


@strawberry.type(description="A simulated world as it was.")
class Snapshot:
    name: str = strawberry.field(description="Its name.")
    time: dt.datetime = strawberry.field(description="When it was taken, by the simulated clock.")
    trading_day: dt.date = strawberry.field(description="The simulated trading day.")
    created_at: dt.datetime = strawberry.field(description="When it was taken, in real time.")
    size: Long = strawberry.field(description="Its bytes on disk.")

    @classmethod
    def from_domain(cls, snapshot: domain.Snapshot) -> "Snapshot":
        """Show a domain snapshot."""
        return cls(
            name=snapshot.name,
            time=snapshot.time,
            trading_day=snapshot.trading_day,
            created_at=snapshot.created_at,
            size=Long(snapshot.size),
        )


@strawberry.type(
    description="A hash over all that order books were told and told: equal ones mean equal "
    "histories."
)
class Fingerprint:
    symbol: Symbol | None = strawberry.field(description="The symbol; null: all symbols.")
    hash: str = strawberry.field(
        description="Hexadecimal; that of nothing where no order was placed."
    )
    events: Long = strawberry.field(description="How many commands and events it is over.")

    @classmethod
    def from_domain(cls, found: domain.Fingerprint) -> "Fingerprint":
        """Show a domain fingerprint."""
        symbol = None if found.symbol is None else Symbol(found.symbol)
        return cls(symbol=symbol, hash=found.hash, events=Long(found.events))


@strawberry.type(description="What can be switched in a simulated world, and how it stands.")
class Simulation:
    clock: ClockInfo = strawberry.field(description="Its clock.")
    scenarios: list[Scenario] = strawberry.field(
        description="Courses that a symbol's trading can be given, by name."
    )
    faults: list[Fault] = strawberry.field(
        description="Incidents that can be switched on, by name."
    )
    snapshots: list[Snapshot] = strawberry.field(description="Snapshots that are held, by name.")

    @classmethod
    def from_domain(cls, state: domain.SimulationState) -> "Simulation":
        """Show the domain's state."""
        return cls(
            clock=ClockInfo.from_domain(state.clock),
            scenarios=[Scenario.from_domain(each) for each in state.scenarios],
            faults=[Fault.from_domain(each) for each in state.faults],
            snapshots=[Snapshot.from_domain(each) for each in state.snapshots],
        )
