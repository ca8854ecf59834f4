"""The explorer page: its files, its policy, and the queries it opens with."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode
from starlette.applications import Starlette
from starlette.routing import Route

from api.explorer import Explorer, routes
from quantgraph.config import Config, HttpConfig

_ROOT = Path(__file__).parents[2]
_QUERIES = _ROOT / "api" / "graphiql" / "queries"
_FILES = sorted(_QUERIES.glob("*.graphql"))


def _client(home: Path) -> httpx.AsyncClient:
    explorer = Explorer(home)
    paths = [Route("/", explorer.page), Route("/graphiql/{file}", explorer.asset)]
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Starlette(routes=paths)), base_url="http://gateway"
    )


@pytest.fixture
def built(tmp_path: Path) -> httpx.AsyncClient:
    dist = tmp_path / "dist"
    dist.mkdir()
    page = '<meta name="csp-nonce" content="{{nonce}}"><script src="graphiql/a-1.js"></script>'
    (dist / "page.html").write_text(page)
    (dist / "a-1.js").write_text("plain")
    (dist / "a-1.js.gz").write_bytes(gzip.compress(b"packed"))
    (dist / "LICENSES.txt").write_text("MIT")
    return _client(tmp_path)


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((_ROOT / "schema" / "schema.graphql").read_text("utf-8"))


async def _policy(client: httpx.AsyncClient) -> dict[str, str]:
    parts = (await client.get("/")).headers["content-security-policy"].split("; ")
    return dict(part.split(" ", 1) for part in parts)


async def test_nothing_but_our_own_origin_is_allowed(built: httpx.AsyncClient) -> None:
    policy = await _policy(built)
    assert policy["default-src"] == "'none'"
    for directive in ("script-src", "worker-src", "connect-src", "font-src"):
        assert policy[directive] == "'self'"
    assert "unsafe-eval" not in str(policy)
    relaxed = [name for name, sources in policy.items() if "unsafe-inline" in sources]
    assert relaxed == ["style-src-attr"]


async def test_every_load_has_a_nonce_of_its_own(built: httpx.AsyncClient) -> None:
    async def load() -> tuple[str, str]:
        answer = await built.get("/")
        allowed = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        written = re.search(r'content="([^"]+)"', answer.text)
        assert allowed and written
        return allowed[1], written[1]

    first, second = await load(), await load()
    assert first[0] == first[1]
    assert first != second


async def test_the_page_is_never_stored_and_its_files_always_are(built: httpx.AsyncClient) -> None:
    assert (await built.get("/")).headers["cache-control"] == "no-store"
    assert "immutable" in (await built.get("/graphiql/a-1.js")).headers["cache-control"]


async def test_files_have_types_that_browsers_run(built: httpx.AsyncClient) -> None:
    answer = await built.get("/graphiql/a-1.js", headers={"accept-encoding": "identity"})
    assert answer.text == "plain"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_packed_file_goes_to_who_can_unpack_it(built: httpx.AsyncClient) -> None:
    answer = await built.get("/graphiql/a-1.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.text == "packed"


@pytest.mark.parametrize("name", ["page.html", "a-1.js.gz", "none.js", "..%2f..%2fexplorer.py"])
async def test_no_other_file_can_be_asked_for(built: httpx.AsyncClient, name: str) -> None:
    assert (await built.get(f"/graphiql/{name}")).status_code == 404


async def test_a_missing_page_says_what_to_run_in_a_checkout(tmp_path: Path) -> None:
    home = tmp_path / "api" / "graphiql"
    home.mkdir(parents=True)
    (home / "package.json").write_text("{}")
    answer = await _client(home).get("/")
    assert answer.status_code == 503
    assert f"{tmp_path}&quot;\nuv sync --reinstall-package quantgraph" in answer.text


async def test_a_missing_page_says_what_to_run_after_an_install(tmp_path: Path) -> None:
    assert "pip install --force-reinstall" in (await _client(tmp_path).get("/")).text


async def test_a_switched_off_page_has_no_routes() -> None:
    assert routes(Config(http=HttpConfig(graphiql=False))) == []
    assert len(routes(Config())) == 2


async def test_every_query_file_is_a_tab() -> None:
    tabs = (_QUERIES.parent / "src" / "tabs.ts").read_text("utf-8")
    assert re.findall(r"queries/(\w+)\.graphql", tabs) == [file.stem for file in _FILES]


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_every_ready_query_fits_the_contract(contract: GraphQLSchema, file: Path) -> None:
    document = parse(file.read_text("utf-8"))
    assert validate(contract, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    given = json.loads((_QUERIES / "variables.json").read_text("utf-8"))[file.stem]
    values = get_variable_values(contract, list(operation.variable_definitions), given)
    assert not isinstance(values, list), values  # a list holds errors
