"""Frames that go straight to a socket, and the end of who does not read."""

import asyncio
import json
import socket

import pytest
import structlog
import uvicorn
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.sync.client import connect
from websockets.uri import parse_uri

from api.sockets import line_protocol, text_head
from tests.api.sockets import ACK, INIT, PROTOCOL, Socket, subscribe
from tests.waiting import until


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_head_is_what_the_library_writes(size):
    whole = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    assert text_head(size) + b"x" * size == whole


def handshake(url):
    """Return a bare socket that has shaken hands, and its protocol: nobody reads it unasked."""
    protocol = ClientProtocol(parse_uri(url), subprotocols=[PROTOCOL])
    bare = socket.create_connection((protocol.uri.host, protocol.uri.port), timeout=20)
    protocol.send_request(protocol.connect())
    bare.sendall(b"".join(protocol.data_to_send()))
    protocol.receive_data(bare.recv(65_536))
    assert protocol.state is State.OPEN
    return bare, protocol


def test_who_takes_no_byte_is_closed_while_another_goes_on(impatient):
    url = impatient.addresses.http.replace("http", "ws") + "/graphql"
    stalled, protocol = handshake(url)
    quotes = 'subscription { quotes(symbols: ["600519.SH"]) { sequence } }'
    ping = {"type": "ping", "payload": {"x": "x" * 200_000}}
    with stalled, connect(url, subprotocols=[PROTOCOL], max_queue=None) as other:
        client = Socket(other)
        client.send(INIT)
        assert client.read() == ACK
        client.send(subscribe("1", quotes))
        for message in (INIT, subscribe("1", quotes), *[ping] * 100):
            protocol.send_text(json.dumps(message).encode())
        with pytest.raises(ConnectionError):  # pongs that nobody reads fill what a socket holds
            for data in protocol.data_to_send():
                stalled.sendall(data)
        assert len([client.read() for _ in range(10)]) == 10


class Transport:
    """Holds what is written; its reader takes `pace` bytes before each look."""

    def __init__(self, pace):
        self.left = 1_000
        self.pace = pace
        self.looks = 0
        self.written = b""
        self.aborted = asyncio.Event()

    def write(self, data):
        self.written += data

    def get_write_buffer_size(self):
        self.looks += 1
        self.left -= self.pace
        return self.left

    def abort(self):
        self.aborted.set()


def slow_reader(pace, stall_s=0.05):
    config = uvicorn.Config(lambda: None, http="h11", ws="websockets-sansio", log_config=None)
    config.load()
    protocol = line_protocol(stall_s)(config, ServerState(), {})
    protocol.transport = Transport(pace)
    protocol.pause_writing()
    assert protocol.paused
    return protocol


async def test_a_kernel_holds_little_of_what_nobody_reads():
    config = uvicorn.Config(lambda: None, http="h11", ws="websockets-sansio", log_config=None)
    config.load()
    protocol = line_protocol(9.0)(config, ServerState(), {})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.connect(server.sockets[0].getsockname())
        await until(lambda: protocol.connections)
        protocol.transport.write(bytes(1_000_000))
        assert protocol.transport.get_write_buffer_size() > 700_000
        protocol.transport.abort()
        await until(lambda: not protocol.connections)
    server.close()


async def test_who_takes_nothing_is_told_a_code_and_cut():
    protocol = slow_reader(pace=0)
    with structlog.testing.capture_logs() as logs:
        await protocol.transport.aborted.wait()
    assert protocol.transport.written[2:4] == (4410).to_bytes(2)
    assert [(log["event"], log["code"]) for log in logs] == [("reader_stalled", 4410)]
    protocol.write(b"more")
    assert b"more" not in protocol.transport.written


async def test_who_takes_a_little_is_left_alone():
    protocol = slow_reader(pace=1)
    await until(lambda: protocol.transport.looks > 25)
    assert not protocol.transport.aborted.is_set()
    resumed = []
    protocol.on_resume(lambda: resumed.append(1))
    protocol.resume_writing()
    protocol.resume_writing()
    assert resumed == [1]
    assert protocol._look_timer is None
