"""What browsers do on their own: foreign names and foreign pages, by every way in."""

import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

BODY = b'{"query": "{ serverInfo { mode } }"}'
JSON = f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n"
UPGRADE = (
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "sec-websocket-protocol: graphql-transport-ws\r\n"
)
# The first line, what else the head says, the body, and the status of who may.
WAYS: Mapping[str, tuple[str, str, bytes, int]] = {
    "an operation": ("POST /graphql", JSON, BODY, 200),
    "events": ("POST /graphql", f"{JSON}accept: text/event-stream\r\n", BODY, 200),
    "a reservation": ("PUT /graphql", "", b"", 201),
    "a reserved stream": ("GET /graphql?token=x", "accept: text/event-stream\r\n", b"", 404),
    "the end of an operation": ("DELETE /graphql?operationId=1", "", b"", 404),
    "a socket": ("GET /graphql", UPGRADE, b"", 101),
    "a socket elsewhere": ("GET /other", UPGRADE, b"", 403),
    "a page": ("GET /health/", "", b"", 200),
    "metrics": ("GET /metrics", "", b"", 200),
}
LISTED, ALLOWED = "gate.example", "http://page.example"
FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "gate.example.evil",
    "",
    "127.0.0.1@evil",
]
FOREIGN_ORIGINS = ["http://evil.example", "null", "http://page.example.evil", "http://[", "file://"]


@pytest.fixture(scope="module")
def listed(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    http = {"allowed_hosts": [LISTED], "allowed_origins": [ALLOWED]}
    with start_gateway(tmp_path_factory.mktemp("listed"), http=http) as running:
        yield running


@pytest.fixture
def status(listed: Any) -> Callable[..., int]:
    """Return the status that a way in is answered with, of a host and for a page's origin."""
    host, _, port = listed.addresses.http.removeprefix("http://").partition(":")

    def asked(way: str, named: str = LISTED, origin: str | None = None) -> int:
        line, more, body, _ = WAYS[way]
        page = "" if origin is None else f"origin: {origin}\r\n"
        head = f"{line} HTTP/1.1\r\nhost: {named}\r\n{page}{more}\r\n"
        with socket.create_connection((host, int(port)), timeout=20) as made:
            made.sendall(head.encode() + body)
            return int(made.recv(65_536)[9:12])

    return asked


@pytest.mark.parametrize("way", list(WAYS))
def test_no_way_in_is_open_under_another_name_or_to_another_page(
    status: Callable[..., int], way: str
) -> None:
    assert [status(way, each) for each in FOREIGN_HOSTS] == [403] * len(FOREIGN_HOSTS)
    found = [status(way, LISTED, each) for each in FOREIGN_ORIGINS]
    assert found == [403] * len(FOREIGN_ORIGINS)


@pytest.mark.parametrize("way", list(WAYS))
def test_listed_names_and_pages_get_in_whatever_their_case_and_port(
    status: Callable[..., int], way: str
) -> None:
    right = WAYS[way][3]
    for named in (LISTED, "GATE.example:8000", "127.0.0.1", "localhost:1", "[::1]:1"):
        assert status(way, named) == right
    assert status(way, LISTED, ALLOWED) == right
    assert status(way, f"{LISTED}:80", f"http://{LISTED}:80") == right  # our own page


def test_a_browser_is_told_what_a_listed_page_may_send_and_read(listed: Any) -> None:
    url = f"{listed.addresses.http}/graphql"
    asked = {"origin": ALLOWED, "access-control-request-method": "POST"}
    told = httpx.options(url, headers=asked)
    assert (told.status_code, told.content) == (204, b"")
    assert told.headers["access-control-allow-origin"] == ALLOWED
    assert "x-api-key" in told.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in told.headers  # no cookies are asked for
    answer = httpx.post(url, content=BODY, headers={**asked, "content-type": "application/json"})
    assert answer.headers["access-control-allow-origin"] == ALLOWED
    assert "ratelimit" in answer.headers["access-control-expose-headers"]
    assert "origin" in answer.headers["vary"]
    foreign = httpx.options(url, headers={**asked, "origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers
