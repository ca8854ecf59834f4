"""A chunk's frame is what any protobuf library would have written, and reads back as it was."""

from typing import Any

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.bars import BAR_FIELDS, BarColumns
from quantgraph.domain.sources import Source
from quantgraph.v1 import bars_pb2
from quantgraph.wire.columns import Block, columns_to_proto, content_hash, layout, published
from quantgraph.wire.downloads import CHUNK_BYTES, CHUNK_ROWS, rows_per_chunk
from quantgraph.wire.enums import SOURCE
from quantgraph.wire.frames import ReceivedChunk, frame_of, pack_chunk, read_frame


@st.composite
def columns(draw: st.DrawFn) -> BarColumns:
    rows = draw(st.integers(0, 40))
    names = draw(st.lists(st.sampled_from(list(BAR_FIELDS)), unique=True))
    values: dict[str, Any] = {}
    valid: dict[str, Any] = {}
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    for name in (each for each in BAR_FIELDS if each in names):
        dtype = np.dtype(BAR_FIELDS[name].dtype)
        # Any bits, NaN among them; a bool has but two.
        bits = random.bytes(rows * dtype.itemsize)
        column = np.frombuffer(bits, "u1" if dtype.kind == "b" else dtype)
        values[name] = column > 127 if dtype.kind == "b" else column
        if draw(st.booleans()):
            valid[name] = random.random(rows) < draw(st.sampled_from((0, 0.5, 1)))
    return BarColumns(rows, values, valid)


@given(columns(), st.sampled_from(Source), st.binary(max_size=300))
def test_a_frame_is_the_stock_message(held: BarColumns, source: Source, token: bytes):
    twin = columns_to_proto(Block(held.length, held.values, held.valid), bars_pb2.BarColumns)
    stock = bars_pb2.BarChunk(
        symbol="600519.SH",
        source=SOURCE.to_proto(source),
        columns=published(twin, bars_pb2.BarColumns),
        content_hash=pack_chunk(held).content_hash,
    )
    frame = frame_of("600519.SH", source, pack_chunk(held), token)
    read = bars_pb2.DownloadBarsResponse.FromString(frame)
    # Missing values and NaN compare by their bytes.
    assert (
        read.SerializeToString()
        == bars_pb2.DownloadBarsResponse(chunk=stock, resume_token=token).SerializeToString()
    )
    names = [each.column for each in read.chunk.columns.validity]
    assert names == [name for name in BAR_FIELDS if name in names]


@given(columns(), st.binary(max_size=300))
def test_a_chunk_reads_back_as_it_was(held: BarColumns, token: bytes):
    frame = frame_of("600519.SH", Source.IMPORTED, pack_chunk(held), token)
    found = read_frame(frame)
    assert isinstance(found, ReceivedChunk)
    assert (found.symbol, found.source, found.resume_token) == ("600519.SH", 1, token)
    assert found.intact()
    read = found.columns(tuple(held.values))
    for name, column in held.values.items():
        mask = held.valid.get(name, np.ones(held.length, np.bool_))
        assert read.values[name][mask].tobytes() == column[mask].tobytes()
        assert not read.values[name][~mask].any()
        assert (read.valid.get(name, np.ones(held.length, np.bool_)) == mask).all()


@given(st.binary(max_size=60))
def test_bytes_that_are_no_frame_are_a_value_error(data: bytes):
    try:
        found = read_frame(data)
        if isinstance(found, ReceivedChunk):
            found.intact()
            found.columns(("time", "close"))
    except ValueError:
        pass


def test_a_frame_cut_anywhere_is_not_taken():
    held = BarColumns(3, {"time": np.arange(3), "close": np.arange(3.0)})
    frame = frame_of("600519.SH", Source.IMPORTED, pack_chunk(held), b"token")
    chunk = len(frame_of("600519.SH", Source.IMPORTED, pack_chunk(held), b""))
    for end in {*range(1, len(frame))} - {chunk}:
        with pytest.raises(ValueError, match=r"."):
            read_frame(frame[:end])


def test_other_frames_are_read_as_messages():
    summary = bars_pb2.DownloadBarsResponse(summary=bars_pb2.DownloadSummary(row_count=7))
    assert read_frame(summary.SerializeToString()) == summary


@pytest.mark.parametrize(
    "fields", [tuple(BAR_FIELDS), ("time", "close"), ("suspended",), ("open",)]
)
def test_the_largest_chunk_is_within_its_bounds(fields: tuple[str, ...]):
    rows = rows_per_chunk(fields)
    values = {name: np.ones(rows, layout(bars_pb2.BarColumns)[name]) for name in fields}
    valid = {name: np.arange(rows) % 2 == 0 for name in fields}
    chunk = pack_chunk(BarColumns(rows, values, valid))
    frame = frame_of("600519.SH", Source.IMPORTED, chunk, bytes(200))
    assert 12_000 < rows <= CHUNK_ROWS
    assert len(frame) <= CHUNK_BYTES
    assert rows == CHUNK_ROWS or len(frame) > 0.95 * CHUNK_BYTES


def test_a_stock_client_can_check_the_hash_by_its_description():
    block = BarColumns(
        3,
        {"time": np.array([1, 2, 3]), "close": np.array([1.5, 2.5, 3.5]),
         "suspended": np.array([True, False, True])},
        {"close": np.array([True, False, True])},
    )  # fmt: skip
    frame = frame_of("600519.SH", Source.IMPORTED, pack_chunk(block), b"")
    chunk = bars_pb2.DownloadBarsResponse.FromString(frame).chunk
    packed = (
        np.array(chunk.columns.time, "<i8").tobytes()
        + np.array(chunk.columns.close, "<f8").tobytes()
        + np.array(chunk.columns.suspended, "u1").tobytes()
        + b"".join(each.bitmap for each in chunk.columns.validity)
    )
    assert chunk.content_hash == xxhash.xxh3_64_intdigest(packed)
    twin = columns_to_proto(Block(3, block.values, block.valid), bars_pb2.BarColumns)
    assert content_hash(twin, bars_pb2.BarColumns) == chunk.content_hash
