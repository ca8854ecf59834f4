"""How a socket treats a client that floods, stalls or goes, seen at the ASGI boundary."""

import asyncio
import json
from contextlib import aclosing, nullcontext
from types import SimpleNamespace

import pytest
import structlog
from graphql import OperationType

from api.bills import Till
from api.deadlines import Deadlines
from api.reply import Reply
from api.requests import RequestReader
from api.responses import Event
from api.sse import DistinctEvents
from api.streaming import send_stream
from api.websocket import PROTOCOL, GraphQLOverWebSocket
from quantgraph.config import Config, LimitsConfig
from quantgraph.domain.access import Principal, Scope
from quantgraph.domain.calls import Underway
from quantgraph.domain.rates import NoMeter

SCOPE = {"type": "websocket", "headers": [], "subprotocols": [PROTOCOL]}
MOST = 3


class Access:
    """Lets everybody in."""

    async def authenticate(self, credential, peer=""):
        return Principal("anyone", Scope.TRADE)

    async def recheck(self, principal, peer=""):
        pass


class Endless:
    """Executes every document as a stream that always has more and never waits."""

    reader = RequestReader()
    till = Till(NoMeter(), 1)
    limits = LimitsConfig(subscriptions=MOST)
    underway = Underway()

    def visit(self, caller, end):
        return nullcontext()

    async def prepare(self, request, caller):
        return SimpleNamespace(type=OperationType.SUBSCRIPTION)

    async def stream(self, operation, request, caller):
        for number in range(5_000):
            yield Event({"data": number})


class Peer:
    """The server's side of one client: what it sent, and what becomes of what is sent to it."""

    def __init__(self, *messages):
        self.sent = []
        self.taken = 0
        self.gone = None
        self.stalled = False
        self._released = asyncio.Event()
        self._inbox = [{"type": "websocket.connect"}, *(self._text(each) for each in messages)]

    async def receive(self):
        await asyncio.sleep(0)
        if self._inbox:
            self.taken += 1
            return self._inbox.pop(0)
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(self, message):
        if self.gone is not None:
            raise self.gone
        if self.stalled and message["type"] == "websocket.send":
            await self._released.wait()
        self.sent.append(message)

    def release(self):
        self._released.set()

    def _text(self, message):
        return {"type": "websocket.receive", "text": json.dumps(message)}


def subscribe(number):
    return {"id": str(number), "type": "subscribe", "payload": {"query": "{ __typename }"}}


INIT = {"type": "connection_init"}


def serve(peer):
    return GraphQLOverWebSocket(Endless(), Access(), Config())(SCOPE, peer.receive, peer.send)


async def test_a_stream_that_always_has_more_lets_its_socket_be_read():
    peer = Peer(INIT, subscribe(1), {"id": "1", "type": "complete"})
    await serve(peer)
    assert 0 < len(peer.sent) < 100


@pytest.mark.parametrize("error", [OSError(), RuntimeError("the handler is closed")])
async def test_a_client_that_goes_in_the_midst_of_a_stream_is_no_fault(error):
    class Leaving(Peer):
        async def send(self, message):
            await super().send(message)
            if len(self.sent) > 10:
                self.gone = error

    peer = Leaving(INIT, subscribe(1), *[{"type": "pong"}] * 200)
    with structlog.testing.capture_logs() as logs:
        await serve(peer)
    assert not logs


async def test_who_floods_and_reads_nothing_is_read_no_further():
    peer = Peer(INIT, *[subscribe(each) for each in range(500)])
    serving = asyncio.create_task(serve(peer))
    while not any("ack" in each.get("text", "") for each in peer.sent):
        await asyncio.sleep(0)
    peer.stalled = True
    for _ in range(2_000):
        await asyncio.sleep(0)
    assert peer.taken < 4 * MOST
    peer.release()
    await serving


@pytest.mark.parametrize("error", [OSError(), RuntimeError("the handler is closed")])
async def test_an_event_stream_ends_quietly_with_its_client(error):
    async def responses():
        yield Event({"data": 1})

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        raise error

    reply = Reply(send, "text/event-stream", "id", Deadlines(30))
    await send_stream(DistinctEvents(), responses(), receive, reply)


async def test_a_reader_that_stalls_is_left():
    """What it leaves unread would be kept for it for ever, and its upstream with it."""

    async def responses():
        while True:
            yield Event({"data": 1})

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        if message.get("body"):
            await asyncio.Event().wait()

    reply = Reply(send, "text/event-stream", "id", Deadlines(0.05))
    source = responses()
    with structlog.testing.capture_logs() as logs:
        async with aclosing(source):
            await send_stream(DistinctEvents(), source, receive, reply)
    assert [log["event"] for log in logs] == ["reader_stalled"]
