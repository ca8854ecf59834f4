"""Column blocks out of the file: only the asked columns of the asked chunks, each one proven."""

import json
import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from quantgraph.domain.bars import BarColumns, Column, Mask
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store import codec
from quantgraph.store.catalog import Piece
from quantgraph.store.counter import ReadCounter

Block = tuple[Column, Mask | None]
Blocks = Mapping[tuple[int, str], Block | GatewayError]


def load_blocks(
    connection: sqlite3.Connection,
    chunks: Sequence[int],
    names: Sequence[str],
    counter: ReadCounter,
) -> Blocks:
    """Return every asked column of every asked chunk that has it, in one query.

    A block that fails its hash is an error in its own place, so that one damaged chunk costs
    one series, not the batch.
    """
    query = (
        "SELECT chunk, name, hash, data FROM columns WHERE chunk IN "
        "(SELECT value FROM json_each(?)) AND name IN (SELECT value FROM json_each(?))"
    )
    found: dict[tuple[int, str], Block | GatewayError] = {}
    for chunk, name, digest, data in connection.execute(
        query, (json.dumps(chunks), json.dumps(names))
    ):
        counter.add(name, len(data))
        found[chunk, name] = open_block(data, digest, (chunk, name))
    return found


def open_block(data: bytes, digest: int, place: tuple[int, str]) -> Block | GatewayError:
    """Decode one block and compare its content with the hash kept beside it."""
    try:
        values, valid = codec.decode(data)
    except codec.CodecError as error:
        return _damaged(place, str(error))
    if codec.content_hash(values, valid) != digest:
        return _damaged(place, "its content does not match its hash")
    return values, valid


def join_pieces(blocks: Blocks, pieces: Sequence[Piece], dtypes: Mapping[str, str]) -> BarColumns:
    """Return the selected rows of the columns named in `dtypes`; raises for a damaged block.

    A chunk without a column has no value there: 0 under a mask that says missing.
    """
    length = sum(piece.stop - piece.start for piece in pieces)
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, dtype in dtypes.items():
        parts = [_slice(blocks.get((piece.chunk, name)), piece, (name, dtype)) for piece in pieces]
        values[name] = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, dtype)
        if any(mask is not None for _, mask in parts):
            masks = [np.ones(len(part), np.bool_) if m is None else m for part, m in parts]
            whole = np.concatenate(masks)
            if not whole.all():
                valid[name] = whole
    return BarColumns(length, values, valid)


def _slice(block: Block | GatewayError | None, piece: Piece, column: tuple[str, str]) -> Block:
    name, dtype = column
    if isinstance(block, GatewayError):
        raise block
    rows = slice(piece.start, piece.stop)
    if block is not None and len(block[0]) != piece.rows:
        raise _damaged((piece.chunk, name), f"it has {len(block[0])} rows, not {piece.rows}")
    if block is None:
        length = piece.stop - piece.start
        return np.zeros(length, dtype), np.zeros(length, np.bool_)
    return block[0][rows], None if block[1] is None else block[1][rows]


def _damaged(place: tuple[int, str], found: str) -> Unavailable:
    text = (
        f"Column {place[1]} of chunk {place[0]} in the store is damaged: {found}. "
        "Move the store away and import its files again."
    )
    return Unavailable(Reason.STORE_UNAVAILABLE, text, column=place[1], chunk=place[0])
