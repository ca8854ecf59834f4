"""How a download shows where it is."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


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


@contextmanager
def progress_bar(total: int) -> Generator[Progression]:
    """Give a bar on standard error; it is gone at the end, lines that were said stay."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield _Bar(progress, total)
