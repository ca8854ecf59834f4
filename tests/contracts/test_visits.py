"""What a key holds open is bounded, on both wires together, and ends with the key."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import grpc
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from quantgraph.domain.access import Scope
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import quotes_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from tests.api.events import events
from tests.api.sockets import ACK, PROTOCOL, QUIET, Socket, complete
from tests.grpc_bridge.calls import Refusal

WATCH = quotes_pb2.WatchQuotesRequest(symbols={"symbols": ["600519.SH"]}, min_interval_ms=60_000)


class Holder:
    """One key, and the ways in which it holds a connection open."""

    def __init__(self, running: Any, key: str) -> None:
        self.key, self.addresses = key, running.addresses

    @contextmanager
    def socket(self, operations: int = 1) -> Iterator[Socket]:
        url = self.addresses.http.replace("http", "ws") + "/graphql"
        with connect(url, subprotocols=[PROTOCOL]) as raw:
            socket = Socket(raw)
            socket.send({"type": "connection_init", "payload": {"x-api-key": self.key}})
            assert socket.read() == ACK
            for number in range(operations):
                socket.subscribe(str(number), QUIET)
                assert socket.read()["type"] == "next"
            yield socket

    @contextmanager
    def events(self) -> Iterator[Iterator[Any]]:
        headers = {"x-api-key": self.key, "accept": "text/event-stream"}
        with (
            httpx.Client(base_url=self.addresses.http, timeout=20) as client,
            client.stream("POST", "/graphql", json={"query": QUIET}, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise Refused(json.loads(answer.read())["errors"][0]["extensions"]["code"])
            told = events(answer)
            name, data = next(told)
            if "errors" in data:
                raise Refused(data["errors"][0]["extensions"]["code"])
            assert name == "next"
            yield told

    @contextmanager
    def stream(self, *, apart: bool = True) -> Iterator[Any]:
        # Channels of one process share a connection unless they are told not to.
        options = [("grpc.use_local_subchannel_pool", int(apart))]
        with grpc.insecure_channel(self.addresses.grpc, options) as channel:
            call = QuoteServiceStub(channel).WatchQuotes(WATCH, metadata=[("x-api-key", self.key)])
            try:
                next(call)
            except grpc.RpcError as error:
                raise Refused(Refusal(error).reason.value) from None
            yield call
            call.cancel()

    @property
    def ways(self) -> tuple[Callable[[], Any], ...]:
        return self.socket, self.events, self.stream


class Refused(Exception):
    """Which code refused it."""


def again(enter: Callable[[], Any], stack: ExitStack) -> Any:
    """Hold it once the gateway has noticed that another went."""
    end = time.monotonic() + 20
    while True:
        try:
            return stack.enter_context(enter())
        except (Refused, ConnectionClosed):
            assert time.monotonic() < end


@pytest.fixture(scope="module")
def keyed(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A gateway with tight limits, and its keys."""
    folder = tmp_path_factory.mktemp("keyed")
    limits = {"key_connections": 3, "key_subscriptions": 4, "key_check_seconds": 1}
    with start_gateway(folder, limits=limits) as running:
        yield running, KeyStore(running.assembly.config.data_path / "keys.sqlite")


@pytest.fixture
def holder(keyed: Any) -> Holder:
    running, store = keyed
    return Holder(running, store.create(Scope.READ, None))


def code(way: Callable[[], Any]) -> str:
    """Return what one more is refused with."""
    try:
        with way():
            return "let in"
    except Refused as refused:
        return str(refused)
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        assert "holds 3 connections" in closed.rcvd.reason
        return str(closed.rcvd.code)


def test_a_key_holds_so_many_connections_on_both_wires_together(keyed: Any, holder: Holder) -> None:
    running, store = keyed
    refusals = ["4403", "CONNECTION_LIMIT", "CONNECTION_LIMIT"]
    for leaving in holder.ways:
        with ExitStack() as stack:
            with ExitStack() as first:
                again(leaving, first)
                for way in holder.ways:
                    if way != leaving:
                        again(way, stack)
                assert [code(way) for way in holder.ways] == refusals
                with Holder(running, store.create(Scope.READ, None)).socket():
                    pass  # another key's are its own
            again(leaving, stack)


def test_a_key_holds_so_many_live_operations_on_both_wires_together(holder: Holder) -> None:
    with ExitStack() as stack:
        socket = stack.enter_context(holder.socket(operations=2))
        told = stack.enter_context(holder.events())
        stack.enter_context(holder.stream(apart=False))
        assert told
        socket.subscribe("more", QUIET)
        refusal = socket.read()
        assert (refusal["type"], refusal["id"]) == ("error", "more")
        assert refusal["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LIMIT"
        with pytest.raises(Refused, match="SUBSCRIPTION_LIMIT"):
            stack.enter_context(holder.stream(apart=False))
        socket.send(complete("1"))
        again(partial(holder.stream, apart=False), stack)


def test_a_revoked_key_ends_all_that_it_holds(keyed: Any, holder: Holder) -> None:
    _, store = keyed
    other = Holder(keyed[0], store.create(Scope.READ, None))
    with (
        holder.socket() as socket,
        holder.events() as told,
        holder.stream() as call,
        other.socket() as staying,
    ):
        store.revoke(holder.key.split("_")[1])
        name, data = next(told)
        assert (name, data["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
        assert next(told) == ("complete", None)
        assert socket.code() == 4403
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert Refusal(caught.value).reason == "UNAUTHENTICATED"
        staying.subscribe("still", "{ serverInfo { mode } }")
        assert staying.read()["type"] == "next"


def test_a_shared_stream_ends_with_its_key(keyed: Any, holder: Holder) -> None:
    _, store = keyed
    with httpx.Client(base_url=holder.addresses.http, timeout=20) as client:
        headers = {"x-api-key": holder.key}
        token = client.put("/graphql", headers=headers).text
        opened = {"accept": "text/event-stream", "x-graphql-event-stream-token": token}
        with client.stream("GET", "/graphql", headers=opened) as answer:
            assert answer.status_code == 200
            store.revoke(holder.key.split("_")[1])
            end = time.monotonic() + 20
            for line in answer.iter_lines():  # beats alone, until it ends
                assert line in {"", ":"}
                assert time.monotonic() < end


def test_an_open_socket_does_nothing_more_for_a_revoked_key(
    start_gateway: Any, tmp_path: Any
) -> None:
    with start_gateway(tmp_path, limits={"key_check_seconds": 3_600}) as running:
        store = KeyStore(running.assembly.config.data_path / "keys.sqlite")
        holder = Holder(running, store.create(Scope.ADMIN, None))
        with holder.socket() as socket:
            store.revoke(holder.key.split("_")[1])
            socket.subscribe("late", "mutation { haltTrading(input: {}) { __typename } }")
            assert socket.code() == 4403
        assert running.assembly.way.controls.problems() == {}
