"""How a GraphQL response goes out over HTTP: whole where it is small, else in pieces."""

import asyncio
from collections.abc import Iterable, Iterator

import structlog

from api.asgi import Gone, Headers, Send, deliver
from api.compression import ENCODINGS, SMALLEST
from api.deadlines import Deadlines
from api.execution import Response
from api.slots import PIECE_ROWS, Text

_log = structlog.get_logger(__name__)
_PIECE_BYTES, _LARGEST = 131_072, 524_288


class Reply:
    """One response. `encoding` None sends it as it is; `begun` once its head has gone out.

    `whole` sends a length and the body at once: HTTP/1.0 knows no chunks.
    """

    def __init__(self, send: Send, media: str, request_id: str, stalls: Deadlines) -> None:
        """Answer on `send` in the media type; `stalls` bounds how long one piece may wait."""
        self.send = send
        self._stalls = stalls
        self.media = media
        self.request_id = request_id
        self.encoding: str | None = None
        self.begun = False
        self.whole = False

    async def json(self, status: int, response: Response, headers: Headers | None = None) -> None:
        """Send a JSON response with the request id."""
        text = Text(response)
        if text.rows > PIECE_ROWS:
            await self._stream(status, text.pieces(), headers or [])
            return
        body = text.whole()
        if self.encoding is not None and len(body) >= SMALLEST:
            await self._stream(status, (body,), headers or [])
            return
        await self._start(status, [*(headers or []), (b"content-length", b"%d" % len(body))])
        await deliver(self.send, {"type": "http.response.body", "body": body})

    async def _stream(self, status: int, pieces: Iterable[bytes], headers: Headers) -> None:
        """Send pieces as they are made; between them the loop is free for others."""
        parts = even(pieces)
        if self.encoding is not None:
            parts = _compressed(parts, self.encoding)
            headers = [*headers, (b"content-encoding", self.encoding.encode())]
        if self.whole:
            await self._gather(status, parts, headers)
            return
        await self._start(status, headers)
        for part in parts:
            await self._piece(part)
            await asyncio.sleep(0)
        await deliver(self.send, {"type": "http.response.body", "body": b""})

    async def _piece(self, part: bytes) -> None:
        try:
            with self._stalls.watch():
                body = {"type": "http.response.body", "body": part, "more_body": True}
                await deliver(self.send, body)
        except TimeoutError:
            # What is left of the answer is let go; the client sees a cut, not an end.
            _log.warning("reader_stalled", request_id=self.request_id, seconds=self._stalls.seconds)
            raise Gone from None

    async def _gather(self, status: int, parts: Iterable[bytes], headers: Headers) -> None:
        held = list[bytes]()
        for part in parts:
            held.append(part)
            await asyncio.sleep(0)
        body = b"".join(held)
        await self._start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await deliver(self.send, {"type": "http.response.body", "body": body})

    async def _start(self, status: int, headers: Headers) -> None:
        self.begun = True
        own = own_headers(self.media, self.request_id.encode())
        head = {"type": "http.response.start", "status": status, "headers": [*own, *headers]}
        await deliver(self.send, head)


def own_headers(media: str, request_id: bytes) -> Headers:
    """Return the headers of every response."""
    return [
        (b"content-type", f"{media}; charset=utf-8".encode()),
        (b"x-request-id", request_id),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept, accept-encoding, origin"),
    ]


def even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces that are neither tiny nor, on the whole, large."""
    held, size = list[bytes](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE_BYTES:
            joined, step = b"".join(held), _LARGEST
            yield from (joined[at : at + step] for at in range(0, size, step))
            held, size = [], 0
    yield b"".join(held)


def _compressed(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    compressor = ENCODINGS[encoding]()
    for piece in pieces:
        yield compressor.add(piece)
    yield compressor.end()
