"""A stream costs the caller no thread, and nothing that lasts."""

import _thread
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from quantgraph.client import Client, connect
from quantgraph.client.calls import Caller
from quantgraph.v1 import bars_pb2
from tests.client.conftest import Running
from tests.grpc_bridge.memory.bars import SYMBOLS


def resident() -> int:
    """Return how much memory this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4_096


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from /proc")
def test_what_a_stream_held_is_free_when_it_is_left(client: Client):
    def leave(times: int) -> int:
        for _ in range(times):
            for _ in client.stream_bars(SYMBOLS):
                break
        return resident()

    assert -leave(100) + leave(300) < 4_000_000


def test_closing_ends_a_stream_and_no_other_begins(running: Running):
    client = connect(running.target)
    begun = iter(client.stream_bars(SYMBOLS))
    next(begun)
    client.close()
    assert client._caller._streams
    with pytest.raises(ValueError, match="is closed"):
        client.download_bars(SYMBOLS)


def test_a_stream_is_read_by_its_caller_alone_whom_an_interrupt_ends():
    asked, ended = threading.Event(), threading.Event()

    def send(_request: bytes, context: Any) -> Iterator[bytes]:
        context.add_callback(ended.set)
        yield b"first"
        asked.wait(20)
        _thread.interrupt_main()
        ended.wait(20)

    handler = grpc.unary_stream_rpc_method_handler(send)
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("a.B", {"C": handler}),))
    caller = Caller(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", None, 20)
    server.start()
    answers = caller.stream("/a.B/C", bars_pb2.DownloadBarsRequest())
    before = set(threading.enumerate())
    assert next(answers) == b"first"
    more = {each.name for each in set(threading.enumerate()) - before}
    assert all(name.startswith("ThreadPoolExecutor") for name in more)  # the server's
    asked.set()
    with pytest.raises(KeyboardInterrupt):
        next(answers)
    assert ended.wait(20)
    caller.close()
    server.stop(0).wait()
