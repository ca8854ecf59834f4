"""A key that was found is known without a read, until anything about the key file changes."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from quantgraph.domain.access import Scope, Terms, address_of
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

    def find(self, key_id):
        """Read."""
        self.reads += 1
        return super().find(key_id)


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


LATER = datetime(2100, 1, 1, tzinfo=UTC)


async def test_a_key_ends_when_it_was_to(keys):
    workers, present = Workers(1, 10), [LATER - timedelta(seconds=1)]
    access = KeyAccess(keys, workers, open_locally=False, now=lambda: present[0])
    key = keys.create(Scope.READ, None, Terms(LATER))
    age(keys)
    await access.authenticate(key)
    assert access.known(key) is not None
    present[0] = LATER
    assert access.known(key) is None
    with pytest.raises(Unauthenticated, match="expired"):
        await access.authenticate(key)
    workers.close()


async def test_a_key_of_some_addresses_is_of_no_use_elsewhere(keys, access):
    near = Terms(None, (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))
    key = keys.create(Scope.READ, None, near)
    age(keys)
    for _ in range(2):  # read, and known
        for peer in (
            "10.1.2.3:5",
            "ipv4:10.0.0.1:5",
            "ipv6:%5B2001:db8::1%5D:5",
            "[2001:db8::2]:5",
        ):
            assert (await access.authenticate(key, peer)).scope is Scope.READ
        assert (await access.authenticate(key, "::ffff:10.0.0.1:5")).scope is Scope.READ
        for peer in ("11.0.0.1:5", "127.0.0.1:5", "unix:/tmp/x", "", "10.0.0.1.example:5"):
            with pytest.raises(Unauthenticated, match="address"):
                await access.authenticate(key, peer)
        # Without an address the short way does not know it.
        assert access.known(key) is None


@pytest.mark.parametrize("peer", ["", "x", ":", "unix:", "[::1", "ipv4:", "%5B:1", "10.0.0:1"])
def test_what_is_no_address_is_none(peer):
    assert address_of(peer) is None


def test_a_rotated_key_ends_and_the_new_one_may_the_same(keys):
    terms = Terms(LATER, (ip_network("10.0.0.0/8"),))
    old = keys.create(Scope.TRADE, frozenset({"a"}), terms)
    new = keys.rotate(identity(old), timedelta())
    assert keys.check(old) is None
    found = keys.check(new)
    assert (found.scope, found.accounts, found.terms) == (Scope.TRADE, frozenset({"a"}), terms)
    assert keys.rotate(identity(old), timedelta()) is None
    newer = keys.rotate(identity(new), timedelta(hours=1))
    left = keys.check(new).terms.expires_at - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert keys.check(newer).terms == terms


def test_a_rotation_never_makes_a_key_last_longer(keys):
    soon = datetime.now(UTC) + timedelta(minutes=1)
    old = keys.create(Scope.READ, None, Terms(soon))
    keys.rotate(identity(old), timedelta(days=1))
    assert keys.check(old).terms.expires_at == soon


def test_an_expired_key_is_not_in_use(keys):
    keys.create(Scope.READ, None, Terms(datetime.now(UTC) - timedelta(seconds=1)))
    assert [row.state for row in keys.rows()] == ["expired"]
    assert not keys.usable()


def test_a_key_file_of_an_earlier_version_is_read(tmp_path):
    path = tmp_path / "keys.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE keys (id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, scope "
            "TEXT NOT NULL, accounts TEXT, created_at TEXT NOT NULL, revoked_at TEXT) WITHOUT ROWID"
        )
    db.close()
    for _ in range(2):
        keys = KeyStore(path)
        assert keys.check(keys.create(Scope.READ, None)).terms is None
    assert len(keys.rows()) == 2


async def test_whoever_was_let_in_is_read_again_only_after_a_change(keys, access):
    key = keys.create(Scope.READ, frozenset({"a"}))
    age(keys)
    principal = await access.authenticate(key)
    for _ in range(3):
        await access.recheck(principal)
    assert keys.reads == 2
    keys.create(Scope.READ, None)
    age(keys, seconds=20)
    await access.recheck(principal)
    assert keys.reads == 3
    await access.recheck(LOCAL)


async def test_whoever_was_let_in_is_put_out_with_the_key(keys):
    workers, present = Workers(1, 10), [LATER]
    access = KeyAccess(keys, workers, open_locally=False, now=lambda: present[0])
    near = Terms(None, (ip_network("10.0.0.0/8"),))
    revoked, rotated, bound = [
        await access.authenticate(keys.create(Scope.READ, None, terms), "10.0.0.1:5")
        for terms in (Terms(), Terms(), near)
    ]
    keys.revoke(revoked.key_id)
    keys.rotate(rotated.key_id, timedelta(hours=1))
    present[0] = datetime.now(UTC)
    await access.recheck(rotated)
    await access.recheck(bound, "10.9.9.9:1")
    present[0] += timedelta(hours=2)
    for principal, peer in ((revoked, ""), (rotated, ""), (bound, "11.0.0.1:5")):
        with pytest.raises(Unauthenticated):
            await access.recheck(principal, peer)
    workers.close()
