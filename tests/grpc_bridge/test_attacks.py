"""Bombs and floods by gRPC: refused with a status, and nobody else notices."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import grpc
import pytest

from quantgraph.domain.access import Scope
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import quotes_pb2, system_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.grpc_bridge.calls import Refusal

INFO = system_pb2.GetServerInfoRequest()
WATCH = quotes_pb2.WatchQuotesRequest(symbols={"symbols": ["600519.SH"]}, min_interval_ms=60_000)
CALLS = 6
# Channels of one process share a connection unless they are told not to.
APART = ("grpc.use_local_subchannel_pool", 1)
UNBOUNDED = (APART, ("grpc.max_send_message_length", -1), ("grpc.max_metadata_size", 10_000_000))


@pytest.fixture(scope="module")
def strict(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A gateway of few calls, whose keys may ask a little."""
    rates = {"read_points": 200, "read_points_per_second": 50}
    folder = tmp_path_factory.mktemp("strict")
    bounds = {"calls": CALLS, "handshake_seconds": 1, "connections": 12, "idle_seconds": 1}
    with start_gateway(folder, rates=rates, grpc=bounds) as running:
        yield running


@pytest.fixture
def channel(strict: Any) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(strict.addresses.grpc, options=UNBOUNDED) as channel:
        yield channel


def still_answers(running: Any) -> None:
    """Ask with a key of somebody else."""
    store = KeyStore(running.assembly.config.data_path / "keys.sqlite")
    metadata = [("x-api-key", store.create(Scope.READ, None))]
    with grpc.insecure_channel(running.addresses.grpc, options=[APART]) as channel:
        told = SystemServiceStub(channel).GetServerInfo(INFO, metadata=metadata, timeout=20)
    assert told.info.mode == system_pb2.MODE_MOCK


def sent(channel: grpc.Channel, raw: bytes, **more: Any) -> grpc.StatusCode:
    call = channel.unary_unary("/quantgraph.v1.QuoteService/GetQuotes")
    with pytest.raises(grpc.RpcError) as caught:
        call(raw, timeout=20, **more)
    return caught.value.code()


@pytest.mark.parametrize(
    ("raw", "how"),
    [(b"\0" * 5_000_000, None), (b"\0" * 16_000_000, grpc.Compression.Gzip),
     (b"\0" * 16_000_000, grpc.Compression.Deflate)],
    ids=["large", "gzip", "deflate"],
)  # fmt: skip
def test_a_message_is_never_larger_than_it_may_be_packed_or_not(
    strict: Any, channel: grpc.Channel, raw: bytes, how: Any
) -> None:
    assert sent(channel, raw, compression=how) is grpc.StatusCode.RESOURCE_EXHAUSTED
    still_answers(strict)


def test_a_message_of_very_many_items_is_refused(strict: Any, channel: grpc.Channel) -> None:
    many = quotes_pb2.GetQuotesRequest(symbols=["600519.SH"] * 300_000).SerializeToString()
    store = KeyStore(strict.assembly.config.data_path / "keys.sqlite")
    metadata = [("x-api-key", store.create(Scope.READ, None))]
    assert sent(channel, many, metadata=metadata) in {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
    still_answers(strict)


def test_metadata_without_end_is_refused(strict: Any, channel: grpc.Channel) -> None:
    metadata = [("x-bomb", "x" * 1_000_000)]
    assert sent(channel, b"", metadata=metadata) in {
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
    }
    still_answers(strict)


def test_a_flood_is_its_own_keys_alone(strict: Any) -> None:
    store = KeyStore(strict.assembly.config.data_path / "keys.sqlite")
    metadata = [("x-api-key", store.create(Scope.READ, None))]

    def flood(_: int) -> set[str]:
        codes: set[str] = set()
        with grpc.insecure_channel(strict.addresses.grpc, options=[APART]) as channel:
            stub = SystemServiceStub(channel)
            for _ in range(200):
                try:
                    stub.GetServerInfo(INFO, metadata=metadata, timeout=20)
                except grpc.RpcError as error:
                    codes.add(Refusal(error).reason.value)
        return codes

    with ThreadPoolExecutor(3) as pool:
        floods = [pool.submit(flood, number) for number in range(3)]
        for _ in range(3):
            still_answers(strict)
        found = [each.result() for each in floods]
    assert all(codes <= {"RATE_LIMITED"} for codes in found)
    assert {"RATE_LIMITED"} in found


def test_there_are_so_many_calls_at_once_and_room_again_when_they_end(strict: Any) -> None:
    with ExitStack() as stack:
        calls: list[Any] = []
        for _ in range(CALLS + 1):
            options = [APART]
            made = grpc.insecure_channel(strict.addresses.grpc, options=options)
            channel = stack.enter_context(made)
            calls.append(QuoteServiceStub(channel).WatchQuotes(WATCH, timeout=60))
            if len(calls) <= CALLS:
                next(calls[-1])
        with pytest.raises(grpc.RpcError) as caught:
            next(calls[-1])
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for each in calls:
            each.cancel()
    end = time.monotonic() + 20
    while (code := attempt(strict)) is not None:
        assert (code, time.monotonic() < end) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)


def attempt(running: Any) -> grpc.StatusCode | None:
    """Return why nothing is answered yet."""
    try:
        still_answers(running)
    except grpc.RpcError as error:
        return error.code()
    return None


@pytest.mark.parametrize("first", [b"", b"PRI * HTTP/2.0\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_connection_that_does_not_speak_is_closed(strict: Any, first: bytes) -> None:
    host, _, port = strict.addresses.grpc.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as made:
        made.sendall(first)
        try:
            while made.recv(65_536):
                pass  # what the server says of itself, and then its end
        except ConnectionResetError:
            pass
    still_answers(strict)


HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"  # with empty SETTINGS


def test_connections_that_say_hello_and_no_more_are_bounded_and_make_room(strict: Any) -> None:
    host, _, port = strict.addresses.grpc.partition(":")
    with ExitStack() as stack:
        held: list[socket.socket] = []
        for _ in range(20):
            made = socket.create_connection((host, int(port)), timeout=20)
            held.append(stack.enter_context(made))
            with suppress(OSError):
                made.sendall(HELLO)
        assert sum(first_word(each) == b"" for each in held) >= 20 - 12
        for each in held:  # those that were let in are sent away once they have been idle
            with suppress(OSError):
                while each.recv(65_536):
                    pass
        still_answers(strict)


def first_word(made: socket.socket) -> bytes:
    try:
        return made.recv(9)
    except ConnectionResetError:
        return b""
