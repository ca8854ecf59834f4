"""Sockets to the gateway, and an HTTP client that sends each request in one piece."""

import http.client
import socket
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.api.sockets import ACK, INIT, PROTOCOL, Socket


class OnePiece(httpx.BaseTransport):
    """Asks three times on one connection and returns the last answer: by then all is known.

    Only a request in one piece may take the short way.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send and read."""
        fields = b"".join(b"%b: %b\r\n" % each for each in request.headers.raw)
        line = b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path)
        body = request.read()
        if "transfer-encoding" in request.headers:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        whole = line + fields + b"\r\n" + body
        host, port = request.url.host, request.url.port or 80
        with socket.create_connection((host, port), timeout=20) as connection:
            for _ in range(3):
                connection.sendall(whole)
                answer = http.client.HTTPResponse(connection, method=request.method)
                answer.begin()
                body = answer.read()
                if answer.will_close:
                    break
        return httpx.Response(
            answer.status, headers=answer.getheaders(), stream=httpx.ByteStream(body)
        )


@pytest.fixture(params=["parsed", "in one piece"])
def transport(request: pytest.FixtureRequest) -> Any:
    """Whatever carries requests, each test runs with both: httpx sends head and body apart."""
    return OnePiece() if request.param == "in one piece" else httpx.HTTPTransport()


@pytest.fixture(scope="session")
def impatient(start_gateway, tmp_path_factory):
    """A gateway that waits a second for what others may take longer for."""
    folder = tmp_path_factory.mktemp("impatient")
    with start_gateway(folder, http={"init_seconds": 1, "stall_seconds": 1}) as running:
        yield running


@pytest.fixture
def url(gateway):
    return gateway.addresses.http.replace("http", "ws") + "/graphql"


@pytest.fixture
def raw(url):
    """A socket right after the handshake."""
    # No bound on what is unread: with one, a close would wait for its reader for 10 s.
    with connect(url, subprotocols=[PROTOCOL], max_queue=None) as socket:
        yield Socket(socket)


@pytest.fixture
def ready(raw):
    """A socket after the acknowledgement."""
    raw.send(INIT)
    assert raw.read() == ACK
    return raw
