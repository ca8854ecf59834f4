"""Resume tokens: where a download stands, signed; nothing is kept on the server for them."""

import hashlib
import hmac
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import xxhash

from quantgraph.domain.bars import BarRequest
from quantgraph.domain.errors import EpochChanged, InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.wire.downloads import Totals

_HOURS = 24
TOKEN_SECONDS = _HOURS * 3_600
_MAC_BYTES = 16
_VERSION = 1
# version; digest, begun, now, epoch of the download; symbol, chunks, rows, chain, simulated;
# symbols, failures, chunks, rows of the symbols before
_BODY = struct.Struct("<B16sQq8sIIQQ?IIQQ")


@dataclass(frozen=True, slots=True)
class Passage:
    """What stays the same through a download and all its resumptions.

    `begun` is real time in seconds, `now` the market's time in epoch ms that ends an open span.
    """

    digest: bytes
    begun: int
    now: int
    epoch: bytes


@dataclass(frozen=True, slots=True)
class Position:
    """How far a download has come: the symbol under way, what of it was sent, the symbols before.

    `chain` is a hash over the chunks sent of the symbol under way; `simulated` says that rows of a
    simulated market were sent, of whichever symbol.
    """

    symbol: int = 0
    chunks: int = 0
    rows: int = 0
    chain: int = 0
    simulated: bool = False
    before: Totals = field(default_factory=Totals)


class TokenSeal:
    """Writes and reads tokens with one secret; `wall` tells the real time in seconds."""

    def __init__(self, secret: bytes, wall: Callable[[], float] = time.time) -> None:
        """Sign with a secret: who knows it can make tokens."""
        self._secret = hashlib.blake2b(
            secret, digest_size=32, person=b"resume-token-%d" % _VERSION
        ).digest()
        self._wall = wall

    def begin(self, request: BarRequest, now: int, epoch: str) -> Passage:
        """Return the passage of a download that begins now."""
        return Passage(digest_of(request), int(self._wall()), now, epoch_of(epoch))

    def write(self, passage: Passage, at: Position) -> bytes:
        """Return the token; the same place of the same download has the same token."""
        before = at.before
        body = _BODY.pack(
            *(_VERSION, passage.digest, passage.begun, passage.now, passage.epoch),
            *(at.symbol, at.chunks, at.rows, at.chain, at.simulated),
            *(before.symbols, before.failures, before.chunks, before.rows),
        )
        return body + self._mac(body)

    def owns(self, token: bytes) -> bool:
        """Return whether a token was written with this secret."""
        body, mac = token[:-_MAC_BYTES], token[-_MAC_BYTES:]
        return len(body) == _BODY.size and hmac.compare_digest(mac, self._mac(body))

    def read(self, token: bytes, request: BarRequest) -> tuple[Passage, Position]:
        """Return what a token says.

        Errors: RESUME_TOKEN_INVALID, RESUME_TOKEN_EXPIRED, RESUME_REQUEST_CHANGED.
        """
        if not self.owns(token):
            text = "resume_token: not a token of this gateway; start the download anew."
            raise InvalidRequest(Reason.RESUME_TOKEN_INVALID, text, field="resume_token")
        passage, position = _opened(token[:-_MAC_BYTES])
        if self._wall() > passage.begun + TOKEN_SECONDS:
            text = f"The download began more than {_HOURS} hours ago; start it anew."
            raise EpochChanged(Reason.RESUME_TOKEN_EXPIRED, text, field="resume_token")
        if passage.digest != digest_of(request):
            text = "The request is not the one that the token was given for; send that one again."
            raise InvalidRequest(Reason.RESUME_REQUEST_CHANGED, text, field="resume_token")
        return passage, position

    def _mac(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, key=self._secret, digest_size=_MAC_BYTES).digest()


def _opened(body: bytes) -> tuple[Passage, Position]:
    # A later layout has another version, and with it another secret: see TokenSeal.
    _, digest, begun, now, epoch, symbol, chunks, rows, chain, simulated, *before = _BODY.unpack(
        body
    )
    passage = Passage(digest, begun, now, epoch)
    return passage, Position(symbol, chunks, rows, chain, simulated, Totals(*before))


def digest_of(request: BarRequest) -> bytes:
    """Return a digest of everything that a request says."""
    text = repr((request.symbols, request.period.value, request.window, request.adjustment.value))
    return hashlib.blake2b(f"{text}{request.fields}".encode(), digest_size=16).digest()


def epoch_of(name: str) -> bytes:
    """Return a digest of the simulated world's name."""
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def link(chain: int, content: int, label: str) -> int:
    """Return the hash of a chain of chunks that is longer by one."""
    return xxhash.xxh3_64_intdigest(f"{chain}:{content}:{label}".encode())
