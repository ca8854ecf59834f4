"""Every operation of both wires by every kind of key, on its own account and on another's.

The cells come from the SDL and the descriptors. What nobody has decided is denied, and the matrix
does not hold until somebody has: beside the code, in the words below.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import get_named_type, is_input_object_type
from grpc import aio

from api.callers import Caller as Asker
from api.execution import Executor
from api.requests import GraphQLRequest
from api.responses import RequestRefused
from api.slots import KeptTexts
from grpc_bridge.access import SCOPES as RPC_SCOPES
from quantgraph.config import LimitsConfig
from quantgraph.domain.access import Scope
from quantgraph.domain.errors import GatewayError
from quantgraph.loading import load_config
from quantgraph.store.keys import KeyStore
from resolvers.root import graphql_schema
from tests.contracts.asking import RPCS, document, request_of
from tests.contracts.fuzz import SCHEMA, root_fields
from tests.contracts.opened import Caller, opened
from tests.contracts.pairs import EDGES, ONLY_GRPC, PAIRS, Arguments, Pair
from tests.contracts.test_curtain import ASKED, EDGES_ASKED
from tests.grpc_bridge.calls import Refusal, path

ROOT = Path(__file__).parents[2]
LABELS = root_fields(SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
# Whatever else changes something needs `trade`, and whatever only tells needs `read`.
ADMIN = {
    "Query.fingerprint", "Query.simulation", "Query.terminalSubscriptions",
    "Mutation.announceCorporateAction", "Mutation.armTrading", "Mutation.createAccount",
    "Mutation.deleteSnapshot", "Mutation.depositCash", "Mutation.haltSymbol",
    "Mutation.injectOrder", "Mutation.injectTrade", "Mutation.jumpClock",
    "Mutation.loadScenario", "Mutation.restoreSnapshot", "Mutation.resumeSymbol",
    "Mutation.resumeTrading", "Mutation.saveSnapshot", "Mutation.setClock", "Mutation.setFaults",
    "Mutation.withdrawCash", "Mutation.writeOffOrder",
}  # fmt: skip
# They name no account and switch all of them: not for keys of some accounts.
WHOLE = {"Mutation.armTrading", "Mutation.disarmTrading"}
# Without an account they mean all: whoever reads may read that, to switch it takes every account.
SWITCHES = {"Mutation.haltTrading", "Mutation.resumeTrading"}
# Sooner than what the other table asks for, and all the same to a door.
QUICK: Mapping[str, Arguments] = {
    "Mutation.createAccount": {"accountId": "sim-1", "cash": "1"},
    "Mutation.jumpClock": {"time": "9:30"},
    "Mutation.setClock": {},
    "Query.bars": {
        "symbol": "600519.SH",
        "period": "DAY_1",
        "adjustment": "NONE",
        "last": 1,
        "ensure": False,
    },
}
RANKS = list(Scope)
REFUSALS = ("UNAUTHENTICATED", "FORBIDDEN", "UNKNOWN_ACCOUNT")
OPEN = "let in"


class Cell(NamedTuple):
    """An operation and a key: its scope, None without one, and whether the account is its own."""

    operation: str
    scope: Scope | None
    own: bool


def asked(label: str) -> Arguments:
    table = ASKED if label in PAIRS else EDGES_ASKED
    found = QUICK.get(label) or table.get(label, ({"symbol": "600519.SH"},))[0]
    return json.loads(json.dumps(found).replace("%", "x").replace("@", "000001.SZ"))


def names_account(label: str) -> bool:
    """Return whether the SDL has an account among the arguments, or in the input."""
    root, name = label.split(".")
    found = dict(SCHEMA.type_map[root].fields[name].args)
    for argument in list(found.values()):
        kind = get_named_type(argument.type)
        if is_input_object_type(kind):
            found |= kind.fields
    return "accountId" in found


def needed(label: str) -> Scope:
    if label in ADMIN:
        return Scope.ADMIN
    return Scope.TRADE if label.startswith("Mutation.") else Scope.READ


def expected(label: str, cell: Cell, *, bound: bool) -> str:
    if cell.scope is None:
        return "UNAUTHENTICATED"
    if RANKS.index(cell.scope) < RANKS.index(needed(label)) or label in WHOLE:
        return "FORBIDDEN"
    return "UNKNOWN_ACCOUNT" if bound and not cell.own else OPEN


def cells(operation: str) -> list[Cell]:
    held = [Cell(operation, *each) for each in product(Scope, (True, False))]
    return [Cell(operation, None, own=True), *held]


def met(code: str) -> str:
    return code if code in REFUSALS else OPEN


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A gateway that asks everybody for a key, and a key of each kind."""
    monkeypatch.delenv("APP_MODE", raising=False)
    settings = {"data_dir": str(tmp_path), "http": {"host": "192.0.2.1"}}
    config = load_config(ROOT / "config.toml", settings)
    config.data_path.mkdir()
    store = KeyStore(config.data_path / "keys.sqlite")
    made: dict[tuple[Scope | None, bool], str | None] = {
        (scope, own): store.create(scope, frozenset({"sim-1" if own else "sim-2"}))
        for scope, own in product(Scope, (True, False))
    }
    async with opened(config) as caller:
        yield caller, {**made, (None, True): None}


class Streams:
    """Subscribes as a transport of the GraphQL wire does; a stream's first event is enough."""

    def __init__(self, caller: Caller) -> None:
        self._gateway = caller.assembly.gateway
        self._executor = Executor(graphql_schema, self._gateway, LimitsConfig(), KeptTexts(0))

    async def code(self, label: str, given: Arguments, key: str | None) -> str:
        request = GraphQLRequest(document(label, PAIRS[label]), dict(given))
        try:
            asker = Asker(await self._gateway.access.authenticate(key), "matrix")
            operation = await self._executor.prepare(request, asker)
            async with aclosing(self._executor.stream(operation, request, asker)) as events:
                await anext(events)
        except RequestRefused as refused:
            return refused.reason.value
        except GatewayError as error:
            return error.reason.value
        return OPEN


async def by_graphql(caller: Caller, label: str, given: Arguments, key: str | None) -> str:
    query = document(label, PAIRS[label])
    root, name = label.split(".")
    if root == "Subscription":
        return await Streams(caller).code(label, given, key)
    if root == "Mutation":
        return (await caller.graphql(name, given, key)).code
    whole = "input" in SCHEMA.type_map[root].fields[name].args
    answer = await caller.post(query, key, **({"input": given} if whole else given))
    code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else OPEN
    assert code != "BAD_REQUEST", answer  # else it is no door that was asked
    return code


async def talked(channel: aio.Channel, name: str, raw: bytes, metadata: Any) -> Any:
    """Return a call that has read an answer.

    The library that sends to a call while it is refused tells of its own failure, and not what was
    answered: then it is called again.
    """
    for _ in range(20):
        call: Any = channel.stream_stream(name)(iter([raw]), metadata=metadata)
        try:
            await call.read()
        except aio.AioRpcError as error:
            if "execute_batch" in (error.debug_error_string() or ""):
                continue
            raise
        return call
    raise AssertionError(name)


async def by_grpc(caller: Caller, rpc: str, raw: bytes, key: str | None) -> str:
    method = RPCS[rpc]
    metadata = (("x-api-key", key),) if key else None
    try:
        if method.client_streaming:
            call: Any = await talked(caller.channel, path(method), raw, metadata)
        elif method.server_streaming:
            call = caller.channel.unary_stream(path(method))(raw, metadata=metadata)
            await call.read()
        else:
            call = caller.channel.unary_unary(path(method))(raw, metadata=metadata)
            await call
    except aio.AioRpcError as error:
        return Refusal(error).reason.value
    call.cancel()
    return OPEN


def rpcs() -> dict[str, tuple[str, Pair | None]]:
    """Return each rpc with the operations that say what it needs."""
    found = {pair.rpc: (label, pair) for label, pair in (*PAIRS.items(), *EDGES.items())}
    return found | dict.fromkeys(sorted(ONLY_GRPC), ("Query.bars", None))


async def test_every_root_field_asks_for_its_scope_and_its_account(world: Any) -> None:
    caller, keys = world
    wrong: list[tuple[Cell, str]] = []
    for label in LABELS:
        bound, given = names_account(label), asked(label)
        for cell in cells(label):
            key = keys[cell.scope, cell.own]
            async with asyncio.timeout(20):
                found = met(await by_graphql(caller, label, given, key))
            if found != expected(label, cell, bound=bound):
                wrong.append((cell, found))
    assert wrong == []


async def test_every_rpc_asks_for_its_scope_and_its_account(world: Any) -> None:
    caller, keys = world
    wrong: list[tuple[Cell, str]] = []
    for rpc in sorted(RPCS):
        label, pair = rpcs()[rpc]
        bound = "account_id" in RPCS[rpc].input_type.fields_by_name
        raw = request_of(pair, asked(label)).SerializeToString() if pair else b""
        for cell in cells(rpc):
            key = keys[cell.scope, cell.own]
            async with asyncio.timeout(20):
                found = met(await by_grpc(caller, rpc, raw, key))
            if found != expected(label, cell, bound=bound):
                wrong.append((cell, found))
    assert wrong == []


async def test_all_accounts_are_switched_by_keys_of_all_alone(world: Any) -> None:
    caller, keys = world
    for label in sorted(SWITCHES):
        for cell in cells(label)[1:]:
            key, name = keys[cell.scope, cell.own], label.partition(".")[2]
            answers = [await caller.graphql(name, {}, key), await caller.grpc(name, {}, key)]
            assert [each.code for each in answers] == ["FORBIDDEN"] * 2, cell


def test_both_wires_name_an_account_in_the_same_operations() -> None:
    for label, pair in PAIRS.items():
        bound = "account_id" in RPCS[pair.rpc].input_type.fields_by_name
        assert (label, bound) == (label, names_account(label))


def test_nothing_is_open_to_everybody_but_probes() -> None:
    assert set(rpcs()) == set(RPCS)
    foreign = {name: scope for name, scope in RPC_SCOPES.items() if ".v1.Health/" not in name}
    assert None not in foreign.values()
