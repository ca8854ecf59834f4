"""From when and until when certificates are good, read from their files."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# What DER calls an optional version, and a time with four digits of a year; others have two.
_VERSION, _LONG_TIME = 0xA0, 0x18


@dataclass(frozen=True, slots=True)
class Validity:
    """A span in which all certificates of a file are good; aware, in UTC."""

    since: datetime
    until: datetime


def validity_of(pem: bytes) -> Validity:
    """Return when all certificates of a PEM file are good. Raises ValueError where one is none."""
    spans = [_span(ssl.PEM_cert_to_DER_cert(each)) for each in _certificates(pem)]
    if not spans:
        raise ValueError("there is no certificate in it")
    return Validity(max(each.since for each in spans), min(each.until for each in spans))


def _certificates(pem: bytes) -> Iterator[str]:
    return (found[0] for found in _PEM.finditer(pem.decode("ascii", "replace")))


def _span(der: bytes) -> Validity:
    """Read the one field of X.509 that is asked for; whether the rest is whole, OpenSSL judges."""
    try:
        signed = _element(_element(der, 0)[1], 0)[1]
        tag, _, end = _element(signed, 0)
        at = end if tag == _VERSION else 0
        for _ in ("serial", "algorithm", "issuer"):
            at = _element(signed, at)[2]
        span = _element(signed, at)[1]
        first, since, end = _element(span, 0)
        second, until, _ = _element(span, end)
        return Validity(_instant(first, since), _instant(second, until))
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("a certificate in it cannot be read") from error


def _element(der: bytes, at: int) -> tuple[int, bytes, int]:
    """Return the tag of the element there, what it holds, and where it ends."""
    tag, size, begin = der[at], der[at + 1], at + 2
    if size & 0x80:  # so many bytes tell the length
        begin += size & 0x7F
        size = int.from_bytes(der[at + 2 : begin])
    return tag, der[begin : begin + size], begin + size


def _instant(tag: int, text: bytes) -> datetime:
    # Two digits are of 1950 to 2049, by RFC 5280; strptime's are of 1969 to 2068.
    told = text.decode("ascii")
    if tag != _LONG_TIME:
        told = ("19" if told >= "50" else "20") + told
    return datetime.strptime(told, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
