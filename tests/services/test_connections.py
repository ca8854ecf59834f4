"""A switch over a terminal's accounts: what it says is durable, and what it stops is orders."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.accounts import Account, AccountStatus, Asset, Means
from quantgraph.domain.errors import (
    EpochChanged,
    GatewayError,
    InvalidRequest,
    NotFound,
    TradingDisabled,
    Unavailable,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.services.connections import SwitchedAccounts, SwitchParts
from quantgraph.services.workers import Workers
from quantgraph.store.accounts import AccountLog

NOW = datetime(2023, 2, 1, 1, 30, tzinfo=UTC)
ON, OFF = AccountStatus.CONNECTED, AccountStatus.DISCONNECTED


class Terminal:
    """Two accounts; a test says whether the terminal serves them."""

    def __init__(self):
        self.status = ON

    async def accounts(self):
        return [Account(each, each, "test", self.status) for each in ("sim-1", "sim-2")]

    async def assets(self, account_ids):
        return [Asset(each, *[Decimal("1.00")] * 4, Source.SIMULATED) for each in account_ids]

    async def holdings(self, account_ids):
        return [[] for _ in account_ids]

    async def means(self, account_id, symbol):
        return Means(Decimal("1.00"), 0, 0)


class Clock:
    time = NOW

    def now(self):
        return self.time


class Bench:
    """A switch over a log in a file, which a test may close and open again."""

    def __init__(self, path):
        self.path, self.terminal, self.clock = path, Terminal(), Clock()
        self.workers, self.up = Workers(2, 64), True
        self.open()

    def open(self):
        self.log = AccountLog(self.path / "accounts.sqlite", "a1")
        parts = SwitchParts(self.log, self.workers, self.clock, lambda: self.up)
        self.switch = SwitchedAccounts(self.terminal, parts)

    async def restart(self):
        self.switch.drain()
        await self.switch.close()
        self.log.close()
        self.open()

    async def statuses(self):
        return {each.id: each.status for each in await self.switch.accounts()}

    def close(self):
        self.log.close()
        self.workers.close()


@pytest.fixture
async def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


async def read(events, count):
    return [await anext(events) for _ in range(count)]


async def test_a_disconnected_account_has_nothing_for_orders_and_is_read_as_before(bench):
    done = await bench.switch.disconnect("sim-1")
    assert (done.account.status, done.changed) == (OFF, True)
    assert await bench.statuses() == {"sim-1": OFF, "sim-2": ON}
    with pytest.raises(TradingDisabled) as caught:
        await bench.switch.means("sim-1", "600519.SH")
    assert caught.value.reason is Reason.ACCOUNT_DISCONNECTED
    assert (await bench.switch.means("sim-2", "600519.SH")).cash == 1
    assert (await bench.switch.asset("sim-1")).total == 1
    assert list(await bench.switch.positions("sim-1")) == []
    assert (await bench.switch.connect("sim-1")).changed
    assert (await bench.switch.means("sim-1", "600519.SH")).cash == 1


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["sim-1", "sim-2"]), st.booleans(), st.booleans())))
async def test_the_log_has_every_change_once_whatever_is_repeated(tmp_path_factory, acts):
    bench = Bench(tmp_path_factory.mktemp("bench"))
    held = {"sim-1": ON, "sim-2": ON}
    changes = {"sim-1": [], "sim-2": []}
    for account, on, restarted in acts:
        bench.clock.time += timedelta(seconds=1)
        act = bench.switch.connect if on else bench.switch.disconnect
        wanted = ON if on else OFF
        done = await act(account)
        assert (done.account.status, done.changed) == (wanted, held[account] is not wanted)
        if done.changed:
            changes[account].append((len(changes[account]) + 1, wanted, bench.clock.time))
        held[account] = wanted
        if restarted:
            await bench.restart()
        assert await bench.statuses() == held
    for account, wanted in changes.items():
        async with aclosing(bench.switch.events(LogCursor(account, None, 0))) as events:
            found = await read(events, len(wanted) + 1)
        assert found[-1].kind is StreamKind.CAUGHT_UP
        assert [(x.sequence, x.account.status, x.time) for x in found[:-1]] == wanted
        for cut in range(1, len(wanted) + 1):
            async with aclosing(bench.switch.events(LogCursor(account, "a1", cut))) as events:
                assert await read(events, len(wanted) - cut + 1) == found[cut:]
    bench.close()


async def test_without_a_cursor_the_account_comes_first_then_what_happens(bench):
    async with aclosing(bench.switch.events(LogCursor("sim-1"))) as events:
        snapshot, caught = await read(events, 2)
        assert (snapshot.kind, snapshot.sequence, snapshot.time) == (StreamKind.SNAPSHOT, 0, None)
        assert (snapshot.account.status, caught.kind) == (ON, StreamKind.CAUGHT_UP)
        await bench.switch.disconnect("sim-2")
        await bench.switch.disconnect("sim-1")
        update = await anext(events)
    assert (update.kind, update.sequence, update.time) == (StreamKind.UPDATE, 1, NOW)
    assert (update.account.id, update.account.status) == ("sim-1", OFF)
    async with aclosing(bench.switch.events(LogCursor("sim-1"))) as events:
        snapshot = await anext(events)
    assert (snapshot.sequence, snapshot.account.status, snapshot.time) == (1, OFF, NOW)


async def test_a_heartbeat_says_whether_the_terminal_reports(bench, monkeypatch):
    monkeypatch.setattr("quantgraph.services.log_stream.HEARTBEAT_S", 0)
    await bench.switch.disconnect("sim-1")
    bench.up = False
    async with aclosing(bench.switch.events(LogCursor("sim-1", "a1", 1))) as events:
        caught, beat = await read(events, 2)
    assert (caught.kind, beat.kind) == (StreamKind.CAUGHT_UP, StreamKind.HEARTBEAT)
    assert (beat.source.connected, beat.source.last_event_time) == (False, 1675215000000)
    assert (beat.account, beat.sequence) == (None, None)


async def test_an_account_that_the_terminal_does_not_serve_is_not_said_to_be_connected(bench):
    await bench.switch.disconnect("sim-1")
    bench.terminal.status = OFF
    with pytest.raises(Unavailable) as caught:
        await bench.switch.connect("sim-1")
    assert caught.value.reason is Reason.SOURCE_UNAVAILABLE
    assert bench.log.newest("sim-1") == 1
    async with aclosing(bench.switch.events(LogCursor("sim-2"))) as events:
        assert (await anext(events)).account.status is OFF


async def test_an_unknown_account_is_never_connected(bench):
    for act in (bench.switch.connect, bench.switch.disconnect):
        with pytest.raises(NotFound) as caught:
            await act("anything")
        assert caught.value.reason is Reason.UNKNOWN_ACCOUNT
    with pytest.raises(NotFound):
        await anext(bench.switch.events(LogCursor("anything")))
    assert bench.log.present() == {}


async def test_a_disconnect_that_cannot_be_recorded_is_no_disconnect(bench):
    bench.log._db.execute("PRAGMA query_only = ON")
    with pytest.raises(GatewayError) as caught:
        await bench.switch.disconnect("sim-1")
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    assert (await bench.statuses())["sim-1"] is ON
    bench.log._db.execute("PRAGMA query_only = OFF")
    assert (await bench.switch.disconnect("sim-1")).changed


async def test_a_caller_that_gives_up_leaves_memory_and_log_the_same(bench):
    asked = asyncio.create_task(bench.switch.disconnect("sim-1"))
    await asyncio.sleep(0)
    asked.cancel()
    await bench.switch.close()
    assert (await bench.statuses())["sim-1"] is OFF
    assert bench.log.newest("sim-1") == 1


async def test_two_at_once_change_it_once(bench):
    done = await asyncio.gather(*(bench.switch.disconnect("sim-1") for _ in range(5)))
    assert [each.changed for each in done].count(True) == 1
    assert bench.log.newest("sim-1") == 1


async def test_cursors_are_refused_as_those_of_the_order_log(bench):
    await bench.switch.disconnect("sim-1")
    with pytest.raises(EpochChanged, match="accounts"):
        await anext(bench.switch.events(LogCursor("sim-1", "other", 1)))
    for cursor in (("a1", 2), ("a1", -1), (None, 1)):
        with pytest.raises(InvalidRequest) as caught:
            await anext(bench.switch.events(LogCursor("sim-1", *cursor)))
        assert caught.value.details["field"] == "after_sequence"


async def test_a_drained_stream_says_where_to_go_on(bench):
    async with aclosing(bench.switch.events(LogCursor("sim-1"))) as events:
        await read(events, 2)
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        bench.switch.drain()
        with pytest.raises(Unavailable, match="after sequence 0"):
            await waiting


async def test_a_terminal_that_is_away_serves_no_account_and_none_can_be_connected(bench):
    await bench.switch.disconnect("sim-1")
    bench.up = False
    assert await bench.statuses() == {"sim-1": OFF, "sim-2": OFF}
    with pytest.raises(Unavailable) as caught:
        await bench.switch.connect("sim-1")
    assert caught.value.reason is Reason.SOURCE_UNAVAILABLE
    async with aclosing(bench.switch.events(LogCursor("sim-2"))) as events:
        assert (await anext(events)).account.status is OFF
    bench.up = True
    assert await bench.statuses() == {"sim-1": OFF, "sim-2": ON}
