"""What one wire can say, the other can: operations, arguments, fields and values."""

from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest
from graphql import get_named_type
from grpc import aio

from grpc_bridge.server import start
from quantgraph.config import GrpcConfig
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import Fill, Side
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from tests.contracts.asking import RPCS, Both, Refused, document, request_field, request_of
from tests.contracts.fuzz import SCHEMA, STREAMED, root_fields
from tests.contracts.pairs import EDGES, ONLY_ARGUMENTS, ONLY_GRPC, ONLY_REQUESTED, PAIRS
from tests.grpc_bridge.memory.quotes import MemoryQuotes
from tests.grpc_bridge.memory.reference import MemoryReference, instrument, simulated_lists
from tests.grpc_bridge.memory.system import LIMITS, NOW
from tests.grpc_bridge.world import World

ROOTS = root_fields(SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
# How many events a world says by itself.
EVENTS = {
    "Subscription.accountUpdates": 2,
    "Subscription.bars": 3,
    "Subscription.downloadJobUpdates": 1,
    "Subscription.fills": 4,
    "Subscription.orderBook": 1,
    "Subscription.orderQueues": 1,
    "Subscription.orderUpdates": 3,
    "Subscription.quotes": 1,
    "Subscription.terminalUpdates": 1,
    "Subscription.tradingUpdates": 1,
}
CALLS = [
    pytest.param(label, pair, sample, id=f"{label}-{number}")
    for label, pair in PAIRS.items()
    for number, sample in enumerate(pair.samples)
]


class WithFund(MemoryReference):
    """Knows the fund that the simulated options are on as well."""

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        found = await super().instruments(symbols)
        return [instrument(each) if each == "510300.SH" else known
                for each, known in zip(symbols, found, strict=True)]  # fmt: skip


async def made() -> World:
    """Orders and fills to look at, the same each time."""
    world = World()
    market = ListedMarket(MemoryQuotes(), WithFund())
    lists = PricedCatalog(simulated_lists(), market, LIMITS.bar_rows)
    world.gateway = replace(world.gateway, lists=lists)
    await world.submit()
    await world.submit(client_order_id="c2", symbol="000001.SZ", side=Side.SELL, strategy="mean")
    await world.submit(client_order_id="c3")
    money = (Decimal("1700.10"), Decimal("170010.00"), Decimal("51.00"))
    for number in range(3):
        fill = Fill(f"f{number}", "mock_order_0", "sim-1", "600519.SH", Side.BUY, 100, *money, NOW)
        world.fills.held.append(fill)
    await world.gateway.sectors.create("自选", ["600519.SH"], None)
    await world.simulation.save_snapshot("old")
    return world


@asynccontextmanager
async def served(graphql: World, grpc: World):
    server = await start(grpc.gateway, GrpcConfig(port=0))
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Both(graphql, channel)
    await server.stop(0)


@pytest.fixture
async def both():
    """Two gateways that are alike: what one wire changes must not change the other's answer."""
    async with served(await made(), await made()) as both:
        yield both


@pytest.fixture
async def one():
    """One gateway behind both wires."""
    world = await made()
    async with served(world, world) as both:
        yield both


def test_every_operation_and_every_rpc_has_a_pair():
    assert sorted(PAIRS) == ROOTS
    used = {pair.rpc for pair in (*PAIRS.values(), *EDGES.values())}
    assert used | ONLY_GRPC == set(RPCS)
    assert used.isdisjoint(ONLY_GRPC)


def arguments_of(label):
    """The arguments of an operation; those of an input are its fields."""
    root, name = label.split(".")
    arguments = SCHEMA.type_map[root].fields[name].args
    return get_named_type(arguments["input"].type).fields if "input" in arguments else arguments


@pytest.mark.parametrize("rpc", sorted({pair.rpc for pair in PAIRS.values()}))
def test_every_argument_has_its_field_and_every_field_its_argument(rpc):
    kind = RPCS[rpc].input_type
    labels = [label for label, pair in PAIRS.items() if pair.rpc == rpc]
    fields = {
        f"{label}.{name}": request_field(kind, name)
        for label in labels
        for name in arguments_of(label)
    }
    assert {name for name, field in fields.items() if field is None} == {
        name for name in ONLY_ARGUMENTS if name.rpartition(".")[0] in labels
    }
    rest = {each.name for each in kind.fields} - {each.name for each in fields.values() if each}
    assert {
        each for each in rest if not {each, f"{kind.name}.{each}"} & set(ONLY_REQUESTED)
    } == set()


@pytest.mark.parametrize("label", PAIRS)
def test_the_samples_give_every_argument_once(label):
    given = {f"{label}.{name}" for sample in PAIRS[label].samples for name in sample}
    assert {f"{label}.{name}" for name in arguments_of(label)} - given <= set(ONLY_ARGUMENTS)


@pytest.mark.parametrize("label", PAIRS)
def test_every_field_travels_on_both_wires_or_is_said_not_to(label):
    assert document(label, PAIRS[label])


@pytest.mark.parametrize(("label", "pair", "sample"), CALLS)
async def test_both_wires_say_the_same(both, label, pair, sample):
    if label in STREAMED:
        more = (EVENTS[label],)
        asked = (both.graphql_events, both.grpc_events)
    else:
        more = ()
        asked = (both.graphql, both.grpc)
    shown, told = [await outcome(each, (label, pair, sample, *more)) for each in asked]
    if sample is pair.samples[0]:
        # Two refusals are equal as well: the first sample must have something to compare.
        assert told
        assert not isinstance(told, Reason)
    if shown is None and isinstance(told, Reason):
        # GraphQL's null says that there is none such; an rpc has no other way than to fail.
        assert told.kind is Kind.NOT_FOUND
    else:
        assert shown == told


async def outcome(ask, given):
    """What a wire says: its answer, or the reason of its refusal."""
    try:
        return await ask(*given)
    except Refused as refused:
        return Reason(str(refused))


async def test_an_order_of_one_wire_is_replayed_to_the_other(one):
    pair = PAIRS["Mutation.submitOrder"]
    given = ("Mutation.submitOrder", pair, pair.samples[0])
    first, second = await one.graphql(*given), await one.grpc(*given)
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["order"] == second["order"]


def zeros(message):
    """Yield a change that sets an enumeration to zero, and the name that a refusal gives it."""
    for field in message.DESCRIPTOR.fields:
        if field.enum_type is None:
            continue
        if field.is_repeated:
            yield (lambda made, name=field.name: getattr(made, name).append(0)), field.name
        else:
            yield (lambda made, name=field.name: setattr(made, name, 0)), field.name


@pytest.mark.parametrize("label", PAIRS)
async def test_an_enumeration_at_zero_is_refused_by_its_name(both, label):
    pair = PAIRS[label]
    for change, name in zeros(request_of(pair, pair.samples[0])):
        asked = request_of(pair, pair.samples[0])
        change(asked)
        code, fields = await both.refusal(pair, asked)
        assert code is grpc.StatusCode.INVALID_ARGUMENT, (label, name)
        assert fields[0].split("[")[0] == name
