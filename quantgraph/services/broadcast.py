"""Live quotes to many connections: read and written once per event, whoever is told.

Members of a cohort are in step: they have the same messages, so each event is taken, written and
framed once for all of them; a connection costs one write. A member who falls behind reads on for
itself, and comes back once it has caught up.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.members import Line, Made, Member, Wish
from quantgraph.domain.ports.market import QuoteStream
from quantgraph.domain.reasons import Reason
from quantgraph.domain.subscriptions import attach
from quantgraph.services.agenda import Agenda
from quantgraph.services.cohorts import Cohort

HEARTBEAT_S = 5.0
MAX_MEMBERS = 20_000
# Events of one cohort in one turn: about what a socket holds before it says that it is full.
_MOST = 256
_NEVER = float("inf")


class Broadcast:
    """Implements `members.QuoteBroadcast`: all cohorts of one event loop."""

    def __init__(self, stream: QuoteStream, gather_s: float = 0.005) -> None:
        """Read from `stream`; under load its quotes may wait `gather_s` for others."""
        self._stream = stream
        self._cohorts: dict[Cohort, None] = {}
        self._members: dict[Member, Cohort] = {}
        # Members whose source is being opened.
        self._coming = 0
        # Of each wish the one cohort that others join once they are in step.
        self._mains: dict[Wish, Cohort] = {}
        self._agenda = Agenda(self._flush, gather_s)
        self._beats: asyncio.Task[None] | None = None
        # What goes out at the end of this turn.
        self._out: dict[Line, bytes] = {}

    @property
    def cohort_count(self) -> int:
        """Readers of live quotes now, each for as many members as are in step."""
        return len(self._cohorts)

    @property
    def busy(self) -> bool:
        """Whether anything is to be told in this turn of the loop or the next."""
        return self._agenda.busy

    @asynccontextmanager
    async def joined(self, wish: Wish, one: Member) -> AsyncGenerator[None]:
        """Tell a member; see `members.QuoteBroadcast`."""
        if len(self._members) + self._coming >= MAX_MEMBERS:
            text = f"{MAX_MEMBERS} subscriptions of live quotes are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
        cohort = Cohort(wish)
        self._coming += 1
        try:
            cohort.tap = await self._stream.tap(wish.watch, partial(self._plan, cohort))
        finally:
            self._coming -= 1
        self._add(cohort, one)
        attach(one)
        try:
            yield
        finally:
            self.leave(one)

    def leave(self, one: Member) -> None:
        """Tell a member nothing from here on. Leaving again does nothing."""
        cohort, one.group = self._members.pop(one, None), None
        if cohort is not None:
            del cohort.members[one]
            if not cohort.members:
                self._drop(cohort)

    def _add(self, cohort: Cohort, one: Member) -> None:
        cohort.members[one] = None
        one.group = self._members[one] = cohort
        self._cohorts[cohort] = None
        self._plan(cohort, cohort.tap.next_due())
        if self._beats is None:
            self._beats = asyncio.create_task(self._beat())

    def _drop(self, cohort: Cohort) -> None:
        cohort.tap.close()
        del self._cohorts[cohort]
        self._resign(cohort)

    def _plan(self, cohort: Cohort, due: float | None) -> None:
        """Look at a cohort when something is due, if that is sooner than it is planned."""
        if due is None or due >= cohort.planned or cohort.stalled or cohort not in self._cohorts:
            return
        cohort.planned = due
        self._agenda.add(cohort, due)

    def _flush(self, cohorts: Iterable[Cohort]) -> None:
        served: list[Cohort] = []
        for cohort in cohorts:
            if cohort in self._cohorts:
                self._serve(cohort)
                served.append(cohort)
        self._send()
        for cohort in served:
            self._gather(cohort)

    def _serve(self, cohort: Cohort) -> None:
        """Tell a cohort what is due."""
        cohort.planned = _NEVER
        self._split(cohort)
        if cohort.stalled or cohort not in self._cohorts:
            return
        try:
            texts = [cohort.wish.texts.text(event) for event in cohort.tap.due(_MOST)]
        except Exception as error:
            self._end(cohort, error)
            return
        self._tell(cohort.members, texts)
        self._plan(cohort, cohort.tap.next_due())

    def _tell(self, members: Iterable[Member], texts: Sequence[bytes]) -> None:
        if not texts:
            return
        made: Made = {}
        out, framing, shared = self._out, None, b""
        for one in members:
            if one.opening:
                frames = one.first(texts)
            else:
                if one.framing is not framing:
                    framing = one.framing
                    shared = framing.frames(texts, made)
                frames = shared
            line = one.line
            out[line] = out[line] + frames if line in out else frames

    def _send(self) -> None:
        """Write once to every socket that was told something, whatever operations it has."""
        out, self._out = self._out, {}
        for line, frames in out.items():
            line.write(frames)

    def _split(self, cohort: Cohort) -> None:
        """Let those who read too slowly read on for themselves, and wait for them."""
        slow = [one for one in cohort.members if one.line.paused]
        if not slow:
            return
        alone = len(cohort.members) == 1
        for one in slow:
            apart = cohort if alone else self._apart(cohort, one)
            apart.stalled = True
            self._resign(apart)
            one.line.on_resume(partial(self._resume, apart))

    def _apart(self, cohort: Cohort, one: Member) -> Cohort:
        apart = Cohort(cohort.wish)
        apart.tap = cohort.tap.fork(partial(self._plan, apart))
        self.leave(one)
        self._add(apart, one)
        return apart

    def _resume(self, cohort: Cohort) -> None:
        cohort.stalled, cohort.planned = False, _NEVER
        self._plan(cohort, 0.0)

    def _resign(self, cohort: Cohort) -> None:
        if self._mains.get(cohort.wish) is cohort:
            del self._mains[cohort.wish]

    def _gather(self, cohort: Cohort) -> None:
        """Bring the members of a cohort to the main one, where they are in step."""
        if cohort.stalled or cohort not in self._cohorts:
            return
        main = self._mains.setdefault(cohort.wish, cohort)
        if main is cohort:
            return
        state = cohort.tap.state()
        if state is None or state != main.tap.state():
            return
        for one in cohort.members:
            one.move(main)
            self._members[one] = main
        main.members |= cohort.members
        self._drop(cohort)

    def _end(self, cohort: Cohort, error: Exception) -> None:
        for one in cohort.members:
            one.group = None
            del self._members[one]
            if not one.ended.done():
                one.ended.set_exception(error)
        self._drop(cohort)

    async def _beat(self) -> None:
        """Send heartbeats while anybody is there, to some members in each turn of the loop."""
        try:
            while self._cohorts:
                await asyncio.sleep(HEARTBEAT_S)
                told = 0
                for cohort in list(self._cohorts):
                    texts = self._beat_of(cohort)
                    for some in _slices(cohort.members if texts else ()):
                        if told >= _MOST:
                            told = 0
                            await asyncio.sleep(0)
                        told += len(some)
                        # Who has left meanwhile, or stalls, is told nothing.
                        self._tell((one for one in some if self._takes(one)), texts)
                        self._send()
        finally:
            self._beats = None

    def _takes(self, one: Member) -> bool:
        return one in self._members and not one.line.paused

    def _beat_of(self, cohort: Cohort) -> list[bytes]:
        """Return a heartbeat. What waits is told before: a snapshot comes before all else."""
        if cohort in self._cohorts:
            self._serve(cohort)
            self._send()
        if cohort.stalled or cohort not in self._cohorts:
            return []
        try:
            return [cohort.wish.texts.text(cohort.tap.beat())]
        except Exception as error:
            self._end(cohort, error)
            return []


def _slices(members: Iterable[Member]) -> Iterator[Sequence[Member]]:
    present = list(members)
    return (present[start : start + _MOST] for start in range(0, len(present), _MOST))
