"""Orders through the wire: submitted, refused, filled, cancelled, replayed, streamed."""

import json
import uuid
from contextlib import ExitStack
from decimal import Decimal

import pytest
from websockets.sync.client import connect

SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { replayed order { id clientOrderId brokerOrderId symbol side state
    destination origin quantity filledQuantity limitPrice averagePrice instrument { name } } }
  ... on Problem { code message messageZh retryable } } }"""
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on CancelOrderSuccess { order { id state } } ... on Problem { code message messageZh } } }"""
QUOTE = '{ quote(symbol: "600519.SH") { lastPrice previousClose asks { price quantity } } }'


@pytest.fixture
def submit(ask_mock):
    def send(**changes):
        order = {
            "accountId": "sim-1",
            "clientOrderId": uuid.uuid4().hex,
            "symbol": "000001.SZ",
            "side": "BUY",
            "quantity": 100,
            **changes,
        }
        return ask_mock(SUBMIT, input=order)["submitOrder"]

    return send


@pytest.fixture
def resting(ask_mock, submit):
    """A buy order far below the market: it waits."""

    def place(**changes):
        return submit(limitPrice=low_price(ask_mock), **changes)

    return place


def low_price(ask) -> str:
    close = ask('{ quote(symbol: "000001.SZ") { previousClose } }')["quote"]["previousClose"]
    return str((Decimal(str(close)) * Decimal("0.91")).quantize(Decimal("0.01")))


def high_price(ask) -> str:
    close = ask('{ quote(symbol: "000001.SZ") { previousClose } }')["quote"]["previousClose"]
    return str((Decimal(str(close)) * Decimal("1.09")).quantize(Decimal("0.01")))


def test_an_order_waits_and_can_be_cancelled(ask_mock, resting):
    done = resting()
    assert done["__typename"] == "SubmitOrderSuccess"
    order = done["order"]
    assert order["id"].startswith("mock_order_")
    assert (order["state"], order["destination"], order["origin"]) == (
        "WORKING",
        "SIMULATED",
        "OURS",
    )
    assert order["instrument"] == {"name": "平安银行"}
    canceled = ask_mock(CANCEL, input={"accountId": "sim-1", "id": order["id"]})["cancelOrder"]
    assert canceled["__typename"] == "CancelOrderSuccess"
    assert canceled["order"]["state"] in ("PENDING_CANCEL", "CANCELED")
    query = f'{{ order(accountId: "sim-1", id: "{order["id"]}") {{ state }} }}'
    while ask_mock(query)["order"]["state"] != "CANCELED":
        pass
    again = ask_mock(CANCEL, input={"accountId": "sim-1", "id": order["id"]})["cancelOrder"]
    assert (again["__typename"], again["code"]) == ("OrderNotCancelable", "ORDER_NOT_CANCELABLE")


def test_a_crossing_order_fills_and_moves_cash_and_shares(ask_mock, submit):
    state = """{ accounts { id asset { cash frozenCash total }
      positions { symbol quantity sellable } } }"""

    def account():
        return next(a for a in ask_mock(state)["accounts"] if a["id"] == "sim-1")

    def held(found):
        return next(p for p in found["positions"] if p["symbol"] == "000001.SZ")

    before = account()
    done = submit(limitPrice=high_price(ask_mock), quantity=200)["order"]
    picked = "state filledQuantity averagePrice"
    query = f'{{ order(accountId: "sim-1", id: "{done["id"]}") {{ {picked} }} }}'
    while (order := ask_mock(query)["order"])["state"] != "FILLED":
        pass
    after = account()
    assert order["filledQuantity"] == 200
    assert held(after)["quantity"] == held(before)["quantity"] + 200
    assert held(after)["sellable"] == held(before)["sellable"]
    spent = Decimal(before["asset"]["cash"]) - Decimal(after["asset"]["cash"])
    fees = spent - Decimal(order["averagePrice"]) * 200
    assert Decimal("5.00") <= fees < Decimal("6.00")


def test_the_same_key_is_answered_from_the_journal(ask_mock, resting):
    key = uuid.uuid4().hex
    first = resting(clientOrderId=key)
    again = resting(clientOrderId=key)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["order"]["id"] == again["order"]["id"]
    other = resting(clientOrderId=key, quantity=200)
    assert (other["__typename"], other["code"]) == ("IdempotencyConflict", "IDEMPOTENCY_CONFLICT")
    found = ask_mock(f'{{ order(accountId: "sim-1", clientOrderId: "{key}") {{ id quantity }} }}')
    assert found["order"] == {"id": first["order"]["id"], "quantity": 100}


def test_a_repeat_is_answered_though_the_rules_would_refuse_it_now(ask_mock, submit):
    everything = {"side": "SELL", "quantity": 5000, "limitPrice": high_price(ask_mock)}
    key = uuid.uuid4().hex
    first = submit(clientOrderId=key, **everything)
    again = submit(clientOrderId=key, **everything)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["order"]["id"] == first["order"]["id"]
    # The shares are on offer already: under another key the same order is refused.
    assert submit(**everything)["code"] == "INSUFFICIENT_SHARES"
    other = submit(clientOrderId=key, **everything | {"quantity": 37})
    assert other["code"] == "IDEMPOTENCY_CONFLICT"
    done = ask_mock(CANCEL, input={"accountId": "sim-1", "clientOrderId": key})
    assert done["cancelOrder"]["__typename"] == "CancelOrderSuccess"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"limitPrice": "10.001"}, "TICK_SIZE"),
        ({"limitPrice": "1.00"}, "PRICE_BAND"),
        ({"limitPrice": "999.00"}, "PRICE_BAND"),
        ({"limitPrice": "0"}, "TICK_SIZE"),
        ({"limitPrice": "-1"}, "TICK_SIZE"),
        ({"quantity": 37}, "LOT_SIZE"),
        ({"quantity": 0}, "QUANTITY_INVALID"),
        ({"quantity": -100}, "QUANTITY_INVALID"),
        ({"quantity": 10**12}, "QUANTITY_LIMIT"),
        ({"quantity": 900_000}, "INSUFFICIENT_CASH"),
        ({"side": "SELL", "quantity": 900_000}, "INSUFFICIENT_SHARES"),
        ({"symbol": "999999.SH"}, "UNKNOWN_SYMBOL"),
        ({"symbol": "000300.SH"}, "NOT_TRADABLE"),
        ({"limitPrice": None}, "PRICE_REQUIRED"),
        ({"priceType": "OWN_BEST"}, "PRICE_NOT_ALLOWED"),
        ({"priceType": "BEST_FIVE_LIMIT", "limitPrice": None}, "PRICE_TYPE_UNSUPPORTED"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "ORDER_EXPIRED"),
        ({"accountId": "nobody"}, "UNKNOWN_ACCOUNT"),
    ],
    ids=str,
)
def test_a_refusal_is_data_with_a_code_in_two_languages(ask_mock, submit, changes, code):
    order = {"limitPrice": low_price(ask_mock), **changes}
    refused = submit(**order)
    assert (refused["__typename"], refused["code"]) == ("OrderRejected", code)
    assert refused["message"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in refused["messageZh"])


def test_a_refusal_consumes_no_key(ask_mock, resting, submit):
    key = uuid.uuid4().hex
    assert submit(clientOrderId=key, limitPrice="1.00")["code"] == "PRICE_BAND"
    assert resting(clientOrderId=key)["replayed"] is False


@pytest.mark.parametrize("key", ["", "  ", "x" * 65, "a\nb"])
def test_a_client_order_id_is_short_and_printable(ask_mock, key):
    order = {"accountId": "sim-1", "clientOrderId": key, "symbol": "000001.SZ"}
    order |= {"side": "BUY", "quantity": 100, "limitPrice": low_price(ask_mock)}
    answer = ask_mock(SUBMIT, fails=True, input=order)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expiresAt": "2124-01-01T00:00:00Z"}, "expiry"),
        ({"clientOrderId": ""}, "client order id"),
        ({"clientOrderId": "x" * 65}, "client order id"),
        ({"strategy": "a\nb"}, "strategy"),
    ],
    ids=str,
)
def test_an_order_that_makes_no_sense_is_a_bad_request(ask_mock, changes, words):
    order = {"accountId": "sim-1", "clientOrderId": "k", "symbol": "000001.SZ", "side": "BUY"}
    order |= {"quantity": 100, "limitPrice": low_price(ask_mock), **changes}
    answer = ask_mock(SUBMIT, fails=True, input=order)["errors"][0]
    assert answer["extensions"]["code"] == "BAD_REQUEST"
    assert words in answer["message"]


def test_an_order_may_expire_years_ahead(resting):
    assert resting(expiresAt="2030-01-01T00:00:00Z")["order"]["state"] == "WORKING"


def test_cancelling_what_does_not_exist_is_data(ask_mock):
    found = ask_mock(CANCEL, input={"accountId": "sim-1", "id": "mock_order_none"})["cancelOrder"]
    assert (found["__typename"], found["code"]) == ("OrderNotFound", "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    "ids",
    [{"id": "n" * 100_000}, {"clientOrderId": "n" * 100_000}, {"accountId": "n" * 100_000}],
    ids=lambda each: next(iter(each)),
)
def test_an_answer_does_not_grow_with_an_id_that_is_not_known(ask_mock, ids):
    wanted = {"accountId": "sim-1", **ids}
    if "accountId" in ids:
        wanted["id"] = "none"
    found = ask_mock(CANCEL, input=wanted)["cancelOrder"]
    assert found["__typename"] == "OrderNotFound"
    assert "nnn" in found["message"]
    assert len(found["message"]) < 200


def test_an_unknown_account_or_sector_is_not_echoed_whole(ask_mock):
    queries = (
        "query($it: ID!) { positions(accountId: $it) { symbol } }",
        "query($it: String!) { sector(name: $it) { name } }",
    )
    for query in queries:
        answer = ask_mock(query, fails=True, it="n" * 100_000)
        assert len(str(answer)) < 1_000


@pytest.mark.parametrize("ids", [{}, {"id": "a", "clientOrderId": "b"}])
def test_an_order_is_named_by_exactly_one_id(ask_mock, ids):
    answer = ask_mock(CANCEL, fails=True, input={"accountId": "sim-1", **ids})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_pages_of_orders_go_from_new_to_old(ask_mock, resting):
    placed = [resting()["order"]["id"] for _ in range(5)]
    after, seen = None, []
    query = """query($after: String) { orders(accountId: "sim-1", first: 2, after: $after,
      states: [WORKING]) { nodes { id state } pageInfo { hasNextPage endCursor } } }"""
    while len(seen) < 5:
        page = ask_mock(query, after=after)["orders"]
        seen += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert seen[:5] == placed[::-1]


class Log:
    """Reads `orderUpdates` over a WebSocket."""

    QUERY = """subscription($epoch: ID, $after: Long) {
      orderUpdates(accountId: "sim-1", epoch: $epoch, afterSequence: $after) {
        kind epoch sequence order { id state filledQuantity } fill { quantity price } } }"""

    def __init__(self, gateway, **cursor):
        url = gateway.addresses.http.replace("http", "ws") + "/graphql"
        self.stack = ExitStack()
        # No bound on what is unread: with one, a close would wait for its reader for 10 s.
        opened = connect(url, subprotocols=["graphql-transport-ws"], max_queue=None)
        self.socket = self.stack.enter_context(opened)
        self.send({"type": "connection_init"})
        assert self.read()["type"] == "connection_ack"
        payload = {"query": self.QUERY, "variables": cursor}
        self.send({"id": "1", "type": "subscribe", "payload": payload})

    def send(self, message):
        self.socket.send(json.dumps(message))

    def read(self):
        return json.loads(self.socket.recv(timeout=20))

    def events(self):
        while (message := self.read())["type"] == "next":
            event = message["payload"]["data"]["orderUpdates"]
            if event["kind"] != "HEARTBEAT":
                yield event
        raise AssertionError(message)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()


def test_without_a_cursor_open_orders_come_first_then_what_happens(gateway, ask_mock, resting):
    waiting = resting()["order"]["id"]
    with Log(gateway) as log:
        events = log.events()
        snapshot = []
        while (event := next(events))["kind"] == "SNAPSHOT":
            snapshot.append(event["order"]["id"])
        assert waiting in snapshot
        assert event["kind"] == "CAUGHT_UP"
        head = event["sequence"]
        ask_mock(CANCEL, input={"accountId": "sim-1", "id": waiting})
        states = []
        while "CANCELED" not in states:
            event = next(events)
            head += 1
            assert (event["kind"], event["sequence"]) == ("UPDATE", head)
            assert event["order"]["id"] == waiting
            states.append(event["order"]["state"])


def test_a_cursor_resumes_without_a_gap(gateway, ask_mock, submit):
    done = submit(limitPrice=high_price(ask_mock))["order"]["id"]
    query = f'{{ order(accountId: "sim-1", id: "{done}") {{ state }} }}'
    while ask_mock(query)["order"]["state"] != "FILLED":
        pass
    with Log(gateway, after=0) as log:
        whole = []
        for event in log.events():
            if event["kind"] == "CAUGHT_UP":
                break
            whole.append(event)
    assert [event["sequence"] for event in whole] == list(range(1, len(whole) + 1))
    ours = [event for event in whole if event["order"]["id"] == done]
    assert next(event["order"]["state"] for event in ours) == "ACCEPTED"
    assert ours[-1]["order"]["state"] == "FILLED"
    assert sum(event["fill"]["quantity"] for event in ours if event["fill"]) == 100
    for cut in (1, len(whole) // 2, len(whole) - 1):
        with Log(gateway, after=cut, epoch=whole[0]["epoch"]) as log:
            rest = [next(events) for events in [log.events()] for _ in range(len(whole) - cut)]
        assert rest == whole[cut:]


def test_a_cursor_of_another_epoch_is_refused(gateway):
    with Log(gateway, after=1, epoch="another") as log:
        message = log.read()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "EPOCH_CHANGED"


def test_a_cursor_beyond_the_log_or_of_no_epoch_is_refused(gateway, resting):
    resting()
    with Log(gateway, after=0) as log:
        epoch = next(log.events())["epoch"]
    for cursor in ({"after": 999_999, "epoch": epoch}, {"after": 1}):
        with Log(gateway, **cursor) as log:
            message = log.read()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_convertible_bonds_trade_in_tens_and_thousandths_of_a_yuan(ask_mock, submit):
    rules = ask_mock(
        '{ instrument(symbol: "113052.SH") { rules { band { upperLimit } lot { minimum } } } }'
    )["instrument"]["rules"]
    top = rules["band"]["upperLimit"]
    done = submit(symbol="113052.SH", quantity=rules["lot"]["minimum"], limitPrice=top)
    assert done["__typename"] == "SubmitOrderSuccess"
    above = str(Decimal(top) + Decimal("0.001"))
    assert submit(symbol="113052.SH", quantity=10, limitPrice=above)["code"] == "PRICE_BAND"
    assert submit(symbol="113052.SH", quantity=5, limitPrice=top)["code"] == "LOT_SIZE"
    kind = submit(symbol="113052.SH", quantity=10, priceType="OWN_BEST")
    assert kind["code"] == "PRICE_TYPE_UNSUPPORTED"


def test_an_order_for_after_hours_is_refused_where_the_day_has_none(submit):
    done = submit(priceType="AFTER_HOURS", limitPrice="10.00")
    assert (done["__typename"], done["code"]) == ("OrderRejected", "SESSION_CLOSED")
    assert done["messageZh"] == "当前时间不允许交易"
