"""docs/hazards.md names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_each_hazard_has_a_row_and_its_tests_are_there():
    rows = ROW.findall((ROOT / "docs" / "hazards.md").read_text("utf-8"))
    assert [int(number) for number, _, _ in rows] == [*range(1, 45)]
    named = [each for _, _, shown in rows for each in re.findall(r"`([^`]+)::(\w+)`", shown)]
    absent = [
        (file, test)
        for file, test in named
        if f"def {test}(" not in (ROOT / file).read_text("utf-8")
    ]
    assert absent == []
    assert len(named) > 40
