"""Through both wires: an operator ends what nobody tells of, and sees why trading is halted."""

import time
from contextlib import closing
from datetime import UTC, datetime

import grpc
import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.domain.access import GATEWAY
from quantgraph.domain.controls import Control, HaltCause, TradingState
from quantgraph.store.controls import ControlFile
from quantgraph.v1 import controls_pb2, controls_pb2_grpc, orders_pb2, orders_pb2_grpc, system_pb2
from tests.resolvers.test_connections import asker, order

WRITE_OFF = """mutation($input: WriteOffOrderInput!) { writeOffOrder(input: $input) { __typename
  ... on WriteOffOrderSuccess { order { id state rejectCode rejectMessage writtenOffBy } }
  ... on Problem { code message messageZh retryable } } }"""
LOSE = """mutation { setFaults(input: { settings: ["LOST_ORDER probability=1"] }) {
  __typename ... on Problem { message } } }"""
JUMP = """mutation { jumpClock(input: { nextDay: true, time: "10:00" }) { __typename
  ... on Problem { message } } }"""
ORDERS = '{ orders(accountId: "sim-1", states: [UNKNOWN]) { edges { node { id state } } } }'
STATUS = "{ tradingStatus { state cause reason } }"
RESUME = "mutation { resumeTrading(input: {}) { __typename } }"
CUT = "The order journal is not whole: it ends at entry 3."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data folder whose gateway was halted, as a start over a cut journal does it."""
    folder = tmp_path_factory.mktemp("write_offs")
    (folder / "mock").mkdir()
    with closing(ControlFile(folder / "mock" / "controls.sqlite")) as controls:
        place = (HaltCause.JOURNAL_CUT, CUT, GATEWAY.key_id, datetime.now(UTC))
        controls.record(Control(None, TradingState.HALTED, *place))
    return folder


@pytest.fixture(scope="module")
def own(folder, start_gateway):
    with start_gateway(folder) as running:
        yield running


def ready(running):
    answer = httpx.get(f"{running.addresses.http}/health/ready", timeout=20)
    return answer.status_code, answer.json()["problems"]


def acts(folder):
    shown = CliRunner().invoke(app, ["audit", "show", "--data-dir", str(folder)]).output
    return [line for line in shown.splitlines() if '"writeOffOrder"' in line]


def test_a_cut_journal_is_told_and_halts_until_somebody_resumes(own):
    ask = asker(own)
    assert ready(own) == (503, {"journal": CUT})
    told = {"state": "HALTED", "cause": "JOURNAL_CUT", "reason": CUT}
    assert ask(STATUS)["tradingStatus"] == told
    with grpc.insecure_channel(own.addresses.grpc) as channel:
        stub = controls_pb2_grpc.ControlServiceStub(channel)
        status = stub.GetTradingStatus(controls_pb2.GetTradingStatusRequest()).status
        assert (status.cause, status.reason) == (system_pb2.HALT_CAUSE_JOURNAL_CUT, CUT)
    assert order(ask, "halted")["code"] == "TRADING_HALTED"
    assert ask(RESUME)["resumeTrading"]["__typename"] == "ResumeTradingSuccess"
    assert ready(own) == (200, {})


def test_orders_that_were_lost_over_night_are_written_off_by_both_wires(own, folder):
    ask = asker(own)
    ask(RESUME)
    live = order(ask, "live")["order"]["id"]
    done = ask(LOSE)["setFaults"]
    assert done["__typename"] == "SetFaultsSuccess", done
    lost = [order(ask, key)["order"] for key in ("lost-1", "lost-2")]
    assert [each["state"] for each in lost] == ["UNKNOWN"] * 2
    first, second = (each["id"] for each in lost)
    refused = ask(WRITE_OFF, input={"accountId": "sim-1", "id": live, "reason": "?"})
    assert refused["writeOffOrder"]["code"] == "WRITE_OFF_NOT_POSSIBLE"
    assert ask(JUMP)["jumpClock"]["__typename"] == "ChangeClockSuccess"
    wanted = {"accountId": "sim-1", "id": first, "reason": "Not in the statement."}
    ended = ask(WRITE_OFF, input=wanted)["writeOffOrder"]["order"]
    assert (ended["state"], ended["rejectCode"], ended["writtenOffBy"]) == (
        "EXPIRED", "WRITTEN_OFF", "local",
    )  # fmt: skip
    assert "Not in the statement." in ended["rejectMessage"]
    with grpc.insecure_channel(own.addresses.grpc) as channel:
        stub = orders_pb2_grpc.OrderServiceStub(channel)
        place = {"account_id": "sim-1", "client_order_id": "lost-2"}
        with pytest.raises(grpc.RpcError) as caught:
            stub.WriteOffOrder(orders_pb2.WriteOffOrderRequest(**place))
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        request = orders_pb2.WriteOffOrderRequest(**place, reason="Neither.")
        found = stub.WriteOffOrder(request).order
        assert (found.id, found.state) == (second, orders_pb2.ORDER_STATE_EXPIRED)
        assert (found.reject_code, found.written_off_by) == ("WRITTEN_OFF", "local")
        assert stub.WriteOffOrder(request).order == found
    assert ask(ORDERS)["orders"]["edges"] == []
    late = time.monotonic() + 20
    while sum('"outcome": "OK"' in act for act in acts(folder)) < 3:
        assert time.monotonic() < late  # the log is written behind what happens
    assert "Not in the statement." in "".join(acts(folder))
