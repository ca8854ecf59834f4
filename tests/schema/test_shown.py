"""What tells strangers of the contract: on in mock and dev, off in prod, as configured anywhere."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from grpc import StatusCode, aio
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from api.app import build_app
from grpc_bridge.server import start
from quantgraph.config import Config, GrpcConfig, HttpConfig
from quantgraph.domain.system import Mode
from resolvers.root import schema_of
from tests.grpc_bridge.world import World

# Each a misspelling that graphql-core has an answer to: field, argument, type, input field, enums.
MISSPELT: dict[str, tuple[str, dict[str, Any]]] = {
    "field": ("{ serverInf { mode } }", {}),
    "argument": ('{ quote(symbo: "600519.SH") { symbol } }', {}),
    "type": ("query($a: Perio) { __typename }", {}),
    "enum": ('{ bars(symbol: "600519.SH", period: DAY_2) { symbol } }', {}),
    "enum of a variable": (
        'query($p: Period!) { bars(symbol: "600519.SH", period: $p) { symbol } }', {"p": "DAY_2"}
    ),
    "input field": ("mutation { cancelOrder(input: {accountI: \"x\"}) { __typename } }", {}),
    "input field of a variable": (
        "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename } }",
        {"i": {"accountId": "x", "clientOrderI": "x"}},
    ),
    "enum of a variable's default": (
        'query($p: Period! = DAY_2) { bars(symbol: "600519.SH", period: $p) { symbol } }', {}
    ),
    "streamed": ('subscription { quotes(symbol: ["600519.SH"]) { kind } }', {}),
}  # fmt: skip
# Asked first: operations that are made ready meet wrong variables elsewhere than new ones.
RIGHT: dict[str, dict[str, Any]] = {"enum of a variable": {"p": "DAY_1"}}
INTROSPECTION = ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }')
HINT = "Did you mean"


def opened(mode: Mode, **http: Any) -> httpx.AsyncClient:
    gateway = replace(World().gateway, mode=mode)
    config = Config(mode=mode, http=HttpConfig(**http))
    web = httpx.ASGITransport(build_app(schema_of(mode), gateway, config))
    return httpx.AsyncClient(transport=web, base_url="http://127.0.0.1")


async def asked(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body = {"query": query, "variables": variables}
    return (await client.post("/graphql", json=body)).json()


async def tells(client: httpx.AsyncClient) -> set[str]:
    """Return what a stranger learns the contract from."""
    found: set[str] = set()
    for query in INTROSPECTION:
        answer = await asked(client, query)
        if "errors" not in answer:
            found.add("introspection")
    for name, (query, variables) in MISSPELT.items():
        answers = [await asked(client, query, **variables)]
        if name in RIGHT:
            assert "data" in await asked(client, query, **RIGHT[name])
            answers.append(await asked(client, query, **variables))
        assert answers[-1]["errors"][0]["extensions"]["code"] != "INTERNAL", name
        if HINT in str(answers):
            found.add(name)
    if (await client.get("/")).status_code != 404:
        found.add("page")
    return found


ALL = {"introspection", "page", *MISSPELT}


@pytest.mark.parametrize(("mode", "told"), [("mock", ALL), ("dev", ALL), ("prod", set())])
async def test_prod_tells_nothing_of_its_contract(mode: str, told: set[str]) -> None:
    async with opened(Mode(mode)) as client:
        assert await tells(client) == told
        assert (await asked(client, "{ __typename }"))["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("mode", list(Mode))
async def test_each_is_as_it_is_configured_in_every_mode(mode: Mode) -> None:
    told = {"graphiql": {"page"}, "introspection": {"introspection"}, "suggestions": set(MISSPELT)}
    for name, shown in told.items():
        settings = dict.fromkeys(told, False) | {name: True}
        async with opened(mode, **settings) as client:
            assert await tells(client) == shown


@pytest.mark.parametrize(
    ("mode", "switch", "served"),
    [("mock", "auto", True), ("dev", "auto", True), ("prod", "auto", False), ("prod", True, True),
     ("mock", False, False)],
)  # fmt: skip
async def test_reflection_is_off_in_prod_unless_it_is_wanted(
    mode: str, switch: bool | str, served: bool
) -> None:
    gateway = replace(World().gateway, mode=Mode(mode))
    server = await start(gateway, GrpcConfig(port=0, reflection=switch))
    try:
        async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            call = stub.ServerReflectionInfo()
            async with asyncio.timeout(20):
                # Who sends to a call that is refused meanwhile hears INTERNAL of its own library.
                if served:
                    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
                    assert (await call.read()).list_services_response.service
                else:
                    assert await call.code() is StatusCode.UNIMPLEMENTED
    finally:
        # A server that is left open keeps the tests' process from ending.
        await server.stop(0)


@pytest.mark.parametrize(
    ("settings", "note"),
    [({"documents": "enforce"}, "http.documents"), ({"introspection": False}, "http.introspection"),
     ({}, None)],
)  # fmt: skip
async def test_the_page_says_what_it_cannot_do_and_why(
    tmp_path: Any, settings: dict[str, Any], note: str | None
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text("{}")
    if "documents" in settings:
        settings = {**settings, "manifest": str(manifest)}
    async with opened(Mode.MOCK, **settings) as client:
        page = await client.get("/")
        if page.status_code == 503:
            pytest.skip("the page is not built here")
        assert ('role="alert"' in page.text, '<style nonce="{{' in page.text) == (bool(note), False)
        assert note is None or note in page.text
