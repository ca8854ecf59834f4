"""Series as tables of the libraries that people use; each is imported only when it is asked for."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, BarSeries, Column, Mask

if TYPE_CHECKING:
    import polars

# +08:00 without the summers of 1986 to 1991, when midnight would read 01:00 (the sign is POSIX's).
_ZONE = "Etc/GMT-8"


def to_numpy(series: BarSeries) -> Mapping[str, Column]:
    """Return the arrays by column, times in epoch ms; a masked array where values are missing."""
    columns = series.columns
    return {
        name: values if (missing := columns.missing(name)) is None else _masked(values, missing)
        for name, values in columns.values.items()
    }


def _masked(values: Column, missing: Mask) -> Column:
    masked: Column = np.ma.MaskedArray(values, missing)
    return masked


def to_polars(series: Sequence[BarSeries]) -> "polars.DataFrame":
    """Return one frame: symbol, time (market time) and the columns; missing is null."""
    pl: Any = _library("polars")
    data = {"symbol": pl.Series(_symbols(series), dtype=pl.String)}
    for name in _names(series):
        values, valid = _column(series, name)
        column = pl.Series(name, values)
        if name == "time":
            column = column.cast(pl.Datetime("ms", "UTC")).dt.convert_time_zone(_ZONE)
        if valid is not None:
            column = column.zip_with(pl.Series(valid), pl.Series([None], dtype=column.dtype))
        data[name] = column
    return pl.DataFrame(data)


def to_pandas(series: Sequence[BarSeries]) -> Any:  # noqa: ANN401 pandas may be absent
    """Return one frame: symbol, time (market time) and the columns; missing is NaN or NA."""
    pd: Any = _library("pandas")
    data: dict[str, object] = {"symbol": _symbols(series)}
    for name in _names(series):
        values, valid = _column(series, name)
        if name == "time":
            stamps = values.astype("datetime64[ms]")
            data[name] = pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(_ZONE)
        elif valid is None:
            data[name] = values
        elif values.dtype.kind == "f":
            data[name] = np.where(valid, values, np.nan)
        else:
            kind = pd.arrays.BooleanArray if values.dtype.kind == "b" else pd.arrays.IntegerArray
            data[name] = kind(values, ~valid)
    return pd.DataFrame(data)


def to_arrow(series: Sequence[BarSeries]) -> Any:  # noqa: ANN401 pyarrow may be absent
    """Return one table: symbol, time (market time) and the columns; missing is null."""
    pa: Any = _library("pyarrow")
    data = {"symbol": pa.array(_symbols(series), pa.string())}
    for name in _names(series):
        values, valid = _column(series, name)
        mask = None if valid is None else ~valid
        kind = pa.timestamp("ms", _ZONE) if name == "time" else None
        data[name] = pa.array(values, kind, mask=mask)
    return pa.table(data)


def parquet_path(folder: Path, symbol: str) -> Path:
    """Return the file of a symbol."""
    return folder / f"{symbol}.parquet"


def write_parquet(series: BarSeries, folder: Path) -> Path:
    """Write one series to `<symbol>.parquet`, which appears whole or not at all."""
    path = parquet_path(folder, series.symbol)
    partial = path.with_suffix(".parquet.part")
    try:
        to_polars([series]).write_parquet(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _library(name: str) -> Any:  # noqa: ANN401 whatever it is
    try:
        return importlib.import_module(name)
    except ImportError:
        text = f"This needs {name}, which is not installed: pip install {name}"
        raise ImportError(text, name=name) from None


def _names(series: Sequence[BarSeries]) -> list[str]:
    held = {name for each in series for name in each.columns.values}
    return [name for name in BAR_FIELDS if name in held]


def _symbols(series: Sequence[BarSeries]) -> list[str]:
    return [each.symbol for each in series for _ in range(each.columns.length)]


def _column(series: Sequence[BarSeries], name: str) -> tuple[Column, Mask | None]:
    values = np.concatenate([each.columns.values[name] for each in series])
    if not any(name in each.columns.valid for each in series):
        return values, None
    masks = (
        each.columns.valid.get(name, np.ones(each.columns.length, np.bool_)) for each in series
    )
    return values, np.concatenate(list(masks))
