"""The contract on disk and the one in code."""

from pathlib import Path

import pytest

from tools import sdl


def test_the_contract_that_is_checked_in_is_the_one_that_answers() -> None:
    assert sdl.differences() == []


def test_a_contract_that_differs_is_shown_as_a_diff(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text(sdl.render().replace("submitOrder", "placeOrder"), "utf-8")
    lines = sdl.differences(file)
    assert any(line.startswith("-") and "placeOrder" in line for line in lines)
    assert any(line.startswith("+") and "submitOrder" in line for line in lines)


def test_an_unknown_option_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert sdl.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err
