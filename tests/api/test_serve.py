"""`quantgraph serve` as a process: it starts, says where, stops cleanly, and refuses clearly."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from quantgraph.domain.access import Scope
from quantgraph.store.keys import KeyStore
from quantgraph.v1.controls_pb2 import ArmTradingRequest
from quantgraph.v1.controls_pb2_grpc import ControlServiceStub
from quantgraph.wire.memory import keep_freed
from tests.api.sockets import PROTOCOL

ROOT = Path(__file__).parents[2]
STORES = ("market.sqlite", "keys.sqlite")
SCRAMBLED = b"scrambled" * 1000


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
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
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
    assert answer["data"] == {"serverInfo": {"mode": "MOCK"}}
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where starts go wrong: a data folder that is a file, an unknown key, two corrupt stores."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "file").write_text("")
    (folder / "own.toml").write_text("[http]\nprot = 1\n")
    for name in STORES:
        (folder / name / "mock").mkdir(parents=True)
        (folder / name / "mock" / name).write_bytes(SCRAMBLED)
    return folder


@pytest.fixture(scope="module")
def refusals(folder):
    """What every start says that must fail; a core each, since most of a start is importing."""

    def told(data, *arguments, **environment):
        ports = ("--port", "0", "--grpc-port", "0")
        where = ("--data-dir", str(folder / data))
        return failure(command("serve", *where, *ports, *arguments, **environment))

    with socket.socket() as other, ThreadPoolExecutor(os.cpu_count()) as pool:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        starts = {
            "taken": pool.submit(lambda: taken),
            "--port": pool.submit(told, "a", "--port", taken),
            "--grpc-port": pool.submit(told, "b", "--grpc-port", taken),
            "production": pool.submit(told, "c", APP_MODE="production"),
            "dev": pool.submit(told, "d", APP_MODE="dev"),
            "prod": pool.submit(told, "e", APP_MODE="prod"),
            "key": pool.submit(told, "f", "--config", str(folder / "own.toml")),
            "host": pool.submit(told, "g", "--host", "0.0.0.0"),
            "file": pool.submit(told, "file"),
            **{name: pool.submit(told, name) for name in STORES},
        }
        return {name: start.result() for name, start in starts.items()}


@pytest.mark.parametrize("option", ["--port", "--grpc-port"])
def test_a_taken_port_is_named(refusals, option):
    assert refusals[option].startswith("PORT_TAKEN")
    assert refusals["taken"] in refusals[option]


def test_an_unknown_mode_is_refused(refusals):
    assert refusals["production"].startswith("CONFIG_INVALID")
    assert "APP_MODE" in refusals["production"]


@pytest.mark.parametrize("mode", ["dev", "prod"])
def test_a_mode_without_its_terminal_never_serves_simulated_data(refusals, mode):
    assert refusals[mode].startswith("MODE_UNAVAILABLE")


def test_an_unknown_key_is_refused(refusals):
    assert refusals["key"].startswith("CONFIG_INVALID")
    assert "http.prot" in refusals["key"]


def test_beyond_loopback_it_wants_tls(refusals):
    assert refusals["host"].startswith("TLS_REQUIRED")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    error = failure(command("serve", "--data-dir", str(folder)))
    assert error.startswith("DATA_DIR_UNUSABLE")


def test_a_folder_that_is_a_file_is_named(refusals, folder):
    assert refusals["file"].startswith("DATA_DIR_UNUSABLE")
    assert str(folder / "file") in refusals["file"]


@pytest.mark.parametrize("name", STORES)
def test_a_corrupt_store_is_named_and_left_alone(refusals, folder, name):
    assert refusals[name].startswith("STORE_CORRUPT")
    assert name in refusals[name]
    assert (folder / name / "mock" / name).read_bytes() == SCRAMBLED


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


SECRET = "qga_" + "5ec2e7" * 10 + "5ec2"
ARM = f'mutation {{ armTrading(input: {{secret: "{SECRET}"}}) {{ __typename }} }}'
BROKEN = '{ instrument(symbol: "%s") { name } }'


def test_nothing_that_a_process_writes_holds_a_secret(serve, tmp_path):
    """Files and both outputs of a gateway of its own, told everything: what no fixture sees."""
    (tmp_path / "data" / "mock").mkdir(parents=True)
    key = KeyStore(tmp_path / "data" / "mock" / "keys.sqlite").create(Scope.ADMIN, None)
    wrong = f"{key[:-8]}{'0' * 8}"
    own = tmp_path / "own.toml"
    folder = (tmp_path / "logs").as_posix()
    own.write_text(f'[logging]\nlevel = "debug"\nformat = "json"\nfolder = "{folder}"\n')
    process = serve("--config", str(own))
    lines = banner(process)
    url = lines["GraphQL"].split()[0]
    told = [
        httpx.post(url, json={"query": query}, headers={"x-api-key": shown, "x-request-id": shown})
        for shown in (key, wrong)
        for query in (ARM, BROKEN % shown, "{ serverInfo { mode } }")
    ]
    told.append(httpx.get(url, params={"query": BROKEN % key, "x-api-key": key}))
    with connect(url.replace("http", "ws"), subprotocols=[PROTOCOL]) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"x-api-key": wrong}}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    with grpc.insecure_channel(lines["gRPC"].split()[0]) as channel:
        arm = ControlServiceStub(channel).ArmTrading
        for shown in (key, wrong):
            with suppress(grpc.RpcError):
                arm(ArmTradingRequest(secret=SECRET), metadata=[("x-api-key", shown)], timeout=20)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert {each.status_code for each in told} >= {200, 401, 405}
    assert closed.value.rcvd.code == 4403
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    assert (tmp_path / "logs" / "requests.log") in files
    assert "armTrading" in (tmp_path / "logs" / "requests.log").read_text()
    written = {"out": out.encode(), "err": err.encode()}
    written |= {str(each.relative_to(tmp_path)): each.read_bytes() for each in files}
    secrets = [each.encode() for each in (key[12:], wrong[12:], SECRET)]
    assert [name for name, raw in written.items() if any(each in raw for each in secrets)] == []
