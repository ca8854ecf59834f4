"""`quantgraph serve` as a process: it starts, says where, stops cleanly, and refuses clearly."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from quantgraph.wire.memory import keep_freed

ROOT = Path(__file__).parents[2]


def command(*arguments, **environment):
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    env.pop("APP_MODE", None) if "APP_MODE" not in environment else None
    return subprocess.Popen(
        [sys.executable, "-m", "quantgraph", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def serve(tmp_path):
    started = []

    def start(*arguments, **environment):
        data = ("--data-dir", str(tmp_path / "data"), "--port", "0", "--grpc-port", "0")
        process = command("serve", *data, *arguments, **environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def banner(process) -> dict[str, str]:
    lines = {}
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            return lines
        name, _, value = line.strip().partition(" ")
        lines[name] = value.strip()
    raise AssertionError(process.stderr.read())


def failure(process) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, (out, err)
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_answers_and_stops_cleanly_on_a_signal(serve, number):
    process = serve()
    lines = banner(process)
    assert lines["mode"].startswith("mock")
    assert lines["data"].startswith("simulated")
    url = lines["GraphQL"].split()[0]
    answer = httpx.post(url, json={"query": "{ serverInfo { mode } }"}).json()
    assert answer == {"data": {"serverInfo": {"mode": "MOCK"}}}
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out.strip().endswith("Stopped.")
    assert "Traceback" not in err


def test_open_streams_do_not_keep_it_from_stopping(serve):
    process = serve()
    url = banner(process)["GraphQL"].split()[0]
    query = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
    with httpx.stream(
        "POST", url, json={"query": query}, headers={"accept": "text/event-stream"}, timeout=20
    ) as response:
        lines = response.iter_lines()
        while not next(lines).startswith("event"):
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        rest = "\n".join(lines)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert "SHUTTING_DOWN" in rest
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("option", ["--port", "--grpc-port"])
def test_a_taken_port_is_named(serve, option):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = failure(serve(option, str(port)))
    assert error.startswith("PORT_TAKEN")
    assert str(port) in error


def test_an_unknown_mode_is_refused(serve):
    error = failure(serve(APP_MODE="production"))
    assert error.startswith("CONFIG_INVALID")
    assert "APP_MODE" in error


@pytest.mark.parametrize("mode", ["dev", "prod"])
def test_a_mode_without_its_terminal_never_serves_simulated_data(serve, mode):
    assert failure(serve(APP_MODE=mode)).startswith("MODE_UNAVAILABLE")


def test_an_unknown_key_is_refused(serve, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("[http]\nprot = 1\n")
    error = failure(serve("--config", str(file)))
    assert error.startswith("CONFIG_INVALID")
    assert "http.prot" in error


def test_beyond_loopback_it_wants_keys(serve):
    assert failure(serve("--host", "0.0.0.0")).startswith("KEYS_REQUIRED")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    error = failure(command("serve", "--data-dir", str(folder)))
    assert error.startswith("DATA_DIR_UNUSABLE")


def test_a_folder_that_is_a_file_is_named(serve, tmp_path):
    (tmp_path / "file").write_text("")
    error = failure(serve("--data-dir", str(tmp_path / "file")))
    assert error.startswith("DATA_DIR_UNUSABLE")
    assert str(tmp_path / "file") in error


@pytest.mark.parametrize("name", ["market.sqlite", "keys.sqlite"])
def test_a_corrupt_store_is_named_and_left_alone(serve, tmp_path, name):
    folder = tmp_path / "data" / "mock"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"scrambled" * 1000)
    error = failure(serve())
    assert error.startswith("STORE_CORRUPT")
    assert name in error
    assert (folder / name).read_bytes() == b"scrambled" * 1000


def test_two_gateways_do_not_share_a_folder(serve):
    first = serve()
    banner(first)
    assert failure(serve()).startswith("DATA_DIR_UNUSABLE")


def test_a_calendar_that_ends_is_not_guessed_and_mock_is_in_session_all_the_same(serve, tmp_path):
    """A bar on the last covered day leaves no day after it, until config names more."""
    line = "symbol,date,open,high,low,close,volume,amount\n600519.SH,2026-12-31,1,1,1,1,100,100\n"
    (tmp_path / "bar.csv").write_text(line)
    data = ("--data-dir", str(tmp_path / "data"))
    done = command("import", "bars", str(tmp_path / "bar.csv"), *data)
    out, _ = done.communicate(timeout=60)
    assert done.returncode == 0, out
    process = serve()
    lines = banner(process)
    assert "the clock starts on 2026-12-30" in lines["data"]
    assert "calendar.covered_until" in lines["data"]
    query = """{ bars(symbol: "600519.SH", start: "2026-12-31", end: "2027-01-08") {
        rows { close } coverage { complete missing } } }"""
    answer = httpx.post(lines["GraphQL"].split()[0], json={"query": query}).json()
    # what is later than the clock does not show, imported or not
    assert answer["data"]["bars"] == {
        "rows": [],
        "coverage": {"complete": None, "missing": None},
    }
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    file = tmp_path / "own.toml"
    file.write_text('[calendar]\ncovered_until = 2027-03-31\nclosures = ["2027-01-01"]\n')
    assert "clock starts" not in banner(serve("--config", str(file)))["data"]


def test_grpc_can_be_switched_off(serve, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("[grpc]\nenabled = false\n")
    assert banner(serve("--config", str(file)))["gRPC"].startswith("off")


def test_the_version_is_told():
    done = command("--version")
    assert done.communicate()[0].startswith("quantgraph 0.")


def test_the_memory_of_long_answers_is_kept_without_grpc_as_well(start_gateway, tmp_path):
    keep_freed.cache_clear()
    with start_gateway(tmp_path, grpc={"enabled": False}):
        assert keep_freed.cache_info().misses == 1
