"""The short way answers what the ordinary way would, byte for byte, and leaves it all else."""

import asyncio
import http.client
import io
import json
import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import structlog
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from api.app import build_front
from api.execution import Executor
from api.http import GraphQLOverHttp
from api.lobby import Lobby
from api.protocol import protocol
from api.reply import PIECE_BYTES
from quantgraph.config import CalendarConfig
from quantgraph.domain.access import Scope
from quantgraph.domain.bars import BarColumns, Period
from quantgraph.domain.calendar import starts_of
from quantgraph.services.calendar import load_calendar
from quantgraph.store.keys import KeyStore
from quantgraph.store.market import MarketStore
from resolvers.root import graphql_schema
from tests.resolvers.test_orders import low_price

JSON = "application/json"
TINY = {"query": "{ serverInfo { mode } }"}
BARS = {
    "query": "query($last: Int!) { bars(symbol: "
    '"600519.SH", last: $last) { rows { time close volume } } }',
    "variables": {"last": 30},
}
_ALL = "backends { capabilities { operation available reason } }"
LARGE = {"query": f"{{ serverInfo {{ a: {_ALL} b: {_ALL} c: {_ALL} }} }}"}
SECTORS = {"query": "{ sectors { name } }"}
CANCEL = {"query": 'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) { __typename } }'}
SUBMIT = (
    "mutation Submit($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename ... on "
    "SubmitOrderSuccess { order { state quantity limitPrice } replayed } } }"
)
OWN = re.compile(rb"(date|x-request-id): [^\r]*\r\n|[0-9a-f]{32}")


def message(body: object, **headers: str | None) -> bytes:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    wanted = {"host": "127.0.0.1", "content-type": JSON, "accept": JSON}
    wanted |= {"content-length": str(len(text))}
    wanted |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}\r\n" for name, value in wanted.items() if value is not None]
    return b"POST /graphql HTTP/1.1\r\n" + "".join(lines).encode() + b"\r\n" + text


@pytest.fixture
def peer(gateway: Any) -> Iterator[socket.socket]:
    with connected(gateway) as connection:
        yield connection


@contextmanager
def connected(running: Any) -> Iterator[socket.socket]:
    host, port = running.addresses.http.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def read(peer: socket.socket) -> bytes:
    """Return one whole answer, its own parts left out."""
    seen = bytearray()

    class Recorded(socket.SocketIO):
        def readinto(self, buffer: Any) -> int:
            taken = super().readinto(memoryview(buffer)[:1])  # never more than this answer
            seen.extend(memoryview(buffer)[: taken or 0])
            return taken or 0

    class Source:
        @staticmethod
        def makefile(_mode: str) -> Any:
            return io.BufferedReader(Recorded(peer, "r"), 1)

    with http.client.HTTPResponse(Source()) as answer:
        answer.begin()
        answer.read()
    return OWN.sub(b"", bytes(seen))


def ask(peer: socket.socket, *pieces: bytes) -> bytes:
    for piece in pieces:
        peer.sendall(piece)
    return read(peer)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was executed, and what the ordinary way saw, in turn."""
    seen: list[str] = []
    begin, call = Executor.begin, GraphQLOverHttp.__call__

    def begun(self: Executor, *given: Any) -> Any:
        seen.append("begun")
        return begin(self, *given)

    def called(self: GraphQLOverHttp, *given: Any) -> Any:
        seen.append("parsed")
        return call(self, *given)

    monkeypatch.setattr(Executor, "begin", begun)
    monkeypatch.setattr(GraphQLOverHttp, "__call__", called)
    return seen


@pytest.fixture
def price(peer: socket.socket) -> str:
    """What the exchange takes of a buyer, and nobody sells at."""
    return low_price(
        lambda query: json.loads(ask(peer, message({"query": query})).partition(b"\r\n\r\n")[2])[
            "data"
        ]
    )


def submit(key: str, price: str, headers: Any = None, **changes: Any) -> bytes:
    ticket = {"accountId": "sim-1", "clientOrderId": key, "symbol": "000001.SZ", "side": "BUY"}
    ticket |= {"quantity": 100, "limitPrice": price} | changes
    return message({"query": SUBMIT, "variables": {"input": ticket}}, **(headers or {}))


def taught(peer: socket.socket, request: bytes, ways: list[str]) -> bytes:
    """Ask twice, so that the request is known, and forget how these were answered."""
    ask(peer, request)
    answer = ask(peer, request)
    ways.clear()
    return answer


@pytest.mark.parametrize("body", [TINY, BARS, LARGE])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": None},
        {"accept": "application/graphql-response+json"},
        {"accept_encoding": "gzip"},
        {"connection": "keep-alive"},
        {"x_anything": "a, b"},
        {"content_encoding": "identity"},
    ],
)
def test_a_known_request_is_answered_alike_without_being_parsed(peer, ways, body, headers):
    request = message(body, **headers)
    answer = ask(peer, request[:-5], request[-5:])
    assert taught(peer, request, ways) == answer
    # Bars of a live market are made in a thread; compressed answers leave in pieces.
    assert ask(peer, request) == answer
    assert "parsed" not in ways or body is not TINY
    squeezed = "accept_encoding" in headers and body is not TINY
    assert (b"content-encoding: gzip" in answer) == squeezed
    assert ways.count("begun") == 1


@given(st.data())
@settings(max_examples=40)
def test_however_a_conversation_is_cut_its_answers_are_the_same(gateway, data):
    known = [message(TINY), message(SECTORS), message(BARS), message({"query": "{ nothing }"})]
    known += [message(CANCEL)]
    asked = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=5))
    text = b"".join(asked)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=6)))
    with connected(gateway) as peer:
        expected = [ask(peer, each[:-1], each[-1:]) for each in asked]
        for start, stop in zip([0, *cuts], [*cuts, len(text)], strict=True):
            peer.sendall(text[start:stop])
        assert [read(peer) for _ in asked] == expected


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, b"403"),
        ({"origin": "http://evil.example"}, b"403"),
        ({"content_type": "text/plain"}, b"415"),
        ({"content_encoding": "gzip"}, b"415"),
        ({"accept": "text/html"}, b"406"),
        ({"x_api_key": "qg_a_b"}, b"401"),
    ],
)
def test_what_is_refused_stays_refused(peer, ways, headers, status):
    taught(peer, message(TINY), ways)
    for _ in range(3):
        assert ask(peer, message(TINY, **headers)).split()[1] == status


def test_an_origin_of_ours_is_answered_with_what_browsers_need(start_gateway, tmp_path, ways):
    origin = "http://localhost:3000"
    with (
        start_gateway(tmp_path, http={"allowed_origins": [origin]}) as running,
        connected(running) as peer,
    ):
        for _ in range(3):
            answer = ask(peer, message(TINY, origin=origin))
            assert b"access-control-allow-origin: " + origin.encode() in answer
        assert b"access-control" not in taught(peer, message(TINY), ways)


def test_a_key_is_asked_for_at_each_request_and_revoked_at_once(start_gateway, tmp_path, ways):
    (tmp_path / "mock").mkdir()
    keys = KeyStore(tmp_path / "mock" / "keys.sqlite")
    key = keys.create(Scope.READ, None)
    os.utime(keys.path, (0, 0))  # what has just changed is read at each request
    with start_gateway(tmp_path) as running:
        request = message(TINY, authorization=f"Bearer {key}")
        with connected(running) as peer:
            answer = taught(peer, request, ways)
            assert ask(peer, request) == answer
            assert ways == ["begun"]
            keys.revoke(key.split("_")[1])
            assert ask(peer, request).startswith(b"HTTP/1.1 401")
            os.utime(keys.path, (1, 1))
            assert ask(peer, request).startswith(b"HTTP/1.1 401")


def test_what_one_key_may_ask_says_nothing_of_another(start_gateway, tmp_path):
    """The bytes of both bodies are the same, and what was found out of them is kept."""
    (tmp_path / "mock").mkdir()
    keys = KeyStore(tmp_path / "mock" / "keys.sqlite")
    asked = [keys.create(scope, None) for scope in (Scope.ADMIN, Scope.READ)]
    os.utime(keys.path, (0, 0))
    body = b'{"query":"{ simulation { clock { epoch } } }"}'
    admin, reader = [message(body, authorization=f"Bearer {key}") for key in asked]
    with start_gateway(tmp_path) as running, connected(running) as peer:
        for _ in range(4):
            assert b'"epoch":' in ask(peer, admin)
            refused = ask(peer, reader)
            assert b"FORBIDDEN" in refused and b'"epoch":' not in refused


def test_what_has_to_wait_is_executed_once_and_finished_the_ordinary_way(peer, ways):
    """Sectors are read from the store, in a thread."""
    request = message(SECTORS)
    answer = taught(peer, request, ways)
    assert ask(peer, request) == answer
    assert ways == ["begun", "parsed"]


def test_an_error_is_shown_as_ever(peer, ways):
    request = message({"query": '{ quote(symbol: "999999.SH") { lastPrice } }'})
    answer = taught(peer, request, ways)
    assert b"UNKNOWN_SYMBOL" in answer
    assert ask(peer, request) == answer
    assert ways.count("begun") == 1


def test_a_subscription_is_not_for_the_short_way(peer):
    request = message({"query": "subscription { quotes { kind } }"})
    assert [ask(peer, request).split()[1] for _ in range(3)] == [b"406"] * 3


def test_a_mutation_of_a_known_head_is_executed_once_and_answered_alike(peer, price, ways):
    answer = taught(peer, message(CANCEL), ways)
    assert b"OrderNotFound" in answer
    assert ask(peer, message(CANCEL)) == answer
    first, key = ask(peer, submit("short-1", price)), submit("short-2", price)
    assert b'"state":"WORKING"' in first
    assert b'"replayed":false' in first
    ways.clear()
    assert ask(peer, key) == first
    assert ways == ["begun"]
    again = ask(peer, submit("short-2", price, {"x_request_id": "0" * 32}))
    assert b'"replayed":true' in again
    assert ask(peer, key) == again
    assert ways == ["begun", "parsed", "begun", "begun"]


@pytest.mark.parametrize("wrong", [{"quantity": "1e99"}, {"symbol": None}, {"accountId": "x"}])
def test_a_mutation_that_fails_is_answered_as_ever(peer, price, ways, wrong):
    taught(peer, submit("short-3", price, **wrong), ways)
    answer = ask(peer, submit("short-4", price, **wrong))
    assert ways.count("begun") == 1
    ordinary = ask(peer, submit("short-5", price, {"x_request_id": "0" * 32}, **wrong))
    digits = re.compile(rb"[0-9]+")  # what is left of the key's points comes back with time
    assert digits.sub(b"", ordinary) == digits.sub(b"", answer)


def test_whoever_leaves_has_ordered_all_the_same(gateway, peer, price, ways):
    taught(peer, submit("short-6", price), ways)
    with connected(gateway) as leaver:
        leaver.sendall(submit("short-7", price))
    asked = {"query": '{ order(accountId: "sim-1", clientOrderId: "short-7") { state } }'}
    while b"WORKING" not in (answer := ask(peer, message(asked))):
        assert b'"order":null' in answer or b"SENT" in answer


def test_what_comes_behind_a_mutation_is_answered_after_it(peer, price, ways):
    taught(peer, submit("short-8", price), ways)
    small = taught(peer, message(TINY), ways)
    peer.sendall(submit("short-9", price))
    assert b"WORKING" in ask(peer, message(TINY), message(TINY))
    assert [read(peer) for _ in range(2)] == [small, small]


def test_what_a_key_may_not_do_is_noted_once_with_its_address(start_gateway, tmp_path):
    (tmp_path / "mock").mkdir()
    keys = KeyStore(tmp_path / "mock" / "keys.sqlite")
    key = keys.create(Scope.READ, None)
    os.utime(keys.path, (0, 0))
    with start_gateway(tmp_path) as running, connected(running) as peer:
        local = "{}:{}".format(*peer.getsockname())
        request = message(CANCEL, authorization=f"Bearer {key}")
        answers = {ask(peer, request[:-5], request[-5:]), *(ask(peer, request) for _ in range(2))}
        assert len(answers) == 1
    with closing(sqlite3.connect(tmp_path / "mock" / "audit.sqlite")) as log:
        acts = log.execute("SELECT operation, outcome, peer FROM acts ORDER BY number").fetchall()
    assert acts == [("cancelOrder", "FORBIDDEN", local)] * 3


def test_a_head_means_nothing_for_a_body_of_another_length(peer, ways):
    taught(peer, message(TINY), ways)
    head = message(TINY).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    shorter = json.dumps({"query": "{ __typename }"}).encode()
    size = len(message(TINY)) - len(head)
    peer.sendall(head + shorter)
    padded = b" " * (size - len(shorter))
    assert b'{"data":{"__typename":"Query"}' in ask(peer, padded)
    taught(peer, message(LARGE), ways)
    assert ask(peer, head + json.dumps(LARGE).encode()).startswith(b"HTTP/1.1 400")


def test_a_request_hidden_behind_another_teaches_nothing(peer, gateway, ways):
    """The second's length is that of all that followed the first's head in one read."""
    first, body = message(TINY), json.dumps(TINY).encode()
    head = first.removesuffix(body)
    size = len(body) + len(message(SECTORS, content_length="100"))
    assert 100 <= size < 1_000
    padded = json.dumps(SECTORS).encode().ljust(size)
    with connected(gateway) as other:
        taught(other, message(padded), ways)
    peer.sendall(first + message(SECTORS, content_length=str(size)))
    read(peer)
    peer.sendall(b" " * (size - len(json.dumps(SECTORS))))
    assert b"sectors" in read(peer)
    # The first's head says how much of this is its body: no JSON.
    assert ask(peer, head + padded).startswith(b"HTTP/1.1 400")


def test_an_answer_with_errors_has_the_status_it_has_elsewhere(start_gateway, tmp_path, ways):
    request = message(
        {"query": '{ bars(symbol: "600519.SH", last: 0) { rowCount } }'},
        accept="application/graphql-response+json",
    )
    with (
        start_gateway(tmp_path, http={"status_codes": "draft"}) as running,
        connected(running) as peer,
    ):
        answer = taught(peer, request, ways)
        assert answer.startswith(b"HTTP/1.1 294")
        assert ask(peer, request) == answer
        assert ways == ["begun", "parsed"]


def test_a_request_that_ends_its_connection_does(peer, gateway, ways):
    request = message(TINY, connection="close")
    for _ in range(3):
        with connected(gateway) as other:
            assert b"connection: close" in ask(other, request)
            assert other.recv(1) == b""
    assert ways == ["parsed", "begun"] * 3


def test_who_asks_before_sending_a_body_is_told_to_go_on(peer):
    request = message(TINY, expect="100-continue")
    head, _, body = request.partition(b"\r\n\r\n")
    for _ in range(3):
        peer.sendall(head + b"\r\n\r\n")
        assert b"100 Continue" in peer.recv(100)
        assert b"MOCK" in ask(peer, body)
    for _ in range(3):
        peer.sendall(request)
        answer = b""
        while b"MOCK" not in answer:
            answer += peer.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 100 Continue")


def test_stopping_ends_a_connection_that_was_answered_at_once(start_gateway, tmp_path, ways):
    with start_gateway(tmp_path) as running, connected(running) as peer:
        taught(peer, message(TINY), ways)
        ask(peer, message(TINY))
        assert ways == ["begun"]
        running.stop()
        assert peer.recv(1) == b""


class Transport:
    """What uvicorn asks of a connection; keeps what was written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_extra_info(self, _name: str) -> None:
        return None


@contextmanager
def serving(gateway: Any, **options: Any) -> Iterator[tuple[Any, Transport]]:
    """A connection of uvicorn's that has answered TINY at once."""
    front = build_front(graphql_schema, gateway.assembly.gateway, gateway.assembly.config)
    config = uvicorn.Config(front.app, lifespan="off", log_config=None, **options)
    transport = Transport()
    connection = protocol(front.quick, Lobby(9, 60, 9_999))(
        config=config, server_state=ServerState(), app_state={}
    )
    connection.connection_made(transport)
    yield connection, transport
    connection.connection_lost(None)


async def until(transport: Transport, text: bytes) -> None:
    while text not in transport.written:
        await asyncio.sleep(0)


async def known(connection: Any, transport: Transport) -> None:
    for _ in range(2):
        transport.written = b""
        connection.data_received(message(TINY))
        await until(transport, b"MOCK")
    transport.written = b""


async def test_who_does_not_read_is_not_written_to(gateway):
    with serving(gateway) as (connection, transport):
        await known(connection, transport)
        connection.pause_writing()
        connection.data_received(message(TINY))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not transport.written
        connection.resume_writing()
        await until(transport, b"MOCK")
        connection.data_received(message(TINY))
        assert transport.written.count(b"MOCK") == 2


async def test_a_connection_left_alone_is_closed_after_a_while(gateway):
    with serving(gateway, timeout_keep_alive=0.02) as (connection, transport):
        await known(connection, transport)
        connection.data_received(message(TINY))
        assert b"MOCK" in transport.written
        async with asyncio.timeout(20):
            await transport.closed.wait()


async def test_a_stop_waits_for_a_mutation_that_was_begun(gateway):
    with serving(gateway) as (connection, transport):
        await known(connection, transport)
        connection.data_received(message(CANCEL))
        await until(transport, b"OrderNotFound")
        transport.written = b""
        connection.data_received(message(CANCEL))
        assert any(not each.done() for each in connection.tasks)
        connection.shutdown()
        connection.data_received(message(TINY))
        assert not transport.closed.is_set()
        await until(transport, b"OrderNotFound")
        assert transport.closed.is_set()
        assert b"MOCK" not in transport.written


async def test_what_follows_a_mutation_that_takes_long_is_not_read_for_ever(gateway):
    with serving(gateway) as (connection, transport):
        await known(connection, transport)
        connection.data_received(message(CANCEL))
        await until(transport, b"OrderNotFound")
        connection.data_received(message(CANCEL))
        connection.data_received(b" " * 70_000)
        assert connection.flow.read_paused
        await until(transport, b"HTTP/1.1 400")
        assert not connection.flow.read_paused


async def test_what_is_asked_of_a_closing_connection_is_not_answered(gateway):
    with serving(gateway) as (connection, transport):
        await known(connection, transport)
        connection.shutdown()
        connection.data_received(message(TINY))
        assert not transport.written


async def test_only_so_many_heads_are_kept(gateway):
    with serving(gateway) as (connection, transport):
        for number in range(300):
            transport.written = b""
            connection.data_received(message(TINY, x_number=str(number)))
            await until(transport, b"MOCK")
        heads = type(connection).quick._heads
        assert len(heads) == 256
        connection.data_received(message(TINY, x_long="x" * 5_000))
        await asyncio.sleep(0)
        assert max(map(len, heads)) < 4_096


_BODY = json.dumps(TINY).encode()
_PADDED = message(TINY, x_pad="x" * 100)


@pytest.mark.parametrize(
    ("first", "rest", "later"),
    [
        # What is taken for a head is three bytes of one, or nothing but line ends before it, and
        # what follows in the same read is as long as the body that comes with the next.
        (_PADDED[: 3 + len(_BODY)], _PADDED[3 + len(_BODY) :], b"POS" + _BODY),
        (b"\r\n\r\n" + _PADDED[: len(_BODY)], _PADDED[len(_BODY) :], b"\r\n\r\n" + _BODY),
    ],
)
async def test_what_is_no_whole_head_teaches_nothing(gateway, first, rest, later):
    with serving(gateway) as (connection, transport):
        await known(connection, transport)
        heads = dict(type(connection).quick._heads)
        connection.data_received(first)
        connection.data_received(rest)
        await until(transport, b"MOCK")
        transport.written = b""
        assert type(connection).quick._heads == heads
        connection.data_received(later)
        assert transport.written.startswith(b"HTTP/1.1 400")


SYMBOL = "600519.SH"
_MINUTES = np.concatenate([np.arange(570, 690), np.arange(780, 900)]) * 60_000


def bars(last: int, picked: str = "time close volume") -> dict[str, object]:
    text = f'{{ bars(symbol: "{SYMBOL}", period: MIN_1, last: {last}) {{ rows {{ {picked} }} }} }}'
    return {"query": text}


def many(lists: int, last: int) -> dict[str, object]:
    picked = " ".join(f"a{number}: close" for number in range(lists))
    return {"query": str(bars(last, picked)["query"]).replace("rows", "columns")}


@pytest.fixture(scope="module", params=[0, 64])
def minutes(request: Any, start_gateway: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """A gateway with 12,000 minutes in its store, with and without room for texts."""
    folder = tmp_path_factory.mktemp("minutes")
    (folder / "mock").mkdir()
    calendar = load_calendar(CalendarConfig(), folder / "mock")
    days = starts_of(calendar.between(date(2022, 10, 1), date(2023, 1, 31)))
    times = (days[:, None] + _MINUTES).ravel()[-12_000:]
    closes = 1_000 + np.arange(12_000) / 100
    market = MarketStore(folder / "mock")
    with market.write(calendar) as writer:
        values = {"time": times, "close": closes, "volume": np.full(12_000, 100)}
        values |= dict.fromkeys(("open", "high", "low", "amount"), closes)
        writer.put_bars(SYMBOL, Period.MIN_1, BarColumns(12_000, values))
    market.close()
    with start_gateway(folder, cache={"texts_mb": request.param}) as running:
        yield running


@pytest.mark.parametrize(
    ("body", "headers", "short"),
    [
        (bars(2_001), {}, True),
        (bars(10_000), {}, True),
        (bars(10_000), {"accept": "application/graphql-response+json"}, True),
        (bars(10_000), {"accept_encoding": "gzip"}, False),
        (bars(10_001), {}, False),
        (bars(9_000, " ".join(f"a{n}: time" for n in range(7))), {}, False),  # 2 MB
        (many(9, 1_100), {}, True),
        (many(11, 900), {}, False),  # lists
    ],
)
def test_a_known_long_list_is_answered_alike(minutes, ways, body, headers, short):
    request = message(body, **headers)
    with connected(minutes) as peer:
        answer = ask_long(peer, request[:-5], request[-5:])
        assert answer[0] == 200
        assert ask_long(peer, request) == answer
        ways.clear()
        for _ in range(2):
            assert ask_long(peer, request) == answer
        assert ways == ["begun"] * 2 if short else "parsed" in ways
        assert ("content-length" in dict(answer[1])) or not short


def ask_long(peer: socket.socket, *pieces: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return status, headers and body; `read` takes too long, byte by byte."""
    for piece in pieces:
        peer.sendall(piece)
    with http.client.HTTPResponse(peer) as answer:
        answer.begin()
        own = ("date", "x-request-id")
        headers = [each for each in answer.getheaders() if each[0] not in own]
        return answer.status, headers, OWN.sub(b"", answer.read())


async def unasked(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("everything is answered at once")


class Slow(Transport):
    """A reader who takes what the test says; `size` bytes are written to it at once."""

    def __init__(self, size: int, **limits: Any) -> None:
        super().__init__()
        self.unread = 0
        self.aborted = asyncio.Event()
        parts = [bytes(PIECE_BYTES)] * (size // PIECE_BYTES)
        stall = limits.pop("stall_s", 0.02)
        quick = SimpleNamespace(stall_s=stall, answer=lambda *_: (b"\r\n", parts))
        config = uvicorn.Config(unasked, lifespan="off", log_config=None, **limits)
        made = protocol(quick, Lobby(9, 60, 9_999))  # pyright: ignore[reportArgumentType] what it is asked for
        self.connection = made(config=config, server_state=ServerState(), app_state={})
        self.connection.connection_made(self)
        self.connection.data_received(b"whatever")

    def writelines(self, parts: Any) -> None:
        super().write(b"".join(parts))
        self.unread = len(self.written)
        self.connection.pause_writing()

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.aborted.set()


async def test_who_takes_nothing_of_a_long_answer_is_left():
    with structlog.testing.capture_logs() as logs:
        reader = Slow(10 * PIECE_BYTES)
        async with asyncio.timeout(20):
            await reader.aborted.wait()
    assert [log["event"] for log in logs] == ["reader_stalled"]
    reader.connection.connection_lost(None)


async def test_who_takes_a_long_answer_slowly_is_waited_for():
    reader = Slow(10 * PIECE_BYTES)
    connection, looks = reader.connection, asyncio.Queue[int]()
    look = connection._look

    def looked(before: int) -> None:
        looks.put_nowait(before)
        reader.unread -= PIECE_BYTES if looks.qsize() < 3 else PIECE_BYTES - 1
        look(before)

    connection._look = looked
    connection._settle()
    connection._look_later()
    async with asyncio.timeout(20):
        await reader.aborted.wait()
    assert looks.qsize() == 3
    connection.connection_lost(None)


async def test_a_connection_whose_answer_is_being_read_is_not_closed_meanwhile():
    reader = Slow(4 * PIECE_BYTES, stall_s=30, timeout_keep_alive=0.01)
    connection = reader.connection
    connection._unset_keepalive_if_required()
    connection.timeout_keep_alive_handler()
    assert not reader.closed.is_set()
    assert connection.timeout_keep_alive_task is not None
    connection.resume_writing()
    async with asyncio.timeout(20):
        await reader.closed.wait()
    connection.connection_lost(None)


async def test_who_has_read_everything_is_not_looked_after():
    reader = Slow(4 * PIECE_BYTES, stall_s=0.01)
    reader.connection.resume_writing()
    assert reader.connection._stalled is None
    reader = Slow(4 * PIECE_BYTES, stall_s=0.01)
    reader.connection.connection_lost(None)
    assert reader.connection._stalled is None
