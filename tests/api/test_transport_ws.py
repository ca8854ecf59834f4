"""The rules of graphql-transport-ws as its PROTOCOL.md states them, told to a real socket."""

import json
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.api.sockets import (
    ACK,
    INIT,
    PROTOCOL,
    QUERY,
    QUIET,
    QUOTES,
    Socket,
    complete,
    following,
    subscribe,
)


class Hear(NamedTuple):
    """The next message of the server."""

    message: Any


class Closed(NamedTuple):
    """The server hangs up with this code."""

    code: int


PING, PONG = {"type": "ping"}, {"type": "pong"}
RUNNING = subscribe("running", QUIET)
SNAPSHOT = following("running", {"data": {"quotes": {"kind": "SNAPSHOT"}}})
STARTED = [RUNNING, Hear(SNAPSHOT)]
ANSWERED = [Hear(following()), Hear(complete())]
ALIVE = [PING, Hear(PONG)]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


# What is no message of the protocol, whenever it comes.
INVALID = {
    "null": "null",
    "an array": "[]",
    "an array of messages": json.dumps([PING]),
    "a number": "1",
    "a fraction": "1.5",
    "true": "true",
    "a string": '"ping"',
    "nothing": "",
    "blanks": "  ",
    "half an object": "{",
    "not a number": '{"type": "ping", "payload": {"a": NaN}}',
    "a lone surrogate": '{"type": "ping", "payload": {"a": "\\ud800"}}',
    "two messages": "{}{}",
    "an array of 20,000 levels": "[" * 20_000 + "]" * 20_000,
    "an object of 20,000 levels": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "an array of 1,000 levels": "[" * 1_000 + "]" * 1_000,
    "a binary frame": b'{"type": "ping"}',
    "no type": "{}",
    "a type of null": {"type": None},
    "a type of 1": {"type": 1},
    "a type of true": {"type": True},
    "a type that is an array": {"type": ["ping"]},
    "a type that is an object": {"type": {"ping": 1}},
    "a type of 900 levels": '{"type":' * 900 + "1" + "}" * 900,
    "an unknown type": {"type": "start"},
    "an empty type": {"type": ""},
    "a type in capitals": {"type": "PING"},
    "an endless type": {"type": "x" * 100_000},
    "an endless type in Chinese": {"type": "价" * 1_000},
    "the server's ack": ACK,
    "the server's next": following(),
    "the server's error": {"id": "1", "type": "error", "payload": []},
    "a ping with a number": {"type": "ping", "payload": 1},
    "a ping with a string": {"type": "ping", "payload": "x"},
    "a ping with an array": {"type": "ping", "payload": []},
    "a ping with false": {"type": "ping", "payload": False},
    "a ping of 300 levels": {"type": "ping", "payload": deep(300)},
    "a ping of 900 levels": {"type": "ping", "payload": deep(900)},
    "a pong with a number": {"type": "pong", "payload": 1},
    "a pong with an array": {"type": "pong", "payload": []},
    "a complete without an id": {"type": "complete"},
    "a complete of id null": complete(None),
    "a complete of id 1": complete(1),
    "a complete of an empty id": complete(""),
    "a complete of id []": complete([]),
}

INVALID_INIT = {
    "a number": 1,
    "zero": 0,
    "a string": "x",
    "an empty string": "",
    "an array": [],
    "true": True,
    "false": False,
}

INVALID_SUBSCRIBE = {
    "no id": {"type": "subscribe", "payload": {"query": QUERY}},
    "an empty id": subscribe(""),
    "id null": subscribe(None),
    "id 1": subscribe(1),
    "id true": subscribe(True),
    "id []": subscribe([]),
    "id {}": subscribe({}),
    "an endless id": subscribe("x" * 100_000),
    "no payload": {"id": "1", "type": "subscribe"},
    "payload null": {"id": "1", "type": "subscribe", "payload": None},
    "payload 1": {"id": "1", "type": "subscribe", "payload": 1},
    "payload as text": {"id": "1", "type": "subscribe", "payload": QUERY},
    "payload []": {"id": "1", "type": "subscribe", "payload": []},
    "payload {}": {"id": "1", "type": "subscribe", "payload": {}},
    **{f"query {value!r}": subscribe(query=value) for value in (None, 1, True, [QUERY], {"a": 1})},
    **{
        f"{member} {value!r}": subscribe(**{member: value})
        for member in ("variables", "extensions")
        for value in (1, 0, False, "", "{}", [])
    },
    **{f"operationName {value!r}": subscribe(operationName=value) for value in (1, False, [], {})},
    "variables of 900 levels": subscribe(variables=deep(900)),
}

# After the handshake, message by message: what is sent, and what is heard.
BEFORE_THE_ACK = {
    "init is acknowledged": [INIT, Hear(ACK)],
    "init may have a payload": [{**INIT, "payload": {"a": [1]}}, Hear(ACK)],
    "init may have an empty payload": [{**INIT, "payload": {}}, Hear(ACK)],
    "init may have a payload of null": [{**INIT, "payload": None}, Hear(ACK)],
    "init twice at once": [INIT, INIT, Closed(4429)],
    "init again later": [INIT, Hear(ACK), *ALIVE, INIT, Closed(4429)],
    "init while an operation runs": [INIT, Hear(ACK), *STARTED, INIT, Closed(4429)],
    "a wrong key": [{**INIT, "payload": {"x-api-key": "qg_x_y"}}, Closed(4403)],
    "a wrong scheme": [{**INIT, "payload": {"authorization": "Basic eA=="}}, Closed(4403)],
    "a key that is no text is no key": [{**INIT, "payload": {"x-api-key": 1}}, Hear(ACK)],
    "subscribe before init": [subscribe(), Closed(4401)],
    "a ping before init": [PING, Hear(PONG), INIT, Hear(ACK)],
    "a pong before init": [PONG, INIT, Hear(ACK)],
    "complete before init": [complete(), INIT, Hear(ACK)],
    "subscribe sent right behind init": [INIT, subscribe(), Hear(ACK), *ANSWERED],
}
AFTER_THE_ACK = {
    "a ping is answered": [PING, Hear(PONG)],
    "a pong echoes the payload": [
        {"type": "ping", "payload": {"a": {"b": [None, "价", 1.5]}}},
        Hear({"type": "pong", "payload": {"a": {"b": [None, "价", 1.5]}}}),
    ],
    "a pong echoes an empty payload": [{**PING, "payload": {}}, Hear({**PONG, "payload": {}})],
    "a pong echoes 100 levels": [
        {**PING, "payload": deep(100)},
        Hear({**PONG, "payload": deep(100)}),
    ],
    "a ping may have a payload of null": [{**PING, "payload": None}, Hear(PONG)],
    "pings are answered in order": [
        *({**PING, "payload": {"n": n}} for n in range(5)),
        *(Hear({**PONG, "payload": {"n": n}}) for n in range(5)),
    ],
    "a pong of the client's own is taken": [PONG, {**PONG, "payload": {"a": 1}}, *ALIVE],
    "a ping while an operation runs": [*STARTED, *ALIVE],
    "a query gets next and complete": [subscribe(), *ANSWERED],
    "members that are not asked for are let pass": [{**subscribe(), "more": 1}, *ANSWERED],
    "variables may be null": [subscribe(variables=None), *ANSWERED],
    "extensions may be null": [subscribe(extensions=None), *ANSWERED],
    "extensions may be an object": [subscribe(extensions={"a": 1}), *ANSWERED],
    "operationName may be null": [subscribe(operationName=None), *ANSWERED],
    "operationName chooses": [
        subscribe(query=f"query A {{ accounts {{ id }} }} query B {QUERY}", operationName="B"),
        *ANSWERED,
    ],
    "an id may be any text": [
        subscribe(" 价\n😀\"'"),
        Hear(following(" 价\n😀\"'")),
        Hear(complete(" 价\n😀\"'")),
    ],
    "an id is free again after complete": [subscribe(), *ANSWERED, subscribe(), *ANSWERED],
    "an id in use": [*STARTED, RUNNING, Closed(4409)],
    "an id in use by a long name": [
        subscribe("价" * 300, QUIET),
        subscribe("价" * 300, QUIET),
        Closed(4409),
    ],
    "an id in use for something else": [*STARTED, subscribe("running"), Closed(4409)],
    "another id beside a running one": [*STARTED, subscribe(), *ANSWERED, *ALIVE],
    "complete of an unknown id": [complete("none"), *ALIVE],
    "complete of what has ended": [subscribe(), *ANSWERED, complete(), *ALIVE],
    "complete twice": [*STARTED, complete("running"), complete("running"), *ALIVE],
    "complete and begin again": [*STARTED, complete("running"), *STARTED, *ALIVE],
    "complete of one leaves the other": [
        *STARTED,
        subscribe("other", QUIET),
        Hear({**SNAPSHOT, "id": "other"}),
        complete("other"),
        RUNNING,
        Closed(4409),
    ],
    "complete may have a payload": [{**complete("none"), "payload": 1}, *ALIVE],
    "a refusal leaves the socket": [complete("none"), subscribe(), *ANSWERED],
}


def tell(socket: Socket, steps: list[Any]) -> None:
    for step in steps:
        match step:
            case Hear(message):
                assert socket.read() == message
            case Closed(code):
                assert socket.code() == code
            case message:
                socket.send(message)


@pytest.mark.parametrize("message", INVALID.values(), ids=INVALID)
def test_what_is_no_message_closes_with_4400(raw, message):
    tell(raw, [message, Closed(4400)])


@pytest.mark.parametrize("message", INVALID.values(), ids=INVALID)
def test_what_is_no_message_ends_running_operations_with_4400(ready, message):
    tell(ready, [*STARTED, message, Closed(4400)])


@pytest.mark.parametrize("payload", INVALID_INIT.values(), ids=INVALID_INIT)
def test_a_payload_of_init_that_is_no_object_closes_with_4400(raw, payload):
    tell(raw, [{**INIT, "payload": payload}, Closed(4400)])


@pytest.mark.parametrize("message", INVALID_SUBSCRIBE.values(), ids=INVALID_SUBSCRIBE)
def test_an_ill_formed_subscribe_closes_with_4400(ready, message):
    tell(ready, [message, Closed(4400)])


@pytest.mark.parametrize("steps", BEFORE_THE_ACK.values(), ids=BEFORE_THE_ACK)
def test_from_the_handshake_on(raw, steps):
    tell(raw, steps)


@pytest.mark.parametrize("steps", AFTER_THE_ACK.values(), ids=AFTER_THE_ACK)
def test_from_the_acknowledgement_on(ready, steps):
    tell(ready, steps)


@pytest.mark.parametrize("protocols", [None, ["graphql-ws"], ["graphql-transport-ws2"]], ids=str)
def test_another_subprotocol_closes_with_4406(url, protocols):
    with connect(url, subprotocols=protocols) as socket:
        assert Socket(socket).code() == 4406


def test_our_subprotocol_is_chosen_among_others(url):
    with connect(url, subprotocols=["graphql-ws", PROTOCOL]) as socket:
        assert socket.subprotocol == PROTOCOL


def test_a_foreign_origin_never_gets_a_socket(url):
    with pytest.raises(InvalidStatus) as caught:
        connect(url, subprotocols=[PROTOCOL], origin="http://evil.example")
    assert caught.value.response.status_code == 403


def test_a_client_that_never_initialises_is_closed_with_4408(impatient):
    url = impatient.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        client = Socket(socket)
        tell(client, [*ALIVE, Closed(4408)])


def test_the_wait_for_init_ends_with_it(impatient):
    url = impatient.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        quotes = 'subscription { quotes(symbols: ["600519.SH"], minIntervalMs: 1500) { kind } }'
        tell(client := Socket(socket), [INIT, Hear(ACK), subscribe("1", quotes)])
        kinds = [client.read()["payload"]["data"]["quotes"]["kind"] for _ in range(2)]
    assert kinds == ["SNAPSHOT", "UPDATE"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($s: Symbol!) { quote(symbol: $s) { symbol } }", "BAD_REQUEST"),
        ('subscription { quotes(symbols: ["999999.SH"]) { kind } }', "UNKNOWN_SYMBOL"),
    ],
)
def test_an_error_ends_its_operation_without_complete_and_frees_the_id(ready, query, code):
    for _ in range(2):
        ready.send(subscribe(query=query))
        message = ready.read()
        assert (message["id"], message["type"]) == ("1", "error")
        [error] = message["payload"]
        assert error["message"]
        assert error["extensions"]["code"] == code
    tell(ready, ALIVE)


def test_nothing_comes_after_a_clients_complete(ready):
    """Quotes come every 50 ms: what was on its way when `complete` was read is let go."""
    for round_ in range(5):
        ready.send(subscribe("q", QUOTES))
        assert ready.read()["payload"]["data"]["quotes"]["kind"] == "SNAPSHOT"
        ready.read()
        tell(ready, [complete("q"), {**PING, "payload": {"round": round_}}])
        while (message := ready.read())["type"] != "pong":
            assert message["id"] == "q"
        # The server has read `complete`: from here on the stream is silent, others are not.
        ready.send(subscribe("other", QUOTES))
        assert {ready.read()["id"] for _ in range(4)} == {"other"}
        tell(ready, [complete("other"), PING])
        while ready.read()["type"] != "pong":
            pass


@pytest.mark.parametrize("leave", ["close", "cut", "violate"])
def test_whoever_leaves_frees_the_streams(gateway, url, leave):
    query = 'subscription { quotes(symbols: ["000858.SZ"]) { kind } }'
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        client = Socket(socket)
        tell(client, [INIT, Hear(ACK), subscribe("q", query)])
        client.read()
        upstream = gateway.assembly.quotes._upstreams["000858.SZ"]
        assert upstream.boxes
        if leave == "cut":
            socket.socket.shutdown(2)
        elif leave == "violate":
            client.send("[]")
            assert client.code() == 4400
    while upstream.boxes:
        pass  # the server hears of it within a few milliseconds
    assert upstream.ending is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
TYPES = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete"])
PAYLOADS = st.fixed_dictionaries(
    {"query": st.sampled_from([QUERY, QUIET, "{"]) | VALUES},
    optional={"variables": VALUES, "operationName": VALUES, "extensions": VALUES},
)
MESSAGES = VALUES | st.fixed_dictionaries(
    {"type": TYPES | VALUES},
    optional={"id": st.sampled_from(["1", ""]) | VALUES, "payload": PAYLOADS | VALUES},
)


@settings(max_examples=100)
@given(messages=st.lists(MESSAGES, max_size=4), initialised=st.booleans())
def test_whatever_comes_is_answered_or_closed_with_a_code_of_the_protocol(
    url, messages, initialised
):
    with connect(url, subprotocols=[PROTOCOL]) as socket:
        client = Socket(socket)
        try:
            for message in [*([INIT] if initialised else []), *messages]:
                client.send(json.dumps(message))
            tell(client, [{**PING, "payload": {"last": True}}])
            while client.read() != {**PONG, "payload": {"last": True}}:
                pass
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            assert closed.rcvd.code in (4400, 4401, 4403, 4409, 4429)
