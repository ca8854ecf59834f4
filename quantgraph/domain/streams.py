"""What live streams say: plain events with a kind, not unions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from quantgraph.domain.accounts import Account
from quantgraph.domain.orders import Fill, Order
from quantgraph.domain.quotes import Quote, QuotePolicy


class StreamKind(StrEnum):
    """SNAPSHOT: state at the start. UPDATE: a change. CAUGHT_UP: replay done, live from here.

    HEARTBEAT: every 5 s, tells a quiet market from a dead source.
    """

    SNAPSHOT = "SNAPSHOT"
    UPDATE = "UPDATE"
    CAUGHT_UP = "CAUGHT_UP"
    HEARTBEAT = "HEARTBEAT"


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether the source is connected, and its last event (epoch ms; None before the first)."""

    connected: bool
    last_event_time: int | None
    lag_ms: int | None


@dataclass(frozen=True, slots=True)
class QuoteEvent:
    """One item of a quote stream. The sequence is per symbol, within an epoch.

    `previous_sequence` is the sequence last delivered for the symbol to this subscriber: where it
    is not `sequence - 1`, the ones between were conflated (`conflated_count` of them).
    """

    kind: StreamKind
    epoch: str
    quote: Quote | None = None
    sequence: int | None = None
    previous_sequence: int | None = None
    conflated_count: int | None = None
    source: SourceState | None = None


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One item of an account's order log. The sequence is gapless per account and epoch."""

    kind: StreamKind
    epoch: str
    sequence: int | None = None
    order: Order | None = None
    fill: Fill | None = None
    source: SourceState | None = None


@dataclass(frozen=True, slots=True)
class FillEvent:
    """One item of an account's executions, numbered as in its order log: numbers are passed over.

    A cursor of either stream is good for the other.
    """

    kind: StreamKind
    epoch: str
    sequence: int | None = None
    fill: Fill | None = None
    source: SourceState | None = None


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One item of an account's status log. The sequence is gapless per account and epoch.

    `time` is when the status was set; None in a snapshot of one that never changed.
    """

    kind: StreamKind
    epoch: str
    sequence: int | None = None
    account: Account | None = None
    time: datetime | None = None
    source: SourceState | None = None


@dataclass(frozen=True, slots=True)
class QuoteWatch:
    """What a quote subscriber wants. `min_interval_ms` paces each symbol; 0 means every quote.

    A symbol that was `named` has to be quoted; a member of a sector that is not is left out.
    """

    symbols: tuple[str, ...]
    policy: QuotePolicy = QuotePolicy.LATEST
    min_interval_ms: int = 0
    buffer_size: int = 1000
    named: bool = True


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a reader of an order log is: the newest sequence it has, and of which epoch."""

    epoch: str
    sequence: int


@dataclass(frozen=True, slots=True)
class LogCursor:
    """A place in a log of an account; None epoch and sequence start at the log's beginning."""

    account_id: str
    epoch: str | None = None
    after: int | None = None
