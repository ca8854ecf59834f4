"""An agent elsewhere that is killed or stopped amid an order: one order, and its repeat tells."""

import os
import signal
import socket
import sys

import pytest

from tests.doubles.agent import COMMAND
from tests.e2e.processes import QUANTGRAPH, placed_in, quantgraph, serving
from tests.e2e.test_isolated_prod import ARM, PROD, SUBMIT, disarmed, order, repeated

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
GATEWAY = """mode = "prod"
[terminal]
kind = "remote"
name = "far"
remote.target = "127.0.0.1:{port}"
remote.key_file = "{key}"
remote.tls = false
"""


class Far:
    """An agent in prod at a port that stays the same, begun again and again, and its gateway."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.orders, key = folder / "orders", folder / "agent.key"
        own = PROD.format(heads=folder / "heads", above="1000000")
        ports = f"[http]\nport = 0\n[grpc]\nport = {port}\n"
        self.options = placed_in(folder / "agent", own + ports)
        self.secret = quantgraph(self.options, "keys", "arming-secret")
        self.key = quantgraph(self.options, "keys", "create", "--scope", "admin", "--gateway")
        key.write_text(self.key)
        self.front = placed_in(folder / "front", GATEWAY.format(port=port, key=key))
        self.own = quantgraph(self.front, "keys", "create", "--scope", "admin")

    def agent(self, kills=""):
        told = {"DOUBLE_ORDERS": str(self.orders), "DOUBLE_KILLS": kills}
        return serving((*COMMAND, "serve", *self.options), self.key, **told)

    def gateway(self):
        return serving((*QUANTGRAPH, "serve", *self.front), self.own)

    def arm(self, gateway):
        done = gateway.ask(ARM, secret=self.secret)
        assert done == {"armTrading": {"__typename": "ArmTradingSuccess"}}

    def sent(self):
        """Return how many orders the terminal was given; none of them twice."""
        sent = self.orders.read_text().split()
        assert len(sent) == len({*sent})
        return len(sent)


def test_an_agent_that_is_killed_or_stopped_amid_an_order_has_sent_it_once(tmp_path):
    far = Far(tmp_path)
    with far.gateway() as gateway:
        with far.agent("2:self") as agent:
            disarmed(gateway)
            far.arm(gateway)
            made = gateway.ask(SUBMIT, **order("k1"))["submitOrder"]["order"]["id"]
            # The terminal has it, and the agent dies before anybody is told.
            assert gateway.ask(SUBMIT, **order("k2")) == ["OUTCOME_UNKNOWN"]
            assert agent.process.wait(60) == -signal.SIGKILL
        with far.agent() as agent:
            disarmed(gateway)
            lost = repeated(gateway, "k2")
            assert repeated(gateway, "k1") == made != lost
            assert far.sent() == 2

            # Nobody answers: what was not sent says so, and else its repeat tells.
            far.arm(gateway)
            os.kill(agent.process.pid, signal.SIGSTOP)
            stood = gateway.ask(SUBMIT, **order("k3"))
            os.kill(agent.process.pid, signal.SIGCONT)
            assert stood in (["OUTCOME_UNKNOWN"], ["TERMINAL_OFFLINE"])
            done = gateway.settled(lambda problems: not problems)
            assert done["accounts"]
            again = gateway.ask(SUBMIT, **order("k3"))["submitOrder"]
            assert repeated(gateway, "k3") == again["order"]["id"]
            assert far.sent() == 3
