"""Column blocks out of the file: only the asked columns of the asked chunks, each one proven."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from quantgraph.domain.bars import BarColumns, Column, Mask
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.store import codec
from quantgraph.store.catalog import Piece
from quantgraph.store.memory import Block
from quantgraph.store.reader import Snapshot

# By chunk and column; None where a chunk has no such column.
Blocks = Mapping[int, Mapping[str, Block | GatewayError | None]]
_QUERY = (
    "SELECT chunk, name, hash, data FROM columns WHERE chunk IN "
    "(SELECT value FROM json_each(?)) AND name IN (SELECT value FROM json_each(?))"
)


def find_blocks(snapshot: Snapshot, chunks: Sequence[int], names: Sequence[str]) -> Blocks:
    """Return every asked column of every asked chunk, from memory or else in one query.

    A block that fails its hash is an error in its own place, so that one damaged chunk costs
    one series, not the batch.
    """
    found: dict[int, Mapping[str, Block | GatewayError | None]] = {}
    absent: list[int] = []
    wanted = frozenset(names)
    for chunk in chunks:
        held = snapshot.memory.find(chunk)
        if wanted <= held.keys():
            found[chunk] = held
        else:
            absent.append(chunk)
    if absent:
        found |= _load(snapshot, absent, names)
    snapshot.counter.add({name: _sizes(found, name) for name in names})
    return found


def _sizes(blocks: Blocks, name: str) -> Sequence[int]:
    found = [columns[name] for columns in blocks.values()]
    return [block.size for block in found if isinstance(block, Block)]


def _load(snapshot: Snapshot, chunks: Sequence[int], names: Sequence[str]) -> Blocks:
    read: dict[int, dict[str, Block | GatewayError | None]] = {
        chunk: dict.fromkeys(names) for chunk in chunks
    }
    given = (orjson.dumps(chunks).decode(), orjson.dumps(names).decode())
    for chunk, name, digest, data in snapshot.connection.execute(_QUERY, given):
        read[chunk][name] = open_block(data, digest, (chunk, name))
    snapshot.counter.load(sum(len(columns) for columns in read.values()))
    snapshot.memory.keep({chunk: _sound(columns) for chunk, columns in read.items()})
    return read


def _sound(columns: Mapping[str, Block | GatewayError | None]) -> Mapping[str, Block | None]:
    return {name: each for name, each in columns.items() if not isinstance(each, GatewayError)}


def open_block(data: bytes, digest: int, place: tuple[int, str]) -> Block | GatewayError:
    """Decode one block and compare its content with the hash kept beside it."""
    try:
        values, valid = codec.decode(data)
    except codec.CodecError as error:
        return _damaged(place, str(error))
    if codec.content_hash(values, valid) != digest:
        return _damaged(place, "its content does not match its hash")
    return Block(values, valid, len(data))


def join_pieces(blocks: Blocks, pieces: Sequence[Piece], dtypes: Mapping[str, str]) -> BarColumns:
    """Return the selected rows of the columns named in `dtypes`; raises for a damaged block.

    A chunk without a column has no value there: 0 under a mask that says missing.
    """
    length = sum([piece.stop - piece.start for piece in pieces])
    chosen = [(blocks.get(piece.chunk, {}), piece) for piece in pieces]
    values: dict[str, Column] = {}
    valid: dict[str, Mask] = {}
    for name, dtype in dtypes.items():
        parts: list[Column] = []
        masks: dict[int, Mask] = {}
        for place, (columns, piece) in enumerate(chosen):
            part, mask = _cut(columns.get(name), piece, (name, dtype))
            parts.append(part)
            if mask is not None:
                masks[place] = mask
        # always a copy: a view would keep the whole chunk in memory, and be open to writing
        values[name] = np.concatenate(parts) if parts else np.empty(0, dtype)
        if masks and not (whole := _join_masks(parts, masks)).all():
            valid[name] = whole
    return BarColumns(length, values, valid)


def _cut(
    block: Block | GatewayError | None, piece: Piece, column: tuple[str, str]
) -> tuple[Column, Mask | None]:
    start, stop = piece.start, piece.stop
    if block is None:
        return np.zeros(stop - start, column[1]), np.zeros(stop - start, np.bool_)
    if isinstance(block, GatewayError):
        raise block
    values, valid = block.values, block.valid
    if len(values) != piece.rows:
        raise _damaged((piece.chunk, column[0]), f"it has {len(values)} rows, not {piece.rows}")
    return values[start:stop], None if valid is None else valid[start:stop]


def _join_masks(parts: Sequence[Column], masks: Mapping[int, Mask]) -> Mask:
    whole = [masks.get(place, np.ones(len(part), np.bool_)) for place, part in enumerate(parts)]
    return np.concatenate(whole)


def _damaged(place: tuple[int, str], found: str) -> Unavailable:
    text = (
        f"Column {place[1]} of chunk {place[0]} in the store is damaged: {found}. "
        "Move the store away and import its files again."
    )
    return Unavailable(Reason.STORE_UNAVAILABLE, text, column=place[1], chunk=place[0])
