"""`quantgraph export`: imported bars out of the store into Parquet files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config, split_symbols
from api.commands.store import SymbolsOption, opened
from quantgraph import __version__
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarRequest, BarSeries, Coverage, Period
from quantgraph.domain.errors import GatewayError, StartupError, bad_request, unknown_symbol
from quantgraph.domain.reasons import Reason

if TYPE_CHECKING:
    from quantgraph.store.market import MarketStore

_BATCH = 50
_SUFFIX = ".parquet"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(  # noqa: PLR0913, PLR0917 the options of a command
    out: Annotated[
        Path,
        typer.Option(help="Folder for one <symbol>.parquet each, or one file named *.parquet."),
    ],
    symbols: SymbolsOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All symbols that are held.")] = False,
    period: Annotated[
        Period, typer.Option(case_sensitive=False, help="MIN_1 or DAY_1.")
    ] = Period.DAY_1,
    start: Annotated[str | None, typer.Option(help="First day or instant.")] = None,
    end: Annotated[str | None, typer.Option(help="Last day or instant, included.")] = None,
    adjustment: Annotated[
        Adjustment, typer.Option(case_sensitive=False, help="Only NONE: prices as they were.")
    ] = Adjustment.NONE,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Export imported bars, also while a gateway serves them. Files appear whole or not at all.

    A gateway adjusts prices and makes longer periods: `quantgraph download bars` saves those.
    """
    from quantgraph.client.requests import bar_request

    chosen = split_symbols(symbols)
    if bool(chosen) == everything:
        raise bad_request("Say what to export: --symbols, or --all.")
    if period is not period.base or adjustment is not Adjustment.NONE:
        text = (
            f"{period} {adjustment} is not what was imported; a running gateway makes it: "
            "`quantgraph download bars`. Export takes MIN_1 or DAY_1, and NONE."
        )
        raise bad_request(text)
    request = bar_request(chosen, {"period": period, "start": start or date.min, "end": end})
    settings = read_config(config, data_dir)
    with opened(settings) as found:
        if found is None:
            raise bad_request(f"Nothing is held in {settings.data_path}; import bars first.")
        names = chosen or sorted(found.store.symbols(period))
        done = _write(_Source(found.store, request, tuple(names)), out)
    typer.echo(f"{done.symbols} of {len(names)} symbols, {done.rows} bars, in {out}")
    for symbol, error in done.failures.items():
        typer.echo(f"{symbol}: {error.reason.value}: {error.message}", err=True)
    if done.failures:
        raise typer.Exit(1)


@dataclass(slots=True)
class _Done:
    symbols: int
    rows: int
    failures: dict[str, GatewayError]


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be read of a store, some symbols at a time."""

    store: "MarketStore"
    request: BarRequest
    symbols: Sequence[str]

    def series(self) -> Iterator[tuple[str, BarSeries | GatewayError]]:
        """Yield each symbol's bars, or why there are none."""
        for first in range(0, len(self.symbols), _BATCH):
            names = tuple(self.symbols[first : first + _BATCH])
            request = BarRequest(names, self.request.period, self.request.window)
            for symbol, held in zip(names, self.store.read_bars(request), strict=True):
                if held is None:
                    yield symbol, unknown_symbol(symbol)
                elif isinstance(held, GatewayError):
                    yield symbol, held
                else:
                    coverage = Coverage(held.first, held.last, complete=None, missing=None)
                    yield (
                        symbol,
                        BarSeries(
                            symbol,
                            request.period,
                            Adjustment.NONE,
                            held.source,
                            held.columns,
                            coverage,
                        ),
                    )


def _write(source: _Source, out: Path) -> _Done:
    try:
        if out.suffix != _SUFFIX:
            out.mkdir(parents=True, exist_ok=True)
            return _write_each(source, out)
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=out.parent, prefix=".export-") as folder:
            done = _write_each(source, Path(folder))
            if done.symbols:
                _join(Path(folder), out)
            return done
    except OSError as error:
        text = f"Cannot write {out}: {error.strerror or error}."
        raise StartupError(Reason.DATA_DIR_UNUSABLE, text, file=str(out)) from None


def _write_each(source: _Source, folder: Path) -> _Done:
    from quantgraph.client.tables import to_polars

    done = _Done(0, 0, {})
    for symbol, found in source.series():
        if isinstance(found, GatewayError):
            done.failures[symbol] = found
            continue
        path = folder / f"{symbol}{_SUFFIX}"
        partial = path.with_suffix(".part")
        try:
            to_polars([found]).write_parquet(partial, metadata=_metadata(found))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        done.symbols += 1
        done.rows += found.columns.length
    return done


def _join(folder: Path, out: Path) -> None:
    """Put the files of a folder into one without holding them in memory."""
    import polars as pl

    files = sorted(folder.glob(f"*{_SUFFIX}"))
    sources = {pl.read_parquet_metadata(file)["source"] for file in files}
    metadata = pl.read_parquet_metadata(files[0])
    kept = {name: metadata[name] for name in ("period", "adjustment", "units", "made_by")}
    partial = folder / "joined"
    pl.scan_parquet(files).sink_parquet(
        partial, metadata=kept | {"source": ",".join(sorted(sources))}
    )
    partial.replace(out)


def _metadata(series: BarSeries) -> dict[str, str]:
    units = {
        name: field.unit
        for name, field in BAR_FIELDS.items()
        if name in series.columns.values and field.unit
    }
    return {
        "source": series.source.value,
        "period": series.period.value,
        "adjustment": series.adjustment.value,
        "units": json.dumps(units | {"time": "start of the bar, Asia/Shanghai"}),
        "made_by": f"quantgraph {__version__}",
    }
