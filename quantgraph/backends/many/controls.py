"""The switches of several desks: of an account at its own, of all together at every one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import TypeAlias

from quantgraph.backends.lane import Lane
from quantgraph.domain.controls import (
    ArmWish,
    ControlChange,
    HaltWish,
    TradingEvent,
    TradingState,
    TradingStatus,
)
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.ports.controls import Controls
from quantgraph.domain.ports.desk import Desk, FarDesk
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import StreamKind

_Turn: TypeAlias = Callable[[Controls], Awaitable[ControlChange]]
# What takes more orders first.
_FREEDOM = (
    TradingState.ACTIVE,
    TradingState.REDUCING,
    TradingState.RECONCILING,
    TradingState.DISARMED,
    TradingState.HALTED,
    TradingState.DISCONNECTED,
)

_AWAY = (Reason.TERMINAL_OFFLINE, Reason.MODE_MISMATCH)
_STOPPED = (TradingState.DISARMED, TradingState.HALTED)
# Seconds before a desk that is away is listened to again, as between any stream's heartbeats.
_AGAIN_S = 5.0


def freest(found: Sequence[TradingStatus]) -> TradingStatus:
    """Return where all together stand: what stops one terminal alone stops its accounts alone.

    Of one that is away nobody knows whether it still trades for others: where the rest is stopped,
    that is told.
    """
    free = min(found, key=lambda each: _FREEDOM.index(each.state))
    away = [each for each in found if each.state is TradingState.DISCONNECTED]
    return away[0] if away and free.state in _STOPPED else free


class ManyControls:
    """Implements `Controls`. Of all together (None) it stands as the freest desk does.

    A halt reaches every desk that can be reached; where one cannot, that is the answer, by name.
    """

    def __init__(
        self, desks: Mapping[str, FarDesk], owner: Callable[[str], Awaitable[Desk]]
    ) -> None:
        """Turn those of `desks`, or those of the `owner` of an account."""
        self._desks, self._owner = desks, owner

    async def status(self, account_id: str | None) -> TradingStatus:
        """Return where trading stands; a desk that is away counts as DISCONNECTED."""
        if account_id is not None:
            return await (await self._owner(account_id)).controls.status(account_id)
        return freest(await asyncio.gather(*map(_present, self._desks.values())))

    async def events(self, account_id: str | None) -> AsyncGenerator[TradingEvent, None]:
        """Yield where trading stands, at each change, and a heartbeat."""
        if account_id is None:
            told = self._together()
        else:
            told = (await self._owner(account_id)).controls.events(account_id)
        async with aclosing(told) as events:
            async for event in events:
                yield event

    async def halt(self, wish: HaltWish) -> ControlChange:
        """Stop trading of an account, or at every desk."""
        return await self._turned(wish, lambda controls: controls.halt(wish))

    async def resume(self, wish: HaltWish) -> ControlChange:
        """Let trading of an account, or at every desk, go on."""
        return await self._turned(wish, lambda controls: controls.resume(wish))

    async def arm(self, wish: ArmWish) -> ControlChange:
        """Arm the desks whose secret it is: each has its own, and one at least has to take it."""
        done, failed = await self._each(lambda controls: controls.arm(wish))
        if not done:
            other = (e for e in failed.values() if e.reason is not Reason.ARMING_SECRET_WRONG)
            raise next(other, next(iter(failed.values())))
        return _together(done)

    async def disarm(self, wish: HaltWish) -> ControlChange:
        """End the arming of every desk."""
        return await self._all(lambda controls: controls.disarm(wish))

    async def set_dead_man(self, account_id: str, seconds: int) -> ControlChange:
        """Set an account's timer at its desk."""
        return await (await self._owner(account_id)).controls.set_dead_man(account_id, seconds)

    async def _turned(self, wish: HaltWish, turn: _Turn) -> ControlChange:
        if wish.account_id is None:
            return await self._all(turn)
        return await turn((await self._owner(wish.account_id)).controls)

    async def _all(self, turn: _Turn) -> ControlChange:
        done, failed = await self._each(turn)
        if failed:
            (name, error), *_ = failed.items()
            where = ", ".join(failed)
            text = f"It was done at {len(done)} terminals, and not at {where}. {error.message}"
            raise type(error)(error.reason, text, terminal=name)
        return _together(done)

    async def _each(
        self, turn: _Turn
    ) -> tuple[Sequence[ControlChange], Mapping[str, GatewayError]]:
        """Return what every desk answers, and why those did not that failed."""
        done: list[ControlChange] = []
        failed: dict[str, GatewayError] = {}

        async def one(name: str, desk: Desk) -> None:
            try:
                done.append(await turn(desk.controls))
            except GatewayError as error:
                failed[name] = error
            except Exception as error:
                text = f"Terminal {name} has answered what cannot be read: {error!r:.200}"
                failed[name] = Unavailable(Reason.OUTCOME_UNKNOWN, text)

        await asyncio.gather(*(one(name, each.desk) for name, each in self._desks.items()))
        return done, failed

    async def _together(self) -> AsyncGenerator[TradingEvent, None]:
        lane, told = Lane[tuple[str, TradingEvent]](), dict[str, TradingStatus]()
        tasks = [
            asyncio.get_running_loop().create_task(_carry(name, each, lane))
            for name, each in self._desks.items()
        ]
        last: TradingStatus | None = None
        try:
            while True:
                name, event = await lane.take()
                told[name] = event.status
                if len(told) < len(self._desks):
                    continue
                now, beat = freest([*told.values()]), event.kind is StreamKind.HEARTBEAT
                if now != last:
                    yield TradingEvent(StreamKind.UPDATE if last else StreamKind.SNAPSHOT, now)
                    last = now
                elif beat and name == next(iter(self._desks)):
                    yield TradingEvent(StreamKind.HEARTBEAT, now)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _present(desk: FarDesk) -> TradingStatus:
    try:
        return await desk.desk.controls.status(None)
    except GatewayError:
        return desk.status()


async def _carry(name: str, far: FarDesk, lane: Lane[tuple[str, TradingEvent]]) -> None:
    """Lay what a desk tells on the lane, also that it is away; and why it tells nothing more."""
    try:
        while True:
            try:
                async with aclosing(far.desk.controls.events(None)) as events:
                    async for event in events:
                        lane.put((name, event))
            except GatewayError as error:
                if error.reason not in _AWAY:
                    raise
            lane.put((name, TradingEvent(StreamKind.HEARTBEAT, far.status())))
            await asyncio.sleep(_AGAIN_S)
    except Exception as error:  # whoever listens is told, whatever it is
        lane.end(error)


def _together(done: Sequence[ControlChange]) -> ControlChange:
    return ControlChange(
        status=freest([each.status for each in done]),
        changed=any(each.changed for each in done),
        unanswered=sum(each.unanswered for each in done),
    )
