"""Handling and regulatory fees that are no part of the commission, on both wires."""

from decimal import ROUND_HALF_UP, Decimal

import grpc
import httpx

from quantgraph.v1 import orders_pb2, orders_pb2_grpc

CENT = Decimal("0.01")
ORDER = (
    'mutation {{ submitOrder(input: {{ accountId: "sim-1", clientOrderId: "{}", symbol: '
    '"600519.SH", side: BUY, quantity: 100, limitPrice: "{}" }}) {{ __typename }} }}'
)


def test_fees_besides_the_commission_are_set_aside_and_paid(start_gateway, tmp_path):
    rules = {"commission_includes_exchange_fees": False}
    with start_gateway(tmp_path, rules=rules, mock={"speed": 1.0}) as running:

        def ask(document):
            answer = httpx.post(f"{running.addresses.http}/graphql", json={"query": document})
            assert "errors" not in answer.json(), answer.json()
            return answer.json()["data"]

        def due(amount):
            """Commission, transfer, handling and regulatory fees of the first of February 2023."""
            rates = ("0.00025", "0.00001", "0.0000487", "0.00002")
            parts = [(amount * Decimal(rate)).quantize(CENT, ROUND_HALF_UP) for rate in rates]
            return sum(parts)

        ask("mutation { setClock(input: { paused: true }) { __typename } }")
        quote = ask('{ quote(symbol: "600519.SH") { bids { price } asks { price } } }')["quote"]
        low = Decimal(f"{quote['bids'][-1]['price']:.2f}")
        ask(ORDER.format("low", low))
        frozen = ask("{ accounts { asset { frozenCash } } }")["accounts"][0]["asset"]["frozenCash"]
        assert Decimal(frozen) == low * 100 + due(low * 100)
        ask(ORDER.format("high", f"{quote['asks'][-1]['price']:.2f}"))
        fields = "amount fee"
        fills = ask(f'{{ fills(accountId: "sim-1") {{ nodes {{ {fields} }} }} }}')["fills"]["nodes"]
        amount = sum(Decimal(each["amount"]) for each in fills)
        assert sum(Decimal(each["fee"]) for each in fills) == due(amount) > 0
        with grpc.insecure_channel(running.addresses.grpc) as channel:
            told = orders_pb2_grpc.OrderServiceStub(channel).ListFills(
                orders_pb2.ListFillsRequest(account_id="sim-1")
            )
        assert [each.fee.value for each in told.fills] == [each["fee"] for each in fills]
