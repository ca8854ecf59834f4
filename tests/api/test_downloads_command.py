"""`quantgraph downloads` starts, lists, watches and cancels what a gateway's terminal fetches."""

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn
from structlog.testing import capture_logs
from typer.testing import CliRunner

from api.commands import downloads
from quantgraph.client import connect
from quantgraph.client.progress import JobBars
from quantgraph.domain.downloads import (
    DownloadJob,
    DownloadKind,
    DownloadProgress,
    DownloadState,
    DownloadWish,
)
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from tests.client.conftest import Running, running, serving
from tests.grpc_bridge.memory.downloads import memory_downloads
from tests.grpc_bridge.memory.system import LIMITS, NOW
from tests.grpc_bridge.world import World

__all__ = ["running", "serving"]
WISH = DownloadWish(DownloadKind.DAYS, ("600519.SH", "000001.SZ"))


class QuickTerminal:
    """Has every symbol but one, and tells each."""

    source = Source.TERMINAL

    async def run(self, wish: Any, told: Any) -> DownloadProgress:
        if "999999.SH" in wish.symbols:
            raise unknown_symbol("999999.SH")
        for number, symbol in enumerate(wish.symbols, 1):
            told(DownloadProgress(number, len(wish.symbols), f"[{symbol}]"))
        return DownloadProgress(1, 1)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The gateway of a test writes its log into the command's own output."""
    with capture_logs():
        yield


@pytest.fixture
def quick(serving: Any) -> Running:
    """A gateway whose terminal brings what it is asked for; two symbols a download."""
    world = World()
    limits = replace(LIMITS, batch_symbols=2)
    world.system.limits = limits
    jobs = memory_downloads(QuickTerminal(), symbols=2)
    world.gateway = replace(world.gateway, downloads=jobs, limits=limits)
    return serving(world)


def run(running: Running, *words: str) -> Any:
    app = typer.Typer()
    downloads.register(app)
    return CliRunner().invoke(app, ["downloads", *words, "--target", running.target])


def test_many_symbols_are_several_downloads_that_are_watched_to_their_ends(quick: Running) -> None:
    done = run(quick, "start", "--kind", "days", "--symbols", "600519.SH,000001.SZ,000858.SZ")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines[:2]] == ["started", "started"]
    assert [line.split("  ", 1)[1] for line in lines[2:]] == ["DAYS  DONE  2/2", "DAYS  DONE  1/1"]


def test_who_fails_is_named_and_tells_by_the_exit_code(quick: Running) -> None:
    symbols = "600519.SH,999999.SH"
    done = run(quick, "start", "--kind", "MINUTES", "--symbols", symbols, "--start", "2024-01-02")
    assert done.exit_code == 1
    assert "999999.SH: UNKNOWN_SYMBOL" in done.stderr
    assert "MINUTES 2024-01-02..  DONE  2/2, 1 failed" in done.stdout


def test_detached_it_says_the_id_and_does_not_wait(running: Running) -> None:
    done = run(running, "start", "--kind", "sectors", "--detach")
    assert (done.exit_code, done.stdout) == (0, "download_4 started\n")
    again = run(running, "start", "--kind", "sectors", "--detach")
    assert again.stdout == "download_4 is under way already\n"


def test_the_list_is_newest_first_and_says_why(running: Running) -> None:
    lines = run(running, "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["download_3", "download_2", "download_1"]
    assert lines[1].endswith("FAILED  0/?  TERMINAL_LACKS: It is an older one.")
    done = run(running, "list", "--state", "done").stdout
    assert done == "download_1  DAYS 2024-01-02..2024-02-29  DONE  2/2, 1 failed\n"


def test_a_canceled_download_is_one_that_has_ended(running: Running) -> None:
    assert "CANCELED  1/2" in run(running, "cancel", "download_3").stdout
    assert run(running, "watch").stdout == ""
    watched = run(running, "watch", "download_3")
    assert watched.exit_code == 1
    assert watched.stdout.startswith("download_3  MINUTES ..2024-02-29  CANCELED  1/2")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("cancel", "download_9"), Reason.UNKNOWN_DOWNLOAD),
        (("watch", "download_9"), Reason.UNKNOWN_DOWNLOAD),
        (("start", "--kind", "days"), Reason.BAD_REQUEST),
        (("start", "--kind", "bonds", "--symbols", "600519.SH"), Reason.BAD_REQUEST),
        (("start", "--kind", "days", "--symbols", "600519.SH", "--start", "?"), Reason.BAD_REQUEST),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else str(words),
)
def test_what_cannot_be_done_is_an_error_with_its_code(
    running: Running, words: tuple[str, ...], reason: Reason
) -> None:
    done = run(running, *words)
    assert isinstance(done.exception, GatewayError)
    assert done.exception.reason is reason


def test_a_bar_shows_what_the_terminal_says_as_it_says_it() -> None:
    job = DownloadJob("download_1", WISH, Source.TERMINAL, NOW, total=2).begin(NOW)
    drawn = io.StringIO()
    console = Console(file=drawn, force_terminal=True, width=120, color_system=None)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        bars = JobBars(progress)
        bars.show(job.step(1, 2, "[red]600519.SH"))
        progress.refresh()
        assert "DAYS  RUNNING  [red]600519.SH 1/2" in drawn.getvalue()
        bars.show(job.end(NOW))
        assert progress.tasks == []


def test_the_client_pages_through_the_list_and_follows_to_the_end(quick: Running) -> None:
    with connect(quick.target) as client:
        started = client.downloads.start("DAYS", ["600519.SH"])
        states = [each.job.state for each in client.downloads.follow(started.job.id) if each.job]
        assert states[-1] is DownloadState.DONE
        assert client.downloads.get(started.job.id).state is DownloadState.DONE
        done = client.downloads.all([DownloadState.DONE], [DownloadKind.DAYS])
        assert [each.id for each in done] == [started.job.id, "download_1"]
        for number in range(50):  # a page
            client.downloads.start("DAYS", [f"{number:06}.SZ"])
        assert len({each.id for each in client.downloads.all()}) == 54
        with pytest.raises(GatewayError) as told:
            client.downloads.start("WEEKS")
        assert told.value.reason is Reason.BAD_REQUEST
