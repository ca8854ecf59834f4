"""Downloads into the terminal's cache: told of, bounded in time, and stoppable."""

import asyncio
from datetime import date
from typing import Any

import pytest

from quantgraph.backends.xtquant.downloads import TerminalDownloads
from quantgraph.domain.downloads import DownloadKind, DownloadWish
from quantgraph.domain.downloads import DownloadProgress as Progress
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

from .conftest import Pair

_TWO = ("600519.SH", "000001.SZ")


async def _run(pair: Pair, wish: DownloadWish, quiet: float = 20.0) -> list[Progress]:
    told: list[Progress] = []
    last = await TerminalDownloads(pair.client, quiet).run(wish, told.append)
    assert last == told[-1]
    return told


def _asked(pair: Pair) -> list[Any]:
    return [call[1:] for call in pair.exchange.calls if call[0] == "download"]


async def test_bars_of_many_symbols_are_one_download_that_tells_its_steps(pair: Pair) -> None:
    told = await _run(pair, DownloadWish(DownloadKind.MINUTES, _TWO))
    assert told == [Progress(1, 2), Progress(2, 2)]
    assert _asked(pair) == [(_TWO, "1m", "", "", {"incrementally": True})]
    assert pair.exchange.stopped == 0


async def test_a_span_is_downloaded_whole(pair: Pair) -> None:
    wish = DownloadWish(DownloadKind.DAYS, _TWO, date(2022, 1, 4), date(2022, 1, 5))
    await _run(pair, wish)
    assert _asked(pair) == [(_TWO, "1d", "20220104", "20220105", {"incrementally": False})]


async def test_statements_are_a_download_per_table_that_count_together(pair: Pair) -> None:
    told = await _run(pair, DownloadWish(DownloadKind.FINANCIALS, _TWO))
    assert len(_asked(pair)) == 8
    assert [step.finished for step in told] == list(range(1, 17))
    assert told[-1] == Progress(16, 16)


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (DownloadKind.SECTORS, (2009, 86_400_000)),
        (DownloadKind.FUND_LISTS, (2004, 86_401_000)),
        (DownloadKind.MAIN_CONTRACTS, (5004, 86_400_000)),
        (DownloadKind.OPTION_HISTORY, (9502, 86_400_000)),
    ],
)
async def test_whole_lists_are_named_by_their_table(
    pair: Pair, kind: DownloadKind, table: tuple[int, int]
) -> None:
    await _run(pair, DownloadWish(kind))
    ((_, period, _, _, param),) = _asked(pair)
    assert (period, param["metaid"], param["period"]) == ("", *table)


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (DownloadKind.WEIGHTS, ("weights",)),
        (DownloadKind.BONDS, ("bonds",)),
        (DownloadKind.HOLIDAYS, ("downloadholidaydata",)),
        (DownloadKind.EXPIRED_CONTRACTS, ("expired", True)),
        (DownloadKind.SPECIAL_TREATMENTS, ("downloadhisstdata",)),
    ],
)
async def test_what_tells_no_progress_is_told_when_it_is_done(
    pair: Pair, kind: DownloadKind, call: tuple[Any, ...]
) -> None:
    assert await _run(pair, DownloadWish(kind)) == [Progress(1, 1)]
    assert call in pair.exchange.calls


async def _refused(pair: Pair, wish: DownloadWish, quiet: float = 20.0) -> GatewayError:
    with pytest.raises(GatewayError) as told:
        await _run(pair, wish, quiet)
    return told.value


async def test_a_download_that_fails_says_why(pair: Pair) -> None:
    pair.exchange.steps = [{"finished": 0, "total": -1, "message": "无权限"}]
    error = await _refused(pair, DownloadWish(DownloadKind.TICKS, _TWO))
    assert error.reason is Reason.DOWNLOAD_REFUSED
    assert "无权限" in error.message


async def test_a_download_that_says_nothing_any_more_is_stopped(pair: Pair) -> None:
    pair.exchange.steps = [{"finished": 1, "total": 2, "message": ""}]
    error = await _refused(pair, DownloadWish(DownloadKind.DAYS, _TWO), quiet=0.05)
    assert error.reason is Reason.TIMED_OUT
    assert pair.exchange.stopped == 1


async def test_a_cancelled_download_is_stopped_at_the_terminal(pair: Pair) -> None:
    pair.exchange.steps = [{"finished": 1, "total": 2, "message": ""}]
    begun = asyncio.Event()
    downloads = TerminalDownloads(pair.client)
    wish = DownloadWish(DownloadKind.DAYS, _TWO)
    task = asyncio.create_task(downloads.run(wish, lambda _: begun.set()))
    await asyncio.wait_for(begun.wait(), 20)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert pair.exchange.stopped == 1
    # The next one has its turn.
    pair.exchange.steps = None
    assert (await downloads.run(wish, lambda _: None)).total == 2


async def test_days_of_minutes_are_named_to_the_second(pair: Pair) -> None:
    day = date(2022, 1, 4)
    await _run(pair, DownloadWish(DownloadKind.MINUTES, _TWO, day, day))
    ((_, period, start, end, _),) = _asked(pair)
    assert (period, start, end) == ("1m", "20220104000000", "20220104235959")


async def test_a_terminal_that_is_lost_meanwhile_is_away_and_does_not_count_as_silent(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quantgraph.backends.xtquant.downloads._LOOK_S", 0.02)
    pair.exchange.steps, begun = [{"finished": 1, "total": 2, "message": ""}], asyncio.Event()
    downloads = TerminalDownloads(pair.client, up=lambda: not begun.is_set())
    with pytest.raises(GatewayError) as told:
        await downloads.run(DownloadWish(DownloadKind.DAYS, _TWO), lambda _: begun.set())
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    assert pair.exchange.stopped == 1


async def test_nothing_is_asked_of_a_terminal_that_is_away(pair: Pair) -> None:
    downloads = TerminalDownloads(pair.client, up=lambda: False)
    with pytest.raises(GatewayError) as told:
        await downloads.run(DownloadWish(DownloadKind.WEIGHTS), lambda _: None)
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    assert ("weights",) not in pair.exchange.calls
