"""Writes schema/schema.graphql from the code; `--check` says whether it is current."""

import difflib
import sys
from itertools import islice
from pathlib import Path

from resolvers.root import graphql_schema

FILE = Path(__file__).parents[1] / "schema" / "schema.graphql"
_SHOWN = 40


def render() -> str:
    """Return the contract as the file should hold it."""
    return f"{graphql_schema}\n"


def differences(file: Path = FILE) -> list[str]:
    """Return the lines of a diff from the file to the code; empty where they agree."""
    held = file.read_text("utf-8") if file.is_file() else ""
    names = (str(file), "the code")
    return list(difflib.unified_diff(held.splitlines(), render().splitlines(), *names, lineterm=""))


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` only compare."""
    if arguments == []:
        FILE.write_text(render(), "utf-8", newline="\n")
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tools.sdl [--check]\n")
        return 2
    found = differences()
    if found:
        shown = "\n".join(islice(found, _SHOWN))
        sys.stderr.write(f"{shown}\n\n{FILE.name} is not current; run `just sdl`.\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
