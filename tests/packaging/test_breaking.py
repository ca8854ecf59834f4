"""What breaks clients of the last version is found, and what does not is let through."""

import os
import shutil
from pathlib import Path

import pytest

from tools import breaking
from tools.proto import PROTO
from tools.sdl import FILE

HEAD = "  submitOrder("


@pytest.fixture(autouse=True)
def node():
    if shutil.which("node") is None and not os.environ.get("CI"):
        pytest.skip("there is no node")


def changed(tmp_path: Path, old: str, new: str) -> set[str]:
    """The levels of the changes from the contract to one with a text replaced."""
    text = FILE.read_text("utf-8")
    assert old in text
    after = tmp_path / "after.graphql"
    after.write_text(text.replace(old, new, 1), "utf-8")
    return {each["level"] for each in breaking.graphql_changes(FILE, after)}


def protos(tmp_path: Path, old: str, new: str) -> list[str]:
    """What buf says of the contract with a text of orders.proto replaced."""
    after = tmp_path / "proto"
    shutil.copytree(PROTO, after, ignore=shutil.ignore_patterns("*.binpb"))
    file = after / "quantgraph" / "v1" / "orders.proto"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return breaking.proto_changes(PROTO, after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HEAD, "  placeOrder("),
        ("  replayed: Boolean!", "  replayed: Boolean"),
        ("  priceType: PriceType! = LIMIT", "  priceType: PriceType!"),
    ],
)
def test_a_break_of_the_graphql_contract_is_found(tmp_path, old, new):
    assert breaking.BREAKING in changed(tmp_path, old, new)


def test_an_addition_breaks_nothing(tmp_path):
    more = '  """New."""\n  more: Int\n\n  """Whether'
    assert changed(tmp_path, '  """Whether', more) == {"NON_BREAKING"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bool replayed = 2;", "bool replayed = 3;"),
        ("bool replayed = 2;", "int64 replayed = 2;"),
        ("rpc SubmitOrder(", "rpc PlaceOrder("),
    ],
)
def test_a_break_of_the_grpc_contract_is_found(tmp_path, old, new):
    assert protos(tmp_path, old, new)


def test_a_new_field_of_a_message_breaks_nothing(tmp_path):
    more = "bool replayed = 2;\n  // New.\n  bool more = 3;"
    assert protos(tmp_path, "bool replayed = 2;", more) == []


def test_the_contracts_of_today_do_not_break_clients_of_the_last_version(capsys):
    assert breaking.main(["--check"]) == 0, capsys.readouterr().err


def test_a_break_is_told_with_the_way_out(tmp_path, monkeypatch, capsys):
    before = tmp_path / "released.graphql"
    before.write_text(FILE.read_text("utf-8").replace(HEAD, "  placeOrder("), "utf-8")
    changes = breaking.graphql_changes
    monkeypatch.setattr(breaking, "graphql_changes", lambda: changes(before))
    assert breaking.main(["--check"]) == 1
    told = capsys.readouterr().err
    assert "placeOrder" in told
    assert "just released" in told
