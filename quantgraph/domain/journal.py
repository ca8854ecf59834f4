"""What the order journal holds, and how a service asks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from quantgraph.domain.access import Actor
from quantgraph.domain.orders import (
    Fill,
    FillPage,
    FillQuery,
    Order,
    OrderKey,
    OrderPage,
    OrderQuery,
    OrderState,
)
from quantgraph.domain.portfolio import OrderTally, Trade
from quantgraph.domain.terminal import ExecutionReport


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """One entry of an account's log: the order after it, and the fill if it is one."""

    sequence: int
    order: Order
    fill: Fill | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A new order, the digest of what its caller asked for, and who that is where it is known.

    `then` is the state that follows with the same commit: SENT, or PENDING_APPROVAL where it may
    not be sent yet. So whatever a crash leaves behind says whether the terminal may have it.
    """

    order: Order
    digest: str
    then: OrderState | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class CancelIntent:
    """A cancel that the terminal is about to be asked for; it counts as one of the account's acts.

    It changes no order: it has its place in the chain of hashes and none in the account's log.
    `actor`: who asked, where it is known; what is read back does not say.
    """

    id: str
    account_id: str
    order_id: str
    time: datetime
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the terminal tells of one of the recorded orders, which is found by our id.

    `actor`: whoever decided it, where it is an approval, and not the terminal's word.
    """

    order_id: str
    report: ExecutionReport
    actor: Actor | None = None


Entry: TypeAlias = Intent | CancelIntent | Outcome


@dataclass(frozen=True, slots=True)
class DayLog:
    """An account's orders made since an instant, and all that are open; the cancels since then."""

    orders: Sequence[Order]
    cancels: Sequence[CancelIntent]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An order as it is recorded, the digest of its intent, and whether the entry was news."""

    order: Order
    digest: str
    new: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """What a journal lacks since its file was found damaged, and read as far as it went.

    `fault`: what was found; `left` entries were read, `known`: so many there were by the kept head,
    None where none was kept; `file`: the name under which the damaged file is kept, None where it
    was gone; `time` is real time; `replaced`: the log's identity before. `halted`: trading was
    halted for it.
    """

    fault: str
    left: int
    known: int | None
    file: str | None
    time: datetime
    replaced: str | None
    halted: bool = False

    @property
    def text(self) -> str:
        """Say it, and what to do."""
        were = "" if self.known is None else f" of {self.known}"
        where = "" if self.file is None else f" The damaged file is kept as {self.file}."
        return (
            f"The order journal is not whole: {self.fault}. {self.left}{were} entries were read."
            f"{where} Compare its orders with those at the terminal, then resume trading."
        )


class Journal(Protocol):
    """Every change of every order, durable when a call returns. Every method blocks.

    Call it through `Workers`. Errors: Unavailable STORE_UNAVAILABLE where it cannot be written.
    """

    @property
    def epoch(self) -> str:
        """The log's identity: a cursor from another epoch means nothing here."""
        ...

    @property
    def cut(self) -> Cut | None:
        """What is missing of the log since its file was damaged; None where nothing ever was."""
        ...

    def note_halt(self) -> None:
        """Remember that trading was halted for the cut: not again for the same one."""
        ...

    def record(self, entries: Sequence[Entry]) -> Sequence[Recorded | Exception]:
        """Record the entries in this order, all with one commit; return what became of each.

        An intent whose key is taken records nothing and returns the order that has the key; so
        does one whose tag the terminal has listed of an EXTERNAL order: the journal has lost it.
        One without a client order id (an EXTERNAL order) is found by its id. An outcome is folded
        into its order as recorded; one that changes nothing records nothing.
        Errors per entry: ORDER_NOT_FOUND, STORE_UNAVAILABLE.
        """
        ...

    def anchor(self) -> None:
        """Keep the newest entry's hash away from the file, so that a cut of it shows.

        Raises nothing: what fails is logged, and tried again.
        """
        ...

    def recall(self, account_id: str, client_order_id: str) -> tuple[Order, str] | None:
        """Return the order recorded under a client order id and its digest, or None."""
        ...

    def find(self, key: OrderKey) -> Order | None:
        """Return one order of an account by either id."""
        ...

    def tagged(self, account_id: str, tags: Sequence[str]) -> Sequence[Order]:
        """Return our orders of an account that were sent under one of these tags, in no order."""
        ...

    def page(self, query: OrderQuery) -> OrderPage:
        """Return a page of an account's orders, newest first. Errors: INVALID_CURSOR."""
        ...

    def fills(self, query: FillQuery) -> FillPage:
        """Return a page of an account's fills, newest first. Errors: INVALID_CURSOR."""
        ...

    def order_fills(self, account_id: str, order_ids: Sequence[str], limit: int) -> Sequence[Fill]:
        """Return up to `limit` fills of these orders of an account, oldest first."""
        ...

    def trades(self, account_id: str, after: int, limit: int) -> Sequence[Trade]:
        """Return up to `limit` fills of an account's log after a sequence, in order."""
        ...

    def tallies(self, account_id: str) -> Sequence[OrderTally]:
        """Return how many orders an account has under each label, in no order."""
        ...

    def events(self, account_id: str, after: int, limit: int) -> list[JournalEvent]:
        """Return up to `limit` events of an account after a sequence, in order."""
        ...

    def open_orders(self, account_id: str) -> tuple[list[Order], int]:
        """Return an account's orders that are not final, and the newest sequence."""
        ...

    def since(self, account_id: str, instant_ms: int) -> DayLog:
        """Return an account's orders and cancels since an instant, epoch ms, and its open orders.

        In the order in which they were recorded.
        """
        ...

    def unfinished(self) -> bool:
        """Return whether any account has an order that is not final."""
        ...

    def newest(self, account_id: str) -> int:
        """Return the newest sequence of an account's log; 0 where it is empty."""
        ...

    def start_over(self, epoch: str) -> None:
        """Forget everything and begin a new log."""
        ...

    def restore(self, file: Path, epoch: str) -> None:
        """Take over what `file` holds, a copy of a journal, as a new log.

        Errors: Unavailable STORE_UNAVAILABLE; then nothing has changed.
        """
        ...
