"""API keys: one check below every transport."""

import asyncio
import json

import grpc
import httpx
import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.cli import app
from quantgraph.v1 import accounts_pb2, accounts_pb2_grpc, orders_pb2, orders_pb2_grpc

QUERY = {"query": '{ positions(accountId: "sim-1") { symbol } }'}
CANCEL = {"query": 'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) { __typename } }'}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


def make(folder, *options) -> str:
    done = CliRunner().invoke(app, ["keys", "create", *options, "--data-dir", str(folder)])
    assert done.exit_code == 0
    return done.stdout.split()[0]


@pytest.fixture(scope="module")
def keys(folder):
    return {
        "read": make(folder, "--scope", "read"),
        "trade": make(folder, "--scope", "trade"),
        "other": make(folder, "--scope", "trade", "--account", "other"),
    }


@pytest.fixture(scope="module")
def locked(folder, keys, start_gateway, certified):
    """A gateway that listens beyond loopback, and so needs keys."""
    sections = {"http": {"host": "0.0.0.0"}, "grpc": {"host": "0.0.0.0"}, "tls": certified.config}
    with start_gateway(folder, **sections) as running:
        yield running


@pytest.fixture
def url(locked):
    return locked.addresses.http.replace("0.0.0.0", "127.0.0.1") + "/graphql"


@pytest.fixture
def ask(certified):
    def ask(url, body, **headers):
        return httpx.post(url, json=body, headers=headers, verify=certified.context())

    return ask


def code(response):
    return response.json()["errors"][0]["extensions"]["code"]


def test_without_a_key_nothing_is_answered(url, ask):
    for headers in ({}, {"x-api-key": ""}, {"x-api-key": "qg_00000000_00"}):
        response = ask(url, QUERY, **headers)
        assert response.status_code == 401
        assert code(response) == "UNAUTHENTICATED"
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "bearer"])
def test_a_broken_authorization_is_unauthenticated(url, header, ask):
    assert ask(url, QUERY, authorization=header).status_code == 401


def test_both_headers_work(url, keys, ask):
    assert ask(url, QUERY, **{"x-api-key": keys["read"]}).json()["data"]["positions"]
    assert ask(url, QUERY, authorization=f"Bearer {keys['read']}").json()["data"]["positions"]


@pytest.mark.parametrize(
    "name", ["x-api-key", "X-API-Key", "api_key", "key", "authorization", "token"]
)
async def test_a_key_in_an_address_opens_nothing(url, keys, ask, certified, name):
    """Addresses are written into logs and histories by whoever passes them on."""
    shown, tls = f"{url}?{name}={keys['read']}", certified.context()
    assert ask(shown, QUERY).status_code == 401
    events = {"accept": "text/event-stream"}
    assert httpx.put(shown, verify=tls).status_code == 401
    assert httpx.get(shown, headers=events, verify=tls).status_code in {401, 404}
    assert await first(shown, certified, None) == 4403


def test_a_reading_key_cannot_trade(url, keys, ask):
    response = ask(url, CANCEL, **{"x-api-key": keys["read"]})
    assert response.status_code == 403
    assert code(response) == "FORBIDDEN"
    assert ask(url, CANCEL, **{"x-api-key": keys["trade"]}).status_code == 200


def test_a_key_of_another_account_sees_nothing_of_it(url, keys, ask):
    response = ask(url, QUERY, **{"x-api-key": keys["other"]})
    assert code(response) == "UNKNOWN_ACCOUNT"
    listed = ask(url, {"query": "{ accounts { id } }"}, **{"x-api-key": keys["other"]})
    assert listed.json()["data"]["accounts"] == []
    response = ask(url, CANCEL, **{"x-api-key": keys["other"]})
    assert response.json()["data"]["cancelOrder"] == {"__typename": "OrderNotFound"}


def test_a_key_of_another_account_sees_no_login_of_it(url, keys, ask):
    asked = {"query": "{ serverInfo { terminalStatus { name logins { accountId } } } }"}
    for key, expected in (("read", [{"accountId": "sim-1"}]), ("other", [])):
        answer = ask(url, asked, **{"x-api-key": keys[key]}).json()["data"]["serverInfo"]
        assert answer["terminalStatus"] == [{"name": "sim", "logins": expected}]


async def first(url, certified, payload):
    """Return what answers a socket's first message, or the code that it was closed with.

    Not by the blocking client: it reads and writes one TLS session in two threads, which Python
    before 3.13 does not guard.
    """
    address, tls = url.replace("http", "ws"), certified.context()
    async with (
        asyncio.timeout(20),
        connect(address, subprotocols=["graphql-transport-ws"], ssl=tls) as socket,
    ):
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        try:
            return json.loads(await socket.recv())["type"]
        except ConnectionClosed as closed:
            return closed.rcvd.code


async def test_a_websocket_shows_its_key_in_the_first_message(url, keys, certified):
    read = keys["read"]
    assert await first(url, certified, {"x-api-key": read}) == "connection_ack"
    assert await first(url, certified, {"Authorization": f"Bearer {read}"}) == "connection_ack"
    assert await first(url, certified, {"X-API-Key": "wrong"}) == 4403
    assert await first(url, certified, {"authorization": "Basic x"}) == 4403
    assert await first(url, certified, None) == 4403


def test_grpc_takes_the_key_as_metadata(locked, keys, certified):
    target = locked.addresses.grpc.replace("0.0.0.0", "127.0.0.1")
    with grpc.secure_channel(target, certified.channel()) as channel:
        accounts = accounts_pb2_grpc.AccountServiceStub(channel)
        orders = orders_pb2_grpc.OrderServiceStub(channel)
        request = accounts_pb2.ListPositionsRequest(account_id="sim-1")
        cancel = orders_pb2.CancelOrderRequest(account_id="sim-1", id="x")

        def status(call, message, key):
            metadata = (("x-api-key", key),) if key else ()
            try:
                call(message, metadata=metadata, timeout=20)
            except grpc.RpcError as error:
                return error.code().name
            return "OK"

        assert status(accounts.ListPositions, request, None) == "UNAUTHENTICATED"
        assert status(accounts.ListPositions, request, keys["read"]) == "OK"
        assert status(accounts.ListPositions, request, keys["other"]) == "NOT_FOUND"
        assert status(orders.CancelOrder, cancel, keys["read"]) == "PERMISSION_DENIED"
        assert status(orders.CancelOrder, cancel, keys["trade"]) == "NOT_FOUND"


def test_a_revoked_key_is_useless_at_once(folder, url, ask):
    key = make(folder)
    assert ask(url, QUERY, **{"x-api-key": key}).status_code == 200
    done = CliRunner().invoke(app, ["keys", "revoke", key.split("_")[1], "--data-dir", str(folder)])
    assert done.exit_code == 0
    assert ask(url, QUERY, **{"x-api-key": key}).status_code == 401
    again = CliRunner().invoke(app, ["keys", "revoke", "zzzz", "--data-dir", str(folder)])
    assert again.exit_code == 2


def test_keys_rest_as_salted_hashes_only(folder, keys):
    stored = (folder / "mock" / "keys.sqlite").read_bytes()
    listed = CliRunner().invoke(app, ["keys", "list", "--data-dir", str(folder)]).stdout
    for key in keys.values():
        secret = key.split("_")[2]
        assert secret.encode() not in stored
        assert bytes.fromhex(secret) not in stored
        assert secret not in listed
        assert key.split("_")[1] in listed


def test_health_needs_no_key_and_tells_no_secret(url, certified):
    response = httpx.get(url.replace("/graphql", "/health/"), verify=certified.context())
    assert response.status_code == 200
    assert "sim-1" not in response.text


def test_a_wrong_key_is_refused_even_where_none_is_needed(gateway, ask):
    url = gateway.addresses.http + "/graphql"
    assert ask(url, QUERY).status_code == 200
    assert ask(url, QUERY, **{"x-api-key": "wrong"}).status_code == 401


@pytest.mark.parametrize(
    ("field", "result", "rest"),
    [
        (
            "submitOrder",
            "OrderRejected",
            'clientOrderId: "k", symbol: "000001.SZ", side: BUY, quantity: 100, limitPrice: "9.00"',
        ),
        ("cancelOrder", "OrderNotFound", 'clientOrderId: "k"'),
    ],
)
def test_anothers_account_is_refused_like_one_that_does_not_exist(
    url, keys, field, result, rest, ask
):
    def refusal(account, key):
        query = (
            f'mutation {{ found: {field}(input: {{accountId: "{account}", {rest}}}) '
            "{ __typename ... on Problem { code message } } }"
        )
        return ask(url, {"query": query}, **{"x-api-key": keys[key]}).json()["data"]["found"]

    hidden, absent = refusal("sim-1", "other"), refusal("nobody", "trade")
    assert (hidden["__typename"], hidden["code"]) == (result, "UNKNOWN_ACCOUNT")
    assert hidden == {**absent, "message": absent["message"].replace("nobody", "sim-1")}


def test_the_command_line_rotates_and_sets_terms(folder, url, ask):
    far = make(folder, "--address", "203.0.113.0/24")
    near = make(folder, "--address", "203.0.113.0/24", "--address", "127.0.0.1", "--days", "1")
    assert ask(url, QUERY, **{"x-api-key": far}).status_code == 401
    for _ in range(3):
        assert ask(url, QUERY, **{"x-api-key": near}).status_code == 200
    runner, where = CliRunner(), ["--data-dir", str(folder)]
    told = runner.invoke(app, ["keys", "rotate", near.split("_")[1], *where])
    assert ask(url, QUERY, **{"x-api-key": near}).status_code == 401
    new = told.stdout.split()[0]
    assert ask(url, QUERY, **{"x-api-key": new}).status_code == 200
    listed = runner.invoke(app, ["keys", "list", *where]).stdout
    [line] = [each for each in listed.splitlines() if each.startswith(new.split("_")[1])]
    assert "until 2" in line
    assert line.endswith("from 203.0.113.0/24, 127.0.0.1/32")
    assert runner.invoke(app, ["keys", "rotate", "zzzz", *where]).exit_code == 2
    assert runner.invoke(app, ["keys", "create", "--address", "x", *where]).exit_code == 2


async def test_a_far_key_is_refused_by_grpc_and_websocket_alike(folder, locked, url, certified):
    far = make(folder, "--address", "203.0.113.0/24")
    target = locked.addresses.grpc.replace("0.0.0.0", "127.0.0.1")
    with grpc.secure_channel(target, certified.channel()) as channel:
        accounts = accounts_pb2_grpc.AccountServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            accounts.ListAccounts(
                accounts_pb2.ListAccountsRequest(), metadata=(("x-api-key", far),), timeout=20
            )
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert await first(url, certified, {"x-api-key": far}) == 4403
