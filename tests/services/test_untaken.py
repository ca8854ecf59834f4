"""A disk that takes an intent, and not what came of it: the caller is told what is recorded."""

import pytest

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.journal import Outcome
from quantgraph.domain.orders import OrderKey, OrderState
from quantgraph.domain.reasons import Reason
from tests.services.test_following import Desk, ticket
from tests.waiting import until

S = OrderState


@pytest.fixture
async def desk(tmp_path):
    async with Desk(tmp_path, answer_seconds=0.02) as desk:
        yield desk


def untaken(desk, monkeypatch):
    """Let the journal take no outcome; return what lets it take them again."""
    record, desk.trading._recorder._pause = desk.journal.record, 0.01

    def refused(entries):
        error = Unavailable(Reason.STORE_UNAVAILABLE, "no disk")
        return [error if isinstance(each, Outcome) else record([each])[0] for each in entries]

    monkeypatch.setattr(desk.journal, "record", refused)
    return lambda: monkeypatch.setattr(desk.journal, "record", record)


async def test_a_submit_is_answered_as_sent_and_goes_on(desk, monkeypatch):
    mended = untaken(desk, monkeypatch)
    done = await desk.trading.submit(ticket())
    assert (done.order.state, done.replayed) == (S.SENT, False)
    again = await desk.trading.submit(ticket())
    assert (again.order, again.replayed) == (done.order, True)
    assert len(desk.terminal.placed) == 1
    mended()
    await until(lambda: desk.states()[-1] is S.WORKING)
    assert (await desk.trading.submit(ticket())).order.broker_order_id == "broker-1"
    assert desk.states() == [S.ACCEPTED, S.SENT, S.WORKING]


async def test_a_cancel_is_answered_that_nobody_knows_yet(desk, monkeypatch):
    order = (await desk.trading.submit(ticket())).order
    mended = untaken(desk, monkeypatch)
    with pytest.raises(Unavailable) as caught:
        await desk.trading.cancel(OrderKey("sim-1", order.id))
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    assert len(desk.terminal.withdrawn) == 1
    mended()
    await until(lambda: desk.states()[-1] is S.PENDING_CANCEL)
