"""Orders, fills, inputs, results, and the events of an order log."""

from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated

import strawberry

from quantgraph.domain import orders as domain
from quantgraph.domain import streams
from quantgraph.domain.orders import Destination, OrderState, Origin, PriceType, Side
from quantgraph.domain.streams import StreamKind
from schema.context import Info
from schema.instruments import Instrument, PageInfo, load_instrument
from schema.problems import (
    IdempotencyConflict,
    OrderNotCancelable,
    OrderNotFound,
    OrderRejected,
    RateLimited,
    TradingDisabled,
)
from schema.quotes import SourceState
from schema.scalars import Long, Symbol


@strawberry.type(description="What became of an order ticket. Money in yuan.")
class Order:
    id: strawberry.ID = strawberry.field(description="Our id.")
    account_id: strawberry.ID = strawberry.field(description="The account it is for.")
    client_order_id: strawberry.ID | None = strawberry.field(
        description="The caller's key; null on EXTERNAL orders."
    )
    broker_order_id: strawberry.ID | None = strawberry.field(
        description="The terminal's id; null until it gave one."
    )
    symbol: Symbol = strawberry.field(description="What is traded.")
    side: Side = strawberry.field(description="Buy or sell.")
    price_type: PriceType = strawberry.field(description="How the price is found.")
    limit_price: Decimal | None = strawberry.field(
        description="Worst acceptable price; null for market orders."
    )
    quantity: Long = strawberry.field(description="Shares wanted.")
    filled_quantity: Long = strawberry.field(description="Shares traded so far.")
    average_price: Decimal | None = strawberry.field(
        description="Average traded price; null before the first fill."
    )
    state: OrderState = strawberry.field(description="Where it stands.")
    destination: Destination = strawberry.field(description="Who matches it.")
    origin: Origin = strawberry.field(description="Whether this gateway made it.")
    created_at: datetime = strawberry.field(description="When it was accepted here.")
    updated_at: datetime = strawberry.field(description="When it last changed.")
    expires_at: datetime | None = strawberry.field(
        description="It is not sent after this instant; null if it has none."
    )
    strategy: str | None = strawberry.field(description="The caller's strategy name.")
    note: str | None = strawberry.field(description="The caller's note.")
    submitted_by: str | None = strawberry.field(
        description="Id of the key that submitted it; null for orders of before, and of others. "
        "Through a gateway over this one it is `<its key>/<the client's key there>`, where the key "
        "is a gateway's."
    )
    approved_by: str | None = strawberry.field(
        description="Id of the key that approved it, likewise; null where none had to, or none has."
    )
    approval_until: datetime | None = strawberry.field(
        description="When it expires unless it is approved; null where no approval is needed."
    )
    written_off_by: str | None = strawberry.field(
        description="Id of the key that ended it by `writeOffOrder`, since nobody could tell what "
        "became of it; else null."
    )
    reject_code: str | None = strawberry.field(
        description="Why it was refused, as a stable code. Of an UNKNOWN order OUTCOME_UNTOLD: its "
        "day is over, and the terminal lists it no more. Else null."
    )
    reject_message: str | None = strawberry.field(description="The same in words.")
    reject_message_zh: str | None = strawberry.field(description="The same in Chinese.")

    @strawberry.field(description="The instrument; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @strawberry.field(
        description="Its executions, oldest first; empty before the first. Null with ROW_LIMIT "
        "where the orders of the operation have more than 10,000 together: page through "
        "`Query.fills` then."
    )
    async def fills(self, info: Info) -> list["Fill"] | None:
        found = await info.context.loaders.fills(self.account_id, self.id)
        return [Fill.from_domain(each) for each in found]

    @classmethod
    def from_domain(cls, order: domain.Order) -> "Order":
        """Show a domain order."""
        return cls(
            id=strawberry.ID(order.id),
            account_id=strawberry.ID(order.account_id),
            client_order_id=_id(order.client_order_id),
            broker_order_id=_id(order.broker_order_id),
            symbol=Symbol(order.symbol),
            side=order.side,
            price_type=order.price_type,
            limit_price=order.limit_price,
            quantity=Long(order.quantity),
            filled_quantity=Long(order.filled_quantity),
            average_price=order.average_price,
            state=order.state,
            destination=order.destination,
            origin=order.origin,
            created_at=order.created_at,
            updated_at=order.updated_at,
            expires_at=order.expires_at,
            strategy=order.strategy,
            note=order.note,
            submitted_by=order.submitted_by,
            approved_by=order.approved_by,
            written_off_by=order.written_off_by,
            approval_until=order.approval_until,
            reject_code=order.reject_code,
            reject_message=order.reject_message,
            reject_message_zh=order.reject_message_zh,
        )


def _id(text: str | None) -> strawberry.ID | None:
    return None if text is None else strawberry.ID(text)


@strawberry.type(description="One execution of an order. Money in yuan.")
class Fill:
    id: strawberry.ID = strawberry.field(description="The execution's id; unique.")
    order_id: strawberry.ID = strawberry.field(description="Our id of the order.")
    account_id: strawberry.ID = strawberry.field(description="The account.")
    symbol: Symbol = strawberry.field(description="What was traded.")
    side: Side = strawberry.field(description="Buy or sell.")
    quantity: Long = strawberry.field(description="Shares traded.")
    price: Decimal = strawberry.field(description="Price per share.")
    amount: Decimal = strawberry.field(description="Price times quantity.")
    fee: Decimal = strawberry.field(
        description="Commission, stamp duty and transfer fee; handling and regulatory fees too "
        "where the commission does not include them."
    )
    time: datetime = strawberry.field(description="When it was traded.")

    @strawberry.field(description="The instrument; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, fill: domain.Fill) -> "Fill":
        """Show a domain fill."""
        return cls(
            id=strawberry.ID(fill.id),
            order_id=strawberry.ID(fill.order_id),
            account_id=strawberry.ID(fill.account_id),
            symbol=Symbol(fill.symbol),
            side=fill.side,
            quantity=Long(fill.quantity),
            price=fill.price,
            amount=fill.amount,
            fee=fill.fee,
            time=fill.time,
        )


@strawberry.type(description="A page of orders, newest first.")
class OrderConnection:
    edges: list["OrderEdge"] = strawberry.field(description="The orders with cursors.")
    nodes: list[Order] = strawberry.field(description="The orders alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="An order in a list.")
class OrderEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Order = strawberry.field(description="The order.")


@strawberry.type(description="A page of fills, newest first.")
class FillConnection:
    edges: list["FillEdge"] = strawberry.field(description="The fills with cursors.")
    nodes: list[Fill] = strawberry.field(description="The fills alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="A fill in a list.")
class FillEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: Fill = strawberry.field(description="The fill.")


@strawberry.input(description="What to trade. The same key with the same body never trades twice.")
class SubmitOrderInput:
    account_id: strawberry.ID = strawberry.field(description="The account to trade for.")
    client_order_id: strawberry.ID = strawberry.field(
        description="Your key, unique per account, 1 to 64 characters: repeat it to retry safely, "
        "after a restart too. Only mock forgets it then: each start begins a new world."
    )
    symbol: Symbol = strawberry.field(description="What to trade.")
    side: Side = strawberry.field(description="Buy or sell.")
    quantity: Long = strawberry.field(description="Shares.")
    price_type: PriceType = strawberry.field(
        default=PriceType.LIMIT, description="How the price is found."
    )
    limit_price: Decimal | None = strawberry.field(
        default=None,
        description="Worst acceptable price, yuan; required for LIMIT and "
        "AFTER_HOURS, absent for the others.",
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="Do not send after this instant."
    )
    strategy: str | None = strawberry.field(
        default=None, description="Your strategy's name, at most 64 characters."
    )
    note: str | None = strawberry.field(
        default=None, description="Anything to keep with the order, at most 200 characters."
    )

    def to_domain(self) -> domain.OrderTicket:
        """Return the ticket that the services take."""
        return self._ticket

    # Once: the same request comes again and again with the same input.
    @cached_property
    def _ticket(self) -> domain.OrderTicket:
        return domain.OrderTicket(
            account_id=self.account_id,
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            price_type=self.price_type,
            limit_price=self.limit_price,
            expires_at=self.expires_at,
            strategy=self.strategy,
            note=self.note,
        )


@strawberry.input(description="Which order to cancel: exactly one of the two ids.")
class CancelOrderInput:
    account_id: strawberry.ID = strawberry.field(description="The order's account.")
    id: strawberry.ID | None = strawberry.field(default=None, description="Our id of the order.")
    client_order_id: strawberry.ID | None = strawberry.field(
        default=None, description="Your key of the order."
    )

    def to_domain(self) -> domain.OrderKey:
        """Return the key that the services take."""
        return domain.OrderKey(self.account_id, self.id, self.client_order_id)


@strawberry.type(description="The order is in the journal and on its way.")
class SubmitOrderSuccess:
    order: Order = strawberry.field(description="The order as it stands now.")
    replayed: bool = strawberry.field(
        description="True where the key was known: this is the earlier order, nothing was sent."
    )


@strawberry.type(description="The cancel was taken; the state says whether it is done.")
class CancelOrderSuccess:
    order: Order = strawberry.field(description="The order as it stands now.")


SubmitOrderResult = Annotated[
    SubmitOrderSuccess | OrderRejected | IdempotencyConflict | TradingDisabled | RateLimited,
    strawberry.union("SubmitOrderResult", description="What became of a submit."),
]
CancelOrderResult = Annotated[
    CancelOrderSuccess | OrderNotCancelable | OrderNotFound | TradingDisabled | RateLimited,
    strawberry.union("CancelOrderResult", description="What became of a cancel."),
]


@strawberry.type(description="One item of an account's order log; what a kind has not is null.")
class OrderEvent:
    kind: StreamKind = strawberry.field(
        description="SNAPSHOT or UPDATE with an order, CAUGHT_UP, HEARTBEAT."
    )
    order: Order | None = strawberry.field(description="The order after the event.")
    fill: Fill | None = strawberry.field(description="The execution, if the event is one.")
    epoch: strawberry.ID = strawberry.field(
        description="The log's identity; give it back with `afterSequence`."
    )
    sequence: Long | None = strawberry.field(
        description="Gapless number of the event in the account's log."
    )
    source: SourceState | None = strawberry.field(description="State of the terminal.")

    @classmethod
    def from_domain(cls, event: streams.OrderEvent) -> "OrderEvent":
        """Show a domain event."""
        return cls(
            kind=event.kind,
            order=None if event.order is None else Order.from_domain(event.order),
            fill=None if event.fill is None else Fill.from_domain(event.fill),
            epoch=strawberry.ID(event.epoch),
            sequence=None if event.sequence is None else Long(event.sequence),
            source=SourceState.from_domain(event.source),
        )
