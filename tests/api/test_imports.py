"""`quantgraph import` as a user runs it."""

import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

FILE = (
    "symbol,date,open,high,low,close,volume,amount\n"
    "600519.SH,2023-02-01,10.00,10.50,9.90,10.20,1000,10200\n"
    "600519.SH,2023-02-02,10.20,10.60,10.10,10.40,2000,20700\n"
)


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    (tmp_path / "bars.csv").write_text(FILE)

    def run(*words):
        words = [str(tmp_path / word) if word.endswith(".csv") else word for word in words]
        return CliRunner().invoke(app, ["import", *words, "--data-dir", str(tmp_path / "data")])

    return run


def test_a_file_is_imported_and_summed_up(command):
    result = command("bars", "bars.csv")
    assert result.exit_code == 0
    assert result.stdout == "bars.csv: 2 rows (daily), 2 new, 1 symbols, 2023-02-01 to 2023-02-02\n"


def test_the_second_time_it_says_that_nothing_changed(command):
    command("bars", "bars.csv")
    assert "nothing changed" in command("bars", "bars.csv").stdout


def test_bad_rows_are_shown_by_line_and_the_command_fails_with_the_code(command, tmp_path):
    (tmp_path / "bad.csv").write_text(FILE + "600519.SH,2023-02-03,x,1,1,1,1,1\n")
    result = command("bars", "bad.csv")
    assert "bad.csv, line 4: open 'x' is not a number" in result.stdout
    assert isinstance(result.exception, GatewayError)
    assert result.exception.reason is Reason.IMPORT_FAILED
    skipped = command("bars", "bad.csv", "--skip-bad-rows")
    assert skipped.exit_code == 0
    assert "1 bad rows were left out" in skipped.stdout
    assert "2 new" in skipped.stdout


def test_rows_that_are_left_out_are_all_shown(command, tmp_path):
    (tmp_path / "bad.csv").write_text(FILE + "600519.SH,2023-02-03,x,1,1,1,1,1\n" * 30)
    assert command("bars", "bad.csv").stdout.count("is not a number") == 20
    assert command("bars", "bad.csv", "--skip-bad-rows").stdout.count("is not a number") == 30


def test_a_file_of_bad_rows_alone_is_not_called_held(command, tmp_path):
    (tmp_path / "bad.csv").write_text(
        FILE.split("\n", maxsplit=1)[0] + "\n600519.SH,2023-02-03,x,1,1,1,1,1\n"
    )
    result = command("bars", "bad.csv", "--skip-bad-rows")
    assert result.stdout.startswith("bad.csv: no row to take (daily): nothing changed\n")
    assert "held already" not in result.stdout


def test_a_symbol_that_is_none_is_refused_before_any_file_is_read(command):
    result = command("bars", "absent.csv", "--symbol", "nonsense")
    assert result.exception.reason is Reason.IMPORT_FAILED
    assert "--symbol 'nonsense' is not a symbol" in result.exception.message


def test_a_symbol_that_the_file_contradicts_is_refused(command):
    result = command("bars", "bars.csv", "--symbol", "600000.SH")
    assert "600519.SH on line 2" in result.exception.message


def test_one_bad_file_among_others_fails_the_command_after_the_others_are_in(command, tmp_path):
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    result = command("bars", "odd.csv", "bars.csv")
    assert "2 new" in result.stdout
    assert "odd.csv: LAYOUT_UNKNOWN" in result.stdout
    assert result.exception.reason is Reason.LAYOUT_UNKNOWN
    assert "1 of 2 files" in result.exception.message


def test_only_mock_mode_takes_files(command, monkeypatch):
    monkeypatch.setenv("APP_MODE", "prod")
    assert "mock" in command("bars", "bars.csv").exception.message


def test_an_unknown_kind_is_refused_with_the_known_ones(command):
    assert "dividends" in command("nonsense", "bars.csv").exception.message


def test_the_options_reach_the_file(command, tmp_path):
    (tmp_path / "no-symbol.csv").write_text(FILE.replace("symbol,", "").replace("600519.SH,", ""))
    assert (
        command("bars", "no-symbol.csv", "--symbol", "600519.SH", "--layout", "daily").exit_code
        == 0
    )
