"""Downloads as jobs: wishes, jobs and events."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from quantgraph.domain.downloads import (
    DownloadEvent,
    DownloadFailure,
    DownloadJob,
    DownloadQuery,
    DownloadWish,
)
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import downloads_pb2
from quantgraph.wire.enums import DOWNLOAD_KIND, DOWNLOAD_STATE, SOURCE, STREAM_KIND
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    instant_from_proto,
    instant_to_proto,
    symbol_from_proto,
)


def wish_to_proto(wish: DownloadWish) -> downloads_pb2.StartDownloadRequest:
    """Write what is to be fetched."""
    return downloads_pb2.StartDownloadRequest(
        kind=DOWNLOAD_KIND.to_proto(wish.kind),
        symbols=wish.symbols,
        start=None if wish.start is None else date_to_proto(wish.start),
        end=None if wish.end is None else date_to_proto(wish.end),
        table=wish.table,
    )


def wish_from_proto(
    message: downloads_pb2.StartDownloadRequest | downloads_pb2.DownloadJob,
) -> DownloadWish:
    """Read what is to be fetched."""
    return DownloadWish(
        DOWNLOAD_KIND.from_proto(message.kind, "kind"),
        _symbols(message.symbols),
        date_from_proto(message.start, "start") if message.HasField("start") else None,
        date_from_proto(message.end, "end") if message.HasField("end") else None,
        message.table if message.HasField("table") else None,
    )


def query_from_proto(message: downloads_pb2.ListDownloadJobsRequest) -> DownloadQuery:
    """Read the filters of a list."""
    return DownloadQuery(
        frozenset(DOWNLOAD_STATE.from_proto(each, "states") for each in message.states),
        frozenset(DOWNLOAD_KIND.from_proto(each, "kinds") for each in message.kinds),
    )


def job_to_proto(job: DownloadJob) -> downloads_pb2.DownloadJob:
    """Write a job."""
    wish = wish_to_proto(job.wish)
    return downloads_pb2.DownloadJob(
        id=job.id,
        kind=wish.kind,
        symbols=wish.symbols,
        start=wish.start if wish.HasField("start") else None,
        end=wish.end if wish.HasField("end") else None,
        table=job.wish.table,
        state=DOWNLOAD_STATE.to_proto(job.state),
        done=job.done,
        total=job.total,
        message=job.message,
        code=job.code,
        failures=[
            downloads_pb2.DownloadFailure(symbol=each.symbol, code=each.code, message=each.message)
            for each in job.failures
        ],
        source=SOURCE.to_proto(job.source),
        created_at=instant_to_proto(job.created_at),
        started_at=_instant(job.started_at),
        ended_at=_instant(job.ended_at),
    )


def job_from_proto(message: downloads_pb2.DownloadJob) -> DownloadJob:
    """Read a job. A code that this version lacks is INTERNAL."""
    return DownloadJob(
        id=message.id,
        wish=wish_from_proto(message),
        source=SOURCE.from_proto(message.source, "source"),
        created_at=instant_from_proto(message.created_at, "created_at"),
        state=DOWNLOAD_STATE.from_proto(message.state, "state"),
        done=message.done,
        total=message.total if message.HasField("total") else None,
        message=message.message if message.HasField("message") else None,
        code=_reason(message.code) if message.HasField("code") else None,
        failures=tuple(
            DownloadFailure(each.symbol, _reason(each.code), each.message)
            for each in message.failures
        ),
        started_at=_moment(message, "started_at"),
        ended_at=_moment(message, "ended_at"),
    )


def event_to_proto(event: DownloadEvent) -> downloads_pb2.DownloadEvent:
    """Write an event."""
    return downloads_pb2.DownloadEvent(
        kind=STREAM_KIND.to_proto(event.kind),
        job=None if event.job is None else job_to_proto(event.job),
    )


def event_from_proto(message: downloads_pb2.DownloadEvent) -> DownloadEvent:
    """Read an event."""
    return DownloadEvent(
        STREAM_KIND.from_proto(message.kind, "kind"),
        job_from_proto(message.job) if message.HasField("job") else None,
    )


def _symbols(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(symbol_from_proto(each, f"symbols[{place}]") for place, each in enumerate(texts))


def _instant(moment: datetime | None) -> Timestamp | None:
    return None if moment is None else instant_to_proto(moment)


def _moment(message: downloads_pb2.DownloadJob, field: str) -> datetime | None:
    found = getattr(message, field)
    return instant_from_proto(found, field) if message.HasField(field) else None  # pyright: ignore[reportArgumentType] one of two names


def _reason(code: str) -> Reason:
    try:
        return Reason(code)
    except ValueError:
        return Reason.INTERNAL
