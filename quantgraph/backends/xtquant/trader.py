"""The link to the terminal's trading side: its session, its accounts, and how both come back."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from quantgraph.backends.link import LinkState
from quantgraph.backends.xtquant.callbacks import Callbacks
from quantgraph.backends.xtquant.client import DataThread
from quantgraph.backends.xtquant.crossing import enter
from quantgraph.backends.xtquant.logins import AccountState, closed_by, read_accounts, served
from quantgraph.backends.xtquant.records import Record
from quantgraph.backends.xtquant.session import AccountRef, Session, unasked
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported
from quantgraph.domain.reasons import Reason

R = TypeVar("R")
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def session_number() -> int:
    """Return a number that no other program on this terminal has taken, as good as surely."""
    return secrets.randbelow(2**30) + 1


@dataclass(frozen=True, slots=True)
class LinkParts:
    """The SDK's xttrader, the terminal's `userdata_mini` folder, and how patient the link is.

    `seconds`: a question may take. `beat_seconds`: between two signs of life that are asked for;
    without one for `seconds` the terminal is lost. `pauses`: before each further attempt.
    """

    module: Any
    path: str
    seconds: float = 5.0
    beat_seconds: float = 2.0
    pauses: Sequence[float] = (0.5, 1.0, 2.0, 5.0, 15.0)
    numbers: Callable[[], int] = session_number
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Clock = field(default_factory=SystemClock)


class Listener(Protocol):
    """Who hears what the terminal says of orders."""

    def heard(self, kind: str, what: Record, number: int) -> None:
        """Hear a callback of the session of a number, on a foreign thread."""
        ...

    def linked(self, *, up: bool) -> None:
        """Hear that the link came up or broke, in the loop."""
        ...


class TraderLink:
    """Keeps one session open: after a loss another one, under another number, subscribed anew."""

    def __init__(self, parts: LinkParts) -> None:
        """Ask nothing yet; `start` in the running loop."""
        self._parts = parts
        self._thread = DataThread()
        self._session: Session | None = None
        self._listener: Listener | None = None
        self._lost = asyncio.Event()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._keeper: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._count = 0
        self.state = LinkState()
        # When a callback came last.
        self.heard_at: datetime | None = None
        # Called in the loop whenever the state, or an account's, has changed.
        self.changed: Callable[[], None] = lambda: None
        # By id; None until the terminal has told them once.
        self.accounts: Mapping[str, AccountState] | None = None
        # Of other types.
        self.unserved: Sequence[AccountRef] = ()
        # Questions that this terminal said it does not know.
        self.lacking: frozenset[str] = frozenset()

    @property
    def up(self) -> bool:
        """Whether the terminal takes requests."""
        return self.state.connected

    @property
    def number(self) -> int | None:
        """The number of the present session, None where there is none."""
        return None if self._session is None else self._session.number

    def listen(self, listener: Listener) -> None:
        """Let one hear of orders; before `start`."""
        self._listener = listener

    def start(self) -> None:
        """Begin to connect."""
        self._loop = asyncio.get_running_loop()
        self._keeper = self._loop.create_task(self._keep())

    async def close(self) -> None:
        """End the session, if there is one, and the thread."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._leave()
        self._thread.close()

    async def call(self, work: Callable[[Session], R]) -> R:
        """Run something quick with the session on the trader thread.

        Errors: SOURCE_UNAVAILABLE without a session; OVERLOADED, TIMED_OUT.
        """
        session = self._session
        if session is None:
            raise away()
        return await self._thread.run(lambda: work(session), self._parts.seconds)

    async def ask(self, method: str, read: Callable[[Any], R], *args: object) -> R:
        """Return what `read` makes of the answer, on the SDK's own thread.

        Errors: as `call`; TIMED_OUT also where the terminal does not answer; TERMINAL_LACKS.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()

        def answered(told: Record) -> None:
            self._count += 1
            try:
                enter(loop, _resolve, answer, read(told))
            except Exception as error:
                enter(loop, _fail, answer, error)

        self._waiting.add(answer)
        asked: tuple[Session, int] | None = None
        try:
            asked = await self.call(lambda own: (own, own.call(method, *args, answered)))
            async with asyncio.timeout(self._parts.seconds):
                return await answer
        except TimeoutError as error:
            if asked is not None:
                # Of its own session: another one counts its questions anew.
                asked[0].forget(asked[1])
            text = f"The terminal did not answer within {self._parts.seconds:g} s."
            raise Unavailable(Reason.TIMED_OUT, text) from error
        except GatewayError:
            raise
        except Exception as error:
            found = unasked(method, error)
            if isinstance(found, Unsupported):
                self.lacking |= {method}
            raise found from error
        finally:
            self._waiting.discard(answer)
            retire(answer)

    async def _keep(self) -> None:
        while True:
            try:
                await self._open()
            except Exception as error:
                tried, pauses = self.state.attempts, self._parts.pauses
                _logger.warning("terminal_not_connected", error=type(error).__name__, tried=tried)
                self._turn(self.state.lost(self._parts.clock.now(), _code(error)))
                await self._leave()
                await self._parts.sleep(pauses[min(tried, len(pauses) - 1)])
                continue
            self._relink(up=True)
            await self._watch()
            self._relink(up=False)
            await self._leave()

    def _turn(self, state: LinkState) -> None:
        self.state = state
        self.changed()

    async def _open(self) -> None:
        parts, number = self._parts, self._parts.numbers()
        self._lost.clear()
        callbacks = Callbacks(lambda kind, what: self._heard(number, kind, what))
        make = lambda: Session(parts.module, parts.path, number, callbacks)  # noqa: E731 for a thread
        self._session = session = await self._thread.run(make)
        code = await self._thread.run(lambda: session.connect(parts.seconds))
        if code != 0:
            raise away()
        await self._learn()
        for account_id, state in (self.accounts or {}).items():
            if await self._thread.run(lambda ref=state.ref: session.subscribe(ref)) != 0:
                _logger.error("account_not_subscribed")
                self._set(account_id, "The terminal does not tell what happens to the account.")
        if self._lost.is_set():
            raise away()

    async def _learn(self) -> None:
        """Ask which accounts there are, and how they are logged in."""
        infos = await self.ask("query_account_infos_async", read_accounts)
        self.accounts = {each.ref.account_id: each for each in infos if served(each)}
        self.unserved = [each.ref for each in infos if not served(each)]

    async def _watch(self) -> None:
        """Return when the session is lost: it says so, or says nothing any more."""
        while True:
            try:
                async with asyncio.timeout(self._parts.beat_seconds):
                    await self._lost.wait()
            except TimeoutError:
                if await self._alive():
                    continue
                _logger.warning("terminal_silent", seconds=self._parts.seconds)
            return

    async def _alive(self) -> bool:
        heard = self._count
        try:
            await self.ask("query_account_status_async", lambda told: told)
        except Unsupported:
            # An older terminal lacks the question, and said so: it is there.
            return True
        except GatewayError:
            # In a storm of callbacks the answer waits behind them: they are signs of life as well.
            return self._count != heard and not self._lost.is_set()
        return True

    def _relink(self, *, up: bool) -> None:
        now = self._parts.clock.now()
        # What was lost has not been tried again yet.
        lost = replace(self.state.lost(now, Reason.SOURCE_UNAVAILABLE.value), attempts=0)
        self.state = self.state.found(now) if up else lost
        _logger.warning("terminal_link_changed", connected=up)
        if not up:
            for answer in self._waiting:
                _fail(answer, away())
        if self._listener is not None:
            self._listener.linked(up=up)
        self.changed()

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                await self._thread.run(session.close, self._parts.seconds)
            except Exception as error:
                _logger.warning("session_not_closed", error=type(error).__name__)

    def _heard(self, number: int, kind: str, what: Record) -> None:
        self._count += 1
        self.heard_at = self._parts.clock.now()
        loop = self._loop
        if kind == "disconnected" and loop is not None:
            enter(loop, self._drop, number)
        elif kind == "status" and loop is not None:
            enter(loop, self._set, what.account_id, closed_by(what.status))
        elif self._listener is not None:
            self._listener.heard(kind, what, number)

    def _drop(self, number: int) -> None:
        if self.number == number:
            self._lost.set()

    def _set(self, account_id: str, closed: str | None) -> None:
        known = self.accounts or {}
        if account_id in known and known[account_id].closed != closed:
            self.accounts = {**known, account_id: replace(known[account_id], closed=closed)}
            self.changed()


def away() -> GatewayError:
    """Say that there is no session."""
    text = "The trading terminal is not connected; it is being tried again."
    return Unavailable(Reason.SOURCE_UNAVAILABLE, text)


def _code(error: Exception) -> str:
    return (error.reason if isinstance(error, GatewayError) else Reason.SOURCE_UNAVAILABLE).value


def retire(answer: asyncio.Future[R]) -> None:
    """Wait for it no more, whatever it was told meanwhile."""
    if not answer.cancel() and not answer.cancelled():
        answer.exception()


def _resolve(answer: asyncio.Future[R], value: R) -> None:
    if not answer.done():
        answer.set_result(value)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
