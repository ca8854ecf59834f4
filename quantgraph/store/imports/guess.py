"""Finds the layout of a file: by name where it was given, by header where only one fits."""

from collections.abc import Sequence

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports.layouts import LAYOUTS, ImportKind, Layout
from quantgraph.store.imports.table import Table, import_failed


def find_layout(kind: ImportKind, table: Table, name: str | None) -> Layout:
    """Return the layout to read a table by.

    A file name proves nothing. Raises LAYOUT_UNKNOWN, LAYOUT_AMBIGUOUS (with the candidates), or
    IMPORT_FAILED for a layout that is known but must not be imported.
    """
    chosen = _guessed(kind, table) if name is None else _named(kind, table, name)
    if chosen.refused:
        raise import_failed(table.file, f"in the layout {chosen.name} {chosen.refused}")
    return chosen


def layout_names(kind: ImportKind) -> Sequence[str]:
    """Return the names of the layouts of a kind."""
    return [layout.name for layout in LAYOUTS if layout.kind is kind]


def _named(kind: ImportKind, table: Table, name: str) -> Layout:
    found = next((one for one in LAYOUTS if one.kind is kind and one.name == name), None)
    if found is None:
        known = ", ".join(layout_names(kind))
        text = f"There is no layout {name!r} for {kind}. Known: {known}."
        raise StartupError(Reason.LAYOUT_UNKNOWN, text, layout=name)
    if not found.matches(table.header):
        absent = [column for column in found.columns if column not in table.header]
        known = {*found.columns, *found.optional}
        extra = [
            column
            for column in table.header
            if column in found.without or (found.exact and column not in known)
        ]
        why = f"lacks the column {', '.join(absent)}" if absent else f"has {', '.join(extra)}"
        text = f"{table.file} is not of the layout {name}: it {why}."
        raise StartupError(Reason.LAYOUT_UNKNOWN, text, file=str(table.file), layout=name)
    return found


def _guessed(kind: ImportKind, table: Table) -> Layout:
    matching = [one for one in LAYOUTS if one.kind is kind and one.matches(table.header)]
    best = [one for one in matching if _fit(one, table) == max(_fit(m, table) for m in matching)]
    if len(best) == 1:
        return best[0]
    header = ", ".join(table.header[:20])
    if not best:
        known = ", ".join(layout_names(kind))
        text = (
            f"{table.file} is of no known layout of {kind}. Its header: {header}. "
            f"Known layouts: {known} (their columns are in docs/imports.md)."
        )
        raise StartupError(Reason.LAYOUT_UNKNOWN, text, file=str(table.file))
    candidates = ", ".join(one.name for one in best)
    text = (
        f"{table.file} could be of more than one layout: {candidates}. Its header is the same "
        "in all of them: say which with --layout."
    )
    raise StartupError(Reason.LAYOUT_AMBIGUOUS, text, file=str(table.file), candidates=candidates)


def _fit(layout: Layout, table: Table) -> tuple[bool, int]:
    """Return how well a matching layout fits: an exact header first, then known columns."""
    known = {*layout.columns, *layout.optional}
    return layout.exact, len(known.intersection(table.header))
