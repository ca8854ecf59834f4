"""What a terminal follows."""

from quantgraph.domain.bars import Period
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.v1 import terminal_subscriptions_pb2
from quantgraph.wire.enums import PERIOD
from quantgraph.wire.records import Codecs, record_from_proto, record_to_proto

_CODECS: Codecs = {Period: PERIOD}


def subscription_to_proto(
    followed: TerminalSubscription,
) -> terminal_subscriptions_pb2.TerminalSubscription:
    """Write a subscription."""
    return record_to_proto(followed, terminal_subscriptions_pb2.TerminalSubscription(), _CODECS)


def subscription_from_proto(
    message: terminal_subscriptions_pb2.TerminalSubscription,
) -> TerminalSubscription:
    """Read a subscription."""
    return record_from_proto(message, TerminalSubscription, _CODECS)
