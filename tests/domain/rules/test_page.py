"""docs/rules.md shows every row as it is judged by."""

import pytest

from quantgraph.domain.rules.tables import ALL_TABLES
from tools import rules

ROWS = [row for table in ALL_TABLES.values() for row in table]
LINES = [
    [cell.strip() for cell in line.strip("|\n").split("|")]
    for line in rules.FILE.read_text("utf-8").splitlines()
    if line.startswith("| `")
]


def test_the_page_is_current() -> None:
    assert rules.FILE.read_text("utf-8") == rules.render(), "run `just rules`"


def test_every_row_is_on_the_page_with_its_dates_its_source_and_who_checked_it() -> None:
    assert len(LINES) == len(ROWS)
    for row, (name, _, first, last, says, source, verified) in zip(ROWS, LINES, strict=True):
        assert name == f"`{row.name}`"
        assert (first, last) == (str(row.effective_from), str(row.effective_to or ""))
        assert says
        assert source.replace("<", "").replace(">", "") == row.source
        assert verified == ("yes" if row.verified else "**no**")


def test_a_figure_of_a_row_is_on_its_line() -> None:
    by_name = {line[0]: line for line in LINES}
    assert by_name["`lots.star`"][4].startswith("minimum 200, step 1, limit most 100,000")
    assert by_name["`cage.main.none`"][4] == "rate none, ticks 0"
    assert by_name["`quota.st.sz`"][1] == "SZ STOCK ST"
    assert by_name["`band.fund.star`"][1] == "FUND SH588"


def test_every_address_of_a_source_can_be_followed() -> None:
    by_name = {line[0]: line[5] for line in LINES}
    told = by_name["`phases.after-hours.main`"]
    assert [part.split(">")[0] for part in told.split("<")[1:]] == [
        "https://www.sse.com.cn/aboutus/mediacenter/hotandd/c/c_20260424_10816474.shtml",
        "https://docs.static.szse.cn/www/lawrules/rule/trade/current/W020260424690713155663.pdf",
    ]


def test_the_tool_compares_and_writes(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(rules, "FILE", tmp_path / "rules.md")
    assert rules.main(["--chek"]) == 2
    assert rules.main(["--check"]) == 1
    assert "just rules" in capsys.readouterr().err
    assert rules.main([]) == 0
    assert rules.main(["--check"]) == 0


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_no_cell_breaks_the_table(line) -> None:
    assert len(line) == 7
