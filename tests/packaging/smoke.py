"""Starts an installed quantgraph in an empty folder and sees that it answers and stops cleanly.

Run with the Python that it was installed for: `venv/bin/python tests/packaging/smoke.py`.
"""

import json
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import quantgraph
from quantgraph.rows.encoder import encoder_name

START_SECONDS = 60
STOP_SECONDS = 15
QUERY = """{
  serverInfo { mode version clock { now simulated } }
  bars(symbol: "600519.SH", last: 5) { source rows { time close } }
}"""

# Never through a proxy: the gateway is on loopback.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def fetch(url: str, body: object = None) -> tuple[str, str]:
    """Return the content type and the text of a 200 answer; anything else raises."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with _open(request, timeout=10) as answer:
        return answer.headers["content-type"], answer.read().decode("utf-8", "replace")


def await_ready(server: subprocess.Popen[bytes], base: str) -> float:
    """Return the seconds from now until /health/ready answers 200."""
    begin = time.monotonic()
    while time.monotonic() - begin < START_SECONDS:
        if server.poll() is not None:
            raise SystemExit(f"quantgraph serve ended with {server.returncode}")
        try:
            fetch(f"{base}/health/ready")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return time.monotonic() - begin
    raise SystemExit(f"not ready after {START_SECONDS} s")


def check_graphql(base: str) -> None:
    _, text = fetch(f"{base}/graphql", {"query": QUERY})
    answer = json.loads(text)
    assert "errors" not in answer, answer
    assert answer["data"]["serverInfo"]["mode"] == "MOCK", answer
    assert len(answer["data"]["bars"]["rows"]) == 5, answer


def check_page(base: str) -> None:
    kind, page = fetch(f"{base}/")
    assert kind.startswith("text/html"), kind
    files = re.findall(r'(?:src|href)="(graphiql/[^"]+)"', page)
    expected = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert {Path(file).suffix for file in files} == set(expected), files
    for file in files:
        kind, text = fetch(f"{base}/{file}")
        assert kind.startswith(expected[Path(file).suffix]), (file, kind)
        assert text, file
    _, licenses = fetch(f"{base}/graphiql/LICENSES.txt")
    assert "graphiql 5" in licenses


def check_grpc(target: str) -> None:
    with grpc.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = health.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING, answer


def check_stop(server: subprocess.Popen[bytes]) -> float:
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    code = server.wait(STOP_SECONDS)
    assert code == 0, f"SIGTERM ended it with {code}"
    return time.monotonic() - begin


def check(folder: Path, data: Path) -> None:
    port, grpc_port = free_port(), free_port()
    command = Path(sysconfig.get_path("scripts"), "quantgraph")
    options = (f"--port={port}", f"--grpc-port={grpc_port}", f"--data-dir={data}")
    server = subprocess.Popen([command, "serve", *options], cwd=folder)
    try:
        base = f"http://127.0.0.1:{port}"
        ready = await_ready(server, base)
        check_graphql(base)
        check_page(base)
        check_grpc(f"127.0.0.1:{grpc_port}")
        stopped = check_stop(server)
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
    assert not list(folder.iterdir()), "it wrote into the folder that it was started in"
    sys.stdout.write(f"smoke test passed: ready in {ready:.2f} s, stopped in {stopped:.2f} s\n")


def main() -> None:
    home = Path(quantgraph.__file__).parent
    assert "site-packages" in home.parts, f"{home} is a checkout, not an install"
    built = (home / "rows" / "_encoder.abi3.so").is_file()
    assert encoder_name() == ("compiled" if built else "numpy"), "the built encoder does not load"
    sys.stdout.write(f"rows are encoded by: {encoder_name()}\n")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        check(Path(folder), Path(data))


if __name__ == "__main__":
    main()
