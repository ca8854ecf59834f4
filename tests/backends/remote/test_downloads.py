"""Downloads through another gateway: a job there, followed, stopped and found again."""

import asyncio

import pytest

from quantgraph.domain.downloads import (
    DownloadKind,
    DownloadQuery,
    DownloadState,
    DownloadWish,
)
from quantgraph.domain.errors import NotFound, Unavailable
from quantgraph.domain.reasons import Reason
from tests.backends.remote.agents import agent_at, gateway_over, stands
from tests.waiting import settled, until

DAYS = DownloadWish(DownloadKind.DAYS, ("600519.SH", "000001.SZ"))


async def jobs(agent):
    return (await agent.assembly.gateway.downloads.jobs(DownloadQuery())).jobs


async def test_a_job_of_the_gateway_is_one_of_the_agent_and_ends_with_it(tmp_path):
    async with (
        asyncio.timeout(30),
        agent_at(tmp_path / "agent", download_ms=1) as agent,
        gateway_over(agent, tmp_path / "here") as (here, _),
    ):
        await stands(here)
        downloads = here.gateway.downloads
        job = (await downloads.start(DAYS)).job
        while not (job := await downloads.job(job.id)).state.ended:
            await settled()
        assert (job.state, job.done, job.failures) == (DownloadState.DONE, 2, ())
        (there,) = await jobs(agent)
        assert (there.wish, there.state) == (DAYS, DownloadState.DONE)


async def test_what_is_not_wanted_any_more_is_stopped_there_and_another_s_is_not(tmp_path):
    async with asyncio.timeout(30), agent_at(tmp_path, download_ms=60_000) as agent:
        backend = agent.terminal().backend()
        steps = []
        for foreign in (False, True):
            if foreign:
                await agent.assembly.gateway.downloads.start(DAYS)
            running = asyncio.create_task(backend.downloader.run(DAYS, steps.append))
            while not (found := await jobs(agent)) or found[0].state is not DownloadState.RUNNING:
                await settled()
            await until(lambda: steps)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            ended = (await jobs(agent))[0].state
            assert ended is (DownloadState.RUNNING if foreign else DownloadState.CANCELED)
            steps.clear()
        await backend.close()


async def test_a_cut_download_goes_on_there_and_is_found_again(tmp_path):
    async with asyncio.timeout(30), agent_at(tmp_path, download_ms=60_000) as agent:
        terminal = agent.terminal()
        backend = terminal.backend()
        running = asyncio.create_task(backend.downloader.run(DAYS, lambda _: None))
        while not await jobs(agent):
            await settled()
        await agent.leave()
        with pytest.raises(Unavailable) as caught:
            await running
        assert caught.value.reason is Reason.TERMINAL_OFFLINE
        await agent.come_back()
        assert await terminal.agent.channel.ready(10)
        steps = []
        running = asyncio.create_task(backend.downloader.run(DAYS, steps.append))
        await until(lambda: steps)
        (job,) = await jobs(agent)
        # What somebody there cancels is not started again.
        await agent.assembly.gateway.downloads.cancel(job.id)
        with pytest.raises(Unavailable) as caught:
            await running
        assert caught.value.reason is Reason.DOWNLOAD_CANCELED
        await backend.close()


async def test_who_is_unknown_there_is_named(tmp_path):
    async with asyncio.timeout(30), agent_at(tmp_path, download_ms=1) as agent:
        backend = agent.terminal().backend()
        with pytest.raises(NotFound) as caught:
            await backend.downloader.run(
                DownloadWish(DownloadKind.DAYS, ("999999.SH",)), lambda _: None
            )
        assert caught.value.reason is Reason.UNKNOWN_SYMBOL
        await backend.close()


async def test_a_job_waits_while_the_agent_is_away(tmp_path):
    async with (
        asyncio.timeout(30),
        agent_at(tmp_path / "agent", download_ms=60_000) as agent,
        gateway_over(agent, tmp_path / "here", downloads={"away_seconds": 1}) as (here, _),
    ):
        await stands(here)
        downloads = here.gateway.downloads
        job = (await downloads.start(DAYS)).job
        while not await jobs(agent):
            await settled()
        await agent.leave()
        while (waiting := await downloads.job(job.id)).message is None:
            await settled()
        assert waiting.state is DownloadState.QUEUED
        await agent.come_back()
        while (await downloads.job(job.id)).state is not DownloadState.RUNNING:
            await settled()
        await downloads.cancel(job.id)
        while (found := await jobs(agent))[0].state is not DownloadState.CANCELED:
            await settled()
        assert len(found) == 1
