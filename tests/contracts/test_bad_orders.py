"""What is wrong with an order is told by both wires: nothing is journalled, nothing is sent."""

import struct
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from grpc import aio

from quantgraph.config import Config
from quantgraph.domain.access import Scope
from quantgraph.domain.orders import OrderKey
from quantgraph.loading import load_config
from quantgraph.store.keys import KeyStore
from quantgraph.v1 import orders_pb2
from tests.contracts.asking import RPCS, request_of
from tests.contracts.opened import Caller, opened
from tests.contracts.pairs import PAIRS, Arguments
from tests.contracts.problems import done, ticket
from tests.grpc_bridge.calls import Refusal, path

ROOT = Path(__file__).parents[2]
PAIR = PAIRS["Mutation.submitOrder"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Bad:
    """An order, what GraphQL and gRPC say to it, whose key it comes with, and bytes added to it."""

    name: str
    graphql: str
    changes: Arguments = field(default_factory=dict)
    grpc: str = ""
    key: str = ""
    more: bytes = b""
    closed: bool = False

    def __str__(self) -> str:
        return self.name


def priced(price: str) -> dict[str, Any]:
    return {"priceType": "LIMIT", "limitPrice": price}


def varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


SHARES = orders_pb2.SubmitOrderRequest.DESCRIPTOR.fields_by_name["quantity"].number
# As no client of ours would write it: a double where shares are, and more than 63 bits of them.
DOUBLE = varint(SHARES << 3 | 1) + struct.pack("<d", 150.5)
HUGE = varint(SHARES << 3) + varint(2**63)
CASES = (
    Bad("wrong account", "UNKNOWN_ACCOUNT", {"accountId": "nobody"}),
    Bad("no account", "UNKNOWN_ACCOUNT", {"accountId": ""}, "BAD_REQUEST"),
    Bad("key of another account", "UNKNOWN_ACCOUNT", key="other"),
    Bad("key that reads", "FORBIDDEN", key="reader"),
    Bad("key of nobody", "UNAUTHENTICATED", key="unknown"),
    Bad("zero shares", "QUANTITY_INVALID", {"quantity": 0}),
    Bad("negative shares", "QUANTITY_INVALID", {"quantity": -100}),
    Bad("fractional shares", "BAD_REQUEST", {"quantity": 150.5}, "QUANTITY_INVALID", more=DOUBLE),
    Bad("half a lot", "LOT_SIZE", {"quantity": 150}),
    Bad("more than 2^53 shares", "BAD_REQUEST", {"quantity": 100 * 2**50}, "QUANTITY_LIMIT"),
    Bad("nearly 2^63 shares", "BAD_REQUEST", {"quantity": 2**63 - 8}, "QUANTITY_LIMIT"),
    Bad("2^63 shares", "BAD_REQUEST", {"quantity": 2**63}, "QUANTITY_INVALID", more=HUGE),
    Bad("a price of five decimals", "TICK_SIZE", priced("12.34567")),
    Bad("a price of zero", "TICK_SIZE", priced("0")),
    Bad("a price below zero", "TICK_SIZE", priced("-12.50")),
    Bad("a price that is no number", "BAD_REQUEST", priced("NaN")),
    Bad("a price with an exponent", "BAD_REQUEST", priced("1e1")),
    Bad("an expiry that has passed", "ORDER_EXPIRED", {"expiresAt": "2023-02-01T09:00:00+08:00"}),
    Bad("an expiry ages ahead", "BAD_REQUEST", {"expiresAt": "2063-02-01T09:00:00+08:00"}),
    Bad("an empty key", "BAD_REQUEST", {"clientOrderId": " "}),
    Bad("a key that is too long", "BAD_REQUEST", {"clientOrderId": "k" * 65}),
    Bad("an unknown symbol", "UNKNOWN_SYMBOL", {"symbol": "999999.SH"}),
    Bad("a market that is closed", "SESSION_CLOSED", priced("12.50"), closed=True),
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("APP_MODE", raising=False)
        folder = str(tmp_path_factory.mktemp("bad"))
        return load_config(ROOT / "config.toml", {"data_dir": folder})


@pytest.fixture(scope="module")
def keys(config: Config) -> dict[str, str | None]:
    config.data_path.mkdir(parents=True)
    store = KeyStore(config.data_path / "keys.sqlite")
    return {
        "": None,
        "other": store.create(Scope.TRADE, frozenset({"sim-2"})),
        "reader": store.create(Scope.READ, None),
        "unknown": "qg_0_0",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(config: Config, keys: dict[str, str | None]) -> AsyncIterator[Caller]:
    del keys  # made before the gateway
    async with opened(config) as caller:
        yield caller


async def submit_rpc(caller: Caller, given: Arguments, case: Bad, key: str | None) -> str:
    wanted = {**given, "quantity": 0} if case.more else given
    raw = request_of(PAIR, wanted).SerializeToString() + case.more
    metadata = (("x-api-key", key),) if key else None
    try:
        await caller.channel.unary_unary(path(RPCS[PAIR.rpc]))(raw, metadata=metadata)
    except aio.AioRpcError as error:
        return Refusal(error).reason.value
    return "OK"


async def rows(caller: Caller) -> tuple[int, int]:
    """How many entries the journal has, and how many orders the terminal."""
    trading = caller.assembly.way.trading
    listed = await trading._follower._parts.terminal.orders_today("sim-1")
    return trading._journal.newest("sim-1"), len(listed)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_bad_order_leaves_nothing(
    caller: Caller, keys: dict[str, str | None], case: Bad
) -> None:
    if case.closed:
        await done(caller, "jumpClock", {"time": "15:02"})
        await done(caller, "setClock", {"paused": True})
    before, name = await rows(caller), uuid.uuid4().hex
    given, key = {**ticket(), "clientOrderId": name, **case.changes}, keys[case.key]
    assert (await caller.graphql("submitOrder", given, key)).code == case.graphql
    assert await submit_rpc(caller, given, case, key) == (case.grpc or case.graphql)
    assert await rows(caller) == before
    kept = OrderKey("sim-1", client_order_id=given["clientOrderId"])
    assert await caller.assembly.gateway.trading.order(kept) is None


async def test_in_the_same_place_a_good_order_is_taken_by_each(caller: Caller) -> None:
    await done(caller, "setClock", {"paused": False})
    await done(caller, "jumpClock", {"nextDay": True, "time": "09:35"})
    before = await rows(caller)
    for ask in (caller.graphql, caller.grpc):
        assert (await ask("submitOrder", ticket())).code == "OK"
    assert (await rows(caller))[1] == before[1] + 2
