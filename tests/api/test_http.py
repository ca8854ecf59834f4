"""GraphQL over HTTP: status codes, media types, limits, and errors that never leak."""

import json
import re
import socket
import zlib

import httpx
import pytest

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
TINY = '{"query": "{ serverInfo { mode } }"}'


@pytest.fixture
def client(gateway, transport):
    url = gateway.addresses.http
    with httpx.Client(base_url=url, timeout=20, transport=transport) as client:
        yield client


def post(client, body, **headers):
    wanted = {"content-type": JSON, "accept": GRAPHQL, **headers}
    return client.post("/graphql", content=body, headers={k: v for k, v in wanted.items() if v})


def code(response) -> str:
    [error] = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert error["message"]
    assert error["extensions"]["messageZh"]
    return error["extensions"]["code"]


def test_a_query_is_answered(client):
    response = post(client, TINY)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert response.json()["data"] == {"serverInfo": {"mode": "MOCK"}}


def test_without_an_accept_header_plain_json_comes(client):
    response = client.send(
        httpx.Request(
            "POST",
            f"{client.base_url}/graphql",
            content=TINY,
            headers={"content-type": JSON},
        )
    )
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{", "BAD_REQUEST"),
        ("", "BAD_REQUEST"),
        ("[]", "BAD_REQUEST"),
        ("null", "BAD_REQUEST"),
        ('"text"', "BAD_REQUEST"),
        ("{}", "BAD_REQUEST"),
        ('{"query": 1}', "BAD_REQUEST"),
        ('{"query": "{ a }", "variables": []}', "BAD_REQUEST"),
        ('{"query": "{ a }", "operationName": 1}', "BAD_REQUEST"),
        ('{"query": "{ a }", "extensions": "x"}', "BAD_REQUEST"),
        ("[" * 50_000, "BAD_REQUEST"),
        ('{"a":' * 30_000, "BAD_REQUEST"),
        ('{"query": "{ a }", "variables": ' + '{"a":' * 1000 + "1" + "}" * 1001, "BAD_REQUEST"),
        (b'{"query": "\xff"}', "BAD_REQUEST"),
        ('{"query": "{"}', "GRAPHQL_PARSE_FAILED"),
        ('{"query": "{ nothing }"}', "GRAPHQL_VALIDATION_FAILED"),
        ('{"query": "query($a: Symbol!) { quote(symbol: $a) { time } }"}', "BAD_REQUEST"),
        ('{"query": "{ sectors { name } }", "operationName": "B"}', "BAD_REQUEST"),
    ],
)
def test_a_bad_request_is_400_with_a_code_and_no_data(client, body, found):
    response = post(client, body)
    assert response.status_code == 400
    assert code(response) == found
    assert "data" not in response.json()


WRONG_CONTENT = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED", 400),
    ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED", 422),
    ({"query": "query($a: Symbol!) { quote(symbol: $a) { time } }"}, "BAD_REQUEST", 422),
    ({"query": "{ __typename }", "operationName": "B"}, "BAD_REQUEST", 422),
]


@pytest.mark.parametrize(("body", "found", "_draft"), WRONG_CONTENT)
def test_plain_json_clients_get_200_for_wrong_content(client, body, found, _draft):
    response = post(client, json.dumps(body), accept=JSON)
    assert response.status_code == 200
    assert code(response) == found
    assert "data" not in response.json()


@pytest.fixture(scope="module")
def draft(start_gateway, tmp_path_factory):
    settings = {"status_codes": "draft", "get_queries": True}
    with (
        start_gateway(tmp_path_factory.mktemp("draft"), http=settings) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        yield client


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(("body", "found", "status"), WRONG_CONTENT)
def test_the_drafts_codes_tell_wrong_content_from_what_cannot_be_read(
    draft, accept, body, found, status
):
    response = post(draft, json.dumps(body), accept=accept)
    assert response.status_code == status
    assert response.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert code(response) == found


@pytest.mark.parametrize("body", ["[]", "null", "{}", '{"query": 1}'])
def test_the_drafts_code_for_json_that_is_no_request_is_422(draft, body):
    assert post(draft, body).status_code == 422
    assert post(draft, "{").status_code == 400


def test_the_drafts_code_for_partial_success_is_294(draft):
    query = '{ a: sector(name: "none") { name } b: serverInfo { mode } }'
    response = post(draft, json.dumps({"query": query}), accept=JSON)
    assert response.status_code == 294
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert response.json()["data"]["b"] == {"mode": "MOCK"}
    assert post(draft, TINY).status_code == 200


def test_queries_by_get_are_answered_where_they_are_allowed(draft):
    query = "query($s: Symbol!) { quote(symbol: $s) { symbol } }"
    parameters = {"query": query, "variables": '{"s": "600519.SH"}'}
    response = draft.get("/graphql", params=parameters)
    assert response.json()["data"] == {"quote": {"symbol": "600519.SH"}}
    assert draft.get("/graphql", params={**parameters, "variables": "{"}).status_code == 400
    assert draft.get("/graphql").status_code == 422
    assert draft.get("/graphql?query=%ff").status_code == 400


@pytest.mark.parametrize("accept", [JSON, "text/event-stream"])
@pytest.mark.parametrize(
    "query",
    [
        'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) { __typename } }',
        'subscription { quotes(symbols: ["600519.SH"]) { kind } }',
    ],
)
def test_nothing_but_queries_is_executed_by_get(draft, accept, query):
    response = draft.get("/graphql", params={"query": query}, headers={"accept": accept})
    assert response.status_code in (405, 406)
    assert response.headers["content-type"].startswith("application/")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": None}, 415),
        ({"content-type": "application/json-patch+json"}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"accept": "text/html"}, 406),
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example"}, 403),
        ({"origin": "http://["}, 403),
    ],
)
def test_what_headers_ask_for_decides(client, headers, status):
    response = post(client, TINY, **headers)
    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH"])
def test_queries_are_asked_by_post(client, method):
    response = client.request(method, "/graphql?query={sectors{name}}")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST, PUT, DELETE"


def test_our_own_origin_may_call(client):
    response = post(client, TINY, origin=str(client.base_url).rstrip("/"))
    assert response.status_code == 200


def test_a_large_body_is_refused_before_it_is_read(client):
    body = json.dumps({"query": "{ sectors { name } }", "variables": {"a": "x" * 300_000}})
    response = post(client, body)
    assert response.status_code == 413
    assert code(response) == "BAD_REQUEST"


def test_a_body_that_lies_about_its_size_is_refused(client):
    def parts():
        for _ in range(40):
            yield b" " * 10_000

    response = post(client, parts())
    assert response.status_code == 413


def test_a_subscription_needs_a_stream(client):
    body = json.dumps({"query": 'subscription { orderUpdates(accountId: "sim-1") { kind } }'})
    response = post(client, body)
    assert response.status_code == 406
    assert code(response) == "BAD_REQUEST"


def test_one_failing_field_leaves_its_siblings_alone(client):
    query = '{ a: sector(name: "none") { name } b: serverInfo { mode } }'
    response = post(client, json.dumps({"query": query}))
    assert response.status_code == 200
    body = response.json()
    assert body["data"] == {"a": None, "b": {"mode": "MOCK"}}
    assert body["errors"][0]["path"] == ["a"]
    assert code(response) == "UNKNOWN_SECTOR"


@pytest.mark.parametrize("value", ["5.0", '"5"', "9223372036854775808", "true", "null"])
def test_a_wrong_variable_names_itself(client, value):
    query = "mutation($i: SubmitOrderInput!) { submitOrder(input: $i) { __typename } }"
    variables = (
        '{"i": {"accountId": "sim-1", "clientOrderId": "x", "symbol": "600519.SH",'
        f' "side": "BUY", "quantity": {value}, "limitPrice": "1"}}}}'
    )
    response = post(client, f'{{"query": "{query}", "variables": {variables}}}')
    assert response.status_code == 400
    assert code(response) == "BAD_REQUEST"
    assert "quantity" in response.json()["errors"][0]["message"]


NULL_CONDITION = [
    ("{ serverInfo @skip(if: $x) { mode } }", 400),
    ("{ serverInfo { mode @skip(if: $x) } }", 200),
    ('{ bars(symbol: "600519.SH", last: 2) { rows { time @include(if: $x) } } }', 200),
    ("{ serverInfo { ... @skip(if: $x) { mode } } }", 200),
]


@pytest.mark.parametrize(("selection", "status"), NULL_CONDITION)
def test_a_condition_that_is_null_is_the_callers_fault(client, selection, status):
    query = f"query($x: Boolean = true) {selection}"
    response = post(client, json.dumps({"query": query, "variables": {"x": None}}))
    assert response.status_code == status
    assert code(response) == "BAD_REQUEST"
    assert "$x" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_an_old_client_gets_a_length_instead_of_chunks(client, accepted):
    query = '{ bars(symbol: "600519.SH", period: MIN_1, last: 5000) { rows { time close } } }'
    body = json.dumps({"query": query}).encode()
    url = client.base_url
    with socket.create_connection((url.host, url.port), timeout=20) as old:
        head = f"Host: {url.host}\r\nContent-Type: {JSON}\r\nAccept-Encoding: {accepted}\r\n"
        head = f"POST /graphql HTTP/1.0\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        old.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: old.recv(65_536), b""))
    found, _, content = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in found
    assert f"content-length: {len(content)}".encode() in found
    content = zlib.decompress(content, 31) if accepted == "gzip" else content
    assert len(json.loads(content)["data"]["bars"]["rows"]) == 5_000


def test_many_aliased_errors_are_bounded(client):
    document = "{ " + " ".join(f"a{n}" for n in range(500)) + " }"
    response = post(client, json.dumps({"query": document}))
    assert response.status_code == 400
    assert len(response.json()["errors"]) <= 21


def test_an_unexpected_failure_is_masked(gateway):
    """Breaks a port below a second application and looks at what comes out."""
    import asyncio
    from dataclasses import replace

    from api.app import build_app
    from resolvers.root import graphql_schema

    class Broken:
        async def sectors(self):
            raise RuntimeError("password=hunter2")

    assembly = gateway.assembly
    broken = replace(assembly.gateway, reference=Broken())
    app = build_app(graphql_schema, broken, assembly.config)

    async def ask():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/graphql", json={"query": "{ sectors { name } }"})

    response = asyncio.run(ask())
    assert response.status_code == 200
    assert "hunter2" not in response.text
    assert code(response) == "INTERNAL"


def test_health_says_live_and_ready(client):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "problems": {}}
    details = client.get("/health/").json()
    assert details["mode"] == "mock"
    assert details["backends"] == {"sim": True}
    # Instants as everywhere else: market time, milliseconds at most.
    query = {"query": "{ serverInfo { startedAt } }"}
    [shown] = client.post("/graphql", json=query).json()["data"]["serverInfo"].values()
    assert details["startedAt"] == shown
    assert re.fullmatch(r"[-\dT:]{19}(\.\d{3})?\+08:00", details["clock"])


def test_a_body_that_never_arrives_is_not_waited_for(start_gateway, tmp_path):
    with start_gateway(tmp_path, http={"body_seconds": 1}) as running:
        host, port = running.addresses.http.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as peer:
            peer.sendall(
                f"POST /graphql HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: 100\r\n"
                "content-type: application/json\r\n\r\n{".encode()
            )
            answer = b""
            while part := peer.recv(65536):
                answer += part
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"TIMED_OUT" in answer


def test_an_answer_of_bearable_length_tells_it(client):
    """Longer ones are chunked: by their rows, or by their bytes where names are long."""
    names, plain = ["x" * 98 + str(n) for n in range(10, 20)], {"accept-encoding": "identity"}
    bars = 'bars(symbol: "600519.SH", period: MIN_1, last: '
    for rows, picked, told in ((9_000, 1, True), (11_000, 1, False), (9_000, 10, False)):
        fields = " ".join(f"{name}: close" for name in names[:picked])
        query = f"{{ {bars}{rows}) {{ rows {{ {fields} }} }} }}"
        response = client.post("/graphql", json={"query": query}, headers=plain)
        assert ("content-length" in response.headers) is told
        assert ("transfer-encoding" in response.headers) is not told
        found = response.json()["data"]["bars"]["rows"]
        assert [len(found), len(found[-1])] == [rows, picked]


def test_a_long_answer_leaves_the_loop_to_others(client):
    rows = "rows { time open high low close volume amount }"
    query = f'{{ bars(symbol: "600519.SH", period: MIN_1, last: 100000) {{ {rows} }} }}'
    response = client.post("/graphql", json={"query": query})
    assert response.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in response.headers
    assert len(response.json()["data"]["bars"]["rows"]) == 100_000
