"""Accounts' logs on their way onto the bus: each event is kept there once, in order."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import structlog

from quantgraph.bus.places import BusPlace
from quantgraph.bus.ports import BusAway, Session
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import AccountEvent, LogCursor, OrderEvent, SourceState, StreamKind
from quantgraph.wire import accounts, orders

# Seconds between two signs of how far a log is: readers take three that are missing for silence.
BEAT_S = 1.0
# Seconds before accounts are asked for again, and before what failed is tried anew.
_LOOK_S, _AGAIN_S = 5.0, 0.5
_log = structlog.get_logger(__name__)

E = TypeVar("E", OrderEvent, AccountEvent)


@dataclass(frozen=True, slots=True)
class Words(Generic[E]):
    """What one kind of log is called on the bus, and how its events are written there."""

    kind: str
    write: Callable[[E], bytes]
    read: Callable[[bytes], E]


def _read_order(data: bytes) -> OrderEvent:
    return orders.event_from_proto(orders.orders_pb2.OrderEvent.FromString(data))


def _read_account(data: bytes) -> AccountEvent:
    return accounts.event_from_proto(accounts.accounts_pb2.AccountEvent.FromString(data))


ORDERS: Words[OrderEvent] = Words(
    "orders", lambda event: orders.event_to_proto(event).SerializeToString(), _read_order
)
ACCOUNTS: Words[AccountEvent] = Words(
    "accounts", lambda event: accounts.event_to_proto(event).SerializeToString(), _read_account
)


@dataclass(frozen=True, slots=True)
class Source(Generic[E]):
    """One kind of log as this gateway's own journal tells it."""

    words: Words[E]
    events: Callable[[LogCursor], AsyncGenerator[E, None]]


class LogPublisher:
    """Publishes the logs of all accounts for as long as the bus is there."""

    def __init__(
        self,
        place: BusPlace,
        listed: Callable[[], Awaitable[Sequence[str]]],
        sources: Sequence[Source[Any]],
    ) -> None:
        """Publish nothing yet; `listed` tells the accounts' ids."""
        self._place = place
        self._listed, self._sources = listed, sources
        self._carriers: dict[tuple[str, str], LogCarrier[Any]] = {}

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            session = await self._place.line.met()
            work = asyncio.create_task(self._publish(session))
            try:
                await session.ended()
            finally:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def _publish(self, session: Session) -> None:
        """Carry each account's logs by a task of its own; look for new accounts now and then."""
        known: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for account_id in await self._accounts():
                    if account_id not in known:
                        known.add(account_id)
                        for source in self._sources:
                            tasks.create_task(self._carry(session, source, account_id))
                await asyncio.sleep(_LOOK_S)

    async def _accounts(self) -> Sequence[str]:
        try:
            return await self._listed()
        except GatewayError:
            # The terminal is away: it is asked again.
            return ()
        except Exception:
            _log.exception("bus_accounts_not_listed")
            return ()

    async def _carry(self, session: Session, source: Source[Any], account_id: str) -> None:
        """Begin anew behind what is kept whenever the log or the bus says no more."""
        told, named = "", (source.words.kind, account_id)
        carrier = self._carriers.setdefault(named, LogCarrier(self._place, source, account_id))
        while session.alive:
            try:
                await carrier.carry(session)
            except (BusAway, GatewayError) as error:
                over = isinstance(error, GatewayError) and error.reason is Reason.SHUTTING_DOWN
                if over:
                    return
                if told != repr(error):
                    told = repr(error)
                    _log.info("bus_log_begun_anew", log=source.words.kind, error=told[:200])
            except Exception:
                _log.exception("bus_log_not_carried", log=source.words.kind)
            await asyncio.sleep(_AGAIN_S)


class LogCarrier(Generic[E]):
    """Carries one account's log, one connection after the other."""

    def __init__(self, place: BusPlace, source: Source[E], account_id: str) -> None:
        """Carry nothing yet."""
        self._names, self._tally, self._source = place.names, place.tally, source
        self._account_id = account_id
        self._state: SourceState | None = None
        # The last that is known to be kept; None before anything is.
        self._mark: E | None = None

    async def carry(self, session: Session) -> None:
        """Keep every event behind what is kept already. Raises what it ends by."""
        cursor = await self._begin(session)
        beating = asyncio.create_task(self._beat(session))
        try:
            async with aclosing(self._source.events(cursor)) as events:
                async for event in events:
                    await self._take(session, event)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _begin(self, session: Session) -> LogCursor:
        """Return the place behind what is kept; where nothing was ever, the present one."""
        present, before = await self._present(), self._mark
        kept = await session.newest(self._log(present.epoch))
        if kept is None and before is not None and before.epoch == present.epoch:
            kept = before.sequence
        # A journal that was mended may end before what is kept: it goes on from its own end.
        newest = present.sequence or 0
        after = newest if kept is None else min(kept, newest)
        self._mark = replace(present, sequence=after)
        return LogCursor(self._account_id, present.epoch, after)

    async def _present(self) -> E:
        async with aclosing(self._source.events(LogCursor(self._account_id))) as events:
            async for event in events:
                if event.kind is StreamKind.CAUGHT_UP:
                    return event
        raise BusAway("the log ended")

    async def _take(self, session: Session, event: E) -> None:
        if event.kind is StreamKind.HEARTBEAT:
            self._state = event.source
            return
        if event.kind is StreamKind.UPDATE:
            data = self._source.words.write(event)
            await session.keep(self._log(event.epoch), data, event.sequence or 0)
            self._tally.kept += 1
        # Behind it only once it is kept: nobody is told to miss what is still on its way.
        self._mark = event

    async def _beat(self, session: Session) -> None:
        """Tell how far the log is, and its source, so that a last event that got lost is missed."""
        while True:
            if (mark := self._mark) is not None:
                beat = _heartbeat(mark, self._state)
                subject = self._names.beat(self._source.words.kind, mark.epoch, self._account_id)
                with suppress(BusAway):
                    await session.tell(subject, self._source.words.write(beat))
            await asyncio.sleep(BEAT_S)

    def _log(self, epoch: str) -> str:
        return self._names.log(self._source.words.kind, epoch, self._account_id)


def _heartbeat(mark: E, state: SourceState | None) -> E:
    """Return a heartbeat that bears the newest number, and nothing of an order or an account."""
    return type(mark)(StreamKind.HEARTBEAT, mark.epoch, mark.sequence, source=state)
