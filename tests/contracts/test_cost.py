"""What an operation asks of the ports does not grow with its rows, members or events' age."""

from collections import Counter
from contextlib import aclosing
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from api.callers import Caller
from api.execution import Executor
from api.requests import GraphQLRequest
from api.slots import KeptTexts
from quantgraph.config import LimitsConfig
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.orders import Fill, Side
from quantgraph.domain.sectors import Sector
from quantgraph.domain.sources import Source
from quantgraph.services.access import LOCAL
from resolvers.root import graphql_schema
from tests.contracts.fuzz import SCHEMA
from tests.grpc_bridge.memory.accounts import MemoryAccounts, MemoryFuturesPositions
from tests.grpc_bridge.memory.bars import SYMBOLS
from tests.grpc_bridge.memory.quotes import MemoryQuotes, quote
from tests.grpc_bridge.memory.system import NOW
from tests.grpc_bridge.world import World

PORTS = {
    "accounts", "bars", "dividends", "fills", "financials", "lists", "portfolio", "quotes",
    "reference", "sessions", "snapshots", "ticks", "trading",
}  # fmt: skip
CALLER = Caller(LOCAL, "cost")
EDGES = """instrument { name quote { lastPrice } bars(last: 2) { rows { close } } sectors { name }
  rules { isTradable } }"""
# By what grows. `$symbols` are as many as the size says.
DOCUMENTS = {
    "Query.sector": f'{{ sector(name: "many") {{ members {{ {EDGES} }} }} }}',
    "Query.sectors": f"{{ sectors {{ members {{ {EDGES} }} }} }}",
    "Query.orders": '{ orders(accountId: "sim-1") { nodes { '
    f"{EDGES} fills {{ {EDGES} }} }} }} }}",
    "Query.fills": f'{{ fills(accountId: "sim-1") {{ nodes {{ {EDGES} }} }} }}',
    "Query.financials": "query($symbols: [Symbol!]!) { financials(symbols: $symbols) { "
    f"balance {{ reportDate }} income {{ reportDate }} {EDGES} }} }}",
    "Query.dividends": "query($symbols: [Symbol!]!) { dividends(symbols: $symbols) { "
    f"events {{ exDate }} {EDGES} }} }}",
    "Query.instruments": "query($symbols: [Symbol!]!) { instruments(symbols: $symbols) { nodes { "
    "name quote { lastPrice } bars(last: 2) { rows { close } } sectors { name } } } }",
    "Query.quotes": "query($symbols: [Symbol!]!) { quotes(symbols: $symbols) { lastPrice } }",
    "Query.indexWeights": f'{{ indexWeights(indexSymbol: "000300.SH") {{ {EDGES} }} }}',
    "Query.futuresPositionStatistics": '{ futuresPositionStatistics(accountId: "sim-1") { '
    f"{EDGES} }} }}",
    "Query.positions": f'{{ positions(accountId: "sim-1") {{ {EDGES} }} }}',
}


class Counted:
    """A port that counts its calls."""

    def __init__(self, name, port, calls):
        self._name, self._port, self._calls = name, port, calls

    def __getattr__(self, name):
        method = getattr(self._port, name)

        async def counted(*given):
            self._calls[f"{self._name}.{name}"] += 1
            return await method(*given)

        return counted


def counting(world: World) -> tuple[Executor, Counter]:
    calls = Counter()
    ports = {name: Counted(name, getattr(world.gateway, name), calls) for name in PORTS}
    ports["trading"] = world.gateway.trading  # its stream is no call
    gateway = replace(world.gateway, **ports)
    return Executor(graphql_schema, gateway, LimitsConfig(), KeptTexts(0)), calls


async def made(size: int) -> World:
    """A world with so many orders and fills, and a sector of so many symbols."""
    world = World()
    for number in range(size):
        order = await world.submit(client_order_id=f"c{number}", symbol=SYMBOLS[number % 4])
        price = order.limit_price or 1
        fill = (order.symbol, Side.BUY, 100, price, price, price, NOW)
        world.fills.held.append(Fill(f"f{number}", order.id, "sim-1", *fill))
    world.reference.held["many"] = Sector("many", None, SYMBOLS[:size], Source.IMPORTED)
    futures = MemoryFuturesPositions(SYMBOLS[:size])
    world.gateway = replace(world.gateway, futures_position_statistics=futures)
    return world


async def cost(label: str, size: int) -> Counter:
    executor, calls = counting(await made(size))
    variables = {"symbols": list(SYMBOLS[:size])} if "$symbols" in DOCUMENTS[label] else {}
    request = GraphQLRequest(DOCUMENTS[label], variables)
    response = await executor.run(await executor.prepare(request, CALLER), request, CALLER)
    assert "errors" not in response, response["errors"]
    return calls


@pytest.mark.parametrize("label", DOCUMENTS)
async def test_members_cost_no_further_calls(label):
    few, many = await cost(label, 1), await cost(label, 4)
    assert few == many
    assert few
    # One call per kind of edge and level, never one per member.
    assert max(many.values()) <= 2


@pytest.mark.parametrize("rows", [1, 200, 20_000])
async def test_rows_cost_no_further_calls(rows):
    executor, calls = counting(World())
    query = f'{{ bars(symbol: "600519.SH", last: {rows}) {{ rows {{ time close }} }} }}'
    request = GraphQLRequest(query, {})
    await executor.run(await executor.prepare(request, CALLER), request, CALLER)
    assert calls == {"bars.bars": 1}


def test_every_list_with_an_edge_has_its_count():
    """A new list whose items know their instrument must be counted too."""
    lists = {
        f"Query.{name}"
        for name, field in SCHEMA.query_type.fields.items()
        if "[" in str(field.type) and "instrument" in _item(field.type).fields
    }
    counted = set(DOCUMENTS) | ELSEWHERE
    assert lists <= counted


# What grows there is not a list of symbols: a short answer and a long one of each.
_PRICED = f"price {EDGES} stock {{ name quote {{ lastPrice }} }}"
LISTS = {
    "Query.convertibleBonds": (
        f'{{ convertibleBonds(symbols: ["110059.SH"]) {{ {_PRICED} }} }}',
        f"{{ convertibleBonds {{ {_PRICED} }} }}",
    ),
    "Query.mainContracts": tuple(
        f'{{ mainContracts(product: "IF", start: "{day}") {{ {EDGES} }} }}'
        for day in ("2024-03-01", "2022-03-01")
    ),
    "Query.ipos": tuple(
        f'{{ ipos(start: "{day}", end: "2024-02-28") {{ {EDGES} }} }}'
        for day in ("2024-02-15", "2015-01-05")
    ),
}
ELSEWHERE = set(LISTS)


@pytest.mark.parametrize("label", LISTS)
async def test_a_long_list_costs_the_calls_of_a_short_one(label):
    found, sizes = [], []
    for document in LISTS[label]:
        executor, calls = counting(World())
        request = GraphQLRequest(document, {})
        response = await executor.run(await executor.prepare(request, CALLER), request, CALLER)
        sizes.append(len(response["data"][label.removeprefix("Query.")]))
        found.append(calls)
    assert 0 < sizes[0] < sizes[1]
    assert found[0] == found[1]
    assert max(found[1].values()) <= 2


class ManyAccounts(MemoryAccounts):
    """As many accounts as a test wants."""

    def __init__(self, count):
        self.ids = [f"sim-{number}" for number in range(count)]

    async def accounts(self):
        return [Account(each, each, "sim", AccountStatus.CONNECTED) for each in self.ids]

    async def assets(self, account_ids):
        return [await self.asset("sim-1") for _ in account_ids]

    async def holdings(self, account_ids):
        return [await self.positions("sim-1") for _ in account_ids]


@pytest.mark.parametrize("count", [1, 40])
async def test_accounts_cost_no_further_calls(count):
    world = World()
    world.gateway = replace(world.gateway, accounts=ManyAccounts(count))
    executor, calls = counting(world)
    query = f"{{ accounts {{ asset {{ cash }} positions {{ quantity {EDGES} }} }} }}"
    request = GraphQLRequest(query, {})
    response = await executor.run(await executor.prepare(request, CALLER), request, CALLER)
    assert len(response["data"]["accounts"]) == count
    assert set(calls.values()) == {1}
    assert {each for each in calls if each.startswith("accounts.")} == {
        "accounts.accounts", "accounts.assets", "accounts.holdings",
    }  # fmt: skip


async def test_each_mutation_of_an_operation_shows_what_it_left():
    """What is remembered per operation would show the first one's money again."""

    class Spent(MemoryAccounts):
        cash = 0

        async def assets(self, account_ids):
            self.cash += 1
            return [
                replace(await self.asset(each), cash=Decimal(self.cash)) for each in account_ids
            ]

    world = World()
    world.gateway = replace(world.gateway, accounts=Spent())
    executor, _ = counting(world)
    picked = """(input: {accountId: "sim-1"}) { ... on %s { account {
      a: asset { cash } b: asset { cash } } } }"""
    off, on = picked % "DisconnectAccountSuccess", picked % "ConnectAccountSuccess"
    request = GraphQLRequest(f"mutation {{ disconnectAccount{off} connectAccount{on} }}", {})
    response = await executor.run(await executor.prepare(request, CALLER), request, CALLER)
    shown = [each["account"] for each in response["data"].values()]
    assert shown == [{"a": {"cash": n}, "b": {"cash": n}} for n in ("1", "2")]


def _item(kind):
    while hasattr(kind, "of_type"):
        kind = kind.of_type
    return kind


class Rising(MemoryQuotes):
    """Each call finds a higher price."""

    price = 0.0

    async def quotes(self, symbols):
        self.price += 1
        return [quote(each, self.price) for each in symbols]


async def test_each_event_of_a_subscription_is_answered_anew():
    """A loader that lives as long as its socket shows the first event's price for ever."""
    world = World()
    world.gateway = replace(world.gateway, quotes=Rising())
    await world.submit()
    executor, _ = counting(world)
    query = """subscription { orderUpdates(accountId: "sim-1", epoch: "log-1", afterSequence: 0) {
      order { a: instrument { quote { lastPrice } } b: instrument { quote { lastPrice } } } } }"""
    request = GraphQLRequest(query, {})
    operation = await executor.prepare(request, CALLER)
    found = []
    async with aclosing(executor.stream(operation, request, CALLER)) as stream:
        async for event in stream:
            order = event.response["data"]["orderUpdates"]["order"]
            if order is None:  # caught up
                await world.submit(client_order_id="next")
                continue
            found.append([order[name]["quote"]["lastPrice"] for name in ("a", "b")])
            if len(found) == 2:
                break
    assert found == [[1.0, 1.0], [2.0, 2.0]]


def test_the_counted_ports_are_the_gateways():
    assert {each.name for each in fields(World().gateway)} >= PORTS
