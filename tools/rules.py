"""Writes docs/rules.md from the rows of domain/rules; `--check` only compares."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from enum import Enum
from inspect import getdoc
from pathlib import Path
from typing import cast

from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.tables import ALL_TABLES

FILE = Path(__file__).parents[1] / "docs" / "rules.md"
_HEAD = """\
# Market rules

<!-- Written by `python -m tools.rules` from quantgraph/domain/rules. -->

Every row that the order guard and the simulated exchange judge by. An order is judged by the rows
that hold on its day; where none does it is refused `RULE_UNKNOWN`. `From` and `To` are both
included; no `To`: it still holds.

A row that is not **verified** stands on what traders of the period know, not on an official text.
Mock and dev work with it. Prod refuses with `RULE_UNVERIFIED` until `rules.accept_unverified` of
`config.toml` lists its name.

Prices are yuan, quantities shares (of bonds and funds: units), times Shanghai's.
"""
_COLUMNS = ("Name", "For", "From", "To", "Says", "Source", "Verified")
_SHARED = frozenset(each.name for each in fields(Row))


def render(tables: Mapping[str, tuple[Row, ...]] = ALL_TABLES) -> str:
    """Return the page: a section for each table, its rows in the order in which they are asked."""
    parts = [_HEAD]
    for name, rows in tables.items():
        title = name.replace("_", " ").capitalize()
        meaning = (getdoc(type(rows[0])) or "").replace("\n\n", " ").replace("\n", " ")
        parts += [f"\n## {title}\n\n{meaning}\n\n", _row(_COLUMNS), _row("---" for _ in _COLUMNS)]
        parts += [_line(row) for row in rows]
    return "".join(parts)


def _line(row: Row) -> str:
    source = re.sub(r"https://[^\s;]+", r"<\g<0>>", row.source)
    dates = (str(row.effective_from), "" if row.effective_to is None else str(row.effective_to))
    verified = "yes" if row.verified else "**no**"
    return _row((f"`{row.name}`", _whom(row), *dates, _says(row), source, verified))


def _whom(row: Row) -> str:
    warned = {True: "ST", False: "not ST", None: None}[row.st]
    parts = (row.market, row.board, row.kind, warned, " ".join(row.codes))
    return " ".join(part for part in parts if part)


def _says(row: Row) -> str:
    """Return what a row has besides what every row has."""
    own = (each.name for each in fields(row) if each.name not in _SHARED)
    values = ((name, getattr(row, name)) for name in own)
    told = ((name, _written(value)) for name, value in values if value != ())
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told)


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return " ".join(_written(each) for each in cast("tuple[object, ...]", value))
    if isinstance(value, Enum | date):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value}"


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(each) for each in cells) + " |\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only compare."""
    if arguments == []:
        FILE.write_text(render(), "utf-8", newline="\n")
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tools.rules [--check]\n")
        return 2
    if FILE.is_file() and FILE.read_text("utf-8") == render():
        return 0
    sys.stderr.write(f"{FILE.name} is not current; run `just rules`.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
