"""docs/windows.md cannot be run here: its files, commands and operations are held against ours."""

import re
import shlex
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from typer.main import get_command

from api.cli import app
from quantgraph.domain.reasons import Reason
from quantgraph.loading import load_config

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "windows.md").read_text("utf-8")
BLOCKS = re.findall(r"^ *```(\w+)\n(.*?)^ *```$", PAGE, re.DOTALL | re.MULTILINE)


def texts(kind):
    found = [text for name, text in BLOCKS if name == kind]
    assert found
    return found


def test_the_page_says_that_nothing_of_it_was_run():
    assert PAGE.split("\n\n")[1].startswith("**Not run here.**")


@pytest.mark.parametrize("text", texts("toml"))
def test_its_configurations_are_taken(text, tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    config = load_config(file)
    assert config.terminal.path == r"D:\QMT\userdata_mini"
    assert f'mode = "{config.mode.value}"' in text


def test_its_commands_and_their_options_are_there():
    lines = [line for text in texts("powershell") for line in text.splitlines()]
    told = [shlex.split(line)[1:] for line in lines if line.startswith("quantgraph ")]
    assert len(told) > 5
    for words in told:
        command = get_command(app)
        while words and hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        options = {option for each in command.params for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize("text", texts("graphql"))
def test_its_operations_are_valid(text):
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text("utf-8"))
    assert validate(schema, parse(text)) == []


def test_its_codes_keys_and_pages_are_there():
    codes = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", PAGE))
    assert codes <= {each.value for each in Reason}
    config = (ROOT / "config.toml").read_text("utf-8")
    for key in re.findall(r"`(?:terminal|http|grpc|rules|logging)\.(\w+)", PAGE):
        assert re.search(rf"^{key} = ", config, re.MULTILINE), key
    for link in re.findall(r"\]\(([\w.-]+\.md)[#)]", PAGE):
        assert (ROOT / "docs" / link).is_file(), link
