"""Writes the audit log behind what happens: on a thread of its own, many acts with one fsync."""

import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import wraps
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

import structlog
from pydantic_core import to_json

from quantgraph.domain.access import present_actor
from quantgraph.domain.audit import DONE, UNANSWERED, Act, ActLog
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.orders import Order, Submission
from quantgraph.domain.reasons import Reason

T = TypeVar("T")
# Acts that wait for the disk at most; what could be refused is refused beyond them.
_PLACES = 10_000
# Seconds that acts are gathered for one commit: nobody waits for it.
_GATHER_S = 0.05
# Seconds until the disk is asked again, and until the newest entry is anchored.
_PAUSE_S = 0.5
_REST_S = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """An act of a port by the name it has for users; `open`: it is never refused for the log.

    Cancels and halts are: they make nothing worse, and a full disk is when they are needed.
    """

    name: str
    open: bool = False


class AuditTrail:
    """Takes acts in memory and writes them in order; what the disk refuses is offered again."""

    def __init__(self, log: ActLog, places: int = _PLACES) -> None:
        """Write into `log`; the thread begins with the first act."""
        self._log = log
        self._places = places
        # Each is counted by one thread alone.
        self._taken = self._written = self._lost = 0
        self._queue: SimpleQueue[Act | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def require_room(self) -> None:
        """Raise STORE_UNAVAILABLE where the disk has taken no acts for long."""
        if self._full:
            text = "The audit log cannot be written, and what waits for it is full. Nothing done."
            raise Unavailable(Reason.STORE_UNAVAILABLE, text)

    @property
    def _full(self) -> bool:
        return self._taken - self._written >= self._places

    def note(self, act: Act) -> None:
        """Take an act. Never waits; beyond all room it is counted, and the log says so."""
        if self._full:
            self._lost += 1
            _logger.error("acts_not_audited", count=self._lost, operation=act.operation)
            return
        self._taken += 1
        if self._thread is None:
            # A daemon: a loop that died without `close` must not keep the process.
            self._thread = threading.Thread(
                target=self._write, name="quantgraph-audit", daemon=True
            )
            self._thread.start()
        self._queue.put(act)

    def refused(self, operation: str, account_id: str | None, error: GatewayError) -> None:
        """Note a refusal before any port was asked; see `domain.audit.Audit`."""
        now, actor = datetime.now(UTC), present_actor()
        self.note(Act(now, actor, operation, account_id, "{}", error.reason.value))

    def close(self) -> None:
        """Write all that was taken, once more at least, and end. Blocks for that long."""
        self._closing.set()
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _write(self) -> None:
        kept: list[Act] = []
        anchored, open_ = True, True
        while open_:
            rest = _PAUSE_S if kept else None if anchored else _REST_S
            found, open_ = self._take(rest)
            kept += found
            if kept:
                kept, anchored = self._append(kept), False
            elif not anchored:
                self._log.anchor()
                anchored = True

    def _take(self, rest: float | None) -> tuple[list[Act], bool]:
        """Wait for an act and gather what follows; nothing after `rest` seconds.

        False at the end.
        """
        found: list[Act] = []
        try:
            while (act := self._queue.get(timeout=rest if not found else 0)) is not None:
                if not found:
                    self._closing.wait(_GATHER_S)
                found.append(act)
        except Empty:
            return found, True
        return found, False

    def _append(self, acts: list[Act]) -> list[Act]:
        """Return the acts that have to be offered again."""
        try:
            self._log.append(acts)
        except GatewayError as error:
            _logger.error("acts_wait_for_the_disk", count=len(acts), code=error.reason)  # noqa: TRY400 it is no surprise
            return acts
        self._written += len(acts)
        return []


def audited(port: T, trail: AuditTrail, operations: Mapping[str, Operation]) -> T:
    """Return the port with these of its methods noted in the trail: who, what, and the outcome."""
    return cast("T", _Audited(port, trail, operations))


class _Audited:
    def __init__(
        self, port: object, trail: AuditTrail, operations: Mapping[str, Operation]
    ) -> None:
        self._port = port
        for name, operation in operations.items():
            setattr(self, name, _noted(getattr(port, name), trail, operation))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        return getattr(self._port, name)


def _noted(
    act: Callable[..., Awaitable[T]], trail: AuditTrail, operation: Operation
) -> Callable[..., Awaitable[T]]:
    @wraps(act)
    async def noted(*wanted: Any) -> T:  # noqa: ANN401 whatever the port takes
        if not operation.open:
            trail.require_room()
        time, actor = datetime.now(UTC), present_actor()
        outcome, order_id = UNANSWERED, None
        try:
            done = await act(*wanted)
            outcome, order_id = DONE, _order_of(done)
        except GatewayError as error:
            outcome, order_id = error.reason.value, error.details.get("order_id")
            raise
        else:
            return done
        finally:
            place = (operation.name, _account_of(wanted), _shown(wanted), outcome, order_id)
            trail.note(Act(time, actor, *place))

    return noted


def _order_of(done: object) -> str | None:
    order = done.order if isinstance(done, Submission) else done
    return order.id if isinstance(order, Order) else None


def _account_of(wanted: Sequence[object]) -> str | None:
    first = wanted[0] if wanted else None
    return first if isinstance(first, str) else getattr(first, "account_id", None)


def _shown(wanted: Sequence[object]) -> str:
    """Return what was asked for as JSON, without what was left out."""
    told: dict[str, object] = {}
    for each in wanted:
        if is_dataclass(each):
            # What a dataclass keeps out of its repr is a secret.
            told |= {field.name: getattr(each, field.name) for field in fields(each) if field.repr}
        elif isinstance(each, str):
            told["account_id"] = each
    return to_json({name: value for name, value in told.items() if value is not None}).decode()


TRADING: Mapping[str, Operation] = {
    "submit": Operation("submitOrder"),
    "cancel": Operation("cancelOrder", open=True),
    "approve": Operation("approveOrder"),
    "reject": Operation("rejectOrder", open=True),
}
CONTROLS: Mapping[str, Operation] = {
    "halt": Operation("haltTrading", open=True),
    "resume": Operation("resumeTrading"),
    "arm": Operation("armTrading"),
    "disarm": Operation("disarmTrading", open=True),
    "set_dead_man": Operation("setDeadMan", open=True),
}
CONNECTIONS: Mapping[str, Operation] = {
    "connect": Operation("connectAccount"),
    "disconnect": Operation("disconnectAccount", open=True),
}
