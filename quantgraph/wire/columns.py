"""The column codec: numpy columns to packed fields and back, a block at a time, never by value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeVar, cast

import numpy as np
import xxhash
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from quantgraph.domain.bars import Column, Mask
from quantgraph.v1 import bars_pb2
from quantgraph.wire.fields import invalid_field
from quantgraph.wire.twins import PACKED, twin

M = TypeVar("M", bound=Message)


class ColumnsMessage(Protocol):
    """BarColumns, SnapshotColumns or TradeColumns, or a twin of one."""

    row_count: int

    @property
    def validity(self) -> Iterable[bars_pb2.ColumnValidity]:
        """Bitmaps of the columns that miss values."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """Columns without their topic. `valid` has a mask only where values are missing."""

    length: int
    values: Mapping[str, Column]
    valid: Mapping[str, Mask]


@cache
def layout(message: type[Message]) -> Mapping[str, np.dtype[np.generic]]:
    """Return numpy type by column name, in order of field number."""
    fields = sorted(message.DESCRIPTOR.fields, key=lambda field: field.number)
    packed = (field for field in fields if field.is_repeated and field.type in PACKED)
    return {field.name: np.dtype(PACKED[field.type]) for field in packed}


def columns_to_proto(block: Block, message: type[M]) -> M:
    """Return the twin of a columns message; `published` makes the stock message of it.

    A mask that says that nothing is missing is left out.
    """
    columns = layout(message)
    unknown = block.values.keys() - columns.keys()
    if unknown:
        raise ValueError(f"{message.DESCRIPTOR.name} has no column {', '.join(sorted(unknown))}")
    packed: dict[str, bytes] = {}
    for name, dtype in columns.items():
        if name in block.values:
            column = block.values[name].astype(dtype, casting="safe", copy=False)
            mask = block.valid.get(name)
            # Whatever lies under the mask stays here: a missing value is 0 on the wire.
            zero = dtype.type(0)
            packed[name] = (column if mask is None else np.where(mask, column, zero)).tobytes()
    bitmaps = [
        {"column": name, "bitmap": np.packbits(mask, bitorder="little").tobytes()}
        for name, mask in block.valid.items()
        if name in packed and not mask.all()
    ]
    return twin(message)(row_count=block.length, validity=bitmaps, **packed)


def columns_from_proto(
    message: Message, names: Sequence[str] | None, stock: type[Message]
) -> Block:
    """Read the named columns (None: all that were sent) of a twin, as views of its bytes.

    ValueError where a column is absent or has another length than the message says.
    """
    columns = layout(stock)
    length = cast("ColumnsMessage", message).row_count
    values: dict[str, Column] = {}
    for name in columns if names is None else names:
        data: bytes = getattr(message, name)
        if names is None and not data:
            continue
        values[name] = read_column(name, data, columns[name], length)
    valid = {
        each.column: read_mask(each, length)
        for each in cast("ColumnsMessage", message).validity
        if each.column in values
    }
    return Block(length, values, valid)


def read_column(
    name: str, data: bytes | memoryview, dtype: np.dtype[np.generic], length: int
) -> Column:
    """Return the values of a column as a view. ValueError where there are not so many."""
    if len(data) != length * dtype.itemsize:
        raise ValueError(f"column {name} has {len(data)} bytes, not {length} x {dtype.itemsize}")
    if dtype.kind != "b":
        return np.frombuffer(data, dtype)
    # A byte other than 0 and 1 must not become a numpy bool as it is.
    return np.frombuffer(data, np.uint8) != 0


def read_mask(validity: bars_pb2.ColumnValidity, length: int) -> Mask:
    """Return where a column has values. ValueError where the bitmap has another length."""
    bits = np.frombuffer(validity.bitmap, np.uint8)
    if len(bits) != (length + 7) // 8:
        raise ValueError(f"bitmap of {validity.column} has {len(bits)} bytes for {length} rows")
    return np.unpackbits(bits, bitorder="little", count=length).astype(np.bool_)


def content_hash(message: Message, stock: type[Message]) -> int:
    """Return the XXH3-64 of a twin's columns in order of field number, then of its bitmaps."""
    hasher = xxhash.xxh3_64()
    for name in layout(stock):
        hasher.update(getattr(message, name))
    for each in cast("ColumnsMessage", message).validity:
        hasher.update(each.bitmap)
    return hasher.intdigest()


def published(message: Message, stock: type[M]) -> M:
    """Return the stock message of a twin: two block copies, no work by value."""
    return stock.FromString(message.SerializeToString())


def twinned(message: M, stock: type[M]) -> M:
    """Return the twin of a stock message."""
    return twin(stock).FromString(message.SerializeToString())


def mask_from_proto(mask: FieldMask, known: Iterable[str], field: str) -> tuple[str, ...]:
    """Return the columns that a read mask names, in the table's order; all for an empty one."""
    columns = tuple(known)
    for path in mask.paths:
        if path not in columns:
            raise invalid_field(field, f"{path[:40]!r} is not one of {', '.join(columns)}.")
    return tuple(name for name in columns if name in mask.paths) if mask.paths else columns
