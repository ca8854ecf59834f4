"""Documents of a manifest are asked for by their id, and where it is wished no others are taken."""

import hashlib
import json

import httpx
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner
from websockets.sync.client import connect

from api.cli import app
from quantgraph.domain.errors import StartupError
from tests.api.sockets import INIT, PROTOCOL

MODE = "query Mode { serverInfo { mode } }"
QUOTES = 'subscription { quotes(symbols: ["600519.SH"]) { kind } }'
OTHER = "{ serverInfo { version } }"
SSE = {"accept": "text/event-stream"}


def id_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    """What the command makes of a client's sources."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "src").mkdir()
    (folder / "src" / "mode.graphql").write_text(MODE)
    (folder / "src" / "live.ts").write_text(f"export const LIVE = gql`{QUOTES}`;\n")
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "theirs.graphql").write_text(OTHER)
    done = extract(folder, folder / "manifest.json")
    assert done.exit_code == 0, done.output
    return folder / "manifest.json"


def extract(*sources_and_out):
    *sources, out = map(str, sources_and_out)
    return CliRunner().invoke(app, ["documents", "extract", *sources, "--out", out])


@pytest.fixture(scope="module")
def client(start_gateway, manifest, tmp_path_factory):
    http = {"documents": "enforce", "manifest": str(manifest), "get_queries": True}
    with (
        start_gateway(tmp_path_factory.mktemp("enforced"), http=http) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
    ):
        yield client


def ask(client, headers=None, **body):
    return client.post("/graphql", json=body, headers=headers)


def code(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


def test_a_manifest_holds_what_the_sources_say(manifest):
    assert json.loads(manifest.read_text()) == {id_of(MODE): MODE, id_of(QUOTES): QUOTES}


def test_an_id_stands_for_its_document(client):
    for _ in range(3):  # on the short way as well
        answer = ask(client, documentId=id_of(MODE))
        assert answer.json()["data"] == {"serverInfo": {"mode": "MOCK"}}
    got = client.get("/graphql", params={"documentId": id_of(MODE)})
    assert got.json()["data"] == {"serverInfo": {"mode": "MOCK"}}


def test_a_known_document_may_be_sent_in_full_or_printed_anew(client):
    assert ask(client, query=MODE).status_code == 200
    assert ask(client, query="query Mode {\n  serverInfo {\n    mode\n  }\n}").status_code == 200


@pytest.mark.parametrize("text", [OTHER, f"{MODE} ", "{ __schema { types { name } } }", "{"])
def test_no_other_document_is_taken(client, text):
    for headers in (None, SSE):
        refused = ask(client, headers, query=text)
        assert refused.status_code == 403
        assert code(refused) == "UNTRUSTED_DOCUMENT"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"documentId": id_of(OTHER)}, "UNKNOWN_DOCUMENT"),
        ({"documentId": id_of(MODE).removeprefix("sha256:")}, "UNKNOWN_DOCUMENT"),
        ({"documentId": 7}, "BAD_REQUEST"),
        ({"documentId": id_of(MODE), "query": MODE}, "BAD_REQUEST"),
        ({}, "BAD_REQUEST"),
    ],
)
def test_a_wrong_id_is_refused(client, body, expected):
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert code(answer) == expected


def test_streams_and_sockets_are_no_way_around(client):
    with client.stream("POST", "/graphql", json={"documentId": id_of(QUOTES)}, headers=SSE) as live:
        assert "SNAPSHOT" in next(line for line in live.iter_lines() if line.startswith("data: {"))
    url = str(client.base_url).replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=[PROTOCOL]) as socket:

        def subscribe(name, **payload):
            socket.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
            return json.loads(socket.recv(timeout=20))

        socket.send(json.dumps(INIT))
        socket.recv(timeout=20)
        refused = subscribe("1", query=OTHER)
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "UNTRUSTED_DOCUMENT"
        refused = subscribe("1", documentId=id_of(OTHER))
        assert refused["payload"][0]["extensions"]["code"] == "UNKNOWN_DOCUMENT"
        told = subscribe("1", documentId=id_of(QUOTES))
        assert told["payload"]["data"] == {"quotes": {"kind": "SNAPSHOT"}}


def test_a_trial_tells_of_unknown_documents_once(start_gateway, manifest, tmp_path):
    http = {"documents": "log", "manifest": str(manifest)}
    with (
        start_gateway(tmp_path, http=http) as running,
        httpx.Client(base_url=running.addresses.http, timeout=20) as client,
        capture_logs() as logs,
    ):
        for text in (OTHER, OTHER, MODE):
            assert ask(client, query=text, variables={"n": len(logs)}).status_code == 200
    told = [each["document_id"] for each in logs if each["event"] == "untrusted_document"]
    assert told == [id_of(OTHER)]


@pytest.mark.parametrize(
    "text", [None, "{", "[]", json.dumps({id_of(MODE): OTHER}), json.dumps({id_of(MODE): 7})]
)
def test_a_manifest_that_does_not_hold_stops_the_start(start_gateway, tmp_path, text):
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    http = {"documents": "enforce", "manifest": str(path)}
    with pytest.raises(StartupError) as caught, start_gateway(tmp_path, http=http):
        pass
    assert caught.value.reason == "CONFIG_INVALID"
    assert "manifest.json" in caught.value.message


def test_enforcing_needs_a_manifest(start_gateway, tmp_path):
    with (
        pytest.raises(StartupError, match="manifest"),
        start_gateway(tmp_path, http={"documents": "enforce"}),
    ):
        pass


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("const A = gql`{ nothing }`", "nothing"),
        ("\n\nconst A = graphql(`{ a`)", "a.ts:3"),
        ("const A = /* GraphQL */ `{ ...F } ${F}`", "${"),
    ],
)
def test_what_cannot_be_in_a_manifest_is_named(tmp_path, source, told):
    (tmp_path / "a.ts").write_text(source)
    (tmp_path / "b.gql").write_text(MODE)
    done = extract(tmp_path, tmp_path / "out.json")
    assert done.exit_code == 1
    assert told in done.stderr
    assert list(json.loads((tmp_path / "out.json").read_text())) == [id_of(MODE)]
