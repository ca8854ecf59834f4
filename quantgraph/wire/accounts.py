"""Accounts, their money and their holdings."""

from decimal import Decimal

from quantgraph.domain.accounts import Account, AccountQuery, Asset, Position, PositionQuery
from quantgraph.domain.streams import AccountEvent, LogCursor
from quantgraph.v1 import accounts_pb2, types_pb2
from quantgraph.wire.enums import ACCOUNT_STATUS, SOURCE, STREAM_KIND
from quantgraph.wire.fields import (
    decimal_from_proto,
    decimal_to_proto,
    instant_from_proto,
    instant_to_proto,
    symbols_from_proto,
    text_from_proto,
)
from quantgraph.wire.streams import state_from_proto, state_to_proto


def account_to_proto(account: Account) -> accounts_pb2.Account:
    """Write an account."""
    return accounts_pb2.Account(
        id=account.id,
        name=account.name,
        terminal=account.terminal,
        status=ACCOUNT_STATUS.to_proto(account.status),
    )


def account_from_proto(message: accounts_pb2.Account) -> Account:
    """Read an account."""
    status = ACCOUNT_STATUS.from_proto(message.status, "status")
    return Account(message.id, message.name, message.terminal, status)


def asset_to_proto(asset: Asset) -> accounts_pb2.Asset:
    """Write the money of an account."""
    return accounts_pb2.Asset(
        account_id=asset.account_id,
        cash=decimal_to_proto(asset.cash),
        frozen_cash=decimal_to_proto(asset.frozen_cash),
        market_value=decimal_to_proto(asset.market_value),
        total=decimal_to_proto(asset.total),
        source=SOURCE.to_proto(asset.source),
    )


def asset_from_proto(message: accounts_pb2.Asset) -> Asset:
    """Read the money of an account."""
    return Asset(
        account_id=message.account_id,
        cash=decimal_from_proto(message.cash, "cash"),
        frozen_cash=decimal_from_proto(message.frozen_cash, "frozen_cash"),
        market_value=decimal_from_proto(message.market_value, "market_value"),
        total=decimal_from_proto(message.total, "total"),
        source=SOURCE.from_proto(message.source, "source"),
    )


def position_to_proto(held: Position) -> accounts_pb2.Position:
    """Write a holding."""
    return accounts_pb2.Position(
        account_id=held.account_id,
        symbol=held.symbol,
        quantity=held.quantity,
        sellable=held.sellable,
        cost_price=decimal_to_proto(held.cost_price),
        last_price=_known(held.last_price),
        market_value=_known(held.market_value),
        profit=_known(held.profit),
        source=SOURCE.to_proto(held.source),
    )


def position_from_proto(message: accounts_pb2.Position) -> Position:
    """Read a holding."""
    priced, valued = message.HasField("last_price"), message.HasField("market_value")
    rated = message.HasField("profit")
    return Position(
        account_id=message.account_id,
        symbol=message.symbol,
        quantity=message.quantity,
        sellable=message.sellable,
        cost_price=decimal_from_proto(message.cost_price, "cost_price"),
        last_price=decimal_from_proto(message.last_price, "last_price") if priced else None,
        market_value=decimal_from_proto(message.market_value, "market_value") if valued else None,
        profit=decimal_from_proto(message.profit, "profit") if rated else None,
        source=SOURCE.from_proto(message.source, "source"),
    )


def event_to_proto(event: AccountEvent) -> accounts_pb2.AccountEvent:
    """Write one item of a status log."""
    return accounts_pb2.AccountEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        epoch=event.epoch,
        sequence=event.sequence,
        account=None if event.account is None else account_to_proto(event.account),
        time=None if event.time is None else instant_to_proto(event.time),
        source=None if event.source is None else state_to_proto(event.source),
    )


def event_from_proto(message: accounts_pb2.AccountEvent) -> AccountEvent:
    """Read one item of a status log."""
    return AccountEvent(
        kind=STREAM_KIND.from_proto(message.kind, "kind"),
        epoch=message.epoch,
        sequence=message.sequence if message.HasField("sequence") else None,
        account=account_from_proto(message.account) if message.HasField("account") else None,
        time=instant_from_proto(message.time, "time") if message.HasField("time") else None,
        source=state_from_proto(message.source) if message.HasField("source") else None,
    )


def cursor_to_proto(cursor: LogCursor) -> accounts_pb2.StreamAccountEventsRequest:
    """Write a place in a status log."""
    return accounts_pb2.StreamAccountEventsRequest(
        account_id=cursor.account_id, epoch=cursor.epoch, after_sequence=cursor.after
    )


def cursor_from_proto(message: accounts_pb2.StreamAccountEventsRequest) -> LogCursor:
    """Read a place in a status log."""
    return LogCursor(
        text_from_proto(message.account_id, "account_id"),
        message.epoch if message.HasField("epoch") else None,
        message.after_sequence if message.HasField("after_sequence") else None,
    )


def account_query_from_proto(message: accounts_pb2.ListAccountsRequest) -> AccountQuery:
    """Read which accounts; the page's size and place are the server's business."""
    status = message.HasField("status")
    return AccountQuery(
        ids=frozenset(message.ids) if message.ids else None,
        terminal=message.terminal if message.HasField("terminal") else None,
        status=ACCOUNT_STATUS.from_proto(message.status, "status") if status else None,
    )


def position_query_from_proto(message: accounts_pb2.ListPositionsRequest) -> PositionQuery:
    """Read which holdings; the page's size and place are the server's business."""
    account = text_from_proto(message.account_id, "account_id")
    if not message.symbols:
        return PositionQuery(account)
    return PositionQuery(account, frozenset(symbols_from_proto(message.symbols, "symbols")))


def _known(value: Decimal | None) -> types_pb2.Decimal | None:
    return None if value is None else decimal_to_proto(value)
