"""Dev and prod over a terminal: dev trades on paper, prod at the counter, neither makes data up."""

import json
from dataclasses import replace
from decimal import Decimal

import grpc
import httpx
import pytest
from websockets.asyncio.client import connect

from quantgraph.domain.access import Scope
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.controls import ArmWish, TradingState
from quantgraph.domain.errors import OrderRefused, StartupError, TradingDisabled
from quantgraph.domain.orders import (
    Destination,
    OrderKey,
    OrderQuery,
    OrderState,
    OrderTicket,
    Side,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.tables import unverified_names
from quantgraph.v1 import orders_pb2
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from tests.api.real import ACCOUNT, SYMBOL, TWIN, Terminal, gateway, make_keys, served
from tests.api.sockets import ACK, INIT, PROTOCOL, QUOTES, subscribe
from tests.grpc_bridge.calls import Refusal
from tests.waiting import settled

SUBMIT = """mutation($wish: SubmitOrderInput!) {
  submitOrder(input: $wish) { ... on Problem { code } } }"""


@pytest.fixture
async def terminal():
    made = Terminal()
    yield made
    await made.close()


@pytest.fixture
def keys(tmp_path):
    return {mode: make_keys(tmp_path, mode) for mode in ("dev", "prod")}


def ticket(key="k1", side=Side.BUY, price=None, quantity=100, account=ACCOUNT):
    return OrderTicket(account, key, SYMBOL, side, quantity, limit_price=Decimal(price))


async def ask_price(terminal, levels=0):
    quote = (await terminal.market.quotes([SYMBOL]))[0]
    return str(quote.asks[levels].price)


async def opened(assembly):
    """Wait until orders are taken."""
    controls = assembly.gateway.controls
    while (await controls.status(None)).state is TradingState.RECONCILING:
        await settled()


@pytest.fixture
def dev(terminal, tmp_path, keys):
    keys["dev"][0].create(Scope.ADMIN, None)

    def open_dev(**sections):
        return gateway(terminal, tmp_path, "dev", **sections)

    return open_dev


async def until_open(assembly):
    while "paper" in await assembly.gateway.system.problems():
        await settled()


async def state_of(gate, key="k1", account=TWIN):
    found = await gate.trading.order(OrderKey(account, client_order_id=key))
    return None if found is None else found.state


async def test_dev_intercepts_an_order_and_the_real_account_never_hears_of_it(dev, terminal):
    async with dev() as assembly:
        gate = assembly.gateway
        await until_open(assembly)
        done = await gate.trading.submit(ticket(price=await ask_price(terminal)))
        order = done.order
        assert (order.account_id, order.destination) == (TWIN, Destination.INTERCEPTED)
        assert order.id.startswith("mock_order_")
        await until_state(gate, OrderState.FILLED, "k1")
        twin = await gate.accounts.positions(TWIN)
        assert [(each.symbol, each.quantity) for each in twin] == [(SYMBOL, 400)]
        real = await gate.accounts.positions(ACCOUNT)
        assert [(each.symbol, each.quantity) for each in real] == [(SYMBOL, 300)]
        assert await gate.trading.submit(ticket(price=str(order.limit_price))) == replace(
            done, order=await gate.trading.order(OrderKey(TWIN, id=order.id)), replayed=True
        )
    assert terminal.senders == 0
    assert await terminal.counter.orders_today(ACCOUNT) == []


async def test_dev_lists_real_accounts_and_their_twins(dev):
    async with dev() as assembly:
        await until_open(assembly)
        ids = [each.id for each in await assembly.gateway.accounts.accounts()]
        assert ids == [ACCOUNT, TWIN]


async def test_dev_goes_on_after_a_restart_where_its_paper_stood(dev, terminal):
    price = str(Decimal(await ask_price(terminal)) - 20)
    async with dev() as assembly:
        await until_open(assembly)
        await assembly.gateway.trading.submit(ticket("waits", price=price))
        assert await state_of(assembly.gateway, "waits") is OrderState.WORKING
    async with dev() as assembly:
        await until_open(assembly)
        await opened(assembly)
        gate = assembly.gateway
        assert await state_of(gate, "waits") is OrderState.WORKING
        asset = await gate.accounts.asset(TWIN)
        assert asset.frozen_cash > 0
        canceled = await gate.trading.cancel(OrderKey(ACCOUNT, client_order_id="waits"))
        assert canceled.account_id == TWIN
        await until_state(gate, OrderState.CANCELED)
        assert (await gate.accounts.asset(TWIN)).frozen_cash == 0


async def until_state(gate, state, key="waits"):
    """Wait until the journal says of an order that it came to a state."""
    while await state_of(gate, key) is not state:
        await settled()


async def test_dev_takes_no_order_while_the_real_market_is_away(dev, terminal):
    async with dev() as assembly:
        await until_open(assembly)
        price = await ask_price(terminal)
        terminal.market.away = True
        with pytest.raises(OrderRefused, match="away"):
            await assembly.gateway.trading.submit(ticket(price=price))
        assert await state_of(assembly.gateway) is OrderState.REJECTED


async def test_dev_says_why_its_paper_is_not_open(dev, terminal, tmp_path):
    async with dev() as assembly:
        await until_open(assembly)
        await assembly.gateway.trading.submit(ticket(price=await ask_price(terminal)))
    (tmp_path / "dev" / "paper.state").write_bytes(b"torn")
    with pytest.raises(StartupError) as stopped:
        async with dev():
            pass
    assert stopped.value.reason is Reason.STORE_CORRUPT


async def test_what_a_terminal_tells_is_not_called_simulated(dev):
    async with dev() as assembly:
        info = await assembly.gateway.system.info()
        assert (info.clock.simulated, info.backends[0].kind) == (False, "double")
        assert info.data.startswith("from the terminal")
        assert assembly.gateway.simulation is None


async def test_a_terminal_that_is_away_is_a_problem_not_another_market(dev, terminal):
    async with dev() as assembly:
        terminal.up = False
        assert "market_data" in await assembly.gateway.system.problems()
        assert not (await assembly.gateway.system.info()).backends[0].connected


async def test_bars_come_from_the_terminal(dev, terminal):
    async with dev() as assembly:
        request = BarRequest((SYMBOL,), Period.DAY_1, Window(None, None, 5))
        series = (await assembly.gateway.bars.bars(request))[0]
        assert series.columns.length == 5


async def test_prod_sends_once_it_is_armed_and_a_restart_disarms(terminal, tmp_path, keys):
    ring, arming = keys["prod"]
    ring.create(Scope.ADMIN, None)
    secret = arming.create()
    trading = {"programmatic_trading_reported": True}
    accepted = {"accept_unverified": sorted(unverified_names())}
    prod = {"trading": trading, "rules": accepted}
    async with gateway(terminal, tmp_path, "prod", **prod) as assembly:
        await opened(assembly)
        gate = assembly.gateway
        price = await ask_price(terminal)
        with pytest.raises(TradingDisabled) as shut:
            await gate.trading.submit(ticket(price=price))
        assert shut.value.reason is Reason.TRADING_DISARMED
        await gate.controls.arm(ArmWish(secret, minutes=5))
        order = (await gate.trading.submit(ticket(price=price))).order
        assert (order.account_id, order.destination) == (ACCOUNT, Destination.TERMINAL)
        assert order.id.startswith("order_")
        assert [each.tag for each in await terminal.counter.orders_today(ACCOUNT)] == [order.tag]
        assert [each.id for each in await gate.accounts.accounts()] == [ACCOUNT]
    async with gateway(terminal, tmp_path, "prod", **prod) as assembly:
        await opened(assembly)
        gate = assembly.gateway
        listed = await gate.trading.orders(OrderQuery(ACCOUNT))
        assert [each.id for each in listed.orders] == [order.id]
        with pytest.raises(TradingDisabled):
            await gate.trading.submit(ticket("k2", price=price))
    assert not (tmp_path / "prod" / "paper.state").exists()


async def test_prod_sends_nothing_by_a_rule_that_nobody_has_verified(
    terminal, tmp_path, keys, monkeypatch
):
    key = keys["prod"][0].create(Scope.TRADE, None)
    wish = {"accountId": ACCOUNT, "clientOrderId": "k1", "symbol": SYMBOL, "side": "BUY",
            "quantity": 100, "limitPrice": await ask_price(terminal)}  # fmt: skip
    asked = orders_pb2.SubmitOrderRequest(
        account_id=ACCOUNT, client_order_id="k1", symbol=SYMBOL, side=orders_pb2.SIDE_BUY,
        quantity=100, price_type=orders_pb2.PRICE_TYPE_LIMIT,
        limit_price={"value": wish["limitPrice"]},
    )  # fmt: skip
    async with served(monkeypatch, terminal, tmp_path, "prod") as running:
        await opened(running.assembly)
        async with httpx.AsyncClient(headers={"x-api-key": key}) as client:
            body = {"query": SUBMIT, "variables": {"wish": wish}}
            told = (await client.post(f"{running.addresses.http}/graphql", json=body)).json()
        assert told["data"]["submitOrder"] == {"code": "RULE_UNVERIFIED"}
        async with grpc.aio.insecure_channel(running.addresses.grpc) as channel:
            with pytest.raises(grpc.RpcError) as refused:
                await OrderServiceStub(channel).SubmitOrder(asked, metadata=[("x-api-key", key)])
        assert Refusal(refused.value).reason is Reason.RULE_UNVERIFIED
    assert not await terminal.counter.orders_today(ACCOUNT)


async def test_dev_and_prod_want_a_key_before_they_start(terminal, tmp_path):
    for mode in ("dev", "prod"):
        with pytest.raises(StartupError) as stopped:
            async with gateway(terminal, tmp_path, mode):
                pass
        assert stopped.value.reason is Reason.KEYS_REQUIRED


async def test_a_key_of_an_account_stays_good_on_a_socket_of_dev(
    terminal, tmp_path, keys, monkeypatch
):
    key = keys["dev"][0].create(Scope.TRADE, frozenset({ACCOUNT}))
    async with served(monkeypatch, terminal, tmp_path, "dev") as running:
        url = running.addresses.http.replace("http", "ws") + "/graphql"
        headers = {"X-API-Key": key}
        async with connect(url, subprotocols=[PROTOCOL], additional_headers=headers) as socket:
            await socket.send(json.dumps(INIT))
            assert json.loads(await socket.recv()) == ACK
            for operation in ("1", "2"):
                await socket.send(json.dumps(subscribe(operation, QUOTES)))
                told = json.loads(await socket.recv())
                assert told["payload"]["data"]["quotes"]["kind"] == "SNAPSHOT"
                await running.assembly.gateway.visits.look()
