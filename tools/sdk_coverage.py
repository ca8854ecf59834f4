"""Writes docs/sdk-coverage.md from tools/sdk_coverage.toml; `--check` only compares."""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("sdk_coverage.toml")
FILE = Path(__file__).parents[1] / "docs" / "sdk-coverage.md"
# What a row says besides its own words.
STATES: Mapping[str, str] = {
    "called": "called",
    "instead": "by other means",
    "inside": "inside the gateway",
    "helper": "helper",
    "screen": "terminal's screen",
    "broken": "broken as shipped",
    "later": "**not yet**",
}
REACHED = frozenset({"called", "instead"})
_HEAD = """\
# What the gateway reaches of the vendor's SDK

<!-- Written by `python -m tools.sdk_coverage` from tools/sdk_coverage.toml. -->

Every core callable of xtquant {version}: {total}. {reached} are reached, {called} of them
called by the back-end; {rest}.
A test holds the table against the real modules, both contracts and the back-end, so that a new
version of the SDK shows its differences.

- **called**: the back-end calls it, or hears it, for the fields beside it.
- **by other means**: the fields say what it says; the words name by which call.
- **inside the gateway**: belongs to whoever holds the SDK; callers have no use for it.
- **helper**: converts, prints or reads a file in Python, and asks the terminal nothing.
- **terminal's screen**: draws on the terminal's own screen, or runs its timetable.
- **broken as shipped**: does not work in this version.

`dev` and `prod` answer so; mock answers the same fields from its own world. Reads go by the store
first, which has what was imported.
"""
_COLUMNS = ("Callable", "State", "GraphQL", "gRPC", "Words")


@dataclass(frozen=True, slots=True)
class Row:
    """A callable, what becomes of it, and through which fields."""

    name: str
    state: str
    fields: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """Callables of one topic; `owner` is the module or class that has them."""

    title: str
    owner: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole table; `rpcs` by field, `aliases` by second name."""

    version: str
    rpcs: Mapping[str, str]
    aliases: Mapping[str, str]
    groups: tuple[Group, ...]

    def rows(self) -> list[Row]:
        """Return every row."""
        return [row for group in self.groups for row in group.rows]


@cache
def read() -> Coverage:
    """Return the table. Raises KeyError where a key is missing, ValueError for a short row."""
    told = tomllib.loads(TABLE.read_text("utf-8"))
    groups = tuple(
        Group(each["title"], each["owner"], tuple(_row(*row) for row in each["calls"].items()))
        for each in told["group"]
    )
    return Coverage(told["version"], told["rpcs"], told["aliases"], groups)


def render(coverage: Coverage | None = None) -> str:
    """Return the page."""
    coverage = coverage or read()
    counts = Counter(row.state for row in coverage.rows())
    rest = ", ".join(
        f"{counts[state]} {words.strip('*')}"
        for state, words in STATES.items()
        if state not in REACHED
    )
    head = _HEAD.format(
        version=coverage.version,
        total=counts.total(),
        reached=sum(counts[state] for state in REACHED),
        called=counts["called"],
        rest=rest,
    )
    parts = [head]
    for group in coverage.groups:
        parts += [f"\n## {group.title}\n\n`{group.owner}`\n\n", _line(_COLUMNS)]
        parts += [_line("---" for _ in _COLUMNS)]
        parts += [_line(_cells(row, coverage.rpcs)) for row in group.rows]
    names = ", ".join(f"`{name}` is `{of}`" for name, of in coverage.aliases.items())
    return "".join([*parts, f"\n## Second names\n\n{names}.\n"])


def _row(name: str, told: list[str]) -> Row:
    state, fields, words = told
    return Row(name, state, tuple(fields.split()), words)


def _cells(row: Row, rpcs: Mapping[str, str]) -> Iterable[str]:
    named = dict.fromkeys(rpcs[field] for field in row.fields)
    fields, calls = (" ".join(f"`{each}`" for each in names) for names in (row.fields, named))
    return (f"`{row.name}`", STATES[row.state], fields, calls, row.words)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only compare."""
    if arguments == []:
        FILE.write_text(render(), "utf-8", newline="\n")
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tools.sdk_coverage [--check]\n")
        return 2
    if FILE.is_file() and FILE.read_text("utf-8") == render():
        return 0
    sys.stderr.write(f"{FILE.name} is not current; run `just coverage`.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
