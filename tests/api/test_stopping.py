"""A gateway that stops says so first, finishes what it has begun, and waits for nobody for ever."""

import asyncio
import json
import socket
import time
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from structlog.testing import capture_logs

from api.stopping import Stopper, StopSteps
from quantgraph.v1 import bars_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.watching import ShutdownConfig

MODE = {"query": "{ serverInfo { mode } }"}
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
WATCH = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'


@contextmanager
def unfinished(running):
    """A request whose body has come but for its last byte; yields what sends that and reads."""
    parts = urlsplit(running.addresses.http)
    body = json.dumps(MODE)
    head = f"POST /graphql HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as peer:
        peer.sendall(f"{head}content-length: {len(body)}\r\n\r\n{body[:-1]}".encode())

        def finish() -> bytes:
            peer.sendall(body[-1:].encode())
            return peer.recv(10_000)

        yield finish


def ready(running) -> httpx.Response:
    return httpx.get(f"{running.addresses.http}/health/ready")


def retired(running) -> dict[str, str]:
    """What readiness says, once it says no."""
    late = time.monotonic() + 10
    while (answer := ready(running)).status_code == 200:
        assert time.monotonic() < late
    assert answer.status_code == 503
    return answer.json()["problems"]


def test_readiness_goes_off_on_both_wires_while_an_open_request_is_answered(
    start_gateway, tmp_path
):
    with start_gateway(tmp_path, shutdown={"drain_seconds": 60}) as running:
        with unfinished(running) as finish:
            ready(running)  # comes after it on the same loop
            running.stop()
            assert "stopping" in retired(running)["stopping"]
            with grpc.insecure_channel(running.addresses.grpc) as channel:
                stub = health_pb2_grpc.HealthStub(channel)
                asked = ("", "quantgraph.v1.BarService")
                checks = [health_pb2.HealthCheckRequest(service=each) for each in asked]
                assert [stub.Check(each).status for each in checks] == [NOT_SERVING] * 2
            url = f"{running.addresses.http}/graphql"
            assert httpx.post(url, json=MODE).json()["data"] == {"serverInfo": {"mode": "MOCK"}}
            assert b"MOCK" in finish()
        gone(running)


def gone(running) -> None:
    """Wait until nothing listens any more."""
    late = time.monotonic() + 20
    while time.monotonic() < late:
        try:
            ready(running)
        except httpx.TransportError:
            return
    raise AssertionError("it still listens")


def test_a_request_that_never_ends_is_cut_after_its_time(start_gateway, tmp_path):
    with capture_logs() as logs, ExitStack() as stack:
        running = stack.enter_context(start_gateway(tmp_path, shutdown={"drain_seconds": 1}))
        stack.enter_context(unfinished(running))
        ready(running)
        began = time.monotonic()
        running.stop()
        gone(running)
        assert 1 <= time.monotonic() - began < 15
    (cut,) = [each for each in logs if each["event"] == "stopped_midway"]
    assert cut["requests"] == 1


def test_streams_go_on_while_load_balancers_are_given_notice_and_a_second_call_ends_all(
    start_gateway, tmp_path
):
    shutdown = {"notice_seconds": 300, "drain_seconds": 300}
    head = {"accept": "text/event-stream"}
    with start_gateway(tmp_path, shutdown=shutdown) as running:
        url = f"{running.addresses.http}/graphql"
        with httpx.stream("POST", url, json={"query": WATCH}, headers=head, timeout=20) as events:
            lines = events.iter_lines()
            next(lines)
            running.stop()
            retired(running)
            for _ in range(3):
                while "UPDATE" not in (line := next(lines)):
                    assert "SHUTTING_DOWN" not in line
            began = time.monotonic()
            running.stop()
            with pytest.raises((StopIteration, httpx.TransportError)):
                while True:
                    next(lines)
            gone(running)
            assert time.monotonic() - began < 10


def test_a_download_under_way_is_finished(start_gateway, tmp_path):
    with start_gateway(tmp_path, shutdown={"drain_seconds": 60}) as running:
        with grpc.insecure_channel(running.addresses.grpc) as channel:
            asked = bars_pb2.DownloadBarsRequest(
                symbols=["600519.SH", "000001.SZ", "600000.SH"],
                period=bars_pb2.PERIOD_MIN_1,
            )
            frames = BarServiceStub(channel).DownloadBars(asked)
            next(frames)
            running.stop()
            retired(running)
            *_, last = frames
            assert last.WhichOneof("frame") == "summary"
        gone(running)


async def test_a_call_after_the_listeners_were_closed_ends_what_they_wait_for():
    closes, closed = [], asyncio.Event()

    def close(hurried):
        closes.append(hurried)
        closed.set()

    steps = StopSteps(lambda: None, lambda: None, lambda: 0, close)
    stopper = Stopper(ShutdownConfig(), steps)
    stopper.ask()
    await closed.wait()
    ended, graces = asyncio.Event(), []

    async def stop(grace):
        graces.append(grace)
        if not grace:
            ended.set()
        await ended.wait()

    stopping = asyncio.create_task(stopper.closing(stop))
    stopper.ask()
    await stopping
    assert closes == [False, True]
    assert graces[-1] == 0
