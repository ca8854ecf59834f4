"""Many gateways over one agent and a bus, as docs/deployment.md has them, as processes."""

import re
import signal
import sys
from contextlib import contextmanager

import grpc
import httpx
import pytest

from quantgraph.v1 import orders_pb2, orders_pb2_grpc, streams_pb2
from tests.bus.servers import NatsServer
from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.e2e.processes import begin, options_of, quantgraph
from tests.e2e.test_deployment import BUS, MANY, agent_config, over
from tests.e2e.test_isolated_prod import ARM, SUBMIT, order

__all__ = ["begin"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
TRADED = """
[rules]
accept_unverified = ["fees.transfer.undated"]
[trading]
programmatic_trading_reported = true
[trading.limits]
actions_per_second = 100
"""
TOKEN = "known-to-agent-and-gateways"
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on Problem { code message } } }"""
WORKING = orders_pb2.ORDER_STATE_WORKING


class Reader:
    """A subscriber of the account's orders at one gateway."""

    def __init__(self, gateway, after=None):
        self._channel = grpc.insecure_channel(gateway.grpc)
        place = {"after_sequence": 0} if after is None else {}
        if after is not None:
            place = {"epoch": after.epoch, "after_sequence": after.sequence}
        asked = orders_pb2.StreamOrderEventsRequest(account_id=ACCOUNT, **place)
        stub = orders_pb2_grpc.OrderServiceStub(self._channel)
        key = (("x-api-key", gateway.key),)
        self._told = stub.StreamOrderEvents(asked, metadata=key, timeout=90)
        self.seen = []

    @property
    def numbers(self):
        return [each.sequence for each in self.seen]

    def until(self, key):
        """Read on until the order of that key stands in the market."""
        while not any(
            (e.order.client_order_id, e.order.state) == (key, WORKING) for e in self.seen
        ):
            event = next(self._told).event
            if event.kind == streams_pb2.STREAM_KIND_UPDATE:
                self.seen.append(event)

    def close(self):
        self._channel.close()


@pytest.fixture
def nats(tmp_path, certified):
    """The server as the page begins it, with TLS and a token."""
    pem = certified.config["certificate"]
    server = NatsServer(
        tmp_path / "nats", "--tls", "--tlscert", pem, "--tlskey", pem, "--auth", TOKEN
    )
    yield server
    server.kill()


def bussed(nats, certified, tmp_path):
    """Return the page's section of the bus, with a server of this machine."""
    file = tmp_path / "bus.token"
    file.write_text(TOKEN)
    text = BUS.replace("10.0.0.9:4222", f"127.0.0.1:{nats.port}")
    text = text.replace("bus.token", str(file)).replace("bus-ca.pem", str(certified.authority))
    assert text.count("127.0.0.1") == text.count(str(tmp_path)) == 1
    return text


@contextmanager
def many(begin, tmp_path, bus):
    """Begin an armed agent and two gateways over it, with a subscriber at each."""

    def prod(text):
        return text.replace('mode = "dev"', 'mode = "prod"') + bus

    agent = begin("agent", prod(agent_config() + TRADED), COMMAND, scope="admin")
    secret = quantgraph(options_of(tmp_path / "agent"), "keys", "arming-secret")
    assert agent.ask(ARM, secret=secret) == {"armTrading": {"__typename": "ArmTradingSuccess"}}
    one, _, _ = MANY.partition('[[terminals]]\nname = "west"')
    text = prod(over(one, tmp_path, east=("10.0.0.5:50051", agent.grpc, agent.key)))
    gateways = [begin(name, text) for name in ("a", "b")]
    for each in gateways:
        each.settled(lambda problems: not problems)
    readers = [Reader(each) for each in gateways]
    try:
        off_the_bus(*gateways)
        yield agent, gateways, readers
    finally:
        for each in readers:
            each.close()


def off_the_bus(*gateways):
    """Wait until each reads the log off the bus alone; each look waits for the answer."""
    for each in gateways:
        while not tally(each, "logs_read"):
            pass


def tally(gateway, name):
    told = httpx.get(f"{gateway.http}/metrics").text
    return float(re.search(rf"^quantgraph_bus_{name} (\S+)", told, re.MULTILINE)[1])


def submit(gateway, key):
    done = gateway.ask(SUBMIT, **order(key))["submitOrder"]
    assert done["replayed"] is False, done
    return done["order"]["id"]


def whole(agent, readers, key):
    """Have all read until an order stands: each number of the agent's log, once."""
    told = Reader(agent)
    for each in (told, *readers):
        each.until(key)
    told.close()
    assert told.numbers == [*range(1, len(told.seen) + 1)]
    assert [each.numbers for each in readers] == [told.numbers] * len(readers)


def test_orders_at_one_gateway_are_seen_at_the_other_whatever_dies(
    begin, nats, certified, tmp_path
):
    with many(begin, tmp_path, bussed(nats, certified, tmp_path)) as (agent, gateways, readers):
        a, b = gateways
        submit(a, "k1")
        whole(agent, readers, "k1")
        submit(b, "k2")
        whole(agent, readers, "k2")
        # A client that is cut from one gateway goes on at the other behind its cursor.
        cut = readers[0].seen
        a.process.kill()
        submit(b, "k3")
        readers[0] = Reader(b, after=cut[-1])
        readers[0].seen += cut
        whole(agent, readers, "k3")
        # Without the bus all goes on by gRPC, and on the bus again once it is back.
        nats.kill()
        submit(b, "k4")
        whole(agent, readers, "k4")
        nats.start()
        off_the_bus(b)
        submit(b, "k5")
        whole(agent, readers, "k5")


def test_a_gateway_that_stood_still_misses_nothing_and_disturbs_nobody(
    begin, nats, certified, tmp_path
):
    with many(begin, tmp_path, bussed(nats, certified, tmp_path)) as (agent, gateways, readers):
        a, b = gateways
        submit(b, "k0")
        whole(agent, readers, "k0")
        repairs = tally(a, "repairs_total")
        b.process.send_signal(signal.SIGSTOP)
        try:
            for number in range(1, 41):
                named = {"accountId": ACCOUNT, "id": submit(a, f"k{number}")}
                if number < 40:
                    a.ask(CANCEL, input=named)
            whole(agent, readers[:1], "k40")
        finally:
            b.process.send_signal(signal.SIGCONT)
        whole(agent, readers, "k40")
        assert (len(readers[1].seen) > 200, tally(a, "repairs_total")) == (True, repairs)
        # And it reads off the bus again.
        off_the_bus(b)
        submit(b, "k41")
        whole(agent, readers, "k41")
