"""Who opens connections and says little is left in time, and keeps nobody else out."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.lobby import Lobby, lobby_of
from quantgraph.config import HttpConfig

BODY = json.dumps({"query": "{ serverInfo { mode } }"}).encode()
HEAD = b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(BODY) + BODY
UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
WATCHED = json.dumps({"query": 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'}).encode()
STREAM = HEAD + b"accept: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(WATCHED) + WATCHED
MOST = 8


@pytest.fixture(scope="module")
def strict(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A gateway that waits a second, and takes eight connections."""
    http = {"head_seconds": 1, "init_seconds": 1, "body_seconds": 1, "max_head_bytes": 9_000}
    folder = tmp_path_factory.mktemp("strict")
    with start_gateway(folder, http={**http, "connections": MOST}) as running:
        yield running


def opened(running: Any) -> socket.socket:
    host, _, port = running.addresses.http.removeprefix("http://").partition(":")
    made = socket.create_connection((host, int(port)), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def trickled(made: socket.socket, first: bytes, drop: bytes) -> bytes:
    """Send a beginning, then a drop again and again until the gateway has had enough."""
    end, made_out = time.monotonic() + 20, b""
    made.sendall(first)
    made.settimeout(0.1)
    while time.monotonic() < end:
        try:
            found = made.recv(65_536)
        except TimeoutError:
            with contextlib.suppress(OSError):  # closed: what it said before is read all the same
                made.sendall(drop)
        except OSError:
            return made_out
        else:
            if not found:
                return made_out
            made_out += found
    raise AssertionError("it was waited for")


SLOW = {
    "nothing": (b"", b""),
    "a head in drops": (HEAD, b"x-a: b\r\n"),
    "half a line": (b"POST /gra", b"p"),
    "empty lines": (b"", b"\r\n"),
    "a handshake in drops": (UPGRADE, b"x-a: b\r\n"),
    "a second head in drops": (WHOLE + b"POST", b" "),
}


@pytest.mark.parametrize("name", list(SLOW))
def test_a_head_that_does_not_arrive_is_not_waited_for(strict: Any, name: str) -> None:
    with opened(strict) as made:
        told = trickled(made, *SLOW[name])
    assert told.endswith(b"408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    assert told.count(b"HTTP/1.1 200") == (name == "a second head in drops")


def test_a_body_that_goes_on_after_its_answer_is_not_listened_to_for_ever(strict: Any) -> None:
    with opened(strict) as made:
        told = trickled(made, HEAD + b"content-length: 900000\r\n\r\n", b"x")
    assert told.startswith(b"HTTP/1.1 413")


def test_a_body_in_drops_is_left_in_time(strict: Any) -> None:
    with opened(strict) as made:
        told = trickled(made, HEAD + b"content-length: 90000\r\n\r\n", b"x")
    assert told.startswith(b"HTTP/1.1 408")


def test_a_socket_that_never_says_hello_is_closed(strict: Any) -> None:
    with opened(strict) as made:
        made.sendall(UPGRADE + b"\r\n")
        told = b""
        while b"timeout" not in told:
            told += made.recv(65_536) or b"timeout without a word"
    assert told.startswith(b"HTTP/1.1 101")
    assert b"\x11\x38Connection initialisation timeout" in told  # 4408


@pytest.mark.parametrize("piece", [b"x" * 900 + b": y\r\n", b"x"])
def test_a_head_without_end_is_refused(strict: Any, piece: bytes) -> None:
    with opened(strict) as made:
        told = b""
        with contextlib.suppress(OSError):
            made.sendall(HEAD + piece * (20_000 // len(piece)))
            while found := made.recv(65_536):
                told += found
    # Nothing where the connection was reset before that was read.
    assert not told or told.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_whoever_asks_finds_room_among_those_who_do_not(strict: Any) -> None:
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(opened(strict)) for _ in range(3 * MOST)]
        for each in idle[-MOST // 2 :]:
            each.sendall(HEAD)
        for _ in range(MOST):
            answer = httpx.post(f"{strict.addresses.http}/graphql", content=BODY,
                                headers={"content-type": "application/json"})  # fmt: skip
            assert answer.json()["data"] == {"serverInfo": {"mode": "MOCK"}}
        assert idle[0].recv(1) == b""  # the oldest went first


def test_whoever_is_being_answered_makes_no_room(strict: Any) -> None:
    with contextlib.ExitStack() as stack:
        streams: list[socket.socket] = []
        while len(streams) < MOST:  # connections of other tests may be closing still
            made = stack.enter_context(opened(strict))
            made.sendall(STREAM)
            if b"200 OK" in made.recv(65_536):
                streams.append(made)
        with opened(strict) as late:
            assert late.recv(65_536).startswith(b"HTTP/1.1 503")
        for each in streams:
            each.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                assert each.recv(65_536)  # its end would be an empty one


class Guest:
    gone = False

    def dismiss(self) -> None:
        self.gone = True


def test_the_oldest_that_waits_makes_room_and_whoever_works_does_not() -> None:
    lobby, guests = Lobby(2, 1, 1), [Guest(), Guest()]
    lobby.waiting |= dict.fromkeys(guests)
    assert lobby.room(2)
    assert not guests[0].gone
    assert lobby.room(3)
    assert [each.gone for each in guests] == [True, False]
    assert lobby.room(3)
    assert not lobby.room(3)


def test_there_are_no_more_connections_than_files_may_be_open() -> None:
    resource = pytest.importorskip("resource")
    most = lobby_of(HttpConfig(connections=10**9)).most
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most < soft or soft == resource.RLIM_INFINITY
    assert lobby_of(HttpConfig(connections=3)).most == 3
