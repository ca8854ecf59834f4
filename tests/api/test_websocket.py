"""Operations over WebSockets: what they stream, and what bounds them.

The rules of the protocol itself are in test_transport_ws.py.
"""

import pytest

from quantgraph.domain.errors import LimitReached
from quantgraph.domain.reasons import Reason
from tests.api.sockets import QUIET, QUOTES


def test_quotes_flow_until_the_client_completes(ready):
    ready.subscribe("q", QUOTES)
    kinds = [ready.read()["payload"]["data"]["quotes"]["kind"] for _ in range(3)]
    assert kinds == ["SNAPSHOT", "UPDATE", "UPDATE"]
    ready.send({"id": "q", "type": "complete"})
    ready.subscribe("end", "{ serverInfo { mode } }")
    ids = []
    while not ids or ids[-1] != "end":
        ids.append(ready.read()["id"])
    assert ready.read() == {"id": "end", "type": "complete"}


def test_each_event_sees_fresh_data(ready):
    """A loader that lives as long as the socket would repeat the first answer for ever."""
    query = 'subscription { quotes(symbols: ["600519.SH"]) { quote { time } } }'
    ready.subscribe("q", query)
    times = {ready.read()["payload"]["data"]["quotes"]["quote"]["time"] for _ in range(4)}
    assert len(times) >= 3


def test_a_key_that_nobody_can_look_up_now_refuses_an_operation_and_ends_no_socket(
    gateway, ready, monkeypatch
):
    async def busy(*_):
        raise LimitReached(Reason.OVERLOADED, "Too much work waits.")

    with monkeypatch.context() as patch:
        patch.setattr(gateway.assembly.gateway.access, "recheck", busy)
        ready.subscribe("now", QUOTES)
        told = ready.read()
    assert (told["id"], told["type"]) == ("now", "error")
    assert told["payload"][0]["extensions"]["code"] == "OVERLOADED"
    ready.subscribe("later", QUOTES)
    assert ready.read()["type"] == "next"


@pytest.mark.parametrize(
    "arguments",
    [
        'symbols: ["600519.SH"], market: SH',
        "minIntervalMs: 5",
        "symbols: []",
        'symbols: ["600519.SH"], minIntervalMs: -1',
        'symbols: ["600519.SH"], bufferSize: 5',
        'symbols: ["600519.SH"], policy: BUFFER, bufferSize: 0',
    ],
)
def test_a_wrong_selection_is_a_bad_request(ready, arguments):
    ready.subscribe("q", f"subscription {{ quotes({arguments}) {{ kind }} }}")
    message = ready.read()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_operations_per_connection_are_bounded(ready):
    for number in range(101):
        ready.subscribe(str(number), QUIET)
    while (message := ready.read())["type"] != "error":
        pass
    assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"
