"""Orders on both wires of one gateway are judged as the second checker judges them."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from itertools import count, product
from typing import Any

import grpc
import httpx
import pytest

from quantgraph.v1 import orders_pb2
from tests.contracts.asking import RPCS, request_of
from tests.contracts.pairs import PAIRS
from tests.domain.rules import oracle
from tests.domain.rules.oracle import Case
from tests.grpc_bridge.calls import Refusal, path

# Main boards of both exchanges, a share under risk warning, ChiNext, STAR, Beijing, an ETF, a bond.
SYMBOLS = ("600000.SH", "000001.SZ", "600518.SH", "300059.SZ", "688981.SH", "835185.BJ",
           "510300.SH", "113052.SH")  # fmt: skip
# The trading day before a rule's first day, and that day: the clock jumps from one to the next.
# Whose rules change is judged on both; of the others, a sample.
CHANGES = {
    ("2020-08-21", "2020-08-24"): ("300059.SZ", "688981.SH"),
    ("2023-04-07", "2023-04-10"): ("600000.SH", "000001.SZ"),
    ("2026-07-03", "2026-07-06"): ("600518.SH", "510300.SH"),
}
DAYS = {day: symbols for days, symbols in CHANGES.items() for day in days}
# An order opens a book that lives until the evening: the morning is asked on the last day alone.
MORNING = ("09:19:59", "09:20", "09:24:59", "09:25", "09:29:59", "09:30")  # fmt: skip
LAST = "14:56:59"
EVENING = ("14:57", "14:59:59", "15:05", "15:29:59")
KINDS = sorted({"LIMIT", "AFTER_HOURS", *oracle.MARKET_TYPES})
TAKEN = "TAKEN"
# What an account holds, of each: enough for the largest orders, and odd shares that remain.
HELD = 2_000_050
# What some order of each day is refused with: a check that is never made proves nothing.
EVERY_DAY = {TAKEN, "PRICE_BAND", "PRICE_CAGE", "TICK_SIZE", "LOT_SIZE", "QUANTITY_LIMIT",
             "SESSION_CLOSED", "PRICE_TYPE_UNSUPPORTED", "CLOSE_NOT_REACHED"}  # fmt: skip
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { order { id state } } ... on Problem { code } } }"""
CANCEL = """mutation($account: ID!, $id: ID!) {
  cancelOrder(input: { accountId: $account, id: $id }) {
  ... on CancelOrderSuccess { order { state } } ... on Problem { code } } }"""
LISTED = """query($symbols: [Symbol!]!) { instruments(symbols: $symbols) { nodes {
  symbol listDate isSt } } }"""
PLACE = """query($symbol: Symbol!, $account: ID!) { serverInfo { clock { now } }
  quote(symbol: $symbol) { previousClose lastPrice bids { price } asks { price } }
  positions(accountId: $account) { symbol sellable } }"""
PAIR = PAIRS["Mutation.submitOrder"]


class Trader:
    """Sends each order by both wires, and tells what they say in one word."""

    def __init__(self, client: httpx.Client, channel: grpc.Channel) -> None:
        self.client, self.keys = client, count()
        self.call = channel.unary_unary(path(RPCS[PAIR.rpc]))
        self.judged: dict[str, int] = {}
        self.listed: dict[str, Any] = {}
        self.account = ""

    def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = self.client.post("/graphql", json=body).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def act(self, mutation: str, given: str) -> None:
        done = self.ask(f"mutation {{ {mutation}(input: {given}) {{ __typename }} }}")[mutation]
        assert done["__typename"].endswith("Success"), (mutation, given, done)

    def open(self, day: str, held: int = HELD) -> None:
        """Begin a day, as an account that holds so much of whatever is listed then."""
        self.act("jumpClock", f'{{ day: "{day}" }}')
        self.look()
        self.account = f"of-{day}"
        rows = (
            f'{{ symbol: "{symbol}", quantity: {held}, costPrice: "1" }}' for symbol in self.listed
        )
        positions = ", ".join(rows) if held else ""
        given = f'accountId: "{self.account}", cash: "90000000000", positions: [{positions}]'
        self.act("createAccount", f"{{ {given} }}")

    def move(self, day: str, moment: str) -> None:
        self.act("jumpClock", f'{{ day: "{day}", time: "{moment}" }}')
        self.look()

    def look(self) -> None:
        found = self.ask(LISTED, symbols=SYMBOLS)["instruments"]["nodes"]
        self.listed = {each["symbol"]: each for each in found}

    def case(self, symbol: str) -> Case:
        """The place that an order of now meets, as the wires show it."""
        shown = self.ask(PLACE, symbol=symbol, account=self.account)
        now = datetime.fromisoformat(shown["serverInfo"]["clock"]["now"])
        quote, share = shown["quote"], self.listed[symbol]
        held = {each["symbol"]: each["sellable"] for each in shown["positions"]}
        return Case(
            symbol,
            now.date(),
            oracle.clock(now.hour, now.minute, now.second),
            close=mills(quote["previousClose"]),
            bid=mills(quote["bids"][0]["price"]) if quote["bids"] else None,
            ask=mills(quote["asks"][0]["price"]) if quote["asks"] else None,
            last=mills(quote["lastPrice"]),
            st=share["isSt"],
            listed=share["listDate"] and date.fromisoformat(share["listDate"]),
            held=held.get(symbol, 0),
        )

    def judge(self, case: Case) -> str:
        """Hold what both wires say of an order against the second checker; return their word."""
        given = {
            "accountId": self.account,
            "clientOrderId": f"k{next(self.keys)}",
            "symbol": case.symbol,
            "side": case.side,
            "quantity": case.quantity,
            "priceType": case.price_type,
        }
        if case.price is not None:
            given["limitPrice"] = f"{Decimal(case.price) / 1_000:.3f}"
        wires = [self.graphql, self.grpc]
        if next(self.keys) % 2:  # a taken order is the one's, and its repeat the other's
            wires.reverse()
        (said, order), (also, same) = [wire(given) for wire in wires]
        assert (also, same) == (said, order), (case, given)
        expected = oracle.broken(case) | beyond(case) or {TAKEN}
        if oracle.exists(case):
            assert said in expected, (case, said, expected)
        else:
            assert said != TAKEN, case
        self.judged[said] = self.judged.get(said, 0) + 1
        return order or said

    def cancel(self, order: str) -> None:
        self.ask(CANCEL, account=self.account, id=order)

    def graphql(self, given: dict[str, Any]) -> tuple[str, str]:
        done = self.ask(SUBMIT, input=given)["submitOrder"]
        if "code" in done:
            return done["code"], ""
        assert done["order"]["state"] != "REJECTED"
        return TAKEN, done["order"]["id"]

    def grpc(self, given: dict[str, Any]) -> tuple[str, str]:
        try:
            raw = self.call(request_of(PAIR, given).SerializeToString(), timeout=20)
        except grpc.RpcError as error:
            return Refusal(error).info.reason, ""
        order = orders_pb2.SubmitOrderResponse.FromString(raw).order
        assert order.state != orders_pb2.ORDER_STATE_REJECTED
        return TAKEN, order.id


def beyond(case: Case) -> set[str]:
    """What else refuses an order than the rules of the order alone."""
    found: set[str] = set()
    if case.side == "SELL" and case.quantity > case.held:
        found.add("INSUFFICIENT_SHARES")
    return found


def mills(price: float | None) -> int | None:
    return None if price is None else round(price * 1_000)


@pytest.fixture(scope="module")
def trader(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trader]:
    with (
        start_gateway(tmp_path_factory.mktemp("rules"), mock={"start": "2020-08-20"}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
        closing(grpc.insecure_channel(running.addresses.grpc)) as channel,
    ):
        trader = Trader(client, channel)
        trader.act("setClock", "{ paused: true }")
        yield trader


def edges(case: Case) -> list[tuple[str, int]]:
    """Prices one tick, and less than one, to either side of what bounds them, by side."""
    tick = oracle.step(case)
    close = case.close or 0
    low, high = oracle.limits(case) or (close // tick * tick, close // tick * tick)
    bid, ask = case.bid or close, case.ask or close
    cage = {"BUY": max(ask * 102 // 100, ask + 10 * tick) // tick * tick,
            "SELL": -(min(-(-bid * 98 // 100), bid - 10 * tick) // -tick) * tick}  # fmt: skip
    found = [(side, bound + shift * tick)
             for side, bounds in (("BUY", (low, cage["BUY"])), ("SELL", (high, cage["SELL"])))
             for bound in bounds for shift in (-1, 0, 1)]  # fmt: skip
    return [*found, ("BUY", low - 1), ("BUY", low + tick // 2), ("SELL", high + 1)]


def sizes(case: Case) -> list[int]:
    """Quantities one share to either side of a lot and of the largest order."""
    lot, most = {"STAR": 200, "BOND": 10}.get(oracle.board(case.symbol), 100), oracle.most(case)
    return [lot - 1, lot, lot + 1, most, most + 1, most + 100]


@pytest.mark.parametrize("day", DAYS)
def test_both_wires_judge_orders_as_the_second_checker_does(trader: Trader, day: str) -> None:
    rng = random.Random(day)
    trader.judged.clear()
    trader.open(day)
    trader.move(day, LAST)
    for symbol in {*SYMBOLS} - trader.listed.keys():
        assert not oracle.exists(Case(symbol, date.fromisoformat(day), 0))
    chosen = {*DAYS[day], *rng.sample(sorted(trader.listed), 3)}
    for symbol in sorted(chosen):
        check_prices(trader, symbol)
    for symbol in sorted(chosen)[:3]:
        check_sizes(trader, symbol)
    for moment in EVENING:
        trader.move(day, moment)
        for symbol in rng.sample(sorted(trader.listed), 4):
            check_kind(trader, symbol, rng)
    check_close(trader, "688981.SH")
    assert trader.judged.keys() >= EVERY_DAY


def check_kind(trader: Trader, symbol: str, rng: random.Random) -> None:
    """One order of any type, at a price that waits."""
    case = trader.case(symbol)
    low, _ = oracle.limits(case) or (case.close, case.close)
    kind = rng.choice(KINDS)
    trader.judge(case._replace(price_type=kind, price=None if kind in oracle.MARKET_TYPES else low))


def check_prices(trader: Trader, symbol: str) -> None:
    case = trader.case(symbol)
    for side, price in edges(case):
        # what the last one took from the other side, or left on its own, is seen anew
        order = trader.judge(trader.case(symbol)._replace(side=side, price=price))
        if order.startswith("mock_order_"):
            trader.cancel(order)


def check_close(trader: Trader, symbol: str) -> None:
    """After hours, one tick to either side of the close."""
    case = trader.case(symbol)._replace(price_type="AFTER_HOURS")
    close = case.last or case.close or 0
    for side, shift in product(("BUY", "SELL"), (-1, 0, 1)):
        trader.judge(case._replace(side=side, price=close + shift * oracle.step(case)))


def check_sizes(trader: Trader, symbol: str) -> None:
    case = trader.case(symbol)
    low, high = oracle.limits(case) or (case.close, case.close)
    for side, price in (("BUY", low), ("SELL", high)):
        for quantity in sizes(case):
            order = trader.judge(case._replace(side=side, price=price, quantity=quantity))
            if order.startswith("mock_order_"):
                trader.cancel(order)


def test_what_is_bought_is_sold_from_the_next_day_on_by_either_wire(trader: Trader) -> None:
    first, second = "2026-07-10", "2026-07-13"  # a weekend lies between them
    trader.open(first, held=0)
    trader.move(first, LAST)
    shares = [each for each in SYMBOLS if oracle.board(each) not in ("FUND", "BOND")]
    for symbol in shares:
        case = trader.case(symbol)
        top = max(price for side, price in edges(case) if side == "BUY" and good(case, price))
        assert trader.judge(case._replace(price=top)).startswith("mock_order_")
        sale = trader.case(symbol)._replace(side="SELL", price=top)
        assert sale.held == 0
        assert trader.judge(sale) == "INSUFFICIENT_SHARES"
    trader.move(second, LAST)
    for symbol in shares:
        case = trader.case(symbol)
        sale = case._replace(side="SELL", price=oracle.limits(case)[1])
        assert sale.held == 200
        assert trader.judge(sale._replace(quantity=400)) == "INSUFFICIENT_SHARES"
        assert trader.judge(sale).startswith("mock_order_")


def good(case: Case, price: int) -> bool:
    return not oracle.broken(case._replace(price=price))


def test_both_wires_take_in_the_morning_what_the_second_checker_takes(trader: Trader) -> None:
    rng = random.Random(1)
    trader.open("2026-07-14")
    for moment in MORNING:
        trader.move("2026-07-14", moment)
        for symbol in sorted(trader.listed):
            check_kind(trader, symbol, rng)
