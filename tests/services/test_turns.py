"""Changes one after the other, each to its end."""

import asyncio

import pytest

from quantgraph.services.turns import Turns


async def test_who_comes_meanwhile_waits_its_turn() -> None:
    turns, gate, done = Turns(), asyncio.Event(), list[int]()

    async def change(number: int) -> int:
        await gate.wait()
        done.append(number)
        await asyncio.sleep(0)
        done.append(number)
        return number

    tasks = [asyncio.create_task(turns.run(change(number))) for number in range(3)]
    gate.set()
    assert await asyncio.gather(*tasks) == [0, 1, 2]
    assert done == [0, 0, 1, 1, 2, 2]


async def test_a_change_goes_on_though_nobody_waits_for_it() -> None:
    turns, gate, done = Turns(), asyncio.Event(), list[str]()

    async def change() -> None:
        await gate.wait()
        done.append("first")
        raise ValueError("nobody hears it")

    async def look() -> list[str]:
        return list(done)

    caller = asyncio.create_task(turns.run(change()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    later = asyncio.create_task(turns.run(look()))
    await asyncio.sleep(0)
    assert not later.done()
    gate.set()
    assert await later == ["first"]
