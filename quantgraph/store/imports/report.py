"""What an import did, file by file, and the rows it would not take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from quantgraph.domain.errors import StartupError
from quantgraph.store.merge import MergeCount

MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was not taken: the file, the line in it (the header is line 1), and why."""

    line: int
    reason: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class BadRows:
    """The first bad rows of a file, by line, and how many there are in all."""

    listed: tuple[BadRow, ...] = ()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading and storing one file came to.

    `rows` counts those taken, `repeated` exact repetitions that were left out, `unused` names the
    columns that were not imported, `notes` says what a user might not expect.
    """

    layout: str
    rows: int = 0
    count: MergeCount = field(default_factory=MergeCount)
    changed: bool = False
    symbols: int = 0
    first: date | None = None
    last: date | None = None
    repeated: int = 0
    bad: BadRows = field(default_factory=BadRows)
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def noted(self, *notes: str) -> "Outcome":
        """Return the outcome with more notes."""
        return replace(self, notes=(*self.notes, *notes))


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file (or the files of one set): what came of it, or why nothing did."""

    files: tuple[Path, ...]
    outcome: Outcome | None = None
    failure: StartupError | None = None
    bad: BadRows = field(default_factory=BadRows)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """All files of one import, in order. A failed file changed nothing in the store."""

    kind: str
    files: tuple[FileReport, ...]

    @property
    def failures(self) -> Sequence[StartupError]:
        """Return why files failed; empty when all were imported."""
        return [report.failure for report in self.files if report.failure is not None]

    @property
    def changed(self) -> bool:
        """Whether the store is different now."""
        return any(report.outcome and report.outcome.changed for report in self.files)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one file is: `done` of `total` rows are in the store."""

    file: Path
    done: int
    total: int


OnProgress = Callable[[Progress], None]
