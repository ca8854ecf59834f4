"""Reads whole answers, compares them, and keeps those that the floor sends again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.graphql.client import Answer, connect
from bench.graphql.contestants import GraphQL, Running, post

_QUOTE = '{ quote(symbol: "000001.SZ") { previousClose } }'


def read(port: int, request: bytes) -> bytes:
    """Return the body of the answer to one request."""
    answer, parts = Answer(), list[bytes]()
    with connect(port) as connection:
        connection.sendall(request)
        while True:
            parts.append(connection.recv(1 << 20))
            if answer.feed(parts[-1]):
                break
    _, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return _joined(body) if answer.chunked else body


def _joined(body: bytes) -> bytes:
    parts, at = list[bytes](), 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        at = end + 4 + size


def resting_price(ours: Running) -> str:
    """Return a price that the exchange takes and nobody sells at."""
    close = json.loads(read(ours.port, post("/graphql", _QUOTE)))["data"]["quote"]["previousClose"]
    return f"{close * 0.95:.2f}"


def capture(ours: Running, folder: Path, counts: Sequence[int], price: str) -> None:
    """Keep the gateway's answers as files for the floor."""
    assert isinstance(ours.asks, GraphQL)
    requests = {str(count): ours.asks.bars(count) for count in counts}
    requests |= {"info": ours.asks.info(), "order": ours.asks.order(price)}
    for name, request in requests.items():
        (folder / f"{name}.json").write_bytes(read(ours.port, request))


def verify(servers: Sequence[Running], counts: Sequence[int], price: str) -> None:
    """Stop unless every server answers the same, double for double and key for key in order."""
    for count in counts:
        _same({each.name: _parsed(each, each.asks.bars(count)) for each in servers}, count)
    asked = [each for each in servers if isinstance(each.asks, GraphQL)]
    _same({each.name: _parsed(each, each.asks.info()) for each in asked}, 0)
    _same({each.name: _parsed(each, each.asks.order(price)) for each in asked}, 0)


def _parsed(server: Running, request: bytes) -> Any:
    """Return what a server answers but for `extensions`: what it cost is told by ours alone."""
    found = json.loads(read(server.port, request), object_pairs_hook=list)
    if not isinstance(server.asks, GraphQL):
        return found
    return [each for each in found if each[0] != "extensions"]


def _same(found: dict[str, Any], rows: int) -> None:
    (first, expected), *others = found.items()
    if "errors" in dict(expected):
        raise SystemExit(f"{first} answers {str(expected)[:400]}")
    if rows and len(dict(dict(dict(expected)["data"])["bars"])["rows"]) != rows:
        raise SystemExit(f"{first} does not answer {rows} rows")
    for name, answer in others:
        # repr tells 1.0 from 1 and 0.0 from -0.0, which == does not; Node alone has no 1.0.
        same = answer == expected if "mercurius" in name else repr(answer) == repr(expected)
        if not same:
            raise SystemExit(f"{name} answers otherwise than {first}: {str(answer)[:400]}")
