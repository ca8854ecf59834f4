"""Beyond loopback nothing is said in the clear, on either wire."""

import asyncio
import json
import socket
import ssl
from pathlib import Path

import grpc
import httpx
import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import connect as connect_socket

from api.cli import app
from api.tls import identity_of
from quantgraph.client import Tls, connect
from quantgraph.config import Config
from quantgraph.domain.errors import StartupError, Unavailable
from quantgraph.v1 import system_pb2, system_pb2_grpc
from tests.api.sockets import ACK, INIT, PROTOCOL, subscribe

TINY = {"query": "{ serverInfo { mode } }"}
OPEN = {"http": {"host": "0.0.0.0"}, "grpc": {"host": "0.0.0.0"}}


@pytest.fixture(scope="module")
def served(start_gateway, certified, tmp_path_factory):
    with start_gateway(tmp_path_factory.mktemp("tls"), tls=certified.config) as running:
        yield running


@pytest.fixture(scope="module")
def strict(start_gateway, certified, tmp_path_factory):
    """A gateway that asks its clients for certificates."""
    tls = certified.config | {"authorities": str(certified.authority)}
    with start_gateway(tmp_path_factory.mktemp("strict"), tls=tls) as running:
        yield running


def info(running, credentials):
    with grpc.secure_channel(running.addresses.grpc, credentials) as channel:
        stub = system_pb2_grpc.SystemServiceStub(channel)
        return stub.GetServerInfo(system_pb2.GetServerInfoRequest(), timeout=20).info


def test_http_and_its_short_way_are_served(served, certified):
    assert served.addresses.http.startswith("https://")
    url = f"{served.addresses.http}/graphql"
    with httpx.Client(verify=certified.context()) as client:
        for _ in range(4):
            assert client.post(url, json=TINY).json()["data"] == {"serverInfo": {"mode": "MOCK"}}
        large = {"query": '{ bars(symbol: "600519.SH", last: 200) { rows { time close } } }'}
        assert len(client.post(url, json=large).json()["data"]["bars"]["rows"]) > 0


async def test_a_socket_is_served_with_its_quotes(served, certified):
    url = served.addresses.http.replace("https", "wss") + "/graphql"
    quotes = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
    tls = certified.context()
    # Not the blocking client: two threads of it use one TLS session, unguarded before Python 3.13.
    async with (
        asyncio.timeout(20),
        connect_socket(url, subprotocols=[PROTOCOL], ssl=tls) as wire,
    ):
        await wire.send(json.dumps(INIT))
        assert json.loads(await wire.recv()) == ACK
        await wire.send(json.dumps(subscribe("q", quotes)))
        told = [json.loads(await wire.recv()) for _ in range(3)]
    kinds = [each["payload"]["data"]["quotes"]["kind"] for each in told]
    assert kinds == ["SNAPSHOT", "UPDATE", "UPDATE"]


def test_grpc_and_our_own_client_are_served(served, certified, tmp_path):
    assert info(served, certified.channel()).mode == system_pb2.MODE_MOCK
    target = served.addresses.grpc
    with connect(target, tls=Tls(certified.authority)) as client:
        assert client.server_info().mode == "mock"
        assert client.bars("600519.SH", last=5).columns.length == 5
    with connect(target, timeout=5) as plain, pytest.raises(Unavailable):
        plain.server_info()
    options = f"--out {tmp_path} --target {target} --authorities {certified.authority}"
    words = f"download bars --symbols 600519.SH {options}".split()
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output


def test_a_download_shows_a_certificate_where_one_is_asked_for(strict, certified, tmp_path):
    target = strict.addresses.grpc
    words = f"download bars --symbols 600519.SH --out {tmp_path} --target {target}".split()
    known = ["--authorities", str(certified.authority)]
    shown = ["--certificate", str(certified.client)]
    done = CliRunner().invoke(app, [*words, *known, *shown])
    assert done.exit_code == 0, done.output
    apart = tmp_path / "apart.pem"
    text = Path(certified.client).read_text("ascii")
    apart.write_text(text[: text.index("-----BEGIN CERTIFICATE")])  # the key comes first
    done = CliRunner().invoke(app, [*words, *known, *shown, "--private-key", str(apart)])
    assert done.exit_code == 0, done.output
    assert isinstance(CliRunner().invoke(app, [*words, *known]).exception, Unavailable)


def test_who_speaks_in_the_clear_gets_a_clear_end(served):
    address = served.addresses.http.removeprefix("https://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=20) as peer:
        peer.sendall(b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        try:
            said = peer.recv(1_000)
        except ConnectionResetError:
            said = b""
    assert not said.startswith(b"HTTP/1.1 2")
    with grpc.insecure_channel(served.addresses.grpc) as channel:
        stub = system_pb2_grpc.SystemServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetServerInfo(system_pb2.GetServerInfoRequest(), timeout=20)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_old_versions_of_tls_are_not_spoken(certified):
    identity = identity_of(Config(tls=certified.config))
    assert identity is not None
    old = certified.context()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    # Else it is the client that refuses: it has no cipher for so old a version.
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    said, heard = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        old.wrap_bio(heard, said, server_hostname="127.0.0.1").do_handshake()
    with pytest.raises(ssl.SSLError) as caught:
        identity.context.wrap_bio(said, heard, server_side=True).do_handshake()
    assert caught.value.reason == "UNSUPPORTED_PROTOCOL"


def test_clients_show_a_certificate_where_they_must(strict, certified):
    url = f"{strict.addresses.http}/graphql"
    with pytest.raises(httpx.TransportError):
        httpx.post(url, json=TINY, verify=certified.context())
    context = certified.context(shown=certified.client)
    assert httpx.post(url, json=TINY, verify=context).status_code == 200
    with pytest.raises(grpc.RpcError) as caught:
        info(strict, certified.channel())
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert info(strict, certified.channel(shown=certified.client)).mode == system_pb2.MODE_MOCK


@pytest.mark.parametrize("open_wire", [{"http": OPEN["http"]}, {"grpc": OPEN["grpc"]}, OPEN])
def test_beyond_loopback_the_clear_is_refused_at_the_start(start_gateway, tmp_path, open_wire):
    with pytest.raises(StartupError) as caught, start_gateway(tmp_path, **open_wire):
        pass
    assert caught.value.reason == "TLS_REQUIRED"
    assert "0.0.0.0" in caught.value.message


def test_a_certificate_is_no_key(start_gateway, certified, tmp_path):
    with (
        pytest.raises(StartupError) as caught,
        start_gateway(tmp_path, **OPEN, tls=certified.config),
    ):
        pass
    assert caught.value.reason == "KEYS_REQUIRED"


def test_files_in_the_home_folder_are_named_as_shells_do(certified, monkeypatch):
    home = certified.authority.parent
    monkeypatch.setenv("HOME", str(home))
    certificate = "~/" + Path(certified.config["certificate"]).name
    tls = {"certificate": certificate, "authorities": f"~/{certified.authority.name}"}
    identity = identity_of(Config(tls=tls))
    assert identity is not None
    assert identity.context.cert_store_stats()["x509_ca"] == 1
    alone = {"certificate": certificate, "key": certificate}
    assert identity_of(Config(tls=alone)) is not None


@pytest.mark.parametrize("fault", ["missing", "no PEM", "no key", "other key", "authorities"])
def test_files_that_do_not_serve_are_named(start_gateway, certified, tmp_path, fault):
    own = certified.config["certificate"]
    text = tmp_path / "text.pem"
    text.write_text("not PEM")
    tls = {
        "missing": {"certificate": str(tmp_path / "none.pem")},
        "no PEM": {"certificate": str(text)},
        "no key": {"certificate": str(certified.authority)},
        "other key": {"certificate": own, "key": certified.client},
        "authorities": {"certificate": own, "authorities": str(text)},
    }[fault]
    with pytest.raises(StartupError) as caught, start_gateway(tmp_path, tls=tls):
        pass
    assert caught.value.reason == "TLS_UNUSABLE"
    assert ".pem" in caught.value.message


def test_a_key_without_a_certificate_is_refused(start_gateway, tmp_path):
    with pytest.raises(StartupError) as caught, start_gateway(tmp_path, tls={"key": "k.pem"}):
        pass
    assert caught.value.reason == "CONFIG_INVALID"
