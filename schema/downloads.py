"""Downloads into the terminal's own cache, as jobs."""

import datetime as dt
from typing import Annotated

import strawberry

from quantgraph.domain import downloads as domain
from quantgraph.domain.downloads import DownloadKind, DownloadState
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from schema.instruments import PageInfo
from schema.problems import DownloadRefused
from schema.scalars import Symbol

_START = "From this day on; null: what is new."
_END = "Up to this day; null: up to now."


@strawberry.type(description="A symbol that could not be downloaded; the others go on.")
class DownloadFailure:
    symbol: Symbol = strawberry.field(description="The symbol.")
    code: str = strawberry.field(description="Why not; a code of docs/errors.md.")
    message: str = strawberry.field(description="The same in words.")


@strawberry.type(description="One download. It outlives requests and restarts.")
class DownloadJob:
    id: strawberry.ID = strawberry.field(description="Its id, for `downloadJob`.")
    kind: DownloadKind = strawberry.field(description="What is fetched.")
    symbols: list[Symbol] = strawberry.field(
        description="For which symbols; empty where a list is fetched whole."
    )
    start: dt.date | None = strawberry.field(description=_START)
    end: dt.date | None = strawberry.field(description=_END)
    table: str | None = strawberry.field(
        description="Which of the terminal's tables; null but of the kind TABLE."
    )
    state: DownloadState = strawberry.field(description="Where it stands.")
    done: int = strawberry.field(
        description="Symbols that were dealt with, failed ones too; of a whole list steps of the "
        "terminal's own. It falls back to what is whole where the download is interrupted."
    )
    total: int | None = strawberry.field(
        description="Out of how many; null as long as the terminal has not said it."
    )
    message: str | None = strawberry.field(
        description="What it does, waits for or failed by, in words; null where there is nothing "
        "to say."
    )
    code: str | None = strawberry.field(
        description="Why it FAILED; a code of docs/errors.md. null else."
    )
    failures: list[DownloadFailure] = strawberry.field(
        description="Symbols that could not be downloaded."
    )
    source: Source = strawberry.field(
        description="Where it fetches from; SIMULATED downloads bring nothing."
    )
    created_at: dt.datetime = strawberry.field(description="When it was asked for; real time.")
    started_at: dt.datetime | None = strawberry.field(
        description="When it first ran, real time; null before."
    )
    ended_at: dt.datetime | None = strawberry.field(
        description="When it ended, real time; null before."
    )

    @classmethod
    def from_domain(cls, job: domain.DownloadJob) -> "DownloadJob":
        """Show a domain job."""
        return cls(
            id=strawberry.ID(job.id),
            kind=job.wish.kind,
            symbols=[Symbol(each) for each in job.wish.symbols],
            start=job.wish.start,
            end=job.wish.end,
            table=job.wish.table,
            state=job.state,
            done=job.done,
            total=job.total,
            message=job.message,
            code=job.code,
            failures=[
                DownloadFailure(symbol=Symbol(each.symbol), code=each.code, message=each.message)
                for each in job.failures
            ],
            source=job.source,
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
        )


@strawberry.type(description="A page of downloads, newest first.")
class DownloadJobConnection:
    edges: list["DownloadJobEdge"] = strawberry.field(description="The downloads with cursors.")
    nodes: list[DownloadJob] = strawberry.field(description="The downloads alone.")
    page_info: PageInfo = strawberry.field(description="Whether and where to go on.")


@strawberry.type(description="A download in a list.")
class DownloadJobEdge:
    cursor: str = strawberry.field(description="Place in the list, for `after`.")
    node: DownloadJob = strawberry.field(description="The download.")


@strawberry.input(description="What is to be fetched.")
class StartDownloadInput:
    kind: DownloadKind = strawberry.field(description="What.")
    symbols: list[Symbol] = strawberry.field(
        default_factory=list[Symbol],
        description="For which symbols, as many as `serverInfo.limits.batchSymbols`; none where a "
        "list is fetched whole.",
    )
    start: dt.date | None = strawberry.field(
        default=None, description=f"{_START} Not of whole lists."
    )
    end: dt.date | None = strawberry.field(default=None, description=f"{_END} Not of whole lists.")
    table: str | None = strawberry.field(
        default=None,
        description="Which of the terminal's tables, as `terminalTables` has it: with the kind "
        "TABLE, and with no other.",
    )


@strawberry.input(description="Which download is to end.")
class CancelDownloadInput:
    id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type(description="The download is queued, or under way already; it outlives a restart.")
class StartDownloadSuccess:
    job: DownloadJob = strawberry.field(description="The download.")
    changed: bool = strawberry.field(
        description="False where one for the same is under way already: it is this one."
    )


@strawberry.type(description="The download has ended; what it brought stays.")
class CancelDownloadSuccess:
    job: DownloadJob = strawberry.field(description="The download.")
    changed: bool = strawberry.field(description="False where it had ended before.")


StartDownloadResult = Annotated[
    StartDownloadSuccess | DownloadRefused,
    strawberry.union("StartDownloadResult", description="What became of a wish to download."),
]
CancelDownloadResult = Annotated[
    CancelDownloadSuccess | DownloadRefused,
    strawberry.union("CancelDownloadResult", description="What became of a wish to end one."),
]


@strawberry.type(description="One item of a stream of downloads.")
class DownloadEvent:
    kind: StreamKind = strawberry.field(
        description="SNAPSHOT or UPDATE with a download, CAUGHT_UP, HEARTBEAT."
    )
    job: DownloadJob | None = strawberry.field(
        description="The download as it is then; null in CAUGHT_UP and HEARTBEAT."
    )

    @classmethod
    def from_domain(cls, event: domain.DownloadEvent) -> "DownloadEvent":
        """Show a domain event."""
        job = None if event.job is None else DownloadJob.from_domain(event.job)
        return cls(kind=event.kind, job=job)
