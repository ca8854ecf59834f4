"""Accounts, their money and their holdings."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from quantgraph.domain import accounts as domain
from quantgraph.domain import streams
from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from schema.context import Info
from schema.instruments import Instrument, PageInfo, load_instrument
from schema.problems import AccountNotFound, AccountUnavailable, RateLimited
from schema.quotes import SourceState
from schema.scalars import Long, Symbol


@strawberry.type(description="Money of an account, yuan.")
class Asset:
    cash: Decimal = strawberry.field(description="Free to spend.")
    frozen_cash: Decimal = strawberry.field(description="Held back for open buy orders.")
    market_value: Decimal = strawberry.field(
        description="Value of the holdings at last prices; one without a price counts at its cost."
    )
    total: Decimal = strawberry.field(description="Cash, frozen cash and market value together.")
    source: Source = strawberry.field(description="Who states these figures.")

    @classmethod
    def from_domain(cls, asset: domain.Asset) -> "Asset":
        """Show a domain asset."""
        return cls(
            cash=asset.cash,
            frozen_cash=asset.frozen_cash,
            market_value=asset.market_value,
            total=asset.total,
            source=asset.source,
        )


@strawberry.type(description="One holding of an account.")
class Position:
    account_id: strawberry.ID = strawberry.field(description="Whose holding it is.")
    symbol: Symbol = strawberry.field(description="What is held.")
    quantity: Long = strawberry.field(description="Shares held.")
    sellable: Long = strawberry.field(
        description="Shares that may be sold today: without those bought today (T+1) and those in "
        "open sell orders."
    )
    cost_price: Decimal = strawberry.field(description="Average cost per share, yuan.")
    last_price: Decimal | None = strawberry.field(
        description="Last price, yuan; null without a quote."
    )
    market_value: Decimal | None = strawberry.field(
        description="Quantity at the last price, yuan; null without a quote."
    )
    profit: Decimal | None = strawberry.field(
        description="Market value less cost, yuan; null without a quote."
    )
    source: Source = strawberry.field(description="Who states these figures.")

    @strawberry.field(description="The instrument; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, held: domain.Position) -> "Position":
        """Show a domain position."""
        return cls(
            account_id=strawberry.ID(held.account_id),
            symbol=Symbol(held.symbol),
            quantity=Long(held.quantity),
            sellable=Long(held.sellable),
            cost_price=held.cost_price,
            last_price=held.last_price,
            market_value=held.market_value,
            profit=held.profit,
            source=held.source,
        )


@strawberry.type(description="A page of holdings, by symbol.")
class PositionConnection:
    edges: list["PositionEdge"] = strawberry.field(description="The holdings with cursors.")
    nodes: list[Position] = strawberry.field(description="The holdings alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="A holding in a list.")
class PositionEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Position = strawberry.field(description="The holding.")


@strawberry.type(description="An account at a terminal.")
class Account:
    id: strawberry.ID = strawberry.field(description="The account's id, for `accountId`.")
    name: str = strawberry.field(description="Display name.")
    terminal: str = strawberry.field(description="The terminal that holds it.")
    status: AccountStatus = strawberry.field(description="Whether new orders of it are taken now.")

    @strawberry.field(description="Money of the account; null with an error if it is away.")
    async def asset(self, info: Info) -> Asset | None:
        return Asset.from_domain(await info.context.loaders.asset(self.id))

    @strawberry.field(description="Holdings by symbol; null with an error if it is away.")
    async def positions(self, info: Info) -> list[Position] | None:
        held = await info.context.loaders.positions(self.id)
        return [Position.from_domain(each) for each in held]

    @classmethod
    def from_domain(cls, account: domain.Account) -> "Account":
        """Show a domain account."""
        return cls(
            id=strawberry.ID(account.id),
            name=account.name,
            terminal=account.terminal,
            status=account.status,
        )


@strawberry.type(description="A page of accounts, by id.")
class AccountConnection:
    edges: list["AccountEdge"] = strawberry.field(description="The accounts with cursors.")
    nodes: list[Account] = strawberry.field(description="The accounts alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="An account in a list.")
class AccountEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Account = strawberry.field(description="The account.")


@strawberry.input(description="Which account shall take orders again.")
class ConnectAccountInput:
    account_id: strawberry.ID = strawberry.field(description="An account from `accounts`.")


@strawberry.input(description="Which account shall take no more orders.")
class DisconnectAccountInput:
    account_id: strawberry.ID = strawberry.field(description="An account from `accounts`.")


@strawberry.type(description="The account takes orders.")
class ConnectAccountSuccess:
    account: Account = strawberry.field(description="The account as it is now.")
    changed: bool = strawberry.field(description="False where it took orders already.")


@strawberry.type(
    description="The account takes no more orders. Its open orders live on, are reported and can "
    "be cancelled; everything can be read as before."
)
class DisconnectAccountSuccess:
    account: Account = strawberry.field(description="The account as it is now.")
    changed: bool = strawberry.field(description="False where it took none already.")


ConnectAccountResult = Annotated[
    ConnectAccountSuccess | AccountNotFound | AccountUnavailable | RateLimited,
    strawberry.union("ConnectAccountResult", description="What became of a connect."),
]
DisconnectAccountResult = Annotated[
    DisconnectAccountSuccess | AccountNotFound | AccountUnavailable | RateLimited,
    strawberry.union("DisconnectAccountResult", description="What became of a disconnect."),
]


@strawberry.type(description="One item of an account's status log; what a kind has not is null.")
class AccountEvent:
    kind: StreamKind = strawberry.field(
        description="SNAPSHOT or UPDATE with an account, CAUGHT_UP, HEARTBEAT."
    )
    account: Account | None = strawberry.field(description="The account with its status then.")
    time: datetime | None = strawberry.field(
        description="When the status was set; null in a snapshot of one that never changed."
    )
    epoch: strawberry.ID = strawberry.field(
        description="The log's identity; give it back with `afterSequence`."
    )
    sequence: Long | None = strawberry.field(
        description="Gapless number of the event in the account's log."
    )
    source: SourceState | None = strawberry.field(description="State of the terminal.")

    @classmethod
    def from_domain(cls, event: streams.AccountEvent) -> "AccountEvent":
        """Show a domain event."""
        return cls(
            kind=event.kind,
            account=None if event.account is None else Account.from_domain(event.account),
            time=event.time,
            epoch=strawberry.ID(event.epoch),
            sequence=None if event.sequence is None else Long(event.sequence),
            source=SourceState.from_domain(event.source),
        )
