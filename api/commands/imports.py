"""`quantgraph import`: market files into the store of the mock mode."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.commands.options import ConfigOption, DataDirOption, read_config
from quantgraph.config import Config
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode

if TYPE_CHECKING:
    from quantgraph.store.imports.draft import ImportOptions
    from quantgraph.store.imports.layouts import ImportKind
    from quantgraph.store.imports.report import FileReport, ImportReport, Outcome
    from quantgraph.store.imports.report import Progress as Step

_KINDS = "bars, quotes, trades, instruments, sectors, weights, financials or dividends"
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_command)


def import_command(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    kind: Annotated[str, typer.Argument(help=f"What the files hold: {_KINDS}.")],
    files: Annotated[list[Path], typer.Argument(help="CSV (also .gz, GBK), .parquet or .xls.")],
    layout: Annotated[
        str | None, typer.Option(help="How the files are laid out, where the header fits several.")
    ] = None,
    date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y%m%d"], help="The day, where rows have no date."),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="The symbol, where rows have none, as in 600000.SH.")
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option(help="Leave bad rows out and list them, instead of the whole file.")
    ] = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Import market files. Each file is taken wholly or not at all; twice changes nothing."""
    settings = read_config(config, data_dir)
    # Late: other commands need none of the libraries that read files.
    from quantgraph.store.imports.draft import ImportOptions

    _check_symbol(symbol)
    day = date.date() if date else None
    report = _run(settings, _kind(kind), files, ImportOptions(layout, day, symbol, skip_bad_rows))
    console = Console(stderr=False, highlight=False)
    for file in report.files:
        _show(console, file, alone=len(report.files) == 1)
    if report.failures:
        raise _failed(report)


def _check_symbol(text: str | None) -> None:
    from quantgraph.store.imports.codes import parse_symbol

    if text is not None and parse_symbol(text) is None:
        raise StartupError(
            Reason.IMPORT_FAILED, f"--symbol {text!r} is not a symbol like 600000.SH."
        )


def _kind(text: str) -> "ImportKind":
    from quantgraph.store.imports.layouts import ImportKind

    if text not in list(ImportKind):
        raise StartupError(
            Reason.IMPORT_FAILED, f"There is no kind {text!r} of files; expected {_KINDS}."
        )
    return ImportKind(text)


def _run(
    settings: Config, kind: "ImportKind", files: Sequence[Path], options: "ImportOptions"
) -> "ImportReport":
    if settings.mode is not Mode.MOCK:
        text = (
            f"Files are only served in mock mode; {settings.mode} serves the terminal's data. "
            "Import with APP_MODE=mock."
        )
        raise StartupError(Reason.IMPORT_FAILED, text, mode=settings.mode.value)
    from quantgraph.services.calendar import load_calendar
    from quantgraph.store.imports.importer import Importer
    from quantgraph.store.market import MarketStore

    folder = settings.data_path
    store = MarketStore(folder)
    try:
        importer = Importer(store, load_calendar(settings.calendar, folder), SystemClock())
        with _Bar() as bar:
            return importer.import_files(kind, files, options, bar.show)
    finally:
        store.close()


class _Bar:
    """A progress bar per file, on standard error and only where that is a terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task("reading", total=None)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: "Step") -> None:
        self._progress.update(
            self._task, description=step.file.name, completed=step.done, total=step.total
        )


def _show(console: Console, file: "FileReport", *, alone: bool) -> None:
    names = ", ".join(path.name for path in file.files)
    if file.outcome is not None:
        console.print(f"{names}: {_summary(file.outcome)}", markup=False, soft_wrap=True)
        _details(console, file.outcome)
    elif file.failure is not None and not alone:  # the error of a lone file ends the command
        text = f"{names}: {file.failure.reason.value}: {file.failure.message}"
        console.print(text, markup=False, soft_wrap=True)
    # of a file that is left out whole, the first will do
    shown = file.bad.listed[:_SHOWN] if file.outcome is None else file.bad.listed
    for row in shown:
        text = f"  {row.file}, line {row.line}: {row.reason}"
        console.print(text, markup=False, soft_wrap=True)
    if file.bad.count > len(shown):
        console.print(f"  … and {file.bad.count - len(shown)} more bad rows", markup=False)


def _summary(outcome: "Outcome") -> str:
    count = outcome.count
    if not outcome.rows:
        return f"no row to take ({outcome.layout}): nothing changed"
    if not outcome.changed:
        return f"{outcome.rows} rows ({outcome.layout}), all held already: nothing changed"
    parts = [f"{outcome.rows} rows ({outcome.layout})", f"{count.added} new"]
    if count.replaced:
        parts.append(f"{count.replaced} replaced")
    if count.unchanged:
        parts.append(f"{count.unchanged} unchanged")
    if outcome.first and outcome.last:
        parts.append(f"{outcome.symbols} symbols, {outcome.first} to {outcome.last}")
    return ", ".join(parts)


def _details(console: Console, outcome: "Outcome") -> None:
    lines = list(outcome.notes)
    if outcome.repeated:
        lines.append(f"{outcome.repeated} rows repeat earlier ones and were left out.")
    if outcome.unused:
        lines.append(f"Columns not imported: {', '.join(outcome.unused)}")
    if outcome.bad.count:
        lines.append(f"{outcome.bad.count} bad rows were left out:")
    for line in lines:
        console.print(f"  {line}", markup=False, soft_wrap=True)


def _failed(report: "ImportReport") -> StartupError:
    first = report.failures[0]
    if len(report.files) == 1:
        return first
    text = f"{len(report.failures)} of {len(report.files)} files were not imported; see above."
    return StartupError(first.reason, text, details=first.details)
