"""The exchange's end of the pipes: calls in, answers out, until the gateway is gone."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date
from queue import SimpleQueue
from typing import BinaryIO, TypeAlias

from quantgraph.backends.sim.engine.messages import (
    HEAD,
    Act,
    Adopt,
    Advance,
    Answer,
    Begin,
    Call,
    Enlist,
    Hurry,
    Load,
    Quoted,
    pack,
    size,
    unpack,
)
from quantgraph.backends.sim.engine.port import Progress
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.keeping import readable
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport

Lister: TypeAlias = Callable[[Quoted, date], Security]
# About a fifth of a millisecond between two glances at who wants something.
_SLICE = 2


class GoneError(Exception):
    """The gateway closed its end, or died: there is nobody left to work for."""


class Inbox:
    """Calls as they arrive: those that are soon first, the others in their order."""

    def __init__(self, source: BinaryIO) -> None:
        """Read from a pipe in a thread: a blocking read is all that every system has."""
        self._arrived: SimpleQueue[Call | Hurry | None] = SimpleQueue()
        self._soon: deque[Call] = deque()
        self._others: deque[Call] = deque()
        # No advance up to this number is to be gone on with.
        self.hurried = 0
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def take(self) -> Call:
        """Wait for a call. Raises GoneError where none will come."""
        while not (self._soon or self._others):
            self._sort(self._arrived.get())
        return self._soon.popleft() if self._soon else self._others.popleft()

    def soon(self) -> Iterator[Call]:
        """Yield what is soon of what waits. Raises GoneError at the end of the pipe."""
        while not self._arrived.empty():
            self._sort(self._arrived.get())
        while self._soon:
            yield self._soon.popleft()

    def _sort(self, told: Call | Hurry | None) -> None:
        if told is None:
            raise GoneError
        if isinstance(told, Hurry):
            self.hurried = told.number
            return
        soon = isinstance(told.question, Act) and told.question.soon
        (self._soon if soon else self._others).append(told)

    def _read(self, source: BinaryIO) -> None:
        try:
            while len(head := source.read(HEAD)) == HEAD:
                length = size(head)
                body = source.read(length)
                if len(body) < length:
                    break
                self._arrived.put(unpack(body))
        finally:
            self._arrived.put(None)


class Clerk:
    """Does at an exchange what the calls say."""

    def __init__(self, lister: Lister, pipes: tuple[BinaryIO, BinaryIO]) -> None:
        """Read calls from the first pipe, write answers into the second."""
        self._lister = lister
        self._inbox = Inbox(pipes[0])
        self._answers = pipes[1]
        self._exchange: Exchange | None = None
        self._read: Exchange | None = None

    def serve(self) -> None:
        """Answer until the gateway is gone."""
        try:
            while True:
                self._answer(self._inbox.take())
        except (GoneError, BrokenPipeError):
            return

    def _answer(self, call: Call) -> None:
        try:
            value = self._do(call)
            answer = Answer(call.number, value, self._exchange and self._exchange.next)
        except GatewayError as error:
            answer = Answer(call.number, error=error)
        except (GoneError, BrokenPipeError):
            raise
        except Exception as error:
            answer = Answer(call.number, defect=f"{type(error).__name__}: {error}")
        self._answers.write(pack(answer))
        self._answers.flush()

    def _do(self, call: Call) -> object:
        question = call.question
        if isinstance(question, Begin):
            self._exchange = question.opening.exchange()
            return None
        if isinstance(question, Load):
            self._read = self._load(question)
            return None
        if isinstance(question, Adopt):
            self._adopt(question)
            return None
        exchange = self._exchange
        if exchange is None:
            raise Unavailable(Reason.EXCHANGE_LOST, "No simulated world has begun yet.")
        if isinstance(question, Enlist):
            return exchange.list_security(self._lister(question.quoted, question.day))
        if isinstance(question, Advance):
            return self._advance(exchange, question, call.number)
        if question.reached is not None:
            exchange.dealing.advance(question.reached)
        return question.work(exchange, *question.arguments, **question.named)

    def _load(self, asked: Load) -> Exchange:
        kept = asked.kept
        with readable():
            made = [self._lister(each, kept.day) for each in asked.quoted]
        return kept.exchange({each.symbol: each for each in made})

    def _adopt(self, asked: Adopt) -> None:
        if self._read is not None:
            self._read.rules = asked.rules
            self._exchange, self._read = self._read, None

    def _advance(self, exchange: Exchange, asked: Advance, number: int) -> Progress:
        reports: list[ExecutionReport] = []
        until = time.monotonic() + asked.seconds
        while exchange.behind(asked.at):
            reports += exchange.advance(asked.at, _SLICE)
            for call in self._inbox.soon():
                self._answer(call)
            if self._inbox.hurried >= number or time.monotonic() >= until:
                break
        if not exchange.behind(asked.at):
            reports += exchange.advance(asked.at)
        return Progress.of(exchange, reports, asked.at)
