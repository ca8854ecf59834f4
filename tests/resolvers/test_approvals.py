"""Two people through both wires: a large order is sent by another key, and once."""

from datetime import datetime, timedelta

import grpc
import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.v1 import orders_pb2, orders_pb2_grpc, streams_pb2
from tests.resolvers.test_connections import order
from tests.resolvers.test_orders import CANCEL

DECIDE = """mutation($input: DecideOrderInput!) { %s(input: $input) { __typename
  ... on %sSuccess { order { id state submittedBy approvedBy approvalUntil rejectCode } }
  ... on Problem { code message messageZh retryable } } }"""

SNAPSHOT = streams_pb2.STREAM_KIND_SNAPSHOT
JUMP = """mutation($input: JumpClockInput!) { jumpClock(input: $input) { __typename
  ... on Problem { code message } } }"""


def make(folder, scope="trade"):
    words = ["keys", "create", "--scope", scope, "--data-dir", str(folder)]
    return CliRunner().invoke(app, words).stdout.split()[0]


@pytest.fixture(scope="module")
def two(tmp_path_factory, start_gateway):
    """A gateway where orders above 5,000 yuan need a second key, two traders and an operator."""
    folder = tmp_path_factory.mktemp("approvals")
    keys = make(folder), make(folder), make(folder, "admin")

    def asker(running, key):
        def ask(query, **variables):
            body = {"query": query, "variables": variables}
            url, headers = f"{running.addresses.http}/graphql", {"x-api-key": key}
            answer = httpx.post(url, json=body, headers=headers, timeout=20).json()
            assert "errors" not in answer, answer
            return answer["data"]

        return ask

    limits = {"limits": {"approval_above": "5000.00", "actions_per_second": 100}}
    with start_gateway(folder, trading=limits) as running:
        yield running, keys, tuple(asker(running, key) for key in keys)


def decide(ask, field, order_id):
    name = field[0].upper() + field[1:]
    return ask(DECIDE % (field, name), input={"accountId": "sim-1", "id": order_id})[field]


def test_a_large_order_waits_for_another_key(two):
    _, keys, (first, second, _) = two
    assert order(first, "small")["order"]["state"] != "PENDING_APPROVAL"
    waiting = order(first, "large", quantity=1_000)["order"]
    assert waiting["state"] == "PENDING_APPROVAL"
    own = decide(first, "approveOrder", waiting["id"])
    assert (own["__typename"], own["code"]) == ("OrderRejected", "APPROVER_IS_SUBMITTER")
    done = decide(second, "approveOrder", waiting["id"])["order"]
    assert done["state"] in ("SENT", "WORKING", "PARTIALLY_FILLED", "FILLED")
    ids = [key.split("_")[1] for key in keys[:2]]
    assert [done["submittedBy"], done["approvedBy"]] == ids
    again = decide(second, "approveOrder", waiting["id"])
    assert again["code"] == "APPROVAL_NOT_POSSIBLE"
    assert decide(second, "approveOrder", "none")["__typename"] == "OrderNotFound"


def test_grpc_approves_and_refuses_as_well(two):
    running, keys, (first, *_) = two
    waiting = [order(first, f"g-{n}", quantity=1_000)["order"]["id"] for n in range(2)]
    metadata = (("x-api-key", keys[1]),)
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)
        request = orders_pb2.ApproveOrderRequest(account_id="sim-1", id=waiting[0])
        assert stub.ApproveOrder(request, metadata=metadata).order.approved_by
        request = orders_pb2.RejectOrderRequest(account_id="sim-1", id=waiting[1])
        refused = stub.RejectOrder(request, metadata=metadata).order
        assert refused.state == orders_pb2.ORDER_STATE_REJECTED
        assert refused.reject_code == "APPROVAL_REFUSED"
        with pytest.raises(grpc.RpcError) as caught:
            stub.RejectOrder(request, metadata=metadata)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_its_submitter_withdraws_it_unsent(two):
    _, _, (first, second, _) = two
    waiting = order(first, "w", quantity=1_000)["order"]["id"]
    done = first(CANCEL, input={"accountId": "sim-1", "id": waiting})["cancelOrder"]
    assert done["order"]["state"] == "CANCELED"
    assert decide(second, "rejectOrder", waiting)["code"] == "APPROVAL_NOT_POSSIBLE"


def test_one_that_nobody_approves_expires_by_itself_on_both_wires(two):
    """The log tells it, though nobody asks for the order again."""
    running, keys, (first, second, operator) = two
    waiting = order(first, "late", quantity=1_000)["order"]
    shown = second(
        """query($id: ID!) { order(accountId: "sim-1", id: $id) { approvalUntil }
          serverInfo { clock { now } } }""",
        id=waiting["id"],
    )
    end = datetime.fromisoformat(shown["order"]["approvalUntil"])
    assert end > datetime.fromisoformat(shown["serverInfo"]["clock"]["now"])
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)
        metadata = (("x-api-key", keys[1]),)
        events = stub.StreamOrderEvents(
            orders_pb2.StreamOrderEventsRequest(account_id="sim-1"), metadata=metadata, timeout=20
        )
        next(events)
        operator(JUMP, input={"time": (end + timedelta(minutes=1)).strftime("%H:%M")})
        changes = (each.event for each in events if each.event.kind != SNAPSHOT)
        found = next(each for each in changes if each.order.id == waiting["id"])
        events.cancel()
    assert found.order.state == orders_pb2.ORDER_STATE_EXPIRED
    assert decide(second, "approveOrder", waiting["id"])["code"] == "APPROVAL_NOT_POSSIBLE"
    state = 'query($id: ID!) { order(accountId: "sim-1", id: $id) { state filledQuantity } }'
    assert first(state, id=waiting["id"])["order"] == {"state": "EXPIRED", "filledQuantity": 0}
