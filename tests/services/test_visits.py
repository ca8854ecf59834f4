"""Connections of a key: counted whatever they serve, forgotten at their end, ended with the key."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import ExitStack
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.access import Actor, Principal, Scope, Terms, Wire
from quantgraph.domain.errors import LimitReached, Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.services.subscriptions import StreamBook
from quantgraph.services.visits import OpenVisits

MOST = 2
ACTS = st.tuples(
    st.sampled_from(["k1", "k2"]),
    st.sampled_from(list(Wire)[:2]),
    st.sampled_from(["1.1.1.1:1", "1.1.1.1:2", "1.1.1.1:3", ""]),
    st.booleans(),
)


class Keys:
    """Tells which keys and addresses are good no longer."""

    def __init__(self):
        self.gone = set()
        self.asked = []
        self.busy = False

    async def recheck(self, principal, peer=""):
        self.asked.append((principal.key_id, peer))
        if self.busy:
            raise sqlite3.OperationalError("database is locked")
        if principal.key_id in self.gone or peer in self.gone:
            raise Unauthenticated(Reason.UNAUTHENTICATED, "It was revoked.")


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def visits(keys):
    return OpenVisits(keys, MOST, 0.001)


def reader(key_id="k1", **terms):
    return Principal(key_id, Scope.READ, terms=Terms(**terms) if terms else None)


def held(visits, principal, peer="1.1.1.1:1", wire=Wire.GRPC):
    """Hold a connection open; return what opens it, and what it was ended with."""
    ended = []
    return visits.open(principal, Actor(principal.key_id, wire, peer), ended.append), ended


@given(st.lists(ACTS, max_size=30), st.randoms(use_true_random=False))
def test_a_key_never_holds_more_connections_than_it_may_and_in_the_end_none(acts, random):
    visits = OpenVisits(Keys(), MOST, 1)
    with ExitStack() as rest:
        open_now = []
        for key_id, wire, peer, leaves in acts:
            if leaves and open_now:
                one, _ = open_now.pop(random.randrange(len(open_now)))
                one.close()
                continue
            of_key = Counter(name for _, (key, name) in open_now if key == key_id)
            name = (wire, peer) if peer else object()
            one = rest.enter_context(ExitStack())
            entry, _ = held(visits, reader(key_id), peer, wire)
            if name in of_key or len(of_key) < MOST:
                one.enter_context(entry)
                open_now.append((one, (key_id, name)))
            else:
                with pytest.raises(LimitReached) as caught:
                    one.enter_context(entry)
                assert caught.value.reason is Reason.CONNECTION_LIMIT
            shown = {key: {name for _, (k, name) in open_now if k == key} for key in ("k1", "k2")}
            assert all(visits.counted(key) == len(names) for key, names in shown.items())
    assert not visits._open
    assert not visits._of_key


async def test_what_a_bad_key_holds_is_ended_and_nothing_else(visits, keys):
    with ExitStack() as stack:
        ends = {}
        for key_id in ("k1", "k2"):
            entry, ends[key_id] = held(visits, reader(key_id))
            stack.enter_context(entry)
        keys.gone = {"k1"}
        await visits.look()
        assert [each.reason for each in ends["k1"]] == [Reason.UNAUTHENTICATED]
        assert ends["k2"] == []


async def test_a_key_of_some_addresses_is_looked_at_by_address_others_once(visits, keys):
    bound = {"networks": (ip_network("1.1.1.1"),)}
    with ExitStack() as stack:
        for principal, peer in (
            (reader("k1", **bound), "1.1.1.1:1"),
            (reader("k1", **bound), "1.1.1.1:2"),
            (reader("k2"), "1.1.1.1:1"),
            (reader("k2"), "1.1.1.1:2"),
        ):
            stack.enter_context(held(visits, principal, peer)[0])
        await visits.look()
    assert sorted(keys.asked) == [("k1", "1.1.1.1:1"), ("k1", "1.1.1.1:2"), ("k2", "1.1.1.1:1")]


async def test_whoever_cannot_be_looked_at_now_stays(visits, keys):
    entry, ended = held(visits, reader())
    with entry:
        keys.busy = True
        await visits.look()
        assert ended == []


async def test_keys_are_looked_at_again_and_again(visits, keys):
    entry, _ = held(visits, reader())
    ended = asyncio.get_running_loop().create_future()
    with entry, visits.open(reader("k2"), Actor("k2", Wire.GRPC, "x"), ended.set_result):
        visits.start()
        async with asyncio.timeout(20):
            while len(keys.asked) < 4:
                await asyncio.sleep(0)
            keys.gone = {"k2"}
            assert (await ended).reason is Reason.UNAUTHENTICATED
        await visits.close()


def test_a_key_has_so_many_live_operations_on_both_wires_together():
    book = StreamBook(most=2)
    one = [Actor("k1", wire, "1.1.1.1:1") for wire in (Wire.GRAPHQL, Wire.GRPC)]
    with book.open(one[0], "quotes"), book.open(Actor("k2", Wire.GRPC), "bars"):
        with book.open(one[1], "bars"):
            with pytest.raises(LimitReached) as caught, book.open(one[0], "fills"):
                pass
            assert caught.value.reason is Reason.SUBSCRIPTION_LIMIT
        with book.open(one[0], "fills"):
            pass
