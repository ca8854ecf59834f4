"""Who takes part: how each server is started, and what asks it the same question."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from bench.graphql.columns import SYMBOL
from bench.graphql.dataset import ROOT

NODE = ROOT / "bench/node"
OURS, FALLBACK = "quantgraph", "quantgraph, numpy encoder"
KEPT, IN_MEMORY = "quantgraph, repeated (texts kept)", "quantgraph, journal on tmpfs"
STRAWBERRY, MERCURIUS = "plain Strawberry", "mercurius + graphql-jit"
FASTAPI, RAW = "FastAPI + orjson", "raw ASGI, same bytes"
DISK = "raw ASGI, one fsync an order"
COUNTS = (250, 10_000, 100_000)
BARS, INFO, ORDER, REPEAT = "bars", "info", "order", "repeat"
TMPFS = Path("/dev/shm")

_BARS = (
    "query Bars($symbol: Symbol!, $last: Int!) { bars(symbol: $symbol, period: MIN_1, last: $last) "
    "{ rows { time open high low close volume amount } } }"
)
_COLUMNS = _BARS.replace("rows {", "columns {")
_INFO = "{ serverInfo { mode } }"
_ORDER = (
    "mutation Submit($input: SubmitOrderInput!) { submitOrder(input: $input) { __typename "
    "... on SubmitOrderSuccess { order { state quantity limitPrice } replayed } } }"
)
# Far from the market, so that it rests: the answer is about an order, not about its fills.
_TICKET = {"accountId": "sim-1", "symbol": "000001.SZ", "side": "BUY", "quantity": 100}


def post(path: str, query: str, variables: Mapping[str, object] | None = None) -> bytes:
    """Return one whole HTTP request that asks a GraphQL document."""
    asked = {"query": query} | ({"variables": variables} if variables else {})
    body = json.dumps(asked, separators=(",", ":"))
    head = "host: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json"
    return f"POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


def get(path: str) -> bytes:
    """Return one whole HTTP request for a path."""
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\r\n".encode()


class GraphQL:
    """Asks by POST /graphql."""

    def bars(self, last: int) -> bytes:
        """Return the request for the newest `last` bars."""
        return post("/graphql", _BARS, {"symbol": SYMBOL, "last": last})

    def columns(self, last: int) -> bytes:
        """Return the request for the same bars as arrays, which our gateway alone offers."""
        return post("/graphql", _COLUMNS, {"symbol": SYMBOL, "last": last})

    def info(self) -> bytes:
        """Return the request for one small field."""
        return post("/graphql", _INFO)

    def order(self, price: str) -> bytes:
        """Return the request for a new order; every call makes a fresh key."""
        ticket = _TICKET | {"clientOrderId": uuid.uuid4().hex, "limitPrice": price}
        return post("/graphql", _ORDER, {"input": ticket})


class Rest:
    """Asks by GET /bars."""

    def bars(self, last: int) -> bytes:
        """Return the request for the newest `last` bars."""
        return get("/bars?" + urlencode({"symbol": SYMBOL, "last": last}))


class Files(GraphQL):
    """Asks for bytes by name; the request is as large as the others'."""

    def bars(self, last: int) -> bytes:
        """Return the request for the captured answer."""
        return super().bars(last).replace(b"/graphql", b"/%d" % last, 1)

    def info(self) -> bytes:
        """Return the request for the captured answer."""
        return super().info().replace(b"/graphql", b"/info", 1)

    def order(self, price: str) -> bytes:
        """Return the request for the captured answer."""
        return super().order(price).replace(b"/graphql", b"/order", 1)


@dataclass(frozen=True)
class Contestant:
    """A server that can be started on a port over a prepared folder.

    `topics`: what it is measured at. `place`: where a gateway's data lie, if not in that folder.
    """

    name: str
    command: Callable[[int, Path], list[str]]
    asks: GraphQL | Rest
    environment: Mapping[str, str] = field(default_factory=dict)
    topics: frozenset[str] = frozenset({BARS, INFO, ORDER, REPEAT})
    place: Path | None = None

    @property
    def ours(self) -> bool:
        """Whether it is a gateway, in whatever configuration."""
        return self.command is _ours


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    contestant: Contestant
    port: int
    pid: int

    @property
    def name(self) -> str:
        """Return the contestant's name."""
        return self.contestant.name

    @property
    def asks(self) -> GraphQL | Rest:
        """Return what asks it."""
        return self.contestant.asks


def _ours(port: int, folder: Path) -> list[str]:
    options = ["--port", str(port), "--grpc-port", "0", "--data-dir", str(folder)]
    config = ["--config", str(folder / "config.toml")]
    return [sys.executable, "-m", "quantgraph", "serve", *options, *config]


def _peer(module: str) -> Callable[[int, Path], list[str]]:
    name = f"bench.graphql.peers.{module}"
    return lambda port, folder: [sys.executable, "-m", name, str(port), str(folder)]


def _writing(port: int, folder: Path) -> list[str]:
    return [*_peer("raw_asgi")(port, folder), str(folder / "orders.sqlite")]


def _node(port: int, folder: Path) -> list[str]:
    return ["node", str(NODE / "server.mjs"), str(port), str(folder)]


# Kept texts would make every figure but the first that of a repeated question.
_NOTHING_KEPT = {"QUANTGRAPH_CACHE__TEXTS_MB": "0"}
GATEWAY = Contestant(OURS, _ours, GraphQL(), _NOTHING_KEPT)
SHIPPED = Contestant(KEPT, _ours, GraphQL(), topics=frozenset({BARS}))
DISKLESS = Contestant(IN_MEMORY, _ours, GraphQL(), topics=frozenset({ORDER, REPEAT}), place=TMPFS)
NUMPY = Contestant(
    FALLBACK,
    _ours,
    GraphQL(),
    _NOTHING_KEPT | {"QUANTGRAPH_ENCODER": "numpy"},
    topics=frozenset({BARS}),
)
PLAIN = Contestant(STRAWBERRY, _peer("plain_strawberry"), GraphQL())
FLOOR = Contestant(RAW, _peer("raw_asgi"), Files())
# What no server can be faster than that has an order on the disk before it answers.
DISK_FLOOR = Contestant(DISK, _writing, Files(), topics=frozenset({ORDER}))
REST = Contestant(FASTAPI, _peer("fastapi_orjson"), Rest(), topics=frozenset({BARS}))
JIT = Contestant(MERCURIUS, _node, GraphQL())


def has_node(*, install: bool) -> bool:
    """Return whether the Node peer can run; install its pinned packages if asked to."""
    if shutil.which("node") is None:
        return False
    if not (NODE / "node_modules").is_dir() and install and shutil.which("npm"):
        command = ["npm", "ci", "--no-progress", "--silent"]
        subprocess.run(command, cwd=NODE, check=False, stderr=subprocess.DEVNULL)
    return (NODE / "node_modules/mercurius").is_dir()


@contextlib.contextmanager
def running(contestant: Contestant, folder: Path) -> Iterator[Running]:
    """Start a server in its own process, wait until it answers, and stop it at the end."""
    with socket.socket() as probe, contextlib.ExitStack() as stack:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        home = stack.enter_context(_own_data(contestant, folder)) if contestant.ours else folder
        log = folder / f"{contestant.name}.log"
        output = stack.enter_context(log.open("wb"))
        process = subprocess.Popen(
            contestant.command(port, home),
            cwd=ROOT,
            env=_environment(contestant),
            stdout=output,
            stderr=output,
        )
        try:
            _await_answer(process, port, log)
            yield Running(contestant, port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def _own_data(contestant: Contestant, folder: Path) -> Iterator[Path]:
    """Give a gateway its own copy: two cannot share a data folder."""
    with tempfile.TemporaryDirectory(dir=contestant.place or folder) as name:
        shutil.copytree(folder / "mock", Path(name) / "mock")
        shutil.copy(folder / "config.toml", name)
        yield Path(name)


def _environment(contestant: Contestant) -> dict[str, str]:
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUANTGRAPH_") and name != "APP_MODE"
    }
    return others | dict(contestant.environment)


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    url = f"http://127.0.0.1:{port}/health/live"
    for _ in range(1_500):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError:
            return  # a peer without that path answers all the same
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"{log.stem} did not start:\n{log.read_text('utf-8')}")
