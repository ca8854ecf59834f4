"""Real trading through an agent of one machine: one journal, whoever keeps it, and one order."""

import json
import signal
import sys

import httpx
import pytest

from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.e2e.processes import ended, placed_in, quantgraph, serving

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
        self.orders = folder.parent / "orders"
        self.options = self.configured("1000000")
        self.secret = quantgraph(self.options, "keys", "arming-secret")
        self.keys = [
            quantgraph(self.options, "keys", "create", "--scope", each)
            for each in ("admin", "trade")
        ]

    def configured(self, above):
        return placed_in(self.folder, PROD.format(heads=self.heads, above=above))

    def limited(self, gateway, above):
        """Return once the agent has what the gateway was told to read again."""
        self.configured(above)
        gateway.process.send_signal(signal.SIGHUP)
        while gateway.ask(LIMITS, id=ACCOUNT)["tradingLimits"]["approvalAbove"] != above:
            pass  # each look waits for the answer

    def serving(self, *arguments):
        told = {"DOUBLE_ORDERS": str(self.orders), "DOUBLE_KILLS": "3:self,4:parent"}
        return serving((*COMMAND, "serve", *self.options, *arguments), self.keys[0], **told)

    def agent(self):
        (file,) = self.folder.glob("data/prod/agents/*/prod/gateway.pid")
        return int(file.read_text())

    def named(self, which):
        return self.keys[which].split("_")[1]


def order(key, price="1880.00"):
    told = {"accountId": ACCOUNT, "clientOrderId": key, "symbol": "600519.SH", "side": "BUY"}
    return {"input": {**told, "quantity": 100, "limitPrice": price}}


def disarmed(gateway):
    """Return once its agent is there and has not been armed; each look waits for the answer."""
    stands = {"mode": "PROD", "tradingState": "DISARMED"}
    gateway.settled(lambda _: gateway.ask(STATE)["serverInfo"] == stands)


def repeated(gateway, key):
    """Return which order a client order id has."""
    done = gateway.ask(SUBMIT, **order(key))["submitOrder"]
    assert done["replayed"]
    return done["order"]["id"]


def test_orders_are_those_of_the_data_folder_whoever_keeps_them(tmp_path):
    desk = Desk(tmp_path / "box")
    with desk.serving("--isolate") as gateway:
        # It comes up disarmed, and nothing passes before a person arms it.
        disarmed(gateway)
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

        desk.limited(gateway, "100000")
        waits = gateway.ask(SUBMIT, **order("k2"))["submitOrder"]["order"]
        assert waits["state"] == "PENDING_APPROVAL"
        named = {"input": {"accountId": ACCOUNT, "id": waits["id"]}}
        own = gateway.ask(APPROVE, **named)["approveOrder"]
        assert own["code"] == "APPROVER_IS_SUBMITTER"
        sent = gateway.ask(APPROVE, key=desk.keys[1], **named)["approveOrder"]
        assert sent["order"]["approvedBy"] == desk.named(1)

        desk.limited(gateway, "1000000")

        # The terminal has the next one, and its agent dies before anybody is told.
        first = desk.agent()
        lost = gateway.ask(SUBMIT, **order("k3"))
        assert lost == ["OUTCOME_UNKNOWN"] or lost["submitOrder"]["replayed"]
        disarmed(gateway)
        assert desk.agent() != first
        found = repeated(gateway, "k3")
        assert repeated(gateway, "k1") == made["order"]["id"]
        assert gateway.ask(SUBMIT, **order("k5"))["submitOrder"]["code"] == "TRADING_DISARMED"

        # And the gateway, before it has told its client.
        gateway.ask(ARM, secret=desk.secret)
        last = desk.agent()
        with pytest.raises(httpx.HTTPError):
            gateway.ask(SUBMIT, **order("k4"))
    ended(last)
    sent = desk.orders.read_text().split()
    assert len(sent) == len({*sent}) == 4

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
    # The same journal without an agent; it is the old one's until that has ended.
    with desk.serving() as gateway:
        disarmed(gateway)
        assert repeated(gateway, "k1") == made["order"]["id"]
        assert repeated(gateway, "k3") == found
        assert repeated(gateway, "k4")
    assert desk.orders.read_text().split() == sent
