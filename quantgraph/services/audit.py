"""Writes the audit log behind what happens: on a thread of its own, many acts with one fsync.

Nobody waits for it but who changes what trading may do: of other acts a kill may take the last 50
milliseconds. An order among these is in the journal, with who gave it; a refusal is nowhere then.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache, wraps
from inspect import signature
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import structlog
from pydantic_core import to_json

from quantgraph.domain.access import Actor, present_actor
from quantgraph.domain.audit import DONE, UNANSWERED, Act, ActLog, noticed
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.orders import Order, Submission
from quantgraph.domain.reasons import Reason
from quantgraph.services.answers import give
from quantgraph.services.repeats import Repeats

T = TypeVar("T")
P = ParamSpec("P")
# Called in the log's thread once all acts before it are on the disk.
_Mark: TypeAlias = Callable[[], None]
# Acts that wait for the disk at most; what could be refused is refused beyond them.
_PLACES = 10_000
# Seconds that acts are gathered for one commit: nobody waits for it.
_GATHER_S = 0.05
# Seconds that an act waits for the disk which is answered once it is there.
_DURABLE_S = 1.0
# Seconds until the disk is asked again, and until the newest entry is anchored.
_PAUSE_S = 0.5
_REST_S = 1.0
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """An act of a port by the name it has for users; `open`: it is never refused for the log.

    Cancels and halts are: they make nothing worse, and a full disk is when they are needed.
    `durable`: it is answered once it is on the disk, or that has taken nothing for a second.
    `shown`: the arguments as the log has them, where they are not to be told as they are.
    """

    name: str
    open: bool = False
    durable: bool = False
    shown: Callable[[Mapping[str, object]], Mapping[str, object]] | None = None


class AuditTrail:
    """Takes acts in memory and writes them in order; what the disk refuses is offered again."""

    def __init__(
        self, log: ActLog, places: int = _PLACES, line: Callable[[Act], None] | None = None
    ) -> None:
        """Write into `log`; the thread begins with the first act. `line` hears of each."""
        self._log = log
        self._line = line
        self._places = places
        self._repeats = Repeats()
        # Each is counted by one thread alone.
        self._taken = self._written = self._lost = 0
        self._queue: SimpleQueue[Act | _Mark | None] = SimpleQueue()
        self._marks: list[_Mark] = []
        self._thread: threading.Thread | None = None
        # Somebody waits: nothing is gathered then.
        self._hurry = threading.Event()

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
        noticed(act.operation)
        if self._line is not None:
            self._line(act)
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
        """Note a refusal before any port was asked; see `domain.audit.Audit`.

        It costs its caller nothing: what comes again and again is counted.
        """
        noticed(operation)
        now, actor = datetime.now(UTC), present_actor()
        act = Act(now, actor, operation, account_id, "{}", error.reason.value)
        for each in self._repeats.taken(act):
            self.note(each)

    def done(self, operation: str, what: Mapping[str, object], actor: Actor) -> None:
        """Note what was done without a caller who waits; see `domain.audit.Audit`."""
        account = what.get("account_id")
        place = (operation, account if isinstance(account, str) else None, _written(what))
        self.note(Act(datetime.now(UTC), actor, *place, DONE))

    async def settled(self) -> bool:
        """Return when all that was taken is on the disk; False where that takes long."""
        if self._thread is None:
            return True
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(give, written, None)

        self._queue.put(tell)
        self._hurry.set()
        done, _ = await asyncio.wait((written,), timeout=_DURABLE_S)
        return bool(done)

    def close(self) -> None:
        """Write all that was taken, once more at least, and end. Blocks for that long."""
        for each in self._repeats.rest():
            self.note(each)
        self._hurry.set()
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
            elif not anchored and not self._marks:
                self._log.anchor()
                anchored = True
            if not kept:
                self._reach()

    def _reach(self) -> None:
        """Tell those who wait for all before their marks."""
        marks, self._marks = self._marks, []
        for mark in marks:
            mark()

    def _take(self, rest: float | None) -> tuple[list[Act], bool]:
        """Wait for an act and gather what follows, up to a mark; nothing after `rest` seconds.

        False at the end.
        """
        found: list[Act] = []
        with suppress(Empty):
            while (act := self._queue.get(timeout=rest if not found else 0)) is not None:
                if not isinstance(act, Act):
                    self._hurry.clear()
                    self._marks.append(act)
                    return found, True
                if not found:
                    self._hurry.wait(_GATHER_S)
                found.append(act)
            return found, False
        return found, True

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
            setattr(self, name, noted(getattr(port, name), trail, operation))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        return getattr(self._port, name)


def noted(
    act: Callable[P, Awaitable[T]], trail: AuditTrail, operation: Operation
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return the act, noted in the trail whatever comes of it."""
    names = tuple(signature(act).parameters)

    @wraps(act)
    async def whole(*wanted: P.args, **named: P.kwargs) -> T:
        if not operation.open:
            trail.require_room()
        time, actor = datetime.now(UTC), present_actor()
        outcome, order_id = UNANSWERED, None
        try:
            done = await act(*wanted, **named)
            outcome, order_id = DONE, _order_of(done)
        except GatewayError as error:
            outcome, order_id = error.reason.value, error.details.get("order_id")
            raise
        else:
            return done
        finally:
            what = _what(dict(zip(names, wanted, strict=False)) | named)
            account = what.get("account_id")
            whose = account if isinstance(account, str) else None
            shown = what if operation.shown is None else operation.shown(what)
            place = (operation.name, whose, _written(shown), outcome, order_id)
            trail.note(Act(time, actor, *place))
            if operation.durable:
                await trail.settled()

    return whole


def _order_of(done: object) -> str | None:
    order = done.order if isinstance(done, Submission) else done
    return order.id if isinstance(order, Order) else None


def _what(wanted: Mapping[str, object]) -> Mapping[str, object]:
    """Return what was asked for by name, a dataclass's fields among the other arguments."""
    told: dict[str, object] = {}
    for name, each in wanted.items():
        if is_dataclass(each):
            told |= {field: getattr(each, field) for field in _shown(type(each))}
        else:
            told[name] = each
    return told


@cache
def _shown(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 whatever dataclass
    """Return the fields of a dataclass that are told: what it keeps out of its repr is a secret."""
    return tuple(each.name for each in fields(kind) if each.repr)


def _written(what: Mapping[str, object]) -> str:
    """Return it as JSON, without what was left out."""
    return to_json({name: value for name, value in what.items() if value is not None}).decode()
