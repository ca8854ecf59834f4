"""How wrong this machine's clock is, by the word of a time server (SNTP, RFC 4330)."""

import secrets
import socket
import struct
import time

PORT = 123
_SECONDS = 3.0
# Seconds from NTP's beginning (1900) to that of Unix.
_EPOCH = 2_208_988_800
_FORM = struct.Struct("!BBBb11I")


def skew_of(server: str) -> float:
    """Return by how many seconds this clock is slow; below 0 it is fast.

    `server` is a host, or host:port. Asks once. Raises OSError where it does not answer within
    three seconds, and ValueError where what it says is of no use.
    """
    host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
    family, kind, _, _, address = socket.getaddrinfo(
        host, int(port or PORT), type=socket.SOCK_DGRAM
    )[0]
    # A number of our own in place of our time: whoever answers has seen the question.
    token = secrets.randbits(64)
    with socket.socket(family, kind) as asking:
        asking.settimeout(_SECONDS)
        asking.connect(address)
        began = time.time()
        asking.send(_FORM.pack(0x23, 0, 0, 0, *(0,) * 9, token >> 32, token & 0xFFFFFFFF))
        answer = asking.recv(512)
        ended = time.time()
    received, sent = _read(answer, token)
    return ((received - began) + (sent - ended)) / 2


def _read(answer: bytes, token: int) -> tuple[float, float]:
    """Return when the server heard the question, and when it answered."""
    if len(answer) < _FORM.size:
        raise ValueError("it answers with something else than the time")
    head, stratum, _, _, *words = _FORM.unpack_from(answer)
    if (words[5] << 32) | words[6] != token:
        raise ValueError("it answers another question")
    if head >> 6 == 3 or not 0 < stratum < 16:
        raise ValueError("it does not know the time itself")
    return _seconds(words[7], words[8]), _seconds(words[9], words[10])


def _seconds(whole: int, part: int) -> float:
    # The count of 1900 ends in 2036 and begins anew: what is small is of the next one.
    whole += 0 if whole & 0x80000000 else 1 << 32
    return whole - _EPOCH + part / (1 << 32)
