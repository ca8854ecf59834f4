"""DownloadBars beside what a user would take instead; 10 million minute bars over loopback.

    uv run --group bench python -m bench.download [--short]

Starts the gateway and its peers as processes, measures them in turn, and writes the table of
docs/performance.md (not with --short).
"""

import argparse
import contextlib
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench import peers
from bench.market import fill, symbols
from bench.readers import SPAN, read_gateway
from bench.report import PAGE, Panel, draw, write_table
from quantgraph.client import Client, connect
from quantgraph.wire.downloads import rows_per_chunk

ROOT = Path(__file__).parents[1]

PICTURE = PAGE.with_name("performance-download.svg")
LABELS = {
    "gateway": "DownloadBars, our client, hashes checked",
    "flight": "Arrow Flight, same rows to a batch",
    "tuned": "Arrow Flight, its client with our settings of malloc",
    "blobs": "the same bytes as blobs over gRPC, not looked at",
    "rows": "one message a bar, unary",
}
PEERS = ("rows", "flight", "tuned", "blobs")
COLD = "DownloadBars, columns read from the store and decoded"


class Gateway:
    """A running gateway, and what it holds in memory."""

    def __init__(self, data: Path, cache_mb: int) -> None:
        command = [sys.executable, "-m", "quantgraph", "serve", "--data-dir", str(data)]
        env = {**os.environ, "QUANTGRAPH_CACHE__BARS_MB": str(cache_mb)}
        self.process = subprocess.Popen(
            [*command, "--port", "0", "--grpc-port", "0"],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.port = self._port()

    def _port(self) -> int:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.match(r"\s*gRPC\s+\S*:(\d+)", line):
                return int(found[1])
        raise SystemExit("the gateway has not started")

    def memory(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.is_file():
            return float("nan")
        return int(re.findall(rf"{name}:\s+(\d+)", status.read_text())[0]) / 1024

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def peer(name: str, folder: Path) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.peers", name, str(folder)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()


@contextlib.contextmanager
def reader(name: str, port: int | str, names: list[str]) -> Iterator[Callable[[], float]]:
    """Start a process that reads, and give what has it read once and returns the seconds.

    `port` may have a key behind a slash.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.readers", name, str(port), *names],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    def read() -> float:
        stdin.write("\n")
        stdin.flush()
        count, seconds = stdout.readline().split()
        assert int(count)
        return float(seconds)

    try:
        yield read
    finally:
        stdin.close()
        process.wait()


def record_frames(client: Client, names: list[str], folder: Path) -> None:
    """Keep the frames as they are on the wire, for the peer that only moves bytes."""
    from quantgraph.client.requests import bar_request
    from quantgraph.wire.bars import download_to_proto

    request = download_to_proto(bar_request(names, SPAN))
    frames = client._caller.stream(  # noqa: SLF001 as they are on the wire
        "/quantgraph.v1.BarService/DownloadBars", request
    )
    for place, frame in enumerate(frames):
        (folder / f"{place:06}.frame").write_bytes(frame)


def line(name: str, values: list[float], form: str) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"| {name} | {low:{form}} | **{middle:{form}}** | {high:{form}} |"


def measure(arguments: argparse.Namespace, folder: Path) -> str:
    names = symbols(arguments.symbols)
    for symbol, bars in fill(folder / "data", names, arguments.rows):
        np.savez(folder / f"{symbol}.npz", **bars.values)
    (folder / "rows_per_chunk").write_text(str(rows_per_chunk(peers.NAMES)))
    total = arguments.symbols * arguments.rows
    some = names[: max(1, arguments.symbols // 50)]
    some_bars = len(some) * arguments.rows
    found: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        warm = Gateway(folder / "data", 4 * total * 56 // 1_000_000 // 3 + 64)
        stack.callback(warm.stop)
        client = stack.enter_context(connect(f"127.0.0.1:{warm.port}"))
        assert read_gateway(client, names) == total
        record_frames(client, names, folder)
        ports = {
            name: stack.enter_context(peer(name, folder)) for name in ("rows", "flight", "blobs")
        }
        ports |= {"gateway": warm.port, "tuned": ports["flight"]}
        turns = {
            name: stack.enter_context(reader(name, ports[name], some if name == "rows" else names))
            for name in LABELS
        }
        for read in turns.values():
            read()
        before = warm.memory("VmRSS")
        for run in range(arguments.runs):
            order = list(turns) if run % 2 else list(turns)[::-1]
            for name in order:
                bars = some_bars if name == "rows" else total
                found.setdefault(name, []).append(bars / turns[name]() / 1e6)
        grown = warm.memory("VmHWM") - before
    cold = cold_rates(folder / "data", names, total, arguments.runs)
    if not arguments.short:
        draw(panels(found, cold), PICTURE, 2.1)
    return table(found, cold, grown, total)


def panels(found: dict[str, list[float]], cold: list[float]) -> list[Panel]:
    rates = {label: statistics.median(found[name]) for name, label in LABELS.items()}
    rates[COLD] = statistics.median(cold)
    times = {LABELS[name]: statistics.median(ratios(found, name)) for name in PEERS}
    return [
        Panel("million bars a second", rates, "DownloadBars"),
        Panel("DownloadBars is … times as fast as", times, "DownloadBars"),
    ]


def ratios(found: dict[str, list[float]], name: str) -> list[float]:
    """Return run by run how many times as fast the gateway is."""
    return [ours / other for ours, other in zip(found["gateway"], found[name], strict=True)]


def cold_rates(data: Path, names: list[str], total: int, runs: int) -> list[float]:
    """Measure a gateway whose cache of columns is too small: every chunk is read and decoded."""
    gateway = Gateway(data, 1)
    try:
        with connect(f"127.0.0.1:{gateway.port}") as client:
            read_gateway(client, names[:1])
        with reader("gateway", gateway.port, names) as read:
            return [total / read() / 1e6 for _ in range(runs)]
    finally:
        gateway.stop()


def table(found: dict[str, list[float]], cold: list[float], grown: float, total: int) -> str:
    used = ("grpcio", "numpy", "protobuf", "pyarrow", "xxhash")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    versions = ", ".join(f"{name} {version(name)}" for name in used)
    scale = f"{total / 1e6:g} million bars, 7 columns, {len(cold)} runs in turn."
    lines = [
        f"{machine}, {versions}; {scale}",
        "",
        "| million bars a second | min | median | max |",
        "|---|---|---|---|",
        *(line(label, found[name], ".2f") for name, label in LABELS.items()),
        line(COLD, cold, ".2f"),
        "",
        "| DownloadBars against, run by run | min | median | max |",
        "|---|---|---|---|",
    ]
    lines += [line(LABELS[name], ratios(found, name), ".2f") for name in PEERS]
    lines += ["", f"The gateway's memory grew by {grown:.0f} MB at its peak over all runs."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="a quick look; nothing is written")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--symbols", type=int, default=100)
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    if arguments.short:
        arguments.runs, arguments.symbols, arguments.rows = 1, 4, 20_000
    with tempfile.TemporaryDirectory() as folder:
        text = measure(arguments, Path(folder))
    print(text)
    if not arguments.short:
        write_table("download", f"{text}\n\n![All medians]({PICTURE.name})")


if __name__ == "__main__":
    main()
