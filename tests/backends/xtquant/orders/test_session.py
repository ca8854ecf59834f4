"""What a session changes in the SDK's trader, and which of its functions are ever reached for."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event as Latch

from quantgraph.backends.xtquant.callbacks import Callbacks
from quantgraph.backends.xtquant.session import Session
from tests.doubles import native
from tests.doubles.script import lose
from tests.doubles.world import ACCOUNT

ROOM = Path(__file__).parents[4] / "quantgraph" / "backends" / "xtquant"


def test_nothing_that_waits_is_ever_asked():
    trader = native.sdk("xttrader").XtQuantTrader
    asked = {
        name
        for file in ROOM.glob("*.py")
        for name in re.findall(r'"(\w+)"', file.read_text("utf-8"))
        if name.startswith(("query_", "order_stock", "cancel_order")) and hasattr(trader, name)
    }
    assert {name for name in asked if not name.endswith("_async")} == set()
    assert {"order_stock_async", "cancel_order_stock_async", "query_stock_orders_async"} <= asked


def test_every_callback_of_the_sdk_is_heard():
    theirs = native.sdk("xttrader").XtQuantTraderCallback
    names = {name for name in dir(theirs) if name.startswith("on_")}
    assert len(names) == 16
    told = []
    ours = Callbacks(lambda kind, what: told.append(kind))
    for name in sorted(names - {"on_connected", "on_disconnected"}):
        getattr(ours, name)(None)
    ours.on_disconnected()
    ours.on_connected()
    assert len(told) == 15
    assert set(told) == {
        "asset", "disconnected", "error", "order", "other", "placed", "position", "status",
        "trade", "withdrawn",
    }  # fmt: skip


async def test_answers_and_pushes_come_in_one_order(desk):
    trader = desk.link._session._trader
    assert trader.resp_executor is trader.executor
    assert trader.executor._max_workers == 1


class Eager:
    """A native side that goes away in the moment in which it is started."""

    def __init__(self, fire, *_):
        self.fire, self.nextSeq = fire, count(1).__next__

    def init(self):
        pass

    def start(self):
        self.fire("Disconnected")

    def connect(self):
        return 0

    def stop(self):
        pass


def test_what_is_pushed_as_the_native_side_starts_is_heard(double):
    double.trader = Eager
    told, heard = [], Latch()
    callbacks = Callbacks(lambda kind, _: (told.append(kind), heard.set()))

    def begin():
        session = Session(native.sdk("xttrader"), "C:/userdata_mini", 1, callbacks)
        assert session.connect(1.0) == 0
        return session

    # Of the main thread the SDK wants an event loop.
    with ThreadPoolExecutor(1) as pool:
        session = pool.submit(begin).result(20)
    assert heard.wait(20)
    session.close()
    assert (told, double.escaped) == (["disconnected"], [])


async def test_a_subscription_without_an_answer_is_tried_again(open_desk, counter):
    counter.script.when("subscribeWithSeq", lose)
    desk = await open_desk(seconds=1.0)
    assert len(desk.naps) >= 1
    assert counter.sessions[-1].subscribed == {ACCOUNT}


async def test_what_comes_after_the_end_harms_nobody(open_desk, counter):
    desk = await open_desk()
    session = counter.sessions[-1]
    # It is in the middle of a push as the session ends.
    held = counter.script.hold("StockOrder")
    await desk.trading.place(desk.resting())
    await desk.quiet()
    assert held.came == 1
    await desk.link.close()
    assert session.stopped
    held.release()
    assert counter.native.escaped == []
