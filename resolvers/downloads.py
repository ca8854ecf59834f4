"""Answers `downloadJobs` and `downloadJob`, starts and cancels downloads, and streams them."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated

import strawberry

from quantgraph.domain.downloads import DownloadKind, DownloadQuery, DownloadState, DownloadWish
from quantgraph.domain.errors import GatewayError
from resolvers.pages import AfterArgument, FirstArgument, checked_first, cursor_of, key_of, place_of
from resolvers.problems import problem_of
from schema.context import Info
from schema.downloads import (
    CancelDownloadInput,
    CancelDownloadResult,
    CancelDownloadSuccess,
    DownloadEvent,
    DownloadJob,
    DownloadJobConnection,
    DownloadJobEdge,
    StartDownloadInput,
    StartDownloadResult,
    StartDownloadSuccess,
)


@strawberry.type
class DownloadQueries:
    @strawberry.field(
        description="Downloads into the terminal's own cache that match every filter given, newest "
        "first. Errors: BAD_REQUEST, INVALID_CURSOR."
    )
    async def download_jobs(
        self,
        info: Info,
        states: Annotated[
            list[DownloadState] | None,
            strawberry.argument(description="Only downloads in these states; all if absent."),
        ] = None,
        kinds: Annotated[
            list[DownloadKind] | None,
            strawberry.argument(description="Only downloads of these kinds; all if absent."),
        ] = None,
        first: FirstArgument = 50,
        after: AfterArgument = None,
    ) -> DownloadJobConnection | None:
        wanted = DownloadQuery(
            frozenset(states or ()), frozenset(kinds or ()), checked_first(first)
        )
        query = replace(wanted, after=key_of(wanted.scope(), after))
        page = await info.context.gateway.downloads.jobs(query)
        nodes = [DownloadJob.from_domain(each) for each in page.jobs]
        edges = [
            DownloadJobEdge(cursor=cursor_of(query.scope(), node.id), node=node) for node in nodes
        ]
        place = place_of([edge.cursor for edge in edges], more=page.more)
        return DownloadJobConnection(edges=edges, nodes=nodes, page_info=place)

    @strawberry.field(description="A download as it is now. Errors: UNKNOWN_DOWNLOAD.")
    async def download_job(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> DownloadJob | None:
        return DownloadJob.from_domain(await info.context.gateway.downloads.job(id))


@strawberry.type
class DownloadMutations:
    @strawberry.mutation(
        description="Queue a download into the terminal's own cache, and answer at once; one for "
        "the same that waits or runs is answered instead. One runs at a time. What it brought, "
        "`bars` and the others answer. Needs a key with scope trade. Refusals: DOWNLOAD_LIMIT. "
        "Errors: BAD_REQUEST, START_AFTER_END."
    )
    async def start_download(
        self,
        info: Info,
        input: Annotated[StartDownloadInput, strawberry.argument(description="What is wished.")],
    ) -> StartDownloadResult:
        symbols = tuple(input.symbols)
        wish = DownloadWish(input.kind, symbols, input.start, input.end, input.table)
        try:
            done = await info.context.gateway.downloads.start(wish)
        except GatewayError as error:
            return problem_of("startDownload", error)
        return StartDownloadSuccess(job=DownloadJob.from_domain(done.job), changed=done.changed)

    @strawberry.mutation(
        description="End a download at once, also where the terminal hangs; one that has ended "
        "stays as it is. Needs a key with scope trade. Refusals: UNKNOWN_DOWNLOAD."
    )
    async def cancel_download(
        self,
        info: Info,
        input: Annotated[CancelDownloadInput, strawberry.argument(description="Which one.")],
    ) -> CancelDownloadResult:
        try:
            done = await info.context.gateway.downloads.cancel(input.id)
        except GatewayError as error:
            return problem_of("cancelDownload", error)
        return CancelDownloadSuccess(job=DownloadJob.from_domain(done.job), changed=done.changed)


@strawberry.type
class DownloadSubscriptions:
    @strawberry.subscription(
        description="Downloads that wait and run, CAUGHT_UP, then every change, and a heartbeat "
        "every 5 s. With `id` that one first, whatever its state, and the stream ends with it. A "
        "slow reader skips steps, never an end. Errors: UNKNOWN_DOWNLOAD."
    )
    async def download_job_updates(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID | None, strawberry.argument(description="This one alone; all if absent.")
        ] = None,
    ) -> AsyncIterator[DownloadEvent]:
        async with aclosing(info.context.gateway.downloads.events(id)) as events:
            async for event in events:
                yield DownloadEvent.from_domain(event)
