"""How soon the gateway answers after its start, beside the smallest Strawberry server.

    uv run python -m bench.startup [--runs 5]

Both are started as processes in turn, on free loopback ports, and asked one tiny query until they
answer. The gateway's first start in a folder makes its files; it is shown apart.
"""

import argparse
import contextlib
import json
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
PEER = """
import strawberry, uvicorn
from strawberry.asgi import GraphQL

@strawberry.type
class Query:
    @strawberry.field
    def mode(self) -> str:
        return "peer"

uvicorn.run(GraphQL(strawberry.Schema(Query)), port={port}, log_level="error")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def seconds_until_answer(command: list[str], url: str, query: str) -> float:
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    body = json.dumps({"query": query}).encode()
    try:
        while process.poll() is None:
            request = urllib.request.Request(url, body, {"content-type": "application/json"})
            with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=5) as answer:
                assert "data" in json.load(answer)
                return time.perf_counter() - began
            time.sleep(0.01)
        raise SystemExit(f"{command} ended with {process.returncode}")
    finally:
        process.terminate()
        process.wait()


def start_gateway(data: str) -> float:
    port, grpc = free_port(), free_port()
    options = ["--port", str(port), "--grpc-port", str(grpc), "--data-dir", data]
    command = [sys.executable, "-m", "quantgraph", "serve", *options]
    return seconds_until_answer(
        command, f"http://127.0.0.1:{port}/graphql", "{ serverInfo { mode } }"
    )


def start_peer() -> float:
    port = free_port()
    command = [sys.executable, "-c", PEER.format(port=port)]
    return seconds_until_answer(command, f"http://127.0.0.1:{port}/", "{ mode }")


def show(name: str, values: list[float]) -> None:
    low, middle, high = min(values), statistics.median(values), max(values)
    print(f"{name:<42}{low:7.2f}{middle:8.2f}{high:8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    names = ("strawberry-graphql", "uvicorn", "grpcio", "numpy")
    print(f"Python {platform.python_version()},", ", ".join(f"{n} {version(n)}" for n in names))
    with tempfile.TemporaryDirectory() as data:
        first = start_gateway(data)
        start_peer()
        pairs = [(start_gateway(data), start_peer()) for _ in range(runs)]
    print(f"\n{'seconds until the first answer':<42}{'min':>7}{'median':>8}{'max':>8}")
    show("quantgraph serve", [ours for ours, _ in pairs])
    show("strawberry.asgi on uvicorn, one field", [peer for _, peer in pairs])
    show("ratio, run by run", [ours / peer for ours, peer in pairs])
    print(f"{'quantgraph serve, first start in a folder':<42}{first:7.2f}")


if __name__ == "__main__":
    main()
