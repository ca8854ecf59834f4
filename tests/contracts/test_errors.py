"""Every reason has its words, and arrives on both wires as docs/errors.md says."""

import re
from functools import cache
from pathlib import Path

import httpx
import pytest
from graphql import is_union_type

from api.app import build_app
from grpc_bridge.status import CODES
from quantgraph.config import Config
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Kind, Reason
from resolvers.problems import MEMBERS
from resolvers.root import graphql_schema
from tests.contracts.fuzz import SCHEMA
from tests.grpc_bridge.world import World
from tools import errors
from tools.reasons import CLIENT_ONLY, GRAPHQL_ONLY, GRPC_ONLY, RESERVED, WORDS

ROOT = Path(__file__).parents[2]
ROOMS = ("quantgraph", "api", "resolvers", "schema", "grpc_bridge")
SENT = [each for each in Reason if each.kind is not Kind.STARTUP]
ALL = pytest.mark.parametrize("reason", SENT)
TICKET = (
    'mutation { submitOrder(input: {accountId: "sim-1", clientOrderId: "c", symbol: "600519.SH", '
    'side: BUY, quantity: 100, limitPrice: "1"}) { __typename ... on Problem { code messageZh } } }'
)
WITHDRAWAL = (
    'mutation { cancelOrder(input: {accountId: "sim-1", id: "x"}) '
    "{ __typename ... on Problem { code messageZh } } }"
)
ORDERS = '{ orders(accountId: "sim-1") { nodes { id } } serverInfo { version } }'


def made(reason: Reason) -> GatewayError:
    """The leaf that stands for a reason."""
    leaves = GatewayError.__subclasses__()
    leaf = next((each for each in leaves if reason.kind in each.kinds), GatewayError)
    return leaf(reason, "What was found.")


def raising(reason: Reason):
    async def port(*_: object) -> None:
        raise made(reason)

    return port


@pytest.fixture(scope="module")
def world():
    return World()


@pytest.fixture(scope="module")
def ask(world):
    """Ask a gateway in memory over HTTP."""
    transport = httpx.ASGITransport(build_app(graphql_schema, world.gateway, Config()))
    headers = {"accept": "application/graphql-response+json"}

    async def run(query: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/graphql", json={"query": query}, headers=headers)

    return run


@cache
def sources() -> dict[Path, str]:
    """The modules that may raise, seen from the root."""
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    texts = {file.relative_to(ROOT): file.read_text("utf-8") for file in files}
    return {file: text for file, text in texts.items() if "Reason." in text}


def users(reason: Reason) -> set[Path]:
    """The modules that name a reason."""
    word = re.compile(rf"\bReason\.{reason.name}\b")
    return {file for file, text in sources().items() if word.search(text)}


def test_the_page_of_errors_is_current():
    assert errors.FILE.read_text("utf-8") == errors.render()


def test_a_reason_without_words_stops_the_tool():
    fewer = {reason: words for reason, words in WORDS.items() if reason is not Reason.TICK_SIZE}
    with pytest.raises(SystemExit, match="TICK_SIZE"):
        errors.render(fewer)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_has_a_code_chinese_and_words(reason):
    assert reason.value == reason.name
    assert re.search("[\u4e00-\u9fff]", reason.zh)
    for words in WORDS[reason]:
        assert words.endswith(".")
        assert "|" not in words


def test_every_reason_is_one_that_something_raises():
    assert {reason for reason in Reason if not users(reason)} == RESERVED


AGENTS = ("quantgraph/backends/many", "quantgraph/backends/remote")


@pytest.mark.parametrize(
    ("reasons", "rooms"),
    [
        (GRAPHQL_ONLY, {"api"}),
        # Whose download a token is, several agents are asked in turn.
        (GRPC_ONLY, {"grpc_bridge", "quantgraph/client", *AGENTS}),
        (CLIENT_ONLY, {"quantgraph/client"}),
    ],
)
def test_what_one_wire_alone_says_is_raised_by_it_alone(reasons, rooms):
    for reason in reasons:
        found = {path.parent.as_posix() for path in users(reason)}
        assert found <= rooms, reason


def test_every_kind_has_a_status_on_both_wires():
    assert CODES.keys() == set(Kind)
    for reason in SENT:
        assert errors.http_status(reason) in {200, 400, 401, 403, 429, 500, 503}


@ALL
async def test_a_field_that_fails_leaves_the_others_their_answer(world, ask, monkeypatch, reason):
    monkeypatch.setattr(world.trading, "orders", raising(reason))
    answer = await ask(ORDERS)
    (error,) = answer.json()["errors"]
    told = error["extensions"]
    assert answer.status_code == 200
    assert answer.json()["data"] == {"orders": None, "serverInfo": {"version": "0.1.0"}}
    assert (told["code"], told["messageZh"]) == (reason.value, reason.zh)
    assert (told["retryable"], error["path"]) == (reason.retryable, ["orders"])


@ALL
async def test_a_request_that_is_refused_as_a_whole_has_the_documented_status(
    world, ask, monkeypatch, reason
):
    monkeypatch.setattr(world.access, "authenticate", raising(reason))
    answer = await ask(ORDERS)
    if reason.kind not in errors.IN_FIELDS:
        assert answer.status_code == errors.http_status(reason)
    assert answer.status_code < 500 or reason.kind in {Kind.UNAVAILABLE, Kind.INTERNAL}
    assert answer.json()["errors"][0]["extensions"]["code"] == reason.value
    assert ("www-authenticate" in answer.headers) is (reason.kind is Kind.UNAUTHENTICATED)


@ALL
@pytest.mark.parametrize(
    ("mutation", "port", "query"),
    [("submitOrder", "submit", TICKET), ("cancelOrder", "cancel", WITHDRAWAL)],
)
async def test_a_mutation_shows_as_data_what_its_caller_can_act_on(
    world, ask, monkeypatch, reason, mutation, port, query
):
    monkeypatch.setattr(world.trading, port, raising(reason))
    answer = (await ask(query)).json()
    place = errors.graphql_place(reason.kind)
    shown = re.search(rf"`(\w+)` of [\w, ]*\b{mutation}\b", place)
    if shown is None:
        assert answer["errors"][0]["extensions"]["code"] == reason.value
    else:
        told = {"__typename": shown[1], "code": reason.value, "messageZh": reason.zh}
        assert answer["data"][mutation] == told


def test_every_member_of_a_result_that_is_a_problem_is_answered_by_some_error():
    for name, field in SCHEMA.mutation_type.fields.items():
        if not is_union_type(field.type.of_type):
            # A batch: each of its items has the problem beside it.
            assert name not in MEMBERS
            continue
        members = SCHEMA.get_possible_types(field.type.of_type)
        problems = {each.name for each in members if each.interfaces}
        assert problems == {shown.__name__ for _, shown in MEMBERS.get(name, ())}, name


def test_an_unknown_option_changes_nothing(capsys):
    assert errors.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_page_that_is_not_current_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(errors, "FILE", tmp_path / "errors.md")
    assert errors.main(["--check"]) == 1
    assert "just errors" in capsys.readouterr().err
    assert errors.main([]) == 0
    assert errors.main(["--check"]) == 0
