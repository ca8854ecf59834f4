"""Downloads into a terminal's own cache as jobs: what is fetched, how far it is, how it ended.

A job waits, runs, waits again where it is interrupted, and ends once: what it has by then stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, Self, TypeAlias

from quantgraph.domain.bars import BarSeries
from quantgraph.domain.errors import GatewayError, NotFound, bad_request, start_after_end
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind

_SHOWN = 60
# Characters of a table's name.
_NAME = 80


class DownloadKind(StrEnum):
    """What is fetched into the terminal's cache: of symbols, or as a whole list."""

    MINUTES = "MINUTES"
    DAYS = "DAYS"
    TICKS = "TICKS"
    FINANCIALS = "FINANCIALS"
    SECTORS = "SECTORS"
    WEIGHTS = "WEIGHTS"
    FUND_LISTS = "FUND_LISTS"
    BONDS = "BONDS"
    HOLIDAYS = "HOLIDAYS"
    MAIN_CONTRACTS = "MAIN_CONTRACTS"
    EXPIRED_CONTRACTS = "EXPIRED_CONTRACTS"
    OPTION_HISTORY = "OPTION_HISTORY"
    SPECIAL_TREATMENTS = "SPECIAL_TREATMENTS"
    TABLE_LIST = "TABLE_LIST"
    TABLE = "TABLE"

    @property
    def named(self) -> bool:
        """Whether it is fetched for symbols that are named; else it is fetched whole."""
        return self in _NAMED


_NAMED = frozenset(
    {
        DownloadKind.MINUTES,
        DownloadKind.DAYS,
        DownloadKind.TICKS,
        DownloadKind.FINANCIALS,
        DownloadKind.TABLE,
    }
)


class DownloadState(StrEnum):
    """QUEUED: waits for its turn, or for the terminal. RUNNING: is fetched now. The rest: ended."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return not _NEXT[self]


_NEXT = {
    DownloadState.QUEUED: frozenset({DownloadState.RUNNING, DownloadState.CANCELED}),
    DownloadState.RUNNING: frozenset(DownloadState) - {DownloadState.RUNNING},
    DownloadState.DONE: frozenset[DownloadState](),
    DownloadState.FAILED: frozenset[DownloadState](),
    DownloadState.CANCELED: frozenset[DownloadState](),
}


@dataclass(frozen=True, slots=True)
class DownloadWish:
    """What of whom: whole lists take neither symbols nor days; no start means what is new.

    `table`: which of the terminal's tables, of the kind TABLE alone.
    """

    kind: DownloadKind
    symbols: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    table: str | None = None

    def check(self, most: int) -> Self:
        """Return the wish, each symbol once; `most` symbols are allowed.

        Errors: BAD_REQUEST naming the field, START_AFTER_END.
        """
        if (self.kind is DownloadKind.TABLE) != bool(self.table):
            text = "takes no table" if self.table else "needs the name of a table"
            raise bad_request(f"{self.kind} {text}.", field="table")
        if len(self.table or "") > _NAME:
            raise bad_request(f"table is longer than {_NAME} characters.", field="table")
        if self.kind.named != bool(self.symbols):
            text = "needs symbols" if self.kind.named else "is downloaded whole, without symbols"
            raise bad_request(f"{self.kind} {text}.", field="symbols")
        if len(self.symbols) > most:
            text = f"{len(self.symbols)} symbols in one download; at most {most}. Start several."
            raise bad_request(text, field="symbols", limit=most)
        for name, day in (("start", self.start), ("end", self.end)):
            if day is not None and not self.kind.named:
                raise bad_request(f"{self.kind} is downloaded whole, without days.", field=name)
        if self.start is not None and self.end is not None and self.start > self.end:
            raise start_after_end(self.start, self.end)
        return replace(self, symbols=tuple(dict.fromkeys(self.symbols)))

    def same(self, other: "DownloadWish") -> bool:
        """Return whether both bring the same, in whatever order."""
        return replace(self, symbols=()) == replace(other, symbols=()) and (
            frozenset(self.symbols) == frozenset(other.symbols)
        )


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a fetch is; `total` counts its source's own steps, and grows as it learns of more."""

    finished: int
    total: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class DownloadFailure:
    """A symbol that could not be downloaded, and why not; the others go on."""

    symbol: str
    code: Reason
    message: str

    @classmethod
    def of(cls, symbol: str, error: GatewayError) -> "DownloadFailure":
        """Name who failed by what."""
        return cls(symbol, error.reason, error.message)


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """One download: `done` of `total` symbols, or of the source's steps where a list is whole.

    `total` is None as long as nobody knows it. `done` counts failed symbols as well, and falls
    back to what is whole where a job is interrupted. `message` says what goes on, waits or went
    wrong, `code` why a FAILED job failed. Instants are real time, UTC.
    """

    id: str
    wish: DownloadWish
    source: Source
    created_at: datetime
    state: DownloadState = DownloadState.QUEUED
    done: int = 0
    total: int | None = None
    message: str | None = None
    code: Reason | None = None
    failures: tuple[DownloadFailure, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def begin(self, now: datetime) -> "DownloadJob":
        """Return it running; what is done already stays done."""
        started = self.started_at or now
        total = len(self.wish.symbols) or self.total
        return self._moved(DownloadState.RUNNING, started_at=started, total=total, message=None)

    def step(self, done: int, total: int, message: str | None = None) -> "DownloadJob":
        """Return it further on. ValueError where it does not run."""
        if self.state is not DownloadState.RUNNING:
            raise ValueError(f"a download that is {self.state} makes no step")
        total = max(total, self.total or 0)
        done = min(max(done, self.done), total)
        return replace(self, done=done, total=total, message=message)

    def failing(self, failure: DownloadFailure) -> "DownloadJob":
        """Return it with one symbol more that could not be had."""
        if self.state is not DownloadState.RUNNING:
            raise ValueError(f"a download that is {self.state} fails for nobody")
        return replace(self, failures=(*self.failures, failure))

    def pause(self, done: int, message: str | None) -> "DownloadJob":
        """Return it waiting again, with what is whole."""
        return self._moved(DownloadState.QUEUED, done=min(done, self.done), message=message)

    def end(self, now: datetime) -> "DownloadJob":
        """Return it done; failed where not one symbol could be had."""
        failed = self.wish.symbols and len(self.failures) == len(self.wish.symbols)
        if failed:
            first = self.failures[0]
            return self.fail(now, first.code, first.message)
        done = self.total or 0
        return self._moved(DownloadState.DONE, done=done, ended_at=now, message=None)

    def fail(self, now: datetime, code: Reason, message: str) -> "DownloadJob":
        """Return it failed, for a reason."""
        return self._moved(DownloadState.FAILED, ended_at=now, code=code, message=message)

    def cancel(self, now: datetime) -> "DownloadJob":
        """Return it canceled; what it brought stays where it is."""
        return self._moved(DownloadState.CANCELED, ended_at=now, message=None)

    def _moved(self, state: DownloadState, **changes: object) -> "DownloadJob":
        if state not in _NEXT[self.state]:
            raise ValueError(f"a download that is {self.state} does not become {state}")
        return replace(self, state=state, **changes)  # pyright: ignore[reportArgumentType] by name


@dataclass(frozen=True, slots=True)
class DownloadChange:
    """The answer to an order. `changed` False: it was so already."""

    job: DownloadJob
    changed: bool


@dataclass(frozen=True, slots=True)
class DownloadQuery:
    """Which jobs, newest first; empty filters mean all, `after` is the id of the last one had."""

    states: frozenset[DownloadState] = frozenset()
    kinds: frozenset[DownloadKind] = frozenset()
    first: int = 50
    after: str | None = None

    def scope(self) -> str:
        """Return the list's name with its filters: a cursor is good for these alone."""
        return f"downloads {sorted(self.states)} {sorted(self.kinds)}"

    def wants(self, job: DownloadJob) -> bool:
        """Return whether a job matches the filters."""
        return (not self.states or job.state in self.states) and (
            not self.kinds or job.wish.kind in self.kinds
        )


@dataclass(frozen=True, slots=True)
class DownloadPage:
    """Jobs, and whether more follow."""

    jobs: tuple[DownloadJob, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class DownloadEvent:
    """One item of a stream of jobs; only SNAPSHOT and UPDATE have one.

    Each has the whole job as it is then; a slow reader skips the steps between, never an end.
    """

    kind: StreamKind
    job: DownloadJob | None = None


class DownloadShelf(Protocol):
    """Jobs at rest. Every method blocks. Errors: Unavailable STORE_UNAVAILABLE."""

    def load(self) -> Sequence[DownloadJob]:
        """Return all jobs, the oldest first."""
        ...

    def put(self, job: DownloadJob, gone: Sequence[str] = ()) -> None:
        """Keep a job as it is now, and forget those of these ids; durable when it returns."""
        ...


Told: TypeAlias = Callable[[DownloadProgress], object]


def unknown_download(job_id: str) -> NotFound:
    """Say that no job has this id."""
    shown = job_id[:_SHOWN]
    text = f"No download {shown!r}. The list of downloads shows those that are remembered."
    return NotFound(Reason.UNKNOWN_DOWNLOAD, text, id=shown)


def missing_of(series: BarSeries) -> DownloadWish | None:
    """Return what would bring the sessions that a series lacks, None where nothing can.

    Of an imported series nothing: it is answered from the import alone, whatever a terminal has.
    """
    coverage = series.coverage
    if series.source not in {Source.TERMINAL, Source.CACHE, Source.SIMULATED}:
        return None
    kind = DownloadKind.MINUTES if series.period.minutes else DownloadKind.DAYS
    if coverage.gaps is not None and len(coverage.gaps):
        first, last = coverage.gaps[0].item(), coverage.gaps[-1].item()
        return DownloadWish(kind, (series.symbol,), first, last)
    nothing = coverage.held_from is None and not coverage.complete
    return DownloadWish(kind, (series.symbol,)) if nothing else None
