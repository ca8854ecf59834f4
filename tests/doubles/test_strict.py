import json
from itertools import count
from threading import get_ident

import pytest

from tests.doubles import make_boundary, native


class Terminal:
    """Takes orders of one client and remembers what came."""

    def __init__(self, fire, path, name, session):
        self.fire, self.who, self.taken = fire, (path, name, session), []
        self.nextSeq = count(1).__next__

    def init(self):
        pass

    start = init

    def connect(self):
        return 0

    def orderStockWithSeq(self, seq, req):
        self.taken.append((seq, req))
        return 0


class Quotes:
    """Answers as a terminal that knows one symbol."""

    def __init__(self, fire):
        self.addr = ""

    def init(self):
        return 0

    def load_config(self, file, section):
        return 0

    def set_config_addr(self, addr):
        self.addr = addr

    def connect(self):
        return 0, ""

    def is_connected(self):
        return True

    def shutdown(self):
        return 0

    def get_app_dir(self):
        return "/terminal"

    get_data_dir = get_app_dir

    def get_stock_list_in_sector(self, sector, when):
        return ["600519.SH"] if sector == "沪深A股" else []


@pytest.fixture
def trader(double, make_trader):
    def make(callback=None):
        made = []
        double.trader = lambda *args: made.append(Terminal(*args)) or made[-1]
        return make_trader(callback), made[0]

    return make


def test_the_checked_in_boundary_is_that_of_the_reference():
    if not make_boundary.REFERENCE.is_file():
        pytest.skip(f"no {make_boundary.REFERENCE}")
    table = make_boundary.compact(json.loads(make_boundary.REFERENCE.read_text("utf-8")))
    assert make_boundary.BOUNDARY.read_text("utf-8") == make_boundary.written(table)


def test_a_record_has_no_other_attributes_than_the_native_one(double):
    order = double.new("XtOrder")
    with pytest.raises(AttributeError):
        order.m_strCompactId = "1"
    with pytest.raises(AttributeError):
        _ = order.unheard_of
    assert not hasattr(order, "__dict__")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("order_id", value) for value in ("1", 1.0, None, 2**63)),
        *(("price", value) for value in (None, "10")),
        *(("order_remark", value) for value in (5, None)),
    ],
)
def test_a_field_takes_no_other_type(double, field, value):
    with pytest.raises(TypeError):
        double.new("XtOrder", **{field: value})


def test_both_names_of_a_field_are_one(double):
    order = double.new("XtOrder", m_nOrderID=4, order_sysid="a")
    assert (order.order_id, order.m_strOrderSysID) == (4, "a")
    order.price = 3
    assert isinstance(order.m_dPrice, float)


def test_a_method_takes_neither_other_arguments_nor_keywords(double, trader):
    client = trader()[0].async_client
    request = double.new("OrderStockReq")
    for args in [(1,), (request, 1), (1, request, 2), ("1", request), (1, double.new("XtOrder"))]:
        with pytest.raises(TypeError, match="incompatible arguments"):
            client.orderStockWithSeq(*args)
    with pytest.raises(TypeError):
        client.orderStockWithSeq(seq=1, req=request)
    with pytest.raises(AttributeError):
        _ = client.orderStock


def test_what_the_terminal_lacks_is_not_realized(double, trader):
    with pytest.raises(RuntimeError, match="function not realize"):
        trader()[0].async_client.queryIPODataWithSeq(1, double.new("QueryIPODataReq"))


def test_the_real_trader_sends_through_it(double, trader):
    class Callback:
        on_order_stock_async_response = None

    sdk = native.sdk("xttype")
    real, terminal = trader(Callback())
    account = sdk.StockAccount("1000", "STOCK")
    seq = real.order_stock_async(account, "600519.SH", 23, 100, 11, 1700.5, "s", "tag")
    ((taken, request),) = terminal.taken
    assert (seq, taken, request.stock_code, request.price) == (1, 1, "600519.SH", 1700.5)
    assert (request.order_remark, request.order_remark1) == ("tag", "tag")
    assert terminal.who == ("C:/迅投/userdata_mini".encode("gb18030"), "xtquant", 7)
    assert {"XtQuantAsyncClient.orderStockWithSeq", "OrderStockReq.m_dPrice"} <= double.touched


def test_the_real_trader_cannot_send_no_price(double, trader):
    real, terminal = trader()
    account = native.sdk("xttype").StockAccount("1000", "STOCK")
    with pytest.raises(TypeError):
        real.order_stock_async(account, "600519.SH", 23, 100, 11, None)
    assert not terminal.taken


def test_a_typo_of_the_sdk_shows(double, trader):
    real, _ = trader()
    account = native.sdk("xttype").StockAccount("1000", "CREDIT")
    with pytest.raises(AttributeError, match="m_strCompactId"):
        real.smt_compact_renewal_async(account, "1", "600519.SH", 1, 1, 0.1)


def test_callbacks_take_what_the_native_side_gives(double, trader):
    real, terminal = trader()
    heard = []
    real.async_client.bindOnStockOrderCallback(heard.append)
    terminal.fire("StockOrder", double.new("XtOrder", order_id=3))
    assert [each.order_id for each in heard] == [3]
    with pytest.raises(AssertionError):
        terminal.fire("StockOrder")


def test_an_exception_that_leaves_a_callback_is_kept(double, trader):
    real, terminal = trader()

    def fail():
        raise ValueError(get_ident())

    real.async_client.bindOnDisconnectedCallback(fail)
    terminal.fire("Disconnected")
    assert [str(each) for each in double.escaped] == [str(get_ident())]
    double.escaped.clear()


def test_the_real_data_module_reads_through_it(double, monkeypatch):
    xtdata = native.sdk("xtdata")
    monkeypatch.setattr(xtdata, "enable_hello", False)
    double.quotes = Quotes
    xtdata.connect(port=58610)
    try:
        assert xtdata.get_stock_list_in_sector("沪深A股") == ["600519.SH"]
        assert "IPythonApiClient.get_stock_list_in_sector" in double.touched
        with pytest.raises(RuntimeError, match="get_full_tick"):
            xtdata.get_full_tick(["600519.SH"])
    finally:
        xtdata.disconnect()


def test_a_double_that_answers_another_type_is_wrong(double):
    call = double.function("get_cb_info", [(("str",), "bytes")], lambda _: "text")
    with pytest.raises(AssertionError):
        call("113001.SH")
