"""Imports files into the store: each one wholly, or not at all."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.store.imports import bars, ticks
from quantgraph.store.imports.dividends import read_dividends
from quantgraph.store.imports.draft import BadRowsFound, Draft, ImportOptions
from quantgraph.store.imports.files import read_table
from quantgraph.store.imports.financials import read_financials
from quantgraph.store.imports.guess import find_layout
from quantgraph.store.imports.instruments import read_instruments
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.imports.report import (
    BadRows,
    FileReport,
    ImportReport,
    OnProgress,
    Outcome,
    Progress,
)
from quantgraph.store.imports.sectors import read_sectors
from quantgraph.store.imports.steps import Steps
from quantgraph.store.imports.table import import_failed
from quantgraph.store.imports.weights import read_weights
from quantgraph.store.market import MarketStore
from quantgraph.store.merge import MergeCount
from quantgraph.store.writer import ImportLog, MarketWriter

_Read = tuple[Sequence[Outcome], Steps]
_NO_OPTIONS = ImportOptions()


def _quiet(_: Progress) -> None:
    """Show nothing."""


class Importer:
    """Reads files of one kind after the other into a store, one transaction a file."""

    def __init__(self, store: MarketStore, calendar: TradingCalendar, clock: Clock) -> None:
        """Import into `store`; the clock dates the import log."""
        self._store = store
        self._calendar = calendar
        self._clock = clock

    def import_files(
        self,
        kind: ImportKind,
        files: Sequence[Path],
        options: ImportOptions = _NO_OPTIONS,
        on_progress: OnProgress = _quiet,
    ) -> ImportReport:
        """Import the files in order and say what came of each.

        A file that fails (unreadable, of no known layout, bad rows) changes nothing and does not
        keep the others from being imported; its failure stands in the report. Files of sectors
        are one set: nodes and edges are imported together or not at all.
        """
        sets = [list(files)] if kind is ImportKind.SECTORS else [[file] for file in files]
        reports = [self._import_set(kind, part, options, on_progress) for part in sets if part]
        return ImportReport(kind.value, tuple(reports))

    def _import_set(
        self,
        kind: ImportKind,
        files: Sequence[Path],
        options: ImportOptions,
        on_progress: OnProgress,
    ) -> FileReport:
        try:
            drafts = [_draft(kind, file, options) for file in files]
            outcomes, steps = self._read(kind, drafts)
            count = self._write(drafts, steps, on_progress)
        except BadRowsFound as failure:
            return FileReport(tuple(files), failure=failure, bad=failure.bad)
        except StartupError as failure:
            return FileReport(tuple(files), failure=failure)
        except GatewayError as failure:
            # what is held there already cannot be read: other files may still be imported
            return FileReport(tuple(files), failure=import_failed(files[0], failure.message))
        outcome = _summed(outcomes, count)
        return FileReport(tuple(files), outcome, bad=outcome.bad)

    def _read(self, kind: ImportKind, drafts: Sequence[Draft]) -> _Read:
        if kind is ImportKind.SECTORS:
            return read_sectors(drafts)
        outcome, steps = _READERS[kind](drafts[0], self._calendar)
        return [outcome], steps

    def _write(self, drafts: Sequence[Draft], steps: Steps, on_progress: OnProgress) -> MergeCount:
        count, done, total = MergeCount(), 0, sum(step.rows for step in steps)
        file = drafts[0].table.file
        with self._store.write(self._calendar) as writer:
            on_progress(Progress(file, 0, total))
            for step in steps:
                count += step.run(writer)
                done += step.rows
                on_progress(Progress(file, done, total))
            if count.changed:
                for draft in drafts:
                    self._log(writer, draft)
        return count

    def _log(self, writer: MarketWriter, draft: Draft) -> None:
        file = draft.table.file
        writer.log(
            ImportLog(
                kind=draft.layout.kind.value,
                layout=draft.layout.name,
                file=file.name,
                sha256=_digest(file),
                rows=draft.height,
                time=self._clock.now(),
            )
        )


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise import_failed(file, f"it went away meanwhile: {error}") from None


def _draft(kind: ImportKind, file: Path, options: ImportOptions) -> Draft:
    table = read_table(file)
    draft = Draft(table, find_layout(kind, table, options.layout), options)
    if not draft.height and not table.ragged:
        raise import_failed(file, "it has no rows below its header.")
    return draft


def _summed(outcomes: Sequence[Outcome], count: MergeCount) -> Outcome:
    """Return one outcome of all files of a set."""
    if len(outcomes) == 1:
        return replace(outcomes[0], count=count, changed=count.changed)
    bad = BadRows(
        tuple(row for outcome in outcomes for row in outcome.bad.listed),
        sum(outcome.bad.count for outcome in outcomes),
    )
    return Outcome(
        layout=", ".join(dict.fromkeys(outcome.layout for outcome in outcomes)),
        rows=sum(outcome.rows for outcome in outcomes),
        count=count,
        changed=count.changed,
        repeated=sum(outcome.repeated for outcome in outcomes),
        bad=bad,
        unused=tuple(dict.fromkeys(name for one in outcomes for name in one.unused)),
        notes=tuple(dict.fromkeys(note for one in outcomes for note in one.notes)),
    )


_Reader = Callable[[Draft, TradingCalendar], tuple[Outcome, Steps]]
_READERS: Mapping[ImportKind, _Reader] = {
    ImportKind.BARS: bars.read_bars,
    ImportKind.QUOTES: ticks.read_snapshots,
    ImportKind.TRADES: ticks.read_trades,
    ImportKind.ORDERS: ticks.read_orders,
    ImportKind.INSTRUMENTS: lambda draft, _: read_instruments(draft),
    ImportKind.WEIGHTS: read_weights,
    ImportKind.FINANCIALS: lambda draft, _: read_financials(draft),
    ImportKind.DIVIDENDS: read_dividends,
}
