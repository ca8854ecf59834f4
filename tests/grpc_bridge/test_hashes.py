"""A chunk that goes out again is not hashed again, and never goes out with another's hash."""

import gc

import numpy as np
import pytest
import xxhash

from grpc_bridge.hashes import ContentHashes
from quantgraph.domain.bars import BarColumns
from quantgraph.wire.frames import pack_chunk

XXH3 = xxhash.xxh3_64


def columns(first, kept=True):
    values = {"time": np.arange(first, first + 50), "close": np.arange(50.0)}
    valid = {"close": np.arange(50) % 7 != 0}
    return BarColumns(50, values, valid, kept=kept)


@pytest.fixture
def hashed(monkeypatch):
    """How many bytes were hashed."""
    seen = []

    class Watched:
        def __init__(self):
            self.inner = XXH3()

        def update(self, data):
            seen.append(memoryview(data).nbytes)
            self.inner.update(data)

        def intdigest(self):
            return self.inner.intdigest()

    monkeypatch.setattr("quantgraph.wire.frames.xxhash.xxh3_64", Watched)
    return seen


def test_kept_columns_are_hashed_once(hashed):
    hashes, held = ContentHashes(), columns(0)
    first = hashes.pack(held, (10, 30))
    before = sum(hashed)
    again = hashes.pack(held, (10, 30))
    assert sum(hashed) - before <= 3  # the bitmap of missing values
    assert again.content_hash == first.content_hash
    assert b"".join(again.parts) == b"".join(first.parts)


def test_other_rows_and_other_columns_have_their_own_hash():
    hashes = ContentHashes()
    for number in range(200):
        held = columns(number)
        for bounds in ((0, 50), (0, 20), (20, 50)):
            expected = pack_chunk(held.take(slice(*bounds))).content_hash
            assert hashes.pack(held, bounds).content_hash == expected
            assert hashes.pack(held, bounds).content_hash == expected


def test_nothing_is_remembered_of_columns_that_are_gone():
    hashes, held = ContentHashes(), columns(0)
    hashes.pack(held, (0, 50))
    assert len(hashes._known) == 1
    del held
    gc.collect()
    assert not hashes._known


def test_what_is_not_kept_is_hashed_each_time(hashed):
    hashes, passing = ContentHashes(), columns(0, kept=False)
    hashes.pack(passing, (0, 50))
    before = sum(hashed)
    hashes.pack(passing, (0, 50))
    assert sum(hashed) == 2 * before
    assert not hashes._known
