"""`quantgraph download`: bars of any gateway into Parquet files."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quantgraph.domain.bars import Adjustment, Period
from quantgraph.domain.errors import GatewayError, StartupError, bad_request
from quantgraph.domain.reasons import Reason

if TYPE_CHECKING:
    from quantgraph.client import Client, DownloadStream

_download = typer.Typer(help="Download from a running gateway.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_download, name="download")


@_download.callback()
def _group() -> None:
    """Download from a running gateway."""


@_download.command("bars")
def bars(  # noqa: PLR0913, PLR0917 the options of a command
    out: Annotated[
        Path, typer.Option(help="Folder for one <symbol>.parquet each; made if absent.")
    ],
    symbols: Annotated[
        list[str] | None, typer.Option(help="Symbols, as in 600519.SH,000001.SZ; may be repeated.")
    ] = None,
    sector: Annotated[
        list[str] | None, typer.Option(help="All members of this sector; may be repeated.")
    ] = None,
    period: Annotated[
        Period, typer.Option(case_sensitive=False, help="Bar length.")
    ] = Period.DAY_1,
    start: Annotated[
        str | None, typer.Option(help="First day or instant; default: the first bar held.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Last day or instant; default: now.")] = None,
    adjustment: Annotated[
        Adjustment, typer.Option(case_sensitive=False, help="How prices are adjusted.")
    ] = Adjustment.NONE,
    target: Annotated[str, typer.Option(help="The gateway's gRPC address.")] = "127.0.0.1:50051",
    key: Annotated[
        str | None, typer.Option(envvar="QUANTGRAPH_KEY", help="API key, where one is due.")
    ] = None,
) -> None:
    """Download bars. Each file appears whole or not at all; times are market time."""
    # Late: gRPC and polars take a while to load, and other commands need neither.
    from quantgraph.client import connect

    _make_folder(out)
    with connect(target, key) as client:
        chosen = _chosen(client, symbols or [], sector or [])
        stream = client.stream_bars(
            chosen, period=period, start=start, end=end, adjustment=adjustment
        )
        failures = _save(stream, out)
    done = len(chosen) - len(failures)
    typer.echo(f"{done} of {len(chosen)} symbols, {stream.rows} bars, in {out}")
    for symbol, error in failures.items():
        typer.echo(f"{symbol}: {error.reason.value}: {error.message}", err=True)
    if failures:
        raise typer.Exit(1)


def _save(stream: "DownloadStream", out: Path) -> dict[str, GatewayError]:
    from quantgraph.client import FailedSymbol
    from quantgraph.client.tables import write_parquet

    failures: dict[str, GatewayError] = {}
    with _progress(len(stream.request.symbols)) as bar:
        for each in stream:
            if isinstance(each, FailedSymbol):
                failures[each.symbol] = each.error
            else:
                write_parquet(each, out)
            bar.step(each.symbol, stream.rows)
    return failures


class _Bar:
    """The progress bar of one download."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("bars", total=total)

    def step(self, symbol: str, rows: int) -> None:
        """Show that a symbol is done."""
        text = f"{symbol}  {rows:,} bars"
        self._progress.update(self._task, advance=1, description=text)


@contextmanager
def _progress(total: int) -> Generator[_Bar]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield _Bar(progress, total)


def _chosen(client: "Client", symbols: list[str], sectors: list[str]) -> tuple[str, ...]:
    named = [each.strip() for text in symbols for each in text.split(",") if each.strip()]
    for name in sectors:
        named += client.sector(name).symbols
    if not named:
        raise bad_request("There is nothing to download: name --symbols, or a --sector.")
    return tuple(dict.fromkeys(named))


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"Cannot make the folder {out}: {error.strerror}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, folder=str(out)) from None
