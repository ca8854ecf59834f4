"""The lean keep-alive client: raw sockets in a process of its own, timed to the last byte.

It imports nothing heavy, and reads answers by Content-Length or chunk sizes without looking inside.
"""

import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)")
_PIECE = 1 << 18


@dataclass(frozen=True)
class Job:
    """Whom to ask, what (the requests take turns), and for how long or how often at least."""

    port: int
    requests: Sequence[bytes]
    seconds: float = 0.5
    least: int = 3
    most: int = 1_000_000
    warm: int = 1
    clients: int = 1


@dataclass
class Answer:
    """Follows one response through its bytes."""

    head: bytes | None = b""
    left: int = 0
    line: bytes = b""
    chunked: bool = False
    last: bool = False
    size: int = field(default=0)

    def feed(self, data: bytes) -> bool:
        """Take what was received; return whether the response is over."""
        self.size += len(data)
        if self.head is not None:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return False
            head, data = self.head[:end].lower(), self.head[end + 4 :]
            self._begin(head)
        if self.chunked:
            return self._take_chunks(data)
        self.left -= len(data)
        return self.left == 0

    def _begin(self, head: bytes) -> None:
        self.head = None
        if not head.startswith(b"http/1.1 200"):
            raise ConnectionError(f"expected status 200, found {head.decode()}")
        length = _LENGTH.search(head)
        self.chunked = length is None
        self.left = 0 if length is None else int(length[1])

    def _take_chunks(self, data: bytes) -> bool:
        at = 0
        while at < len(data):
            if self.left:
                taken = min(self.left, len(data) - at)
                self.left -= taken
                at += taken
                if self.last and not self.left:
                    return True
                continue
            end = data.find(b"\n", at)
            if end < 0:
                self.line += data[at:]
                return False
            size = int(self.line + data[at:end], 16)
            self.line, at = b"", end + 1
            self.left, self.last = size + 2, size == 0
        return False


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=120)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def latencies(job: Job) -> list[float]:
    """Return the milliseconds of every request of one client."""
    found: list[float] = []
    requests = cycle(job.requests)
    with connect(job.port) as connection:
        for _ in range(job.warm):
            _ask(connection, next(requests))
        end = time.perf_counter() + job.seconds
        while len(found) < job.most and (len(found) < job.least or time.perf_counter() < end):
            found.append(_ask(connection, next(requests)))
    return found


def throughput(job: Job) -> float:
    """Return the answers per second that `job.clients` clients get together."""
    requests = cycle(job.requests)
    connections = [connect(job.port) for _ in range(job.clients)]
    try:
        for connection in connections:
            _ask(connection, next(requests))
        return _exchange(connections, requests, job)
    finally:
        for connection in connections:
            connection.close()


def gap(job: Job, ping: bytes) -> list[float]:
    """Return the milliseconds of every ping that goes on while `job.most` answers are read."""
    pings: list[float] = []
    requests = cycle(job.requests)
    with connect(job.port) as bulk, connect(job.port) as probe:
        _ask(probe, ping)
        for _ in range(job.most):
            pings += _ping_during(bulk, next(requests), probe, ping)
    return pings


def _ask(connection: socket.socket, request: bytes) -> float:
    answer = Answer()
    began = time.perf_counter()
    connection.sendall(request)
    while True:
        data = connection.recv(_PIECE)
        if not data:
            raise ConnectionError("the server hung up")
        if answer.feed(data):
            return (time.perf_counter() - began) * 1000


def _exchange(connections: Sequence[socket.socket], requests: Iterator[bytes], job: Job) -> float:
    waiting = select.epoll()
    answers: dict[int, tuple[socket.socket, Answer]] = {}
    for connection in connections:
        waiting.register(connection.fileno(), select.EPOLLIN)
        answers[connection.fileno()] = connection, Answer()
        connection.sendall(next(requests))
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < job.seconds or not done:
        for number, _ in waiting.poll(1):
            connection, answer = answers[number]
            if answer.feed(connection.recv(_PIECE)):
                done += 1
                answers[number] = connection, Answer()
                connection.sendall(next(requests))
    waiting.close()
    return done / passed


def _ping_during(
    bulk: socket.socket, request: bytes, probe: socket.socket, ping: bytes
) -> list[float]:
    found: list[float] = []
    answer, reply = Answer(), Answer()
    bulk.sendall(request)
    sent = time.perf_counter()
    probe.sendall(ping)
    while True:
        ready, _, _ = select.select([bulk, probe], [], [], 60)
        # The probe first: reading a piece of the bulk answer must not count as the server's delay.
        if probe in ready and reply.feed(probe.recv(_PIECE)):
            now = time.perf_counter()
            found.append((now - sent) * 1000)
            reply, sent = Answer(), now
            probe.sendall(ping)
        if bulk in ready and answer.feed(bulk.recv(_PIECE)):
            break
    while not reply.feed(probe.recv(_PIECE)):
        pass
    found.append((time.perf_counter() - sent) * 1000)
    return found
