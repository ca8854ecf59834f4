"""The switches of trading."""

from typing import TypeVar

from quantgraph.domain.controls import (
    ArmWish,
    ControlChange,
    HaltWish,
    TradingEvent,
    TradingStatus,
)
from quantgraph.v1 import controls_pb2, system_pb2
from quantgraph.wire.enums import HALT_CAUSE, STREAM_KIND, TRADING_STATE
from quantgraph.wire.fields import instant_from_proto, instant_to_proto, text_from_proto

Switch = TypeVar("Switch", controls_pb2.HaltTradingRequest, controls_pb2.ResumeTradingRequest)


def status_to_proto(status: TradingStatus) -> system_pb2.TradingStatus:
    """Write where trading stands."""
    armed, dead = status.armed_until, status.dead_man_at
    return system_pb2.TradingStatus(
        account_id=status.account_id,
        state=TRADING_STATE.to_proto(status.state),
        cause=None if status.cause is None else HALT_CAUSE.to_proto(status.cause),
        reason=status.reason,
        since=None if status.since is None else instant_to_proto(status.since),
        by=status.by,
        armed_until=None if armed is None else instant_to_proto(armed),
        dead_man_at=None if dead is None else instant_to_proto(dead),
    )


def status_from_proto(message: system_pb2.TradingStatus) -> TradingStatus:
    """Read where trading stands."""
    has = message.HasField
    return TradingStatus(
        account_id=message.account_id if has("account_id") else None,
        state=TRADING_STATE.from_proto(message.state, "state"),
        cause=HALT_CAUSE.from_proto(message.cause, "cause") if has("cause") else None,
        reason=message.reason if has("reason") else None,
        since=instant_from_proto(message.since, "since") if has("since") else None,
        by=message.by if has("by") else None,
        armed_until=(
            instant_from_proto(message.armed_until, "armed_until") if has("armed_until") else None
        ),
        dead_man_at=(
            instant_from_proto(message.dead_man_at, "dead_man_at") if has("dead_man_at") else None
        ),
    )


def event_to_proto(event: TradingEvent) -> controls_pb2.TradingEvent:
    """Write one item of a status stream."""
    kind = STREAM_KIND.to_proto(event.kind)
    return controls_pb2.TradingEvent(kind=kind, status=status_to_proto(event.status))


def event_from_proto(message: controls_pb2.TradingEvent) -> TradingEvent:
    """Read one item of a status stream."""
    kind = STREAM_KIND.from_proto(message.kind, "kind")
    return TradingEvent(kind, status_from_proto(message.status))


def change_from_proto(
    message: controls_pb2.HaltTradingResponse
    | controls_pb2.DisarmTradingResponse
    | controls_pb2.ResumeTradingResponse
    | controls_pb2.ArmTradingResponse
    | controls_pb2.SetDeadManResponse,
) -> ControlChange:
    """Read the answer to an order; what lets trading go on leaves nothing unanswered."""
    stops = isinstance(
        message, controls_pb2.HaltTradingResponse | controls_pb2.DisarmTradingResponse
    )
    unanswered = message.unanswered if stops else 0
    return ControlChange(status_from_proto(message.status), message.changed, unanswered)


def wish_to_proto(wish: HaltWish, message: type[Switch]) -> Switch:
    """Write what to stop, or to let go on, into a request type."""
    return message(account_id=wish.account_id, reducing=wish.reducing, reason=wish.reason)


def arming_to_proto(wish: ArmWish) -> controls_pb2.ArmTradingRequest:
    """Write how to arm."""
    return controls_pb2.ArmTradingRequest(secret=wish.secret, minutes=wish.minutes)


def wish_from_proto(
    message: controls_pb2.HaltTradingRequest | controls_pb2.ResumeTradingRequest,
) -> HaltWish:
    """Read what to stop, or to let go on."""
    return HaltWish(
        account_of(message),
        message.reducing,
        message.reason if message.HasField("reason") else None,
    )


def arming_from_proto(message: controls_pb2.ArmTradingRequest) -> ArmWish:
    """Read how to arm."""
    secret = text_from_proto(message.secret, "secret")
    return ArmWish(secret, message.minutes if message.HasField("minutes") else None)


def account_of(
    message: controls_pb2.HaltTradingRequest
    | controls_pb2.ResumeTradingRequest
    | controls_pb2.GetTradingStatusRequest
    | controls_pb2.StreamTradingStatusRequest,
) -> str | None:
    """Read whose trading is meant; None for the gateway's."""
    if not message.HasField("account_id"):
        return None
    return text_from_proto(message.account_id, "account_id")
