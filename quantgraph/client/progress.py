"""How downloads show where they are."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from quantgraph.domain.downloads import DownloadJob


class Progression:
    """Told of every symbol that has ended, and of what people should know; shows nothing."""

    def begin(self, done: int) -> None:
        """Say how many symbols an earlier call has brought."""

    def step(self, symbol: str, rows: int) -> None:
        """Say that a symbol has ended, and how many rows came so far."""

    def say(self, text: str) -> None:
        """Say something in a line of its own."""


class _Bar(Progression):
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("bars", total=total)

    def begin(self, done: int) -> None:
        self._progress.update(self._task, completed=done)

    def step(self, symbol: str, rows: int) -> None:
        text = f"{symbol}  {rows:,} bars"
        self._progress.update(self._task, advance=1, description=text)

    def say(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)


class JobBars:
    """A bar for each job of a gateway that is under way; one that has ended leaves."""

    def __init__(self, progress: Progress) -> None:
        """Draw in `progress`."""
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, job: DownloadJob) -> None:
        """Show how a job is now."""
        if job.state.ended:
            task = self._tasks.pop(job.id, None)
            if task is not None:
                self._progress.remove_task(task)
            return
        if job.id not in self._tasks:
            self._tasks[job.id] = self._progress.add_task("", total=job.total)
        said = f"{job.state}  {job.message}" if job.message else str(job.state)
        # What a terminal says is text, not markup.
        text = escape(f"{job.wish.kind}  {said}")
        self._progress.update(
            self._tasks[job.id], completed=job.done, total=job.total, description=text
        )


@contextmanager
def progress_bar(total: int) -> Generator[Progression]:
    """Give a bar on standard error; it is gone at the end, lines that were said stay."""
    with _drawn() as progress:
        yield _Bar(progress, total)


@contextmanager
def job_bars() -> Generator[JobBars]:
    """Give bars of jobs on standard error; they are gone at the end."""
    with _drawn() as progress:
        yield JobBars(progress)


def _drawn() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
