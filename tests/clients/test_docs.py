"""Every block of docs/clients.md runs, and prints what its last line says."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from graphql import parse, validate

from tests.contracts.fuzz import SCHEMA

_PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
_ADDRESS = "127.0.0.1:8000"
_PIECES = re.compile(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code, and the heading it stands under."""

    heading: str
    language: str
    text: str


def blocks() -> list[Block]:
    found, heading = [], ""
    for match in _PIECES.finditer(_PAGE.read_text("utf-8")):
        title, language, text = match.groups()
        heading = title or heading
        if language:
            found.append(Block(heading, language, text))
    return found


RUNNING = {"js": ["--input-type=module"], "python": ["-"]}
SCRIPTS = [block for block in blocks() if block.language in RUNNING]


def name(block: Block) -> str:
    return f"{block.heading} {block.language}"


def addressed(block: Block, gateway: object) -> str:
    assert _ADDRESS in block.text
    return block.text.replace(_ADDRESS, gateway.addresses.http.removeprefix("http://"))


@pytest.mark.parametrize("block", SCRIPTS, ids=name)
def test_a_block_prints_what_it_says(block, gateway, installed):
    program = sys.executable if block.language == "python" else installed.node
    done = subprocess.run(
        [program, *RUNNING[block.language]],
        input=addressed(block, gateway),
        cwd=installed.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    expected = re.sub(r"^(//|#) ", "", block.text.splitlines()[-1])
    assert done.stdout.split() == expected.split()


def test_codegen_reads_the_schema_from_the_gateway(gateway, installed, tmp_path):
    [block] = [each for each in blocks() if each.language == "yaml"]
    (tmp_path / "codegen.yml").write_text(addressed(block, gateway))
    (tmp_path / "node_modules").symlink_to(installed.folder / "node_modules")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "quotes.graphql").write_text(
        "subscription Quotes($symbols: [Symbol!]) { quotes(symbols: $symbols) { kind } }\n"
        "query Order($id: ID!) { order(accountId: $id) { clientOrderId state } }\n"
    )
    program = installed.folder / "node_modules" / "@graphql-codegen" / "cli" / "esm" / "bin.js"
    done = subprocess.run(
        [installed.node, str(program), "--config", "codegen.yml"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    typed = (tmp_path / "src" / "generated" / "graphql.ts").read_text()
    assert "export type QuotesSubscription = " in typed
    assert "clientOrderId" in typed


def test_the_page_names_every_problem():
    """Apollo drops a fragment on the interface for a type that it was not told of."""
    [named] = re.findall(r"Problem: \[(.*?)\]", _PAGE.read_text("utf-8"), re.DOTALL)
    types = SCHEMA.get_possible_types(SCHEMA.type_map["Problem"])
    assert re.findall(r"\w+", named) == sorted(each.name for each in types)


@pytest.mark.parametrize(
    "block", [each for each in blocks() if each.language == "graphql"], ids=lambda each: each.text
)
def test_a_document_is_one_that_the_schema_takes(block):
    assert validate(SCHEMA, parse(block.text)) == []


def test_every_client_of_the_suites_is_on_the_page():
    headings = {block.heading for block in blocks()}
    assert {"Apollo Client", "urql", "graphql-ws", "graphql-sse", "graphql-codegen"} <= headings
    assert "Python: gql" in headings
