"""What the operator of a simulated world asks for, and what became of it."""

import datetime as dt
from decimal import Decimal
from typing import Annotated

import strawberry

from quantgraph.domain import simulation as domain
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase
from schema.accounts import Account
from schema.problems import SimulationRefused
from schema.scalars import Long, Symbol
from schema.simulation import Fault, Snapshot
from schema.system import ClockInfo


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


@strawberry.input(description="A limit order that somebody types in at the terminal itself.")
class InjectOrderInput:
    account_id: strawberry.ID = strawberry.field(description="An account from `accounts`.")
    symbol: Symbol = strawberry.field(description="What is bought or sold.")
    side: Side = strawberry.field(description="Buy or sell.")
    quantity: Long = strawberry.field(description="Shares, from 1 on.")
    limit_price: Decimal = strawberry.field(description="Yuan per share.")
    remark: str | None = strawberry.field(
        default=None,
        description="What its maker writes at it, 1 to 24 printable characters; absent: nothing.",
    )


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


@strawberry.type(description="An order that stands at the terminal, past the gateway.")
class InjectedOrder:
    order_id: strawberry.ID = strawberry.field(
        description="Its id in `orders`, where it is EXTERNAL once the gateway has heard of it."
    )
    broker_order_id: strawberry.ID = strawberry.field(description="Its id at the terminal.")
    time: dt.datetime = strawberry.field(description="When, by the simulated clock.")


@strawberry.type(description="The terminal took the order.")
class InjectOrderSuccess:
    injected: InjectedOrder = strawberry.field(description="What it is called.")

    @classmethod
    def from_domain(cls, order: domain.InjectedOrder) -> "InjectOrderSuccess":
        """Show a domain order."""
        return cls(
            injected=InjectedOrder(
                order_id=strawberry.ID(order.order_id),
                broker_order_id=strawberry.ID(order.broker_order_id),
                time=order.time,
            )
        )


@strawberry.type(description="The incidents are as was wanted.")
class SetFaultsSuccess:
    faults: list[Fault] = strawberry.field(description="All of them after the change, by name.")


@strawberry.type(description="The snapshot was taken, restored or deleted.")
class ChangeSnapshotSuccess:
    snapshot: Snapshot = strawberry.field(description="The snapshot.")


SetClockResult = Annotated[
    ChangeClockSuccess,
    strawberry.union(
        "SetClockResult", description="What became of setting the clock: nothing refuses it."
    ),
]
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
InjectOrderResult = Annotated[
    InjectOrderSuccess | SimulationRefused,
    strawberry.union("InjectOrderResult", description="What became of an order by hand."),
]
SetFaultsResult = Annotated[
    SetFaultsSuccess | SimulationRefused,
    strawberry.union("SetFaultsResult", description="What became of switching incidents."),
]
ChangeSnapshotResult = Annotated[
    ChangeSnapshotSuccess | SimulationRefused,
    strawberry.union("ChangeSnapshotResult", description="What became of a snapshot."),
]
