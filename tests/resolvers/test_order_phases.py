"""Which order an exchange takes at which time of a day, asked on both wires of one gateway."""

import uuid
from contextlib import closing

import grpc
import httpx
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from quantgraph.v1 import orders_pb2, orders_pb2_grpc, types_pb2

# Since 2026-07-06 main-board shares and funds have after-hours trading as well.
DAY = "2026-07-08"
SH, STAR, SZ, CHINEXT = "600000.SH", "688981.SH", "000001.SZ", "300059.SZ"
BSE, FUND, BOND = "835185.BJ", "510300.SH", "113052.SH"
SYMBOLS = (SH, STAR, SZ, CHINEXT, BSE, FUND, BOND)
# HIGHEST: a limit order at the top of the band, farther from the best price than a cage allows.
KINDS = ("LIMIT", "HIGHEST", "OWN_BEST", "OPPOSITE_BEST", "BEST_FIVE_CANCEL", "BEST_FIVE_LIMIT",
         "FILL_OR_KILL", "AFTER_HOURS")  # fmt: skip
WIRES = ("graphql", "grpc")
HALT = "halt"
MORNING = ("09:16", "09:21", "09:26", "09:31", HALT)
AFTERNOON = ("14:56", "14:58", "15:02", "15:10")
MOMENTS = (*MORNING, *AFTERNOON)

_FIVE, _BEST = {"BEST_FIVE_CANCEL", "BEST_FIVE_LIMIT"}, {"OWN_BEST", "OPPOSITE_BEST"}
_SHENZHEN = _BEST | {"BEST_FIVE_CANCEL", "FILL_OR_KILL"}
# By hand from the exchanges' texts, apart from `domain/rules`.
MARKET_KINDS = {
    SH: _FIVE | _BEST,
    STAR: _FIVE | _BEST,
    SZ: _SHENZHEN,
    CHINEXT: _SHENZHEN,
    BSE: _FIVE | _BEST,
    FUND: _FIVE,
    BOND: set[str](),
}
LATE = {SH, STAR, SZ, CHINEXT, FUND}


def expected(symbol: str, kind: str, moment: str) -> str:
    """Return TAKEN, or the code of the refusal."""
    if kind == "AFTER_HOURS":
        begins = "09:15" if symbol.endswith("SZ") else "09:30"
        taken = symbol in LATE and (moment == HALT or moment >= begins)
        return "TAKEN" if taken else "SESSION_CLOSED"
    if moment in ("09:26", "15:02", "15:10"):
        return "SESSION_CLOSED"
    if kind == "HIGHEST":
        caged = symbol not in (FUND, BOND) and moment in ("09:31", "14:56")
        return "PRICE_CAGE" if caged else "TAKEN"
    if kind == "LIMIT":
        return "TAKEN"
    if kind not in MARKET_KINDS[symbol]:
        return "PRICE_TYPE_UNSUPPORTED"
    if moment == HALT:
        return "SUSPENDED"
    return "TAKEN" if moment in ("09:31", "14:56") else "PRICE_TYPE_UNSUPPORTED"


def cancelable(symbol: str, moment: str) -> str:
    """Return what becomes of the cancel of a limit order that came in at 09:16."""
    if moment == "09:26":
        return "PENDING_CANCEL"  # kept until 09:30
    if moment == "09:21" or (moment == "14:58" and symbol != BOND):
        return "CANCEL_CLOSED"
    return "ORDER_NOT_CANCELABLE" if moment in ("15:02", "15:10") else "CANCELED"


SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { order { id state rejectCode } } ... on Problem { code } } }"""
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on CancelOrderSuccess { order { state } } ... on Problem { code } } }"""


BANDS = """query($s: [Symbol!]!) { instruments(symbols: $s, first: 20) { edges { node { symbol
  rules { band { lowerLimit upperLimit } } } } } }"""


class Trader:
    """Sends orders on either wire, and tells what became of them in one word."""

    def __init__(self, addresses):
        self.http = httpx.Client(base_url=addresses.http, timeout=60)
        self.channel = grpc.insecure_channel(addresses.grpc)
        self.stub = orders_pb2_grpc.OrderServiceStub(self.channel)
        self.act("createAccount", '{ accountId: "t", cash: "900000000" }')
        self.act("setClock", "{ paused: true }")
        self.act("jumpClock", f'{{ day: "{DAY}" }}')
        shown = self.ask(BANDS, s=SYMBOLS)["instruments"]["edges"]
        self.bands = {each["node"]["symbol"]: each["node"]["rules"]["band"] for each in shown}

    def ask(self, document, **variables):
        body = {"query": document, "variables": variables}
        answer = self.http.post("/graphql", json=body).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def act(self, mutation, given):
        done = self.ask(f"mutation {{ {mutation}(input: {given}) {{ __typename }} }}")[mutation]
        assert done["__typename"].endswith("Success"), (mutation, given, done)

    def wish(self, symbol, kind):
        band = self.bands[symbol]
        # the lowest price waits all day; after hours whoever names the highest takes the close
        low, high = band["lowerLimit"], band["upperLimit"]
        price = {"LIMIT": low, "HIGHEST": high, "AFTER_HOURS": high}.get(kind)
        return {
            "accountId": "t",
            "clientOrderId": uuid.uuid4().hex,
            "symbol": symbol,
            "side": "BUY",
            "quantity": 10 if symbol == BOND else 200,
            "priceType": "LIMIT" if kind == "HIGHEST" else kind,
            **({} if price is None else {"limitPrice": price}),
        }

    def submit(self, wire, symbol, kind):
        """Return TAKEN or the code of the refusal, and the order's id."""
        given = self.wish(symbol, kind)
        if wire == "graphql":
            done = self.ask(SUBMIT, input=given)["submitOrder"]
            order = done.get("order")
            return ("TAKEN", order["id"]) if order else (done["code"], None)
        price = given.get("limitPrice")
        request = orders_pb2.SubmitOrderRequest(
            account_id="t",
            client_order_id=given["clientOrderId"],
            symbol=symbol,
            side=orders_pb2.SIDE_BUY,
            quantity=given["quantity"],
            price_type=orders_pb2.PriceType.Value(f"PRICE_TYPE_{given['priceType']}"),
            limit_price=None if price is None else types_pb2.Decimal(value=price),
        )
        try:
            return "TAKEN", self.stub.SubmitOrder(request).order.id
        except grpc.RpcError as error:
            return reason(error), None

    def cancel(self, wire, order_id, kept):
        """Return the state after the cancel, or the code of the refusal.

        A cancel that is not `kept` is waited for: the terminal reports it in a moment.
        """
        if wire == "graphql":
            done = self.ask(CANCEL, input={"accountId": "t", "id": order_id})["cancelOrder"]
            return done.get("code") or self.settled(order_id, kept)
        try:
            self.stub.CancelOrder(orders_pb2.CancelOrderRequest(account_id="t", id=order_id))
        except grpc.RpcError as error:
            return reason(error)
        return self.settled(order_id, kept)

    def state(self, order_id):
        query = f'{{ order(accountId: "t", id: "{order_id}") {{ state }} }}'
        return self.ask(query)["order"]["state"]

    def settled(self, order_id, kept):
        while (state := self.state(order_id)) == "PENDING_CANCEL" and not kept:
            pass
        return state

    def walk(self, begin, moments):
        """Go through a part of the day once; return what was answered."""
        said, gone = {}, {}
        self.act("jumpClock", f'{{ time: "{begin}" }}')
        early = {(wire, symbol, moment): self.submit(wire, symbol, "LIMIT")[1]
                 for wire in WIRES for symbol in SYMBOLS for moment in moments}  # fmt: skip
        for moment in moments:
            if moment == HALT:
                for symbol in SYMBOLS:
                    self.act("haltSymbol", f'{{ symbol: "{symbol}" }}')
            else:
                self.act("jumpClock", f'{{ time: "{moment}" }}')
            for wire in WIRES:
                for symbol in SYMBOLS:
                    gone[wire, symbol, moment] = self.cancel(
                        wire, early[wire, symbol, moment], moment == "09:26"
                    )
                    for kind in KINDS:
                        said[wire, symbol, kind, moment] = self.submit(wire, symbol, kind)[0]
            if moment == HALT:
                for symbol in SYMBOLS:
                    self.act("resumeSymbol", f'{{ symbol: "{symbol}" }}')
        return said, gone, {key: self.state(each) for key, each in early.items()}


def reason(error):
    """Return the code of a refused rpc."""
    for packed in rpc_status.from_call(error).details:
        info = ErrorInfo()
        if packed.Unpack(info):
            return info.reason
    raise error


@pytest.fixture(scope="module")
def walked(start_gateway, tmp_path_factory):
    """What each wire said to every order at every moment: of one day, in two worlds.

    So nobody has to wait for what is traded between the morning and the end of the day.
    """
    said, gone, left = {}, {}, {}
    world = {"start": "2026-07-07", "open_orders": 2_000}
    for begin, moments in (("09:15:01", MORNING), ("14:55", AFTERNOON)):
        with start_gateway(tmp_path_factory.mktemp("phases"), mock=world) as running:
            trader = Trader(running.addresses)
            with closing(trader.http), trader.channel:
                answers = trader.walk(begin, moments)
        said, gone, left = said | answers[0], gone | answers[1], left | answers[2]
    return said, gone, left


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_each_price_type_is_taken_when_its_exchange_takes_it(walked, symbol, moment):
    said = {(wire, kind): walked[0][wire, symbol, kind, moment] for wire in WIRES for kind in KINDS}
    assert said == {(wire, kind): expected(symbol, kind, moment) for wire, kind in said}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_cancel_is_taken_when_its_exchange_takes_it(walked, symbol, moment):
    said = {walked[1][wire, symbol, moment] for wire in WIRES}
    assert said == {cancelable(symbol, moment)}


def test_nothing_of_the_day_is_open_after_its_close(walked):
    assert {walked[2][key] for key in walked[2] if key[2] in AFTERNOON} == {"CANCELED", "EXPIRED"}
