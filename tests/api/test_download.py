"""`quantgraph download` writes what a gateway has, and says what it has not."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from api.commands import download
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from tests.client.conftest import Running, running, serving

__all__ = ["running", "serving"]


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    download.register(app)
    return app


def run(command: typer.Typer, running: Running, out: Path, *options: str) -> Any:
    line = ["download", "bars", "--out", str(out), "--target", running.target, *options]
    return CliRunner().invoke(command, line)


def test_symbols_and_sectors_become_parquet_files(
    command: typer.Typer, running: Running, tmp_path: Path
):
    out = tmp_path / "new" / "bars"
    options = ("--symbols", "600000.SH, 600519.SH", "--sector", "白酒")
    span = ("--start", "2023-01-01", "--end", "2023-12-31", "--adjustment", "front_ratio")
    result = run(command, running, out, *options, *span)
    assert result.exit_code == 0, result.output
    names = {each.name for each in out.iterdir()}
    assert names == {"600000.SH.parquet", "600519.SH.parquet", "000858.SZ.parquet"}
    frame = pl.read_parquet(out / "600519.SH.parquet")
    assert frame.height == 260
    assert f"3 of 3 symbols, {3 * 260} bars" in result.stdout
    assert running.world.bars.asked[0].adjustment == "FRONT_RATIO"


def test_a_failing_symbol_is_told_and_the_others_are_written(
    command: typer.Typer, running: Running, tmp_path: Path
):
    result = run(command, running, tmp_path, "--symbols", "600519.SH,999999.SH")
    assert result.exit_code == 1
    assert "1 of 2 symbols" in result.stdout
    assert "999999.SH: UNKNOWN_SYMBOL" in result.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["600519.SH.parquet"]


def test_a_key_comes_from_the_environment(
    command: typer.Typer, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    running.world.access.closed = True
    result = run(command, running, tmp_path, "--symbols", "600519.SH")
    assert isinstance(result.exception, GatewayError)
    assert result.exception.reason is Reason.UNAUTHENTICATED
    monkeypatch.setenv("QUANTGRAPH_KEY", "reader")
    assert run(command, running, tmp_path, "--symbols", "600519.SH").exit_code == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), Reason.BAD_REQUEST),
        (("--symbols", "MAOTAI"), Reason.BAD_REQUEST),
        (("--symbols", "600519.SH", "--start", "yesterday"), Reason.BAD_REQUEST),
        (("--sector", "无"), Reason.UNKNOWN_SECTOR),
        (
            ("--symbols", "600519.SH", "--start", "2023-02-02", "--end", "2023-02-01"),
            Reason.START_AFTER_END,
        ),
    ],
)
def test_a_wrong_wish_is_refused_with_its_code(
    command: typer.Typer, running: Running, tmp_path: Path, options: Any, reason: Reason
):
    result = run(command, running, tmp_path, *options)
    assert isinstance(result.exception, GatewayError)
    assert result.exception.reason is reason


def test_a_folder_that_cannot_be_made_is_told(
    command: typer.Typer, running: Running, tmp_path: Path
):
    (tmp_path / "file").write_text("")
    result = run(command, running, tmp_path / "file" / "bars", "--symbols", "600519.SH")
    assert isinstance(result.exception, GatewayError)
    assert result.exception.reason is Reason.DATA_DIR_UNUSABLE
