"""CSV as text: UTF-8 or GBK, packed or not, quoted or not; the line of every row is known."""

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from quantgraph.domain.calendar import Times
from quantgraph.domain.errors import StartupError
from quantgraph.store.imports.report import BadRow
from quantgraph.store.imports.table import Table, header_names, import_failed, stripped

# a file takes some six times its size in memory while it is read
MOST_BYTES = 2**30
_PIECE = 2**24
_NEWLINE, _COMMA, _SPACE = b"\n, "
# The library's own limit of 128 KiB would refuse long texts; the file's size is bounded already.
csv.field_size_limit(2**31 - 1)


def read_text(file: Path) -> Table:
    """Read a CSV file, unpacked if it ends in .gz. Raises StartupError IMPORT_FAILED."""
    data = _decoded(file, _loaded(file))
    return _quoted(file, data.decode()) if b'"' in data else _plain(file, data)


def _loaded(file: Path) -> bytes:
    if file.suffix.lower() != ".gz":
        if file.stat().st_size > MOST_BYTES:
            raise _too_large(file)
        return file.read_bytes()
    pieces: list[bytes] = []
    size = 0
    with gzip.open(file) as stream:
        for piece in iter(partial(stream.read, _PIECE), b""):
            size += len(piece)
            if size > MOST_BYTES:
                raise _too_large(file)
            pieces.append(piece)
    return b"".join(pieces)


def _too_large(file: Path) -> StartupError:
    return import_failed(
        file, f"it holds more than {MOST_BYTES:,} bytes of text. Split it, or use Parquet."
    )


def _decoded(file: Path, data: bytes) -> bytes:
    """Return UTF-8 without a byte order mark, which some tools set before GBK too."""
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        body.decode()
    except UnicodeDecodeError:
        try:
            return body.decode("gb18030").encode()
        except UnicodeError:
            raise import_failed(file, "it is neither UTF-8 nor GBK text.") from None
    return body


def _plain(file: Path, data: bytes) -> Table:
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    first, _, _ = data.partition(b"\n")
    if not first.strip():
        raise import_failed(file, "its first line is empty; a header is expected there.")
    header = header_names(file, first.decode().split(","))
    text = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    edges = np.r_[0, np.flatnonzero(text == _NEWLINE) + 1]
    cells = _count_cells(text, edges)
    good = cells == len(header)
    good[0] = False
    lines = np.flatnonzero(good)
    frame = _empty(header)
    if len(lines):
        # whole, as a rule: only a file with bad or blank lines is copied
        body = text[edges[1] :]
        kept = body if good[1:].all() else text[np.repeat(good, np.diff(edges))]
        frame = pl.read_csv(
            kept.tobytes(),
            has_header=False,
            new_columns=header,
            infer_schema=False,
            quote_char=None,
        )
    ragged = tuple(
        _ragged(place + 1, int(cells[place]), header)
        for place in np.flatnonzero(~good & (cells > 0)).tolist()
        if place
    )
    return Table(file, stripped(frame), lines + 1, ragged)


def _count_cells(text: npt.NDArray[np.uint8], edges: Times) -> Times:
    """Return the cells of each line, 0 for a blank one."""
    # not reduceat for the sum: it would widen every byte of the file to a word
    commas = np.diff(np.searchsorted(np.flatnonzero(text == _COMMA), edges))
    filled = np.logical_or.reduceat(text > _SPACE, edges[:-1])
    return np.where(filled, commas + 1, 0)


def _quoted(file: Path, text: str) -> Table:
    # Quotes may hide commas and line ends: only a real parser counts those rightly.
    rows = list(_records(file, text))
    if not rows:
        raise import_failed(file, "it is empty.")
    header = header_names(file, rows[0][1])
    good = [(line, row) for line, row in rows[1:] if len(row) == len(header)]
    ragged = tuple(
        _ragged(line, len(row), header) for line, row in rows[1:] if len(row) != len(header)
    )
    columns = list(zip(*(row for _, row in good), strict=True)) or [()] * len(header)
    frame = _empty(header) if not good else pl.DataFrame(dict(zip(header, columns, strict=True)))
    lines = np.array([line for line, _ in good], np.int64)
    return Table(file, stripped(frame), lines, ragged)


def _records(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with its first line; strict, or an open quote would swallow rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    line = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        why = f"the row that begins on line {line} has quotes that do not pair: {error}."
        raise import_failed(file, why) from None


def _empty(header: list[str]) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series(name, [], pl.String) for name in header})


def _ragged(line: int, cells: int, header: list[str]) -> BadRow:
    return BadRow(line, f"it has {cells} cells, the header has {len(header)}")
