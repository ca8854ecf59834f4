"""`quantgraph store`: what is held, whether it is sound, and taking it out."""

import json
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config, split_symbols
from quantgraph.config import Config
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.errors import bad_request

if TYPE_CHECKING:
    from quantgraph.store.inventory import SeriesHolding
    from quantgraph.store.market import MarketStore
    from quantgraph.store.prune import Selection

_store = typer.Typer(help="List, verify and prune what was imported.", no_args_is_help=True)
_NAMED = 5

SymbolsOption = Annotated[
    list[str] | None, typer.Option(help="Symbols, as in 600519.SH,000001.SZ; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_store, name="store")


@dataclass(frozen=True, slots=True)
class Opened:
    """An open store and the calendar that it is judged by."""

    store: "MarketStore"
    calendar: TradingCalendar


@contextmanager
def opened(settings: Config) -> Generator[Opened | None]:
    """Open the store of a data folder beside whoever uses it; None where nothing was stored."""
    # Late: `--help` needs none of the store's libraries.
    from quantgraph.services.calendar import load_calendar
    from quantgraph.store.market import MarketStore
    from quantgraph.store.schema import FILE_NAME

    folder = settings.data_path
    if not (folder / FILE_NAME).is_file():
        yield None
        return
    store = MarketStore(folder)
    try:
        yield Opened(store, load_calendar(settings.calendar, folder))
    finally:
        store.close()


@_store.command("list")
def show(
    symbols: SymbolsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """List what is held by kind and period, or series by series with --symbols.

    Missing are trading days within a series' own span that have no row.
    """
    settings = read_config(config, data_dir)
    chosen = split_symbols(symbols)
    with opened(settings) as found:
        series = found.store.list_series(found.calendar, chosen or None) if found else ()
        generation = found.store.generation() if found else 0
    alone = bool(chosen)
    if as_json:
        groups = [_as_json(each, alone=alone) for each in _grouped(series, alone=alone)]
        found_json = {"folder": str(settings.data_path), "generation": generation, "held": groups}
        typer.echo(json.dumps(found_json))
        return
    if not series:
        typer.echo(f"Nothing is held in {settings.data_path}.")
    for each in _grouped(series, alone=alone):
        typer.echo(_line(each, alone=alone))


@_store.command("verify")
def verify(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Decode every stored column and compare it with its hash; exit with 1 if any is damaged."""
    settings = read_config(config, data_dir)
    with opened(settings) as found:
        faults = found.store.verify() if found else ()
        rows = sum(each.rows for each in found.store.holdings()) if found and not faults else 0
    for fault in faults:
        typer.echo(fault)
    if faults:
        typer.echo(f"{len(faults)} faults in {settings.data_path}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{rows} rows in {settings.data_path}: every column is as it was written.")


@_store.command("prune")
def prune(  # noqa: PLR0913, PLR0917 the options of a command
    symbols: SymbolsOption = None,
    period: Annotated[
        Period | None, typer.Option(case_sensitive=False, help="Only bars of MIN_1 or DAY_1.")
    ] = None,
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only days before this one.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Take bars and recordings out and shrink the file. All options together say what goes."""
    from quantgraph.store.prune import Selection

    chosen = split_symbols(symbols)
    if not chosen and period is None and before is None:
        raise bad_request("Say what is to go: --symbols, --period or --before.")
    if period not in {None, Period.MIN_1, Period.DAY_1}:
        raise bad_request(f"{period} is not stored but made of MIN_1 or DAY_1; name one of these.")
    selection = Selection(chosen or None, period, before.date() if before else None)
    with opened(read_config(config, data_dir)) as found:
        if found is None or not (rows := _rows(found, selection)):
            typer.echo("Nothing that is held is selected.")
            return
        if not yes:
            typer.confirm(f"Take {rows} out of {found.store.file}?", abort=True)
        size = found.store.file.stat().st_size
        taken = found.store.prune(selection, found.calendar)
        less = size - found.store.file.stat().st_size
    typer.echo(f"{sum(each.rows for each in taken)} rows are gone; the file is {less} bytes less.")


def _rows(found: Opened, selection: "Selection") -> str:
    taken = found.store.prunable(selection)
    if not taken:
        return ""
    whole = sum(each.whole for each in taken)
    return f"{sum(each.rows for each in taken)} rows of {len(taken)} series ({whole} of them whole)"


_Group = Sequence["SeriesHolding"]


def _grouped(series: Iterable["SeriesHolding"], *, alone: bool) -> list[_Group]:
    if alone:
        return [[each] for each in series]
    grouped = groupby(series, key=lambda each: (each.key.kind, each.key.period))
    return [list(group) for _, group in grouped]


def _as_json(group: _Group, *, alone: bool) -> dict[str, Any]:
    key = group[0].key
    missing = _missing(group)
    found: dict[str, Any] = {
        "kind": key.kind,
        "period": key.period or None,
        "symbols": len(group),
        "rows": sum(each.rows for each in group),
        "bytes": sum(each.bytes for each in group),
        "from": day_of(min(each.first for each in group)).isoformat(),
        "to": day_of(max(each.last for each in group)).isoformat(),
        "sources": sorted({each.source for each in group}),
        "complete": None if missing is None else missing == 0,
        "missing": missing,
    }
    if alone:
        gaps = group[0].gaps
        days = None if gaps is None else [str(day) for day in gaps.tolist()]
        return {"symbol": key.symbol, **found, "missing_dates": days}
    return {**found, "incomplete": [each.key.symbol for each in group if _lacks(each)]}


def _line(group: _Group, *, alone: bool) -> str:
    key, seen = group[0].key, _as_json(group, alone=alone)
    name = f"{key.kind} {key.period}".strip()
    who = key.symbol if alone else f"{seen['symbols']} symbols"
    per_row = f"{seen['bytes'] / seen['rows']:.1f} bytes each"
    span = f"{seen['from']} to {seen['to']}, {', '.join(seen['sources'])}"
    return f"{name}: {who}, {seen['rows']} rows ({per_row}), {span}; {_told(group)}"


def _told(group: _Group) -> str:
    missing = _missing(group)
    if missing is None:
        return "beyond the calendar: nobody can say what is missing"
    if missing == 0:
        return "complete"
    lacking = [each for each in group if _lacks(each)]
    if len(group) == 1 and group[0].gaps is not None:
        names = [str(day) for day in group[0].gaps[:_NAMED].tolist()]
    else:
        names = [each.key.symbol for each in lacking[:_NAMED]]
    more = ", …" if max(len(lacking), missing if len(group) == 1 else 0) > _NAMED else ""
    what = f"{missing} days missing"
    who = "" if len(group) == 1 else f" in {len(lacking)} symbols"
    return f"{what}{who}: {', '.join(names)}{more}"


def _missing(group: _Group) -> int | None:
    if any(each.gaps is None for each in group):
        return None
    return sum(len(each.gaps) for each in group if each.gaps is not None)


def _lacks(each: "SeriesHolding") -> bool:
    return each.gaps is not None and len(each.gaps) > 0
