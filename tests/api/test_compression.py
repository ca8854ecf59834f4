"""Response compression: chosen by Accept-Encoding, the same answer in every encoding."""

import gzip

import brotli
import httpx
import pytest
import zstandard

from api.compression import chosen_encoding

LONG = '{ bars(symbol: "600519.SH", period: MIN_1, last: 9000) { rows { time open close } } }'
SHORT = "{ serverInfo { mode } }"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0, br;q=0", None),
        ("*", "zstd"),
        ("*;q=0.5, br;q=0.1", "zstd"),
        ("identity;q=1, gzip;q=0.5", None),
        ("BR", "br"),
    ],
)
def test_the_encoding_is_what_the_client_likes_best(header: str | None, chosen: str | None):
    assert chosen_encoding(header) == chosen


def plain(name: str, body: bytes) -> bytes:
    match name:
        case "gzip":
            return gzip.decompress(body)
        case "br":
            return brotli.decompress(body)
        case "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        case _:
            return body


def fetch(url: str, query: str, encoding: str) -> tuple[httpx.Headers, bytes]:
    headers = {"accept-encoding": encoding}
    with httpx.stream("POST", f"{url}/graphql", json={"query": query}, headers=headers) as answer:
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
def test_a_long_answer_is_the_same_in_every_encoding(gateway, name: str):
    url = gateway.addresses.http
    _, expected = fetch(url, LONG, "identity")
    headers, body = fetch(url, LONG, name)
    assert headers["content-encoding"] == name
    assert "accept-encoding" in headers["vary"]
    assert plain(name, body) == expected
    assert len(body) < len(expected) / 3


def test_a_small_answer_is_not_compressed(gateway):
    headers, _ = fetch(gateway.addresses.http, SHORT, "gzip, br, zstd")
    assert "content-encoding" not in headers
    assert "content-length" in headers
