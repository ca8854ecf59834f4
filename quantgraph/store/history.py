"""Reads bars and recordings: which rows, then only the asked columns of just those chunks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from quantgraph.domain.bars import BAR_FIELDS, BarRequest, Window
from quantgraph.domain.calendar import Times
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.shelf import HeldBars
from quantgraph.domain.ticks import TICK_FIELDS, TickColumns, TickRequest
from quantgraph.store.blocks import Blocks, find_blocks, join_pieces
from quantgraph.store.catalog import Piece, SeriesIndex
from quantgraph.store.reader import Reader, Snapshot
from quantgraph.store.series import SeriesKey

Chosen = Mapping[SeriesKey, Sequence[Piece] | GatewayError]


def read_bars(reader: Reader, request: BarRequest) -> Sequence[HeldBars | GatewayError | None]:
    """Return the bars per symbol in order, None where the series is not held at all."""
    keys = [SeriesKey.bars(symbol, request.period) for symbol in request.symbols]
    dtypes = {name: BAR_FIELDS[name].dtype for name in request.fields}
    with reader.snapshot() as snapshot:
        indexes = snapshot.indexes(keys)
        scan = _Scan(snapshot)
        chosen = {
            key: scan.choose(index, request.window) for key, index in indexes.items() if index
        }
        blocks = scan.blocks(chosen.values(), tuple(dtypes))
    return [_held_bars(indexes[key], chosen.get(key, ()), blocks, dtypes) for key in keys]


def read_ticks(reader: Reader, request: TickRequest) -> TickColumns | None:
    """Return the first `limit` rows in the span, None where no recording is held."""
    key = SeriesKey.ticks(request.symbol, request.kind)
    dtypes = {name: TICK_FIELDS[request.kind][name] for name in request.fields}
    with reader.snapshot() as snapshot:
        index = snapshot.indexes([key])[key]
        if index is None:
            return None
        scan = _Scan(snapshot)
        chosen = scan.choose(index, Window(request.start, request.end))
        if isinstance(chosen, GatewayError):
            raise chosen
        pieces = _first_rows(chosen, request.limit)
        blocks = scan.blocks([pieces], tuple(dtypes))
    rows = join_pieces(blocks, pieces, dtypes)
    return TickColumns(
        request.symbol, request.kind, index.source, rows.length, rows.values, rows.valid
    )


class _Scan:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def choose(self, index: SeriesIndex, window: Window) -> Sequence[Piece] | GatewayError:
        try:
            return index.select(window, self._stamps)
        except GatewayError as error:
            return error

    def blocks(
        self, chosen: Iterable[Sequence[Piece] | GatewayError], names: Sequence[str]
    ) -> Blocks:
        whole = [pieces for pieces in chosen if not isinstance(pieces, GatewayError)]
        chunks = [piece.chunk for pieces in whole for piece in pieces]
        if not chunks or not names:
            return {}
        return find_blocks(self._snapshot, chunks, names)

    def _stamps(self, chunk: int) -> Times:
        block = find_blocks(self._snapshot, [chunk], ["time"])[chunk]["time"]
        if isinstance(block, GatewayError):
            raise block
        return np.empty(0, np.int64) if block is None else block.values


def _held_bars(
    index: SeriesIndex | None,
    pieces: Sequence[Piece] | GatewayError,
    blocks: Blocks,
    dtypes: Mapping[str, str],
) -> HeldBars | GatewayError | None:
    if index is None:
        return None
    if isinstance(pieces, GatewayError):
        return pieces
    try:
        columns = join_pieces(blocks, pieces, dtypes)
    except GatewayError as error:
        return error
    return HeldBars(columns, index.source, index.first, index.last, index.dates(pieces))


def _first_rows(pieces: Sequence[Piece], limit: int) -> Sequence[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        taken = min(piece.stop - piece.start, limit)
        if taken <= 0:
            break
        found.append(replace(piece, stop=piece.start + taken))
        limit -= taken
    return found
