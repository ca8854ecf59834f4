"""A halt of a recorded day: quotes, the guard and the exchange of one gateway say the same."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.v1 import orders_pb2, orders_pb2_grpc, quotes_pb2, quotes_pb2_grpc, types_pb2
from tests.grpc_bridge.calls import Refusal

SYMBOL = "600000.SH"
SHOWN = "7.15,7.20,100000,7.19,5000,7.21,5000"
# Shown from the open on, dark from 10:00 on, shown again from 10:30 on.
SCREENS = {"09:30": SHOWN, "09:45": SHOWN, "10:00": "7.15,7.20,100000,,,,", "10:30": SHOWN}
SIDES = ",".join(f"{side}_{name}_1" for side in ("bid", "ask") for name in ("price", "quantity"))
HEAD = f"symbol,time,previous_close,last_price,volume,{SIDES}\n"
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { order { state } } ... on Problem { code } } }"""
PREVIEW = """query($input: SubmitOrderInput!) { previewOrder(input: $input) {
  passes refusals { code } } }"""
QUOTE = f'{{ quote(symbol: "{SYMBOL}") {{ halted suspended source bids {{ price }} }} }}'


class Trader:
    """Asks both wires of a gateway that lives the recorded day again."""

    def __init__(self, client: httpx.Client, channel: grpc.Channel) -> None:
        self.client, self.keys = client, count()
        self.orders = orders_pb2_grpc.OrderServiceStub(channel)
        self.quotes = quotes_pb2_grpc.QuoteServiceStub(channel)

    def ask(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        answer = self.client.post("/graphql", json=body).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def jump(self, moment: str) -> None:
        done = self.ask(f'mutation {{ jumpClock(input: {{ time: "{moment}" }}) {{ __typename }} }}')
        assert done["jumpClock"]["__typename"].endswith("Success")

    def halted(self) -> bool:
        told = self.ask(QUOTE)["quote"]
        request = quotes_pb2.GetQuotesRequest(symbols=[SYMBOL])
        (entry,) = self.quotes.GetQuotes(request).results
        assert entry.quote.halted is told["halted"]
        assert (told["suspended"], told["source"]) == (False, "REPLAY")
        assert told["halted"] is not bool(told["bids"])
        return told["halted"]

    def submit(self, kind: str, price: str | None = None) -> str:
        """Return what both wires and a preview say of an order: TAKEN, or the code."""
        given = {"accountId": "sim-1", "symbol": SYMBOL, "side": "BUY", "quantity": 100,
                 "priceType": kind, "limitPrice": price}  # fmt: skip
        preview = self.ask(PREVIEW, input={**given, "clientOrderId": "none"})["previewOrder"]
        told = self.ask(SUBMIT, input={**given, "clientOrderId": f"k{next(self.keys)}"})
        said = {told["submitOrder"].get("code", "TAKEN"), self._rpc(kind, price)}
        said |= {each["code"] for each in preview["refusals"][:1]} or {"TAKEN"}
        assert len(said) == 1, said
        return said.pop()

    def _rpc(self, kind: str, price: str | None) -> str:
        request = orders_pb2.SubmitOrderRequest(
            account_id="sim-1",
            client_order_id=f"k{next(self.keys)}",
            symbol=SYMBOL,
            side=orders_pb2.SIDE_BUY,
            quantity=100,
            price_type=orders_pb2.PriceType.Value(f"PRICE_TYPE_{kind}"),
            limit_price=None if price is None else types_pb2.Decimal(value=price),
        )
        try:
            self.orders.SubmitOrder(request)
        except grpc.RpcError as error:
            return str(Refusal(error).info.reason)
        return "TAKEN"


@pytest.fixture
def trader(start_gateway: Any, tmp_path: Path) -> Iterator[Trader]:
    file = tmp_path / "quotes.csv"
    rows = (f"{SYMBOL},2023-02-01 {clock}:00,{shown}\n" for clock, shown in SCREENS.items())
    file.write_text(HEAD + "".join(rows))
    done = CliRunner().invoke(
        app, ["import", "quotes", str(file), "--data-dir", str(tmp_path / "data")]
    )
    assert done.exit_code == 0, done.output
    with (
        start_gateway(tmp_path / "data", mock={"liquidity": "replay"}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
        closing(grpc.insecure_channel(running.addresses.grpc)) as channel,
    ):
        trader = Trader(client, channel)
        trader.ask("mutation { setClock(input: { paused: true }) { __typename } }")
        yield trader


def test_a_recorded_halt_is_one_before_anybody_has_an_order(trader: Trader) -> None:
    trader.jump("10:10")
    assert trader.halted()
    assert trader.submit("BEST_FIVE_CANCEL") == "SUSPENDED"
    # Its reopening takes limit orders, and now there is an order book: it is halted as well.
    assert trader.submit("LIMIT", "7.21") == "TAKEN"
    assert trader.halted()
    assert trader.submit("BEST_FIVE_CANCEL") == "SUSPENDED"
    trader.jump("10:31")
    assert not trader.halted()
    assert trader.submit("BEST_FIVE_CANCEL") == "TAKEN"
