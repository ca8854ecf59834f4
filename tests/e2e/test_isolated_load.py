"""An agent that is killed and frozen under load: it costs its own terminal's operations alone."""

import os
import signal
import sys
from time import monotonic

import pytest

from tests.e2e.probes import BARS, probed, two_terminals

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
AWAY = {"TERMINAL_OFFLINE", "SOURCE_UNAVAILABLE", "TIMED_OUT"}


def told(probe, since=0.0):
    return {each.told for each in probe.seen if each.at > since}


def asked_again(probe):
    """Return once a question that came after now is answered."""
    now = monotonic()
    while not any(each.at > now for each in probe.seen):
        probe.join(0.05)


def test_an_agent_that_dies_or_stands_still_costs_its_terminal_alone(tmp_path):
    with two_terminals(tmp_path, 4.0) as (gateway, agent), probed(gateway) as probes:
        for each in probes.values():
            asked_again(each)
        for number in (signal.SIGKILL, signal.SIGSTOP):
            first, began = agent(), monotonic()
            os.kill(first, number)
            gateway.settled(lambda problems: problems)
            asked_again(probes["quote"])
            assert told(probes["quote"], began) & AWAY
            gateway.settled(lambda problems: not problems)
            assert agent() != first
            whole = monotonic()
            asked_again(probes["quote"])
            asked_again(probes["account"])
            assert told(probes["quote"], whole) == told(probes["account"], whole) == {"TERMINAL"}
        bars = gateway.ask(BARS)["bars"]
        assert (bars["source"], len(bars["rows"])) == ("TERMINAL", 5)
        last = agent()
    assert told(probes["/health/live"]) == {"200"}
    assert told(probes["other terminal"]) == {"SIMULATED"}
    for name in ("quote", "account"):
        assert told(probes[name]) <= {"TERMINAL", *AWAY}
    with pytest.raises(ProcessLookupError):
        os.kill(last, 0)
