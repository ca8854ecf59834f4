"""Real trading through an agent of one machine: one journal, whoever keeps it, and one order."""

import json
import os
import signal
import sys

import pytest

from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.e2e.processes import begin, placed_in, quantgraph, serving

__all__ = ["begin"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
PROD = """mode = "prod"
[terminal]
path = "C:/QMT/userdata_mini"
[audit]
head_file = "{heads}"
[rules]
accept_unverified = ["fees.transfer.undated"]
[trading]
programmatic_trading_reported = true
[trading.limits]
approval_above = "{above}"
"""
SUBMIT = """mutation($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename
  ... on SubmitOrderSuccess { replayed order { id state submittedBy } }
  ... on Problem { code message } } }"""
APPROVE = """mutation($input: DecideOrderInput!) { approveOrder(input: $input) { __typename
  ... on ApproveOrderSuccess { order { id state approvedBy } } ... on Problem { code } } }"""
ARM = """mutation($secret: String!) { armTrading(input: { secret: $secret }) { __typename
  ... on Problem { code message } } }"""
STATE = "{ serverInfo { mode tradingState } }"
LIMITS = """query($id: ID!) { tradingLimits(accountId: $id) { approvalAbove } }"""


class Desk:
    """A gateway in prod whose terminal has an agent, and its commands."""

    def __init__(self, folder):
        self.folder, self.heads = folder, folder.parent / "elsewhere"
        self.options = self.configured("1000000")
        self.secret = quantgraph(self.options, "keys", "arming-secret")
        self.keys = [
            quantgraph(self.options, "keys", "create", "--scope", each)
            for each in ("admin", "trade")
        ]

    def configured(self, above):
        return placed_in(self.folder, PROD.format(heads=self.heads, above=above))

    def serving(self, *arguments):
        return serving((*COMMAND, "serve", *self.options, *arguments), self.keys[0])

    def agent(self):
        (file,) = self.folder.glob("data/prod/agents/*/prod/gateway.pid")
        return int(file.read_text())

    def named(self, which):
        return self.keys[which].split("_")[1]


def order(key, price="1880.00"):
    told = {"accountId": ACCOUNT, "clientOrderId": key, "symbol": "600519.SH", "side": "BUY"}
    return {"input": {**told, "quantity": 100, "limitPrice": price}}


def ready(gateway):
    gateway.settled(lambda problems: not problems)
    return gateway.ask(STATE)["serverInfo"]


def test_orders_are_those_of_the_data_folder_whoever_keeps_them(tmp_path):
    desk = Desk(tmp_path / "box")
    with desk.serving("--isolate") as gateway:
        # It comes up disarmed, and nothing passes before a person arms it.
        assert ready(gateway) == {"mode": "PROD", "tradingState": "DISARMED"}
        assert gateway.ask(SUBMIT, **order("k1"))["submitOrder"]["code"] == "TRADING_DISARMED"
        wrong = gateway.ask(ARM, secret="qga_" + "0" * 64)["armTrading"]
        assert wrong["code"] == "ARMING_SECRET_WRONG"
        assert gateway.ask(ARM, key=desk.keys[1], secret=desk.secret) == ["FORBIDDEN"]
        done = gateway.ask(ARM, secret=desk.secret)["armTrading"]
        assert done == {"__typename": "ArmTradingSuccess"}
        made = gateway.ask(SUBMIT, **order("k1"))["submitOrder"]
        assert made["replayed"] is False
        # Who asked is known to the agent, so that another may approve.
        assert made["order"]["submittedBy"] == desk.named(0)

        desk.configured("100000")
        gateway.process.send_signal(signal.SIGHUP)
        while gateway.ask(LIMITS, id=ACCOUNT)["tradingLimits"]["approvalAbove"] != "100000":
            pass
        waits = gateway.ask(SUBMIT, **order("k2"))["submitOrder"]["order"]
        assert waits["state"] == "PENDING_APPROVAL"
        named = {"input": {"accountId": ACCOUNT, "id": waits["id"]}}
        own = gateway.ask(APPROVE, **named)["approveOrder"]
        assert own["code"] == "APPROVER_IS_SUBMITTER"
        sent = gateway.ask(APPROVE, key=desk.keys[1], **named)["approveOrder"]
        assert sent["order"]["approvedBy"] == desk.named(1)

        os.kill(desk.agent(), signal.SIGKILL)
        gateway.settled(lambda problems: problems)
        assert gateway.ask(SUBMIT, **order("k3")) == ["TERMINAL_OFFLINE"]
        assert ready(gateway)["tradingState"] == "DISARMED"
        again = gateway.ask(SUBMIT, **order("k1"))["submitOrder"]
        assert (again["replayed"], again["order"]["id"]) == (True, made["order"]["id"])
        assert gateway.ask(SUBMIT, **order("k3"))["submitOrder"]["code"] == "TRADING_DISARMED"

    told = quantgraph(desk.options, "audit", "verify")
    assert "NOT WHOLE" not in told
    assert [each.partition(":")[0] for each in told.splitlines()] == [
        "journal",
        "audit",
        "audit of what was asked",
    ]
    assert desk.heads.exists()
    acts = [json.loads(each) for each in quantgraph(desk.options, "audit", "show").splitlines()]
    (approved,) = [each for each in acts if each["key"] == desk.named(1)]
    # Its outcome may have died with the agent; that it was done has not.
    assert (approved["operation"], approved["wire"]) == ("approveOrder", "GRAPHQL")
    assert approved["order"] == waits["id"]
    assert quantgraph(desk.options, "audit", "show", "--asked")
    # The same journal without an agent.
    with desk.serving() as gateway:
        assert ready(gateway)["tradingState"] == "DISARMED"
        again = gateway.ask(SUBMIT, **order("k1"))["submitOrder"]
        assert (again["replayed"], again["order"]["id"]) == (True, made["order"]["id"])
