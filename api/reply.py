"""How a GraphQL response goes out over HTTP: whole where it is small, else in pieces."""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import structlog

from api.asgi import Gone, Headers, Send, deliver
from api.bills import Bill
from api.compression import ENCODINGS, SMALLEST
from api.deadlines import Deadlines
from api.responses import Response
from api.slots import PIECE_ROWS, Text

_log = structlog.get_logger(__name__)
PIECE_BYTES, _LARGEST = 131_072, 524_288
# Up to so many rows, and bytes of them, an answer is made before it is sent, with its length:
# chunks copy it twice.
HELD_ROWS, HELD_BYTES = 10_000, 2_000_000


class Reply:
    """One response. `encoding` None sends it as it is; `begun` once its head has gone out.

    `bill` is what it costs, `rates` the headers that say what is left. `whole` sends a length and
    the body at once: HTTP/1.0 knows no chunks. `streamed`: it goes on, event by event.
    """

    def __init__(self, send: Send, media: str, request_id: str, stalls: Deadlines) -> None:
        """Answer on `send` in the media type; `stalls` bounds how long one piece may wait."""
        self.send = send
        self._stalls = stalls
        self.media = media
        self.request_id = request_id
        self.encoding: str | None = None
        self.begun = False
        self.whole = self.streamed = False
        self.rates: Headers = []
        self.bill = Bill()
        # Done, with the last item of a stream, where the gateway ends it.
        self.last: asyncio.Future[Any] | None = None

    async def json(self, status: int, response: Response, headers: Headers | None = None) -> None:
        """Send a JSON response with the request id."""
        self.bill.note(response)
        text, headers = Text(response), headers or []
        if text.rows > PIECE_ROWS:
            held = HELD_BYTES if text.rows <= HELD_ROWS else 0
            await self._pieces(status, text.pieces(), headers, held)
            return
        body = text.whole()
        if self.encoding is not None and len(body) >= SMALLEST:
            await self._pieces(status, iter((body,)), headers)
            return
        await self._start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await deliver(self.send, {"type": "http.response.body", "body": body})

    async def _pieces(
        self, status: int, parts: Iterator[bytes], headers: Headers, most: int = 0
    ) -> None:
        """Send pieces as they are made, or with their length where they are `most` bytes."""
        if self.encoding is not None:
            parts, most = _compressed(even(parts), self.encoding), 0
            headers = [*headers, (b"content-encoding", self.encoding.encode())]
        held = await _hold(parts, sys.maxsize if self.whole else most)
        if held.whole:
            headers, parts = [*headers, (b"content-length", b"%d" % held.size)], joined(held.parts)
        else:
            parts = parts if self.encoding else even(chain(held.parts, parts))
        await self._start(status, headers)
        for part in parts:
            await self.piece(part)
            if not held.whole:  # between two that are yet to be made the loop is free for others
                await asyncio.sleep(0)
        await deliver(self.send, {"type": "http.response.body", "body": b""})

    async def piece(self, part: bytes) -> None:
        """Send a piece of an answer that has begun. Raises Gone, also where it is left unread."""
        try:
            with self._stalls.watch():
                body = {"type": "http.response.body", "body": part, "more_body": True}
                await deliver(self.send, body)
        except TimeoutError:
            # What is left of the answer is let go; the client sees a cut, not an end.
            _log.warning("reader_stalled", request_id=self.request_id, seconds=self._stalls.seconds)
            raise Gone from None

    async def _start(self, status: int, headers: Headers) -> None:
        self.begun = True
        own = own_headers(self.media, self.request_id.encode())
        head = {
            "type": "http.response.start",
            "status": status,
            "headers": [*own, *self.rates, *headers],
        }
        await deliver(self.send, head)


def own_headers(media: str, request_id: bytes) -> Headers:
    """Return the headers of every response."""
    return [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"x-request-id", request_id),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept, accept-encoding, origin"),
    ]


@dataclass(frozen=True, slots=True)
class _Held:
    parts: Sequence[bytes]
    size: int
    whole: bool


async def _hold(parts: Iterator[bytes], most: int) -> _Held:
    """Return the first pieces, and whether they were all: no more are made beyond `most` bytes."""
    held, size = list[bytes](), 0
    while size < most:
        part = next(parts, None)
        if part is None:
            return _Held(held, size, whole=True)
        held.append(part)
        size += len(part)
        if len(part) >= SMALLEST:
            await asyncio.sleep(0)
    return _Held(held, size, whole=False)


def joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes, tiny pieces together and large ones as they are, without a copy."""
    held, size = list[bytes](), 0
    for piece in pieces:
        if held and size + len(piece) >= PIECE_BYTES:
            yield b"".join(held)
            held, size = [], 0
        held.append(piece)
        size += len(piece)
    # Joining one piece copies nothing.
    yield b"".join(held)


def even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces that are neither tiny nor, on the whole, large."""
    held, size = list[bytes](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            joined, step = b"".join(held), _LARGEST
            yield from (joined[at : at + step] for at in range(0, size, step))
            held, size = [], 0
    yield b"".join(held)


def _compressed(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor = ENCODINGS[encoding]()
    for piece in pieces:
        yield compressor.add(piece)
    yield compressor.end()
