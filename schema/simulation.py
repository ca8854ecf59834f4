"""The simulated world and what its operator may do; in the contract of mock mode alone."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry

from quantgraph.domain import scenarios
from quantgraph.domain import simulation as domain
from quantgraph.domain.rules.sessions import Phase
from schema.accounts import Account
from schema.problems import SimulationRefused
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


@strawberry.input(description="How virtual time goes on; one of the two at least.")
class SetClockInput:
    speed: float | None = strawberry.field(
        default=None,
        description="Simulated seconds per real second, above 0 and at most 1000; absent: as it "
        "is.",
    )
    paused: bool | None = strawberry.field(
        default=None, description="Whether it stands still; absent: as it is."
    )


@strawberry.input(
    description="Where the clock goes: the next moment that everything given is true of. One field "
    "at least; `day` and `nextDay` exclude each other, as do `phase` and `time`."
)
class JumpClockInput:
    phase: Phase | None = strawberry.field(
        default=None,
        description="The beginning of this phase of any stocks: not CLOSED and LUNCH, over which "
        "time leaps.",
    )
    time: str | None = strawberry.field(
        default=None,
        description='A Shanghai wall-clock time, "HH:MM" or "HH:MM:SS"; where time does not run '
        "then, when it next does.",
    )
    day: dt.date | None = strawberry.field(
        default=None, description="A trading day, today or later; alone: its 09:15."
    )
    next_day: bool = strawberry.field(
        default=False, description="On the next trading day; alone: its 09:15."
    )


@strawberry.input(description="Shares that a new account holds.")
class NewPositionInput:
    symbol: Symbol = strawberry.field(description="What is held.")
    quantity: Long = strawberry.field(description="Shares, from 1 on.")
    cost_price: Decimal = strawberry.field(description="Average cost per share, yuan.")


@strawberry.input(description="An account to be opened.")
class CreateAccountInput:
    account_id: strawberry.ID = strawberry.field(
        description='Its id: 1 to 40 of letters, digits, "-", "_" and ".".'
    )
    cash: Decimal = strawberry.field(description="Its cash, yuan, with two decimals at most.")
    name: str | None = strawberry.field(
        default=None, description="Its display name, at most 64 characters; absent: its id."
    )
    positions: list[NewPositionInput] = strawberry.field(
        default_factory=list[NewPositionInput],
        description="What it holds, sellable at once; each symbol once, 200 at most.",
    )


@strawberry.input(description="Cash that is paid in or out.")
class TransferCashInput:
    account_id: strawberry.ID = strawberry.field(description="An account from `accounts`.")
    amount: Decimal = strawberry.field(description="Yuan above 0, with two decimals at most.")


@strawberry.input(description="A trade of strangers.")
class InjectTradeInput:
    symbol: Symbol = strawberry.field(description="What is traded.")
    price: Decimal = strawberry.field(description="Yuan per share.")
    quantity: Long = strawberry.field(description="Shares, from 1 on.")


@strawberry.input(description="Which symbol stops or goes on.")
class HaltSymbolInput:
    symbol: Symbol = strawberry.field(description="The symbol.")


@strawberry.input(
    description="What holders get for ten shares; one of the three amounts at least is above 0."
)
class CorporateActionInput:
    symbol: Symbol = strawberry.field(description="Whose holders.")
    ex_date: dt.date = strawberry.field(description="The ex-day, a trading day after today.")
    cash: Decimal = strawberry.field(
        default=Decimal(0), description="Yuan per ten shares, before tax."
    )
    bonus: Decimal = strawberry.field(
        default=Decimal(0), description="Bonus shares per ten shares (送股)."
    )
    conversion: Decimal = strawberry.field(
        default=Decimal(0), description="Shares converted from reserves per ten shares (转增)."
    )


@strawberry.input(description="A number for a scenario.")
class ScenarioArgumentInput:
    name: str = strawberry.field(description="A parameter of the scenario.")
    value: Decimal = strawberry.field(description="Its value, in the unit that is stated there.")


@strawberry.input(description="Which scenario a symbol takes from now on.")
class LoadScenarioInput:
    symbol: Symbol = strawberry.field(description="The symbol.")
    name: str = strawberry.field(description="A scenario from `simulation`.")
    parameters: list[ScenarioArgumentInput] = strawberry.field(
        default_factory=list[ScenarioArgumentInput],
        description="Numbers of the scenario, each once; others have their defaults.",
    )


@strawberry.input(description="Which incidents shall be on.")
class SetFaultsInput:
    settings: list[str] = strawberry.field(
        description="Faults from `simulation` by name, each with what it needs, as in "
        '"LOST_CALLBACK probability=0.05"; none: all are switched off.'
    )


@strawberry.input(description="A snapshot.")
class SnapshotInput:
    name: str = strawberry.field(
        description='Its name: 1 to 40 of letters, digits, "-", "_" and ".", not beginning with '
        '".".'
    )


@strawberry.type(description="The clock is as was wanted.")
class ChangeClockSuccess:
    clock: ClockInfo = strawberry.field(description="The clock after the change.")


@strawberry.type(description="The account is as was wanted.")
class ChangeAccountSuccess:
    account: Account = strawberry.field(description="The account after the change.")


@strawberry.type(description="It was done to the symbol.")
class SymbolChange:
    symbol: Symbol = strawberry.field(description="The symbol.")
    time: dt.datetime = strawberry.field(description="When, by the simulated clock.")


@strawberry.type(description="The market of a symbol is as was wanted.")
class ChangeMarketSuccess:
    change: SymbolChange = strawberry.field(description="What was done to, and when.")

    @classmethod
    def from_domain(cls, change: domain.SymbolChange) -> "ChangeMarketSuccess":
        """Show a domain change."""
        return cls(change=SymbolChange(symbol=Symbol(change.symbol), time=change.time))


@strawberry.type(description="The incidents are as was wanted.")
class SetFaultsSuccess:
    faults: list[Fault] = strawberry.field(description="All of them after the change, by name.")


@strawberry.type(description="The snapshot was taken, restored or deleted.")
class ChangeSnapshotSuccess:
    snapshot: Snapshot = strawberry.field(description="The snapshot.")


ChangeClockResult = Annotated[
    ChangeClockSuccess | SimulationRefused,
    strawberry.union("ChangeClockResult", description="What became of a change of the clock."),
]
ChangeAccountResult = Annotated[
    ChangeAccountSuccess | SimulationRefused,
    strawberry.union("ChangeAccountResult", description="What became of a change of an account."),
]
ChangeMarketResult = Annotated[
    ChangeMarketSuccess | SimulationRefused,
    strawberry.union("ChangeMarketResult", description="What became of a change of a market."),
]
SetFaultsResult = Annotated[
    SetFaultsSuccess | SimulationRefused,
    strawberry.union("SetFaultsResult", description="What became of switching incidents."),
]
ChangeSnapshotResult = Annotated[
    ChangeSnapshotSuccess | SimulationRefused,
    strawberry.union("ChangeSnapshotResult", description="What became of a snapshot."),
]
