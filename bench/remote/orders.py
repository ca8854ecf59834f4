"""SubmitOrder at an agent in prod, and at a gateway over it, from one client in turn."""

import statistics
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import grpc

from bench.fanout.servers import processor
from bench.remote.places import Place, Plan, over, serving
from bench.remote.turns import Sample, Turns
from quantgraph.store.arming import ArmingSecret
from quantgraph.v1 import (
    controls_pb2,
    controls_pb2_grpc,
    orders_pb2,
    orders_pb2_grpc,
    quotes_pb2,
    quotes_pb2_grpc,
)

P50, P99 = "submitOrder p50, ms", "submitOrder p99, ms"
ACCOUNT, SYMBOL = "8880001", "600000.SH"
# Real trading takes no more than 100 a second; an account has no more than 1,000 open orders: five
# rounds of 80 each way, and what warms up, are fewer.
AGENT = """[trading]
programmatic_trading_reported = true
[trading.limits]
actions_per_second = 100
actions_per_day = 10000
[rules]
accept_unverified = ["fees.transfer.undated"]
[rates]
orders = 100000
orders_per_second = 10000
"""
GATEWAY = "[rates]\norders = 100000\norders_per_second = 10000\n"
_PAUSE_S = 0.02


class Client:
    """Asks one gateway with its key."""

    def __init__(self, place: Place) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{place.grpc}")
        self._key = (("x-api-key", place.key),)
        self._orders: Any = orders_pb2_grpc.OrderServiceStub(self._channel)
        self._price = self._last = ""

    def arm(self, secret: str) -> None:
        stub: Any = controls_pb2_grpc.ControlServiceStub(self._channel)
        stub.ArmTrading(controls_pb2.ArmTradingRequest(secret=secret), metadata=self._key)

    def rest_at(self) -> None:
        """Take a price far below the market's: nobody sells at it."""
        stub: Any = quotes_pb2_grpc.QuoteServiceStub(self._channel)
        asked = quotes_pb2.GetQuotesRequest(symbols=[SYMBOL])
        (found,) = stub.GetQuotes(asked, metadata=self._key).results
        self._price = f"{Decimal(repr(found.quote.previous_close)) * Decimal('0.92'):.2f}"

    def submit(self) -> float:
        """Return the milliseconds of one order."""
        request = orders_pb2.SubmitOrderRequest(
            account_id=ACCOUNT,
            client_order_id=uuid.uuid4().hex,
            symbol=SYMBOL,
            side=orders_pb2.SIDE_BUY,
            quantity=100,
            limit_price={"value": self._price},
        )
        began = time.perf_counter()
        answer = self._orders.SubmitOrder(request, metadata=self._key)
        passed = (time.perf_counter() - began) * 1_000
        assert not answer.replayed, answer
        self._last = answer.order.id
        return passed

    def cancel(self) -> None:
        """Cancel the order that was submitted last."""
        request = orders_pb2.CancelOrderRequest(account_id=ACCOUNT, id=self._last)
        self._orders.CancelOrder(request, metadata=self._key)


@contextmanager
def opened(folder: Path, count: int) -> Iterator[Turns]:
    """Start both, the agent armed; `count` orders are sent each way in a round."""
    command = (sys.executable, "-m", "bench.remote.desk")
    with ExitStack() as stack:
        agent = stack.enter_context(serving(Plan(folder / "agent", "prod", AGENT, command)))
        secret = ArmingSecret(folder / "agent/data/prod/keys.sqlite").create()
        near = Client(agent)
        near.arm(secret)
        plan = Plan(folder / "gateway", "prod", GATEWAY)
        gateway = stack.enter_context(over(f"127.0.0.1:{agent.grpc}", plan, agent.key))
        clients = {"direct": near, "remote": Client(gateway)}
        for each in clients.values():
            each.rest_at()

        def turn(way: str) -> Mapping[str, Sample]:
            _paced(clients[way], 10)
            before = processor(agent.pid), processor(gateway.pid)
            waits = sorted(_paced(clients[way], count))
            used = processor(agent.pid) - before[0], processor(gateway.pid) - before[1]
            costs = {"agent": used[0] / count * 1e3, "gateway": used[1] / count * 1e3}
            last = waits[min(int(count * 0.99), count - 1)]
            return {P50: Sample(statistics.median(waits), costs), P99: Sample(last)}

        yield Turns((P50, P99), turn, "CPU s a thousand orders")


def _paced(client: Client, count: int) -> list[float]:
    waits: list[float] = []
    for _ in range(count):
        waits.append(client.submit())
        time.sleep(_PAUSE_S)
    return waits
