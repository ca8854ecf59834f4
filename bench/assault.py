"""Attacks on one gateway, each for so many seconds; it imports nothing heavy."""

import contextlib
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_MANY = 200
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@dataclass(frozen=True)
class Target:
    """Where a gateway listens, and the attackers' key."""

    port: int
    grpc: int
    key: str


def attack(name: str, target: Target, seconds: float) -> Mapping[str, int]:
    """Attack for a while; return how often each sort of answer came, "5xx" among them."""
    told: Counter[str] = Counter()
    ATTACKS[name](target, time.monotonic() + seconds, told)
    return told


def _opened(target: Target) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", target.port), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _trickle(first: bytes) -> Callable[[Target, float, Counter[str]], None]:
    """Hold many connections open, each with a drop now and then."""

    def run(target: Target, end: float, told: Counter[str]) -> None:
        held = [_opened(target) for _ in range(_MANY)]
        for each in held:
            each.sendall(first)
        while time.monotonic() < end:
            for each in held:
                with contextlib.suppress(OSError):
                    each.sendall(b"x")
            time.sleep(0.2)
        for each in held:
            each.close()
        told["held"] = len(held)

    return run


def _posted(
    body: bytes, kind: str = "application/json", host: str = "127.0.0.1"
) -> Callable[[Target, float, Counter[str]], None]:
    """Send one body again and again."""

    def run(target: Target, end: float, told: Counter[str]) -> None:
        head = f"host: {host}\r\nx-api-key: {target.key}\r\ncontent-type: {kind}\r\n"
        size = f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        request = f"POST /graphql HTTP/1.1\r\n{head}{size}".encode() + body
        while time.monotonic() < end:
            with _opened(target) as made, contextlib.suppress(OSError):
                made.sendall(request)
                answer = made.recv(65_536)
                told["5xx" if answer[9:10] == b"5" else answer[9:12].decode()] += 1
                while made.recv(65_536):
                    pass

    return run


def _flood(target: Target, end: float, told: Counter[str]) -> None:
    """Call by gRPC as often as it goes."""
    import grpc

    from quantgraph.v1.system_pb2 import GetServerInfoRequest
    from quantgraph.v1.system_pb2_grpc import SystemServiceStub

    metadata = [("x-api-key", target.key)]
    with grpc.insecure_channel(f"127.0.0.1:{target.grpc}") as channel:
        stub = SystemServiceStub(channel)
        while time.monotonic() < end:
            calls = [
                stub.GetServerInfo.future(GetServerInfoRequest(), metadata=metadata)
                for _ in range(50)
            ]
            for call in calls:
                told[str(call.code())] += 1


def _bombs(target: Target, end: float, told: Counter[str]) -> None:
    """Send messages that unpack to far more than one may be."""
    import grpc

    metadata = [("x-api-key", target.key)]
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{target.grpc}", options=options) as channel:
        call = channel.unary_unary("/quantgraph.v1.QuoteService/GetQuotes")
        while time.monotonic() < end:
            try:
                call(b"\0" * 16_000_000, metadata=metadata, compression=grpc.Compression.Gzip)
            except grpc.RpcError as error:
                told[str(error.code())] += 1  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType] a Call as well


def _frames(target: Target, end: float, told: Counter[str]) -> None:
    """Begin messages that are larger than any may be."""
    frame = b"\x81\xff" + (5_000_000).to_bytes(8) + bytes(4) + b"x" * 300_000
    while time.monotonic() < end:
        with _opened(target) as made, contextlib.suppress(OSError):
            made.sendall(_UPGRADE + b"\r\n")
            answer = made.recv(65_536)
            told["5xx" if answer[9:10] == b"5" else answer[9:12].decode()] += 1
            made.sendall(frame)
            while made.recv(65_536):
                pass


def _json(query: str, **more: object) -> bytes:
    return json.dumps({"query": query, **more}).encode()


def _deep(depth: int) -> bytes:
    return (
        b'{"query": "{ __typename }", "variables": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    )


ATTACKS: Mapping[str, Callable[[Target, float, Counter[str]], None]] = {
    f"{_MANY} slow heads": _trickle(b"POST /graphql HTTP/1.1\r\nhost: "),
    f"{_MANY} slow bodies": _trickle(
        b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"content-length: 200000\r\n\r\n"
    ),
    f"{_MANY} slow WebSocket handshakes": _trickle(_UPGRADE + b"x-a: "),
    "200,000 tokens": _posted(_json("{ " + "a " * 130_000 + "}")),
    "3,000 conflicting aliases": _posted(
        _json("{ serverInfo { " + "a: mode a: version " * 1_500 + "} }")
    ),
    "deep nesting": _posted(_json("{ a" * 80_000)),
    "deep JSON": _posted(_deep(40_000)),
    "content types of forms": _posted(_json("{ __typename }"), kind="text/plain"),
    "foreign hosts": _posted(_json("{ __typename }"), host="evil.example"),
    "bodies too large": _posted(b"x" * 300_000),
    "frames too large": _frames,
    "unary flood by gRPC": _flood,
    "bombs by gRPC": _bombs,
}
