"""Finds the documents of clients in their sources."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, parse, validate

_WHOLE = frozenset({".graphql", ".gql"})
_CODE = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".vue", ".svelte"})
# gql`…`, graphql`…`, gql(`…`), and templates that a comment marks.
_TAGGED = re.compile(
    r"(?:\b(?:gql|graphql)\s*\(?\s*(?:/\*\s*GraphQL\s*\*/\s*)?|/\*\s*GraphQL\s*\*/\s*)"
    r"`((?:[^`\\]|\\.)*)`",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([`$\\])")
# What others wrote, and what was made.
_SKIPPED = frozenset({"node_modules", "dist", "build", ".git", ".venv"})


@dataclass(frozen=True, slots=True)
class Found:
    """A document where it stands; `fault` says why it cannot be in a manifest."""

    place: str
    text: str
    fault: str | None = None


def documents_in(path: Path, schema: GraphQLSchema) -> Iterator[Found]:
    """Yield the documents of a file, or of all files below a folder, in order. Raises OSError."""
    for file in sorted(_files(path)):
        source = file.read_text("utf-8", errors="replace")
        if file.suffix in _WHOLE:
            yield _judged(str(file), source, schema)
            continue
        for match in _TAGGED.finditer(source):
            line = source.count("\n", 0, match.start()) + 1
            yield _judged(f"{file}:{line}", _ESCAPED.sub(r"\1", match[1]), schema, tagged=True)


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = [each for each in folders if each not in _SKIPPED]
        yield from (Path(folder, each) for each in names if Path(each).suffix in _WHOLE | _CODE)


def _judged(place: str, text: str, schema: GraphQLSchema, *, tagged: bool = False) -> Found:
    if tagged and "${" in text:
        why = "has ${…} in it; only documents that are whole in their place can be found"
        return Found(place, text, why)
    try:
        errors = validate(schema, parse(text))
    except GraphQLError as error:
        errors = [error]
    return Found(place, text, errors[0].message if errors else None)
