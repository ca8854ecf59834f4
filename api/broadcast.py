"""Live quotes to many sockets: executed and written once per event, whoever is told.

Members of a cohort are in step: they have the same messages, so each event is taken, written and
framed once for all of them; a socket costs one write. A member who falls behind reads on for
itself, and comes back once it has caught up.
"""

import asyncio
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import orjson

from api.agenda import Agenda
from api.quote_texts import QuoteCall, QuoteTexts
from api.sockets import Line, text_head
from quantgraph.domain.access import Principal
from quantgraph.domain.errors import LimitReached
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.ports.market import QuoteTap
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import QuoteEvent
from quantgraph.domain.subscriptions import Tally, attach
from resolvers.quotes import quote_watch

HEARTBEAT_S = 5.0
MAX_MEMBERS = 20_000
# Events of one cohort in one turn: about what a socket holds before it says that it is full.
_MOST = 256
_NEVER = float("inf")


@dataclass(eq=False, slots=True)
class Member:
    """One operation on one socket. `head` comes before each of its payloads.

    `opening` stands before the last brace of its first payload.
    """

    line: Line
    head: bytes
    ended: asyncio.Future[None]
    opening: bytes = b""
    cohort: "Cohort | None" = None
    # What it was told in cohorts before, less what the present one had told before it came.
    told: int = 0
    skipped: int = 0

    def tally(self) -> Tally:
        """Return how it keeps up; see `subscriptions.Reader`."""
        if self.cohort is None:
            return Tally(self.told, self.skipped, 0)
        tally = self.cohort.tap.tally()
        delivered, conflated = tally.delivered + self.told, tally.conflated + self.skipped
        return replace(tally, delivered=delivered, conflated=conflated)

    def move(self, cohort: "Cohort") -> None:
        """Go over to a cohort that it is in step with."""
        before, after = self.tally(), cohort.tap.tally()
        self.told, self.skipped = (
            before.delivered - after.delivered,
            before.conflated - after.conflated,
        )
        self.cohort = cohort


def member(line: Line, operation_id: str, opening: bytes = b"") -> Member:
    """Return a member that takes part in nothing yet."""
    head = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'
    return Member(line, head, asyncio.get_running_loop().create_future(), opening)


@dataclass(eq=False, slots=True)
class Cohort:
    """Members in step, and the one reader that reads for all of them."""

    key: Hashable
    texts: QuoteTexts
    members: dict[Member, None] = field(default_factory=dict[Member, None])
    tap: QuoteTap = field(init=False)
    # When it is looked at next, in seconds of `time.monotonic`; 0 in the next turn.
    planned: float = _NEVER
    stalled: bool = False


class Broadcast:
    """All cohorts of one event loop."""

    def __init__(self, gateway: Gateway, gather_s: float = 0.005) -> None:
        """Read from the gateway's live quotes; under load they may wait `gather_s` for others."""
        self._gateway = gateway
        self._cohorts: dict[Cohort, None] = {}
        self._members: set[Member] = set()
        # Of each key the one cohort that others join once they are in step.
        self._mains: dict[Hashable, Cohort] = {}
        self._agenda = Agenda(self._flush, gather_s)
        self._beats: asyncio.Task[None] | None = None
        # What goes out at the end of this turn.
        self._out: dict[Line, list[bytes]] = {}

    @property
    def cohort_count(self) -> int:
        """Readers of live quotes now, each for as many members as are in step."""
        return len(self._cohorts)

    @property
    def busy(self) -> bool:
        """Whether anything is to be told in this turn of the loop or the next."""
        return self._agenda.busy

    async def run(self, call: QuoteCall, who: Principal, one: Member) -> None:
        """Tell a member until the stream fails. Raises why; a caller cancels it to end it.

        Errors: as `QuoteStream.tap`; SUBSCRIPTION_LIMIT.
        """
        if len(self._members) >= MAX_MEMBERS:
            text = f"{len(self._members)} subscriptions of live quotes are open; this is the most."
            raise LimitReached(Reason.SUBSCRIPTION_LIMIT, text)
        watch = await quote_watch(self._gateway, call.asked)
        # Whatever an answer may depend on is in the key: who differs in any of it shares nothing.
        cohort = Cohort((call.texts, watch, who.scope, who.accounts), call.texts)
        cohort.tap = await self._gateway.quote_stream.tap(watch, partial(self._plan, cohort))
        self._add(cohort, one)
        attach(one)
        self._members.add(one)
        with call.texts.used():
            try:
                await one.ended
            finally:
                self._members.discard(one)
                self.leave(one)

    def leave(self, one: Member) -> None:
        """Tell a member nothing from here on. Leaving again does nothing."""
        cohort, one.cohort = one.cohort, None
        if cohort is not None:
            del cohort.members[one]
            if not cohort.members:
                self._drop(cohort)

    def _add(self, cohort: Cohort, one: Member) -> None:
        cohort.members[one] = None
        one.cohort = cohort
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
        served = [each for each in cohorts if each in self._cohorts]
        for cohort in served:
            self._serve(cohort)
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
            events = cohort.tap.due(_MOST)
            self._tell(cohort, events)
        except Exception as error:
            self._end(cohort, error)
            return
        self._plan(cohort, cohort.tap.next_due())

    def _tell(self, cohort: Cohort, events: Iterable[QuoteEvent]) -> None:
        texts = [cohort.texts.text(event) for event in events]
        if not texts:
            return
        framed: dict[int, list[bytes]] = {}
        head, frames = b"", b""
        for one in cohort.members:
            if one.opening:
                first = texts[0][:-1] + one.opening + b"}"
                one.opening = b""
                one.line.write(one.head.join(_pieces([first, *texts[1:]], len(one.head))))
                continue
            if one.head != head:
                head, size = one.head, len(one.head)
                pieces = framed.get(size)
                if pieces is None:
                    pieces = framed[size] = _pieces(texts, size)
                frames = head.join(pieces)
            self._out.setdefault(one.line, []).append(frames)

    def _send(self) -> None:
        """Write once to every socket that was told something, whatever operations it has."""
        out, self._out = self._out, {}
        for line, frames in out.items():
            line.write(frames[0] if len(frames) == 1 else b"".join(frames))

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
        apart = Cohort(cohort.key, cohort.texts)
        apart.tap = cohort.tap.fork(partial(self._plan, apart))
        self.leave(one)
        self._add(apart, one)
        return apart

    def _resume(self, cohort: Cohort) -> None:
        cohort.stalled, cohort.planned = False, _NEVER
        self._plan(cohort, 0.0)

    def _resign(self, cohort: Cohort) -> None:
        if self._mains.get(cohort.key) is cohort:
            del self._mains[cohort.key]

    def _gather(self, cohort: Cohort) -> None:
        """Bring the members of a cohort to the main one, where they are in step."""
        if cohort.stalled or cohort not in self._cohorts:
            return
        main = self._mains.setdefault(cohort.key, cohort)
        if main is cohort:
            return
        state = cohort.tap.state()
        if state is None or state != main.tap.state():
            return
        for one in cohort.members:
            one.move(main)
        main.members |= cohort.members
        self._drop(cohort)

    def _end(self, cohort: Cohort, error: Exception) -> None:
        for one in cohort.members:
            one.cohort = None
            if not one.ended.done():
                one.ended.set_exception(error)
        self._drop(cohort)

    async def _beat(self) -> None:
        """Send heartbeats while anybody is there, to some readers in each turn of the loop."""
        try:
            while self._cohorts:
                await asyncio.sleep(HEARTBEAT_S)
                told = 0
                for cohort in list(self._cohorts):
                    told += self._beat_once(cohort)
                    self._send()
                    if told >= _MOST:
                        told = 0
                        await asyncio.sleep(0)
        finally:
            self._beats = None

    def _beat_once(self, cohort: Cohort) -> int:
        if cohort in self._cohorts:  # what waits goes first: a snapshot comes before all else
            self._serve(cohort)
        if cohort.stalled or cohort not in self._cohorts:
            return 0
        try:
            self._tell(cohort, [cohort.tap.beat()])
        except Exception as error:
            self._end(cohort, error)
        return len(cohort.members)


def _pieces(texts: Iterable[bytes], head_size: int) -> list[bytes]:
    """Return what stands between the heads of a socket's messages: a head joins them to frames."""
    pieces, end = list[bytes](), b""
    for text in texts:
        pieces.append(end + text_head(head_size + len(text) + 1))
        end = text + b"}"
    return [*pieces, end]
