"""A key that was found is known without a read, until anything about the key file changes."""

import os
import sqlite3

import pytest

from quantgraph.domain.access import Scope
from quantgraph.domain.errors import Unauthenticated
from quantgraph.services.access import LOCAL, KeyAccess
from quantgraph.services.workers import Workers
from quantgraph.store.keys import KeyStore


class Counted(KeyStore):
    """Counts the reads, and can be read in the midst of."""

    reads = 0
    between = staticmethod(lambda: None)

    def check(self, key):
        """Read."""
        self.reads += 1
        found = super().check(key)
        self.between()
        return found


@pytest.fixture
def keys(tmp_path):
    return Counted(tmp_path / "keys.sqlite")


@pytest.fixture
def access(keys):
    workers = Workers(1, 10)
    yield KeyAccess(keys, workers, open_locally=True)
    workers.close()


def age(keys, seconds=10):
    """Let the last change have been a while ago."""
    stamp = keys.path.stat().st_mtime - seconds
    os.utime(keys.path, (stamp, stamp))


def identity(key):
    return key.split("_")[1]


async def test_a_key_is_read_once_while_nothing_changes(keys, access):
    key = keys.create(Scope.READ, frozenset({"a"}))
    age(keys)
    assert access.known(key) is None
    first = await access.authenticate(key)
    assert (first.scope, first.accounts) == (Scope.READ, frozenset({"a"}))
    assert access.known(key) == first == await access.authenticate(key)
    assert keys.reads == 1


async def test_a_revoked_key_is_useless_at_once(keys, access):
    key = keys.create(Scope.READ, None)
    age(keys)
    await access.authenticate(key)
    keys.revoke(identity(key))
    for _ in range(2):
        assert access.known(key) is None
        with pytest.raises(Unauthenticated):
            await access.authenticate(key)
        age(keys)


async def test_a_key_that_is_revoked_while_it_is_read_is_not_kept(keys, access):
    key = keys.create(Scope.READ, None)
    age(keys)
    keys.between = lambda: keys.revoke(identity(key))
    await access.authenticate(key)  # it was read before
    age(keys)
    assert access.known(key) is None


async def test_after_a_fresh_change_every_request_reads(keys, access):
    """Two changes of one instant have one stamp."""
    key = keys.create(Scope.READ, None)
    for _ in range(2):
        await access.authenticate(key)
        assert access.known(key) is None
    assert keys.reads == 2


async def test_another_file_in_its_place_is_seen(keys, access, tmp_path):
    key = keys.create(Scope.READ, None)
    age(keys)
    await access.authenticate(key)
    other = KeyStore(tmp_path / "other.sqlite")
    os.utime(other.path, ns=(keys.path.stat().st_mtime_ns,) * 2)
    other.path.replace(keys.path)
    assert access.known(key) is None
    with pytest.raises(Unauthenticated):
        await access.authenticate(key)


async def test_a_file_that_is_gone_vouches_for_nobody(keys, access):
    key = keys.create(Scope.READ, None)
    age(keys)
    await access.authenticate(key)
    keys.path.unlink()
    assert access.known(key) is None
    with pytest.raises(sqlite3.OperationalError):
        await access.authenticate(key)


async def test_wrong_keys_are_never_known_and_right_ones_not_by_their_text(keys, access):
    assert access.known(None) == LOCAL
    rows = [keys.create(Scope.READ, None) for _ in range(3)]
    age(keys)
    for wrong in ("", "qg_a_b", rows[0] + "x", "x" * 10_000):
        with pytest.raises(Unauthenticated):
            await access.authenticate(wrong)
        assert access.known(wrong) is None
    for key in rows:
        await access.authenticate(key)
    assert len(access._known) == 3
    assert not any(key.encode() in repr(access._known).encode() for key in rows)
