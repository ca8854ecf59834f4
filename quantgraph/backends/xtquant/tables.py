"""The terminal's tables: their list by its own words, their rows from its own files.

The SDK reads these files with a module that Python has no more since 3.12, whole, and by the zone
of this machine. Here they are read where they lie, filtered before anything of them is held.
"""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import polars as pl

from quantgraph.backends.xtquant.codes import from_vendor, to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.domain.calendar import DAY_MS, day_start
from quantgraph.domain.errors import Unavailable, Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import (
    Cell,
    CellKind,
    TableField,
    TableRequest,
    TableSlice,
    TerminalTable,
    columns_of,
)

# The dictionary's keys of the two columns that files name otherwise than the dictionary does.
_TIME_KEY, _SYMBOL_KEY = "G", "S"
_TIME, _SYMBOL = "_time", "_stock"
_KINDS: Mapping[str, CellKind] = {
    "int": CellKind.INTEGER,
    "long": CellKind.INTEGER,
    "double": CellKind.NUMBER,
    "string": CellKind.TEXT,
    "binary": CellKind.TEXT,
}
# A table's name becomes part of a path.
_NAME = re.compile(r"\w{1,80}")
# A page of it is read with the whole file in memory.
_MOST_BYTES = 512 * 1024 * 1024
_SHOWN = 300
AFAR = (
    "The terminal's tables are files of its own machine, and its data folder is not on this one: "
    "run the gateway beside the terminal."
)
# JSON's readers keep no whole number beyond.
_MOST = 2**53 - 1
# How the vendor's list names a column, by its name here: as the file has it, and what it holds.
Config: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = Mapping[str, tuple[str, CellKind]]


class TableBook:
    """The terminal's list of tables, read again where it says another."""

    def __init__(self) -> None:
        """Know none yet."""
        self._told: Mapping[str, Config] = {}
        self._tables: tuple[TerminalTable, ...] = ()

    def read(self, data: Data) -> tuple[TerminalTable, ...]:
        """Return the tables by name; none as long as the list is not downloaded. Blocking."""
        names: Sequence[str] = sorted(data.call("get_metatable_list"))
        # One that has no name but a number cannot be asked for.
        good = [each for each in names if _NAME.fullmatch(each) and not each.isdecimal()]
        told = {name: data.call("get_metatable_config", name) for name in good}
        if told != self._told:
            self._tables = tuple(_table(name, config) for name, config in told.items())
            self._told = told
        return self._tables


def read_slice(data: Data, table: TerminalTable, request: TableRequest, first: int) -> TableSlice:
    """Return some of a table's rows: blocking.

    Errors: TERMINAL_LACKS where its file is not here or too long, SOURCE_UNAVAILABLE where it
    cannot be read.
    """
    file = _file(data, table.name)
    if not file.is_file():
        return TableSlice(held=False)
    columns = _columns(data.call("get_metatable_config", table.name))
    wanted = {each.name: columns[each.name] for each in columns_of(table, request.fields)}
    try:
        return _slice(file, wanted, request, first)
    except (pl.exceptions.PolarsError, OSError) as error:
        text = f"The file of the terminal's table {table.name} cannot be read ({error})."
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, text[:_SHOWN]) from error


def _file(data: Data, name: str) -> Path:
    told = str(data.call("get_data_dir") or "")
    data.afar = not told or not Path(told).is_dir()
    if data.afar:
        raise Unsupported(Reason.TERMINAL_LACKS, AFAR)
    return Path(told) / "EP" / f"{name}_Xdat2" / "data.fe"


def _slice(file: Path, columns: Columns, request: TableRequest, first: int) -> TableSlice:
    state = file.stat()
    if state.st_size > _MOST_BYTES:
        text = f"The table is a file of {state.st_size} bytes; at most {_MOST_BYTES} are read."
        raise Unsupported(Reason.TERMINAL_LACKS, text)
    found = _matching(file, request)
    total: int = found.select(pl.len()).collect().item()
    rows = _read(found.slice(first, request.first), columns)
    return TableSlice(rows, total, version=f"{state.st_mtime_ns}-{state.st_size}")


def _table(name: str, config: Config) -> TerminalTable:
    fields = tuple(
        TableField(
            label,
            CellKind.TIME if key == _TIME_KEY else _KINDS[info["type"]],
            _word(info.get("fieldNameCn")),
            _word(info.get("unit")),
        )
        for key, label, info in _listed(config)
    )
    title, description = _word(config.get("tableNameCn")), _word(config.get("desc"))
    return TerminalTable(name, title, description, fields, Source.TERMINAL)


def _listed(config: Config) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """Return key, name and description of each column of a kind that is known."""
    told: Mapping[str, Mapping[str, Any]] = config.get("fields") or {}
    return [
        (key, str(info["modelName"]), info)
        for key, info in told.items()
        if info.get("modelName") and info.get("type") in _KINDS
    ]


def _columns(config: Config) -> Columns:
    names = {_TIME_KEY: _TIME, _SYMBOL_KEY: _SYMBOL}
    return {
        label: (
            names.get(key, label),
            CellKind.TIME if key == _TIME_KEY else _KINDS[info["type"]],
        )
        for key, label, info in _listed(config)
    }


def _matching(file: Path, request: TableRequest) -> pl.LazyFrame:
    """Return the rows that match, not read yet. A column that a file lacks filters nothing."""
    # Never mapped into memory: the terminal could not write the file anew meanwhile.
    found = pl.scan_ipc(file.read_bytes())
    held = found.collect_schema().names()
    if request.symbols and _SYMBOL in held:
        found = found.filter(pl.col(_SYMBOL).is_in([to_vendor(each) for each in request.symbols]))
    if request.start is not None and _TIME in held:
        found = found.filter(pl.col(_TIME) >= day_start(request.start))
    if request.end is not None and _TIME in held:
        found = found.filter(pl.col(_TIME) < day_start(request.end) + DAY_MS)
    return found


def _read(found: pl.LazyFrame, columns: Columns) -> list[Mapping[str, Cell]]:
    """Return rows under our names; of a column that the file lacks nothing is known."""
    held = found.collect_schema().names()
    frame = found.select([there for there, _ in columns.values() if there in held]).collect()
    return [
        {name: _cell(row.get(there), kind, there) for name, (there, kind) in columns.items()}
        for row in frame.iter_rows(named=True)
    ]


def _cell(value: object, kind: CellKind, column: str) -> Cell:
    """Return a value as its kind says; None for nothing, NaN and what it says nothing with."""
    if kind is CellKind.TEXT:
        return _text(value, column)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if kind is CellKind.NUMBER:
        return float(value)
    whole = round(value)
    return whole if abs(whole) <= _MOST and (kind is not CellKind.TIME or whole > 0) else None


def _text(value: object, column: str) -> str | None:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode() or None
    text = _word(value)
    return text if column != _SYMBOL or text is None else from_vendor(text) or text


def _word(value: object) -> str | None:
    return None if value is None else str(value).strip() or None
