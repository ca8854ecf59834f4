"""Starts an installed quantgraph in an empty folder and sees that it answers and stops cleanly.

Run with the Python that it was installed for: `venv/bin/python tests/packaging/smoke.py`.
"""

import json
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import quantgraph
from quantgraph import native
from quantgraph.rows.encoder import encoder_name

START_SECONDS = 60
STOP_SECONDS = 15
QUERY = """{
  serverInfo { mode version clock { now simulated } }
  bars(symbol: "600519.SH", last: 5) { source rows { time close } }
}"""

# Never through a proxy: the gateway is on loopback.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def fetch(url: str, body: object = None) -> tuple[str, str]:
    """Return the content type and the text of a 200 answer; anything else raises."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with _open(request, timeout=10) as answer:
        return answer.headers["content-type"], answer.read().decode("utf-8", "replace")


def await_ready(server: subprocess.Popen[str]) -> tuple[str, str]:
    """Return where both wires are: it prints that as soon as it is ready."""
    told = dict[str, str]()
    late = threading.Timer(START_SECONDS, server.kill)
    late.start()
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith("Ctrl-C"):
                return told["GraphiQL"].rstrip("/"), told["gRPC"]
            name, _, said = line.strip().partition(" ")
            told[name] = said.strip()
    finally:
        late.cancel()
    raise SystemExit(
        f"quantgraph serve ended with {server.wait()}; ready within {START_SECONDS} s?"
    )


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


def check_stop(server: subprocess.Popen[str]) -> float:
    begin = time.monotonic()
    server.send_signal(signal.SIGTERM)
    code = server.wait(STOP_SECONDS)
    assert code == 0, f"SIGTERM ended it with {code}"
    return time.monotonic() - begin


def check(folder: Path, data: Path) -> None:
    command = Path(sysconfig.get_path("scripts"), "quantgraph")
    options = ("--port=0", "--grpc-port=0", f"--data-dir={data}")
    begin = time.monotonic()
    server = subprocess.Popen(
        [command, "serve", *options], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        base, target = await_ready(server)
        ready = time.monotonic() - begin
        fetch(f"{base}/health/ready")
        check_graphql(base)
        check_page(base)
        check_grpc(target)
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
    built = native.folder().is_dir()
    assert native.core_name() == ("compiled" if built else "python"), "the core is of other files"
    sys.stdout.write(f"the matching core runs as: {native.core_name()}\n")
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        check(Path(folder), Path(data))


if __name__ == "__main__":
    main()
