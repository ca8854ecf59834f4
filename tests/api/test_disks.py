"""A gateway whose files may not grow: no order through either wire, and all goes on later."""

import signal
import sys
import time

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner

from api.cli import app
from quantgraph.v1 import orders_pb2, orders_pb2_grpc
from quantgraph.v1.types_pb2 import Decimal
from tests.api.test_serve import banner, command
from tests.resolvers.test_orders import CANCEL, SUBMIT, low_price

_Status = health_pb2.HealthCheckResponse


@pytest.fixture
def served(tmp_path):
    places = ("--data-dir", str(tmp_path), "--port", "0", "--grpc-port", "0")
    process = command("serve", *places)
    yield process, banner(process), tmp_path
    process.kill()
    process.communicate()


def problems(url, true):
    """Ask for the problems until they are as they should be, 30 seconds at most."""
    late = time.monotonic() + 30
    while not true(httpx.get(url, timeout=30).json()["problems"]):
        assert time.monotonic() < late


def limit(process, size):
    import resource

    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.skipif(sys.platform != "linux", reason="no other process can be limited there")
def test_a_disk_that_takes_nothing_stops_both_wires_and_no_cancel(served):
    process, said, folder = served
    url, health = said["GraphQL"].split()[0], said["health"] + "ready"

    def ask(query, **variables):
        body = {"query": query, "variables": variables}
        return httpx.post(url, json=body, timeout=30).json()

    price = low_price(lambda query: ask(query)["data"])
    wanted = {"accountId": "sim-1", "symbol": "000001.SZ", "side": "BUY", "quantity": 100}
    wanted |= {"limitPrice": price}

    def submit(key):
        return ask(SUBMIT, input=wanted | {"clientOrderId": key})

    live = submit("k1")["data"]["submitOrder"]["order"]["id"]
    limit(process, 1)
    [refused] = submit("k2")["errors"]
    assert refused["extensions"]["code"] == "STORE_UNAVAILABLE"
    assert "Nothing was sent" in refused["message"]
    with grpc.insecure_channel(said["gRPC"]) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.SubmitOrder(
                orders_pb2.SubmitOrderRequest(
                    account_id="sim-1", client_order_id="k3", symbol="000001.SZ",
                    side=orders_pb2.SIDE_BUY, quantity=100, limit_price=Decimal(value=price),
                    price_type=orders_pb2.PRICE_TYPE_LIMIT,
                )
            )  # fmt: skip
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    [unsaid] = ask(CANCEL, input={"accountId": "sim-1", "id": live})["errors"]
    assert unsaid["extensions"]["code"] == "STORE_UNAVAILABLE"
    assert "was asked to cancel" in unsaid["message"]
    problems(health, lambda told: "disk" in told)
    with grpc.insecure_channel(said["gRPC"]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        services = ("Order", "Bar")
        names = [f"quantgraph.v1.{each}Service" for each in services]
        told = [stub.Check(health_pb2.HealthCheckRequest(service=each)).status for each in names]
    assert told == [_Status.NOT_SERVING, _Status.SERVING]
    limit(process, -1)
    problems(health, lambda told: not told)
    found = ask(f'{{ order(accountId: "sim-1", id: "{live}") {{ state }} }}')["data"]["order"]
    assert found["state"] in {"PENDING_CANCEL", "CANCELED"}
    assert not submit("k2")["data"]["submitOrder"]["replayed"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    told = CliRunner().invoke(app, ["audit", "verify", "--data-dir", str(folder)])
    assert told.exit_code == 0, told.output
