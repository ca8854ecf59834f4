"""Failpoints: reached in the order of the pipeline, and inert without a hook."""

import pytest

from quantgraph.domain.orders import OrderKey
from quantgraph.services import failpoints
from tests.services.test_following import Desk, ticket


async def test_an_order_and_its_cancel_reach_every_place_in_turn(tmp_path, monkeypatch):
    reached = []
    monkeypatch.setattr(failpoints, "hook", reached.append)
    async with Desk(tmp_path) as desk:
        await desk.trading.submit(ticket())
        ordered, reached[:] = list(reached), []
        await desk.trading.cancel(OrderKey("sim-1", client_order_id="k1"))
    assert ordered == [
        "before_intent", "after_intent", "before_publish", "before_call", "after_call",
        "before_outcome", "before_publish", "after_outcome",
    ]  # fmt: skip
    assert reached == [
        "before_cancel_call", "after_cancel_call", "before_outcome", "before_publish",
        "after_outcome",
    ]  # fmt: skip


async def test_nothing_is_sent_before_the_intent_is_there_whatever_fails(tmp_path, monkeypatch):
    def fall(name):
        if name == "after_intent":
            raise MemoryError(name)

    monkeypatch.setattr(failpoints, "hook", fall)
    async with Desk(tmp_path) as desk:
        with pytest.raises(MemoryError):
            await desk.trading.submit(ticket())
        assert desk.terminal.placed == []
        assert [each.value for each in desk.states()] == ["ACCEPTED", "SENT"]
        monkeypatch.setattr(failpoints, "hook", None)
        assert (await desk.trading.submit(ticket())).replayed
        assert desk.terminal.placed == []


def test_no_hook_is_there_unless_a_test_installs_one():
    assert failpoints.hook is None
    failpoints.reach("before_call")
