"""Acts are written behind what happens: none is lost while there is room, and nobody waits."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest

from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.audit import DONE, UNANSWERED, Act
from quantgraph.domain.errors import NotFound, OrderRefused, Unavailable, unknown_account
from quantgraph.domain.orders import OrderKey
from quantgraph.domain.reasons import Reason
from quantgraph.services import audit
from quantgraph.services.audit import AuditTrail, Operation, audited
from tests.store.test_journal import order

ACTOR = Actor("k1", Wire.GRPC, "peer")


class Log:
    """A log that may be broken, and says when it has written so many."""

    def __init__(self):
        self.acts, self.batches, self.broken = [], 0, 0
        self.anchored = threading.Event()

    def append(self, acts):
        if self.broken:
            self.broken -= 1
            raise Unavailable(Reason.STORE_UNAVAILABLE, "no disk")
        self.acts += acts
        self.batches += 1

    def anchor(self):
        self.anchored.set()


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr(audit, "_PAUSE_S", 0.001)
    monkeypatch.setattr(audit, "_REST_S", 0.001)
    return Log()


def act(number):
    return Act(datetime.now(UTC), ACTOR, f"act{number}", None, "{}", DONE)


class Port:
    """A port of three acts and a question."""

    def __init__(self):
        self.going = asyncio.Event()

    async def cancel(self, key):
        return order(1)

    async def refuse(self, key):
        raise OrderRefused(Reason.TERMINAL_REFUSED, "no", order_id="order_7")

    async def wait(self, account_id):
        self.going.set()
        await asyncio.Event().wait()

    async def halt(self, account_id):
        if account_id == "nobody":
            raise unknown_account(account_id)

    async def ask(self):
        return 42


NAMES = {
    "cancel": Operation("cancelOrder", open=True),
    "refuse": Operation("refuseOrder"),
    "wait": Operation("waitLong"),
    "halt": Operation("haltTrading", open=True, durable=True),
}


async def test_acts_are_noted_with_their_outcome_and_their_order(log):
    trail, port = AuditTrail(log), Port()
    act_as(ACTOR)
    noted = audited(port, trail, NAMES)
    assert (await noted.cancel(OrderKey("sim-1", id="order_1"))).id == "order_1"
    with pytest.raises(OrderRefused):
        await noted.refuse(OrderKey("sim-1", None, "c1"))
    waiting = asyncio.create_task(noted.wait("sim-2"))
    await port.going.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await noted.ask() == 42
    trail.refused("submitOrder", "sim-3", unknown_account("sim-3"))
    trail.close()
    assert [(a.operation, a.account_id, a.outcome, a.order_id, a.actor) for a in log.acts] == [
        ("cancelOrder", "sim-1", DONE, "order_1", ACTOR),
        ("refuseOrder", "sim-1", "TERMINAL_REFUSED", "order_7", ACTOR),
        ("waitLong", "sim-2", UNANSWERED, None, ACTOR),
        ("submitOrder", "sim-3", "UNKNOWN_ACCOUNT", None, ACTOR),
    ]
    assert log.acts[0].what == '{"account_id":"sim-1","id":"order_1"}'


def test_many_acts_share_a_commit_and_keep_their_order(log):
    trail = AuditTrail(log)
    for number in range(500):
        trail.note(act(number))
    trail.close()
    assert [each.operation for each in log.acts] == [f"act{n}" for n in range(500)]
    assert log.batches < 50


def test_a_broken_disk_is_asked_again_and_keeps_the_order(log):
    log.broken = 3
    trail = AuditTrail(log)
    trail.note(act(1))
    assert log.anchored.wait(10)
    trail.note(act(2))
    trail.close()
    assert [each.operation for each in log.acts] == ["act1", "act2"]


async def test_a_halt_is_in_the_log_when_it_is_answered(log):
    trail = AuditTrail(log)
    noted = audited(Port(), trail, NAMES)
    for number in range(3):
        trail.note(act(number))
        await noted.halt("sim-1")
        assert [each.operation for each in log.acts[-2:]] == [f"act{number}", "haltTrading"]
    with pytest.raises(NotFound):
        await noted.halt("nobody")
    assert log.acts[-1].outcome == "UNKNOWN_ACCOUNT"
    trail.close()
    assert len(log.acts) == 7


async def test_a_halt_waits_for_a_broken_disk_only_so_long(log, monkeypatch):
    monkeypatch.setattr(audit, "_DURABLE_S", 0.01)
    log.broken = 10**9
    trail = AuditTrail(log)
    await audited(Port(), trail, NAMES).halt("sim-1")
    assert log.acts == []
    assert not await trail.settled()
    log.broken = 0
    monkeypatch.setattr(audit, "_DURABLE_S", 10.0)
    assert await trail.settled()
    assert [each.operation for each in log.acts] == ["haltTrading"]
    trail.close()


async def test_without_room_only_what_is_always_open_is_done(log):
    log.broken = 10**9
    trail = AuditTrail(log, places=2)
    noted = audited(Port(), trail, NAMES)
    trail.note(act(1))
    trail.note(act(2))
    with pytest.raises(Unavailable) as caught:
        await noted.refuse(OrderKey("sim-1", "x"))
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    assert (await noted.cancel(OrderKey("sim-1", "order_1"))).id == "order_1"
    log.broken = 0
    assert log.anchored.wait(10)
    trail.note(act(3))
    trail.close()
    assert [each.operation for each in log.acts] == ["act1", "act2", "act3"]
