"""What the READMEs show is run: the import, every operation with its answer, the client."""

import contextlib
import io
import itertools
import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
from graphql import build_schema
from typer.testing import CliRunner

from api.cli import app
from resolvers.root import graphql_schema

ROOT = Path(__file__).parents[1]
READMES = ["README.md", "README.zh-CN.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(name):
    return BLOCK.findall((ROOT / name).read_text("utf-8"))


def pairs(name, first, second):
    found = blocks(name)
    return [
        (text, answer)
        for (kind, text), (other, answer) in itertools.pairwise(found)
        if (kind, other) == (first, second)
    ]


@pytest.mark.parametrize("name", READMES)
def test_every_root_field_is_listed(name):
    rows = re.findall(r"^\| [^|]+ \| (`.*) \|$", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    listed = [set(re.findall(r"`(\w+)`", row)) for row in rows]
    schema = build_schema(graphql_schema.as_str())
    queries, mutations, subscriptions = (
        set(kind.fields)
        for kind in (schema.query_type, schema.mutation_type, schema.subscription_type)
    )
    assert set.union(*listed[:-2]) == queries
    assert listed[-2:] == [mutations, subscriptions]


@pytest.fixture(params=READMES, scope="module")
def served(request, tmp_path_factory, start_gateway):
    """A gateway over the file that the README shows, imported as the README says."""
    name, folder = request.param, tmp_path_factory.mktemp("readme")
    [(_, table)] = [each for each in blocks(name) if each[0] == "csv"]
    assert len(table.splitlines()) == 3
    (folder / "bars.csv").write_text(table)
    [(command, output)] = pairs(name, "sh", "text")
    words = shlex.split(command)
    assert words[:3] == ["uv", "run", "quantgraph"]
    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, [*words[3:], "--data-dir", str(folder)])
    assert done.stdout == output
    with start_gateway(folder) as running:
        yield name, running


def answer_of(url, document):
    accept = "text/event-stream" if document.startswith("subscription") else "application/json"
    request = {"json": {"query": document}, "headers": {"accept": accept}, "timeout": 20}
    if accept == "application/json":
        return httpx.post(url, **request).json()
    with httpx.stream("POST", url, **request) as response:
        for line in response.iter_lines():
            if line.startswith("data:"):
                return json.loads(line[5:])
    raise AssertionError("no event came")


def test_every_operation_answers_what_is_shown(served):
    name, running = served
    shown = pairs(name, "graphql", "json")
    assert len(shown) == 4
    for document, answer in shown:
        found = answer_of(running.addresses.http + "/graphql", document)
        assert "errors" not in found
        assert found["data"] == json.loads(answer)


def test_the_client_prints_what_is_shown(served):
    name, running = served
    [(code, output)] = pairs(name, "python", "text")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code.replace("127.0.0.1:50051", running.addresses.grpc), {})
    assert printed.getvalue() == output


def test_the_download_command_writes_parquet(served, tmp_path):
    name, running = served
    [command] = [text for kind, text in blocks(name) if kind == "sh" and " download " in text]
    words = shlex.split(command)[3:]
    words[words.index("data/")] = str(tmp_path / "data")
    done = CliRunner().invoke(app, [*words, "--target", running.addresses.grpc])
    assert done.exit_code == 0, done.output
    assert [file.suffix for file in (tmp_path / "data").iterdir()] == [".parquet"]


@pytest.mark.parametrize("name", READMES)
def test_every_command_that_is_shown_exists(name):
    lines = [line for kind, text in blocks(name) if kind == "sh" for line in text.splitlines()]
    ours = [shlex.split(line.split("&&")[-1]) for line in lines if "quantgraph " in line]
    assert len(ours) >= 4
    for words in ours:
        arguments = words[words.index("quantgraph") + 1 :]
        names = [word for word in arguments if not word.startswith("-")]
        grouped = ("audit", "keys", "download", "downloads", "store")
        group = names[:2] if names[0] in grouped else names[:1]
        done = CliRunner().invoke(app, [*group, "--help"], env={"COLUMNS": "200"})
        assert done.exit_code == 0
        for option in (word for word in arguments if word.startswith("--")):
            assert option in done.output


@pytest.mark.parametrize("name", READMES)
def test_every_link_leads_somewhere(name):
    text = (ROOT / name).read_text("utf-8")
    for target in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_both_readmes_show_the_same_examples():
    shown = [[each for each in blocks(name) if each[0] != "sh"] for name in READMES]
    assert shown[0] == shown[1]
