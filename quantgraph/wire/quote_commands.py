"""Commands of a client to its stream of quotes."""

from dataclasses import dataclass

from quantgraph.v1 import quotes_pb2
from quantgraph.wire.fields import invalid_field, symbols_from_proto
from quantgraph.wire.quotes import LONGEST_INTERVAL_MS

LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Command:
    """Symbols to subscribe or to unsubscribe; `interval` in ms, of the first command alone."""

    id: str
    subscribes: bool
    symbols: tuple[str, ...]
    interval: int


def command_from_proto(message: quotes_pb2.StreamQuotesRequest) -> Command:
    """Read a command."""
    which = message.WhichOneof("command")
    if which is None:
        raise invalid_field("command", "give subscribe or unsubscribe.")
    if len(message.command_id) > LONGEST_ID:
        raise invalid_field("command_id", f"it has more than {LONGEST_ID} characters.")
    interval = message.min_interval_ms
    if not 0 <= interval <= LONGEST_INTERVAL_MS:
        text = f"{interval} is not between 0 and {LONGEST_INTERVAL_MS}."
        raise invalid_field("min_interval_ms", text)
    listed: quotes_pb2.SymbolList = getattr(message, which)
    symbols = tuple(symbols_from_proto(listed.symbols, f"{which}.symbols"))
    return Command(message.command_id, which == "subscribe", symbols, interval)
