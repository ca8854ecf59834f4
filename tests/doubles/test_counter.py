"""The real SDK trades at the simulated exchange through the double."""

from queue import Queue

import pytest

from tests.doubles import native
from tests.doubles.counter import Counter
from tests.doubles.script import lose, twice
from tests.doubles.world import ACCOUNT, SimWorld

SYMBOL = "600519.SH"


class Heard:
    """Hears every callback, in its order."""

    def __init__(self):
        self.queue = Queue()

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *args: self.queue.put((name.removeprefix("on_"), *args))

    def next(self, *names):
        """Return the next callbacks, which have these names."""
        got = [self.queue.get(timeout=10) for _ in names]
        assert [each[0] for each in got] == list(names)
        return [each[1] if len(each) > 1 else None for each in got]


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def trader(make_trader, heard, counter):
    return connected(make_trader(heard))


def connected(trader):
    trader.start()
    assert trader.connect() == 0
    assert trader.subscribe(account()) == 0
    return trader


def account(kind="STOCK"):
    return native.sdk("xttype").StockAccount(ACCOUNT, kind)


def buy(trader, price, quantity=100, remark="tag"):
    return trader.order_stock_async(account(), SYMBOL, 23, quantity, 11, price, "s", remark)


def best(counter, side="asks"):
    return float(counter.world.price(SYMBOL, side))


def test_an_order_is_answered_then_pushed_then_filled(trader, counter, heard):
    seq = buy(trader, best(counter))
    answer, first, trade, last = heard.next(
        "order_stock_async_response", "stock_order", "stock_trade", "stock_order"
    )
    assert (answer.seq, answer.order_id, answer.order_remark) == (seq, first.order_id, "tag")
    assert (first.order_status, last.order_status, last.traded_volume) == (50, 56, 100)
    assert (trade.order_id, trade.traded_volume, trade.traded_price) == (
        answer.order_id,
        100,
        last.traded_price,
    )


def test_an_order_that_rests_is_listed_and_can_be_canceled(trader, counter, heard):
    buy(trader, best(counter, "bids") - 20)
    answer, _ = heard.next("order_stock_async_response", "stock_order")
    (row,) = trader.query_stock_orders(account(), True)
    assert (row.order_id, row.order_status, row.order_volume) == (answer.order_id, 50, 100)
    assert trader.cancel_order_stock(account(), row.order_id) == 0
    assert [each.order_status for each in heard.next("stock_order", "stock_order")] == [51, 54]
    assert trader.cancel_order_stock(account(), row.order_id) == -1
    assert trader.query_stock_orders(account(), True) == []


def test_a_refusal_is_57_and_an_error(trader, heard):
    seq = buy(trader, 1_700.0, 101)
    answer, order, error = heard.next("order_stock_async_response", "stock_order", "order_error")
    assert (order.order_status, error.seq, error.order_id) == (57, seq, answer.order_id)
    assert error.error_msg == order.status_msg != ""


def test_the_script_loses_repeats_and_holds_back(trader, counter, heard):
    counter.script.when("StockTrade", lose)
    counter.script.when("StockOrder", twice)
    held = counter.script.hold("OrderStock")
    buy(trader, best(counter))
    heard.next("stock_order", "stock_order", "stock_order")
    assert held.came == 1
    held.release()
    heard.next("order_stock_async_response")


def test_a_function_that_the_terminal_lacks_raises(trader, counter):
    counter.script.when("queryIPODataWithSeq", RuntimeError("[xtquant]function not realize."))
    with pytest.raises(RuntimeError, match="not realize"):
        trader.query_ipo_data()
    counter.ipos = [{"ipo_code": "730001.SH", "ipo_name": "新股", "max_purchase_num": 1_000}]
    assert trader.query_ipo_data()["730001.SH"]["maxPurchaseNum"] == 1_000
    counter.quotas = {"SH": 5_000}
    assert trader.query_new_purchase_limit(account()) == {"SH": 5_000}


def test_money_and_holdings_are_those_of_the_exchange(trader, counter):
    asset = trader.query_stock_asset(account())
    (real,) = counter.world.run(counter.world.terminal.assets([ACCOUNT]))
    assert (asset.cash, asset.total_asset) == (float(real.cash), float(real.total))
    held = trader.query_stock_position(account(), "000001.SZ")
    assert (held.volume, held.can_use_volume) == (5_000, 5_000)
    assert [each.account_id for each in trader.query_account_infos()] == [ACCOUNT]


def test_after_a_disconnect_only_a_new_session_is_answered(trader, counter, heard, make_trader):
    counter.disconnect()
    heard.next("disconnected")
    assert buy(trader, 1_700.0) > 0
    counter.quiet()
    assert heard.queue.empty()
    again = make_trader(heard, session=7)
    again.start()
    assert again.connect() == -1
    assert connected(make_trader(heard, session=8)).query_stock_asset(account()) is not None


def test_ids_of_orders_begin_anew_on_the_next_day(double, make_trader, heard):
    # Of its own, and without a live book: a day of one takes a second.
    world = SimWorld()
    counter, ids = Counter(double, world), []
    trader = connected(make_trader(heard))
    for _ in range(2):
        buy(trader, 1_700.0, 101)
        _, row, _ = heard.next("order_stock_async_response", "stock_order", "order_error")
        ids.append((row.order_id, row.order_time))
        world.move(days=1)
        assert trader.query_stock_orders(account()) == []
    assert ids[0][0] == ids[1][0]
    assert ids[0][1] < ids[1][1]
    counter.close()
    world.close()
