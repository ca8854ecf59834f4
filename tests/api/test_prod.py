"""Real trading through both wires: rules nobody has checked, and a journal that was cut."""

import os
import shutil
from contextlib import asynccontextmanager
from decimal import Decimal

import grpc
import httpx
import pytest

from quantgraph.domain.access import Scope
from quantgraph.v1 import controls_pb2, controls_pb2_grpc, orders_pb2, orders_pb2_grpc, system_pb2
from tests.api.real import ACCOUNT, SYMBOL, Terminal, make_keys, served
from tests.grpc_bridge.calls import Refusal
from tests.resolvers.test_orders import SUBMIT
from tests.waiting import settled

BEIJING = "835185.BJ"
# Of that day no source tells since when this fee was so.
DATED = "fees.transfer.undated"
REPORTED = {"programmatic_trading_reported": True}
CLOSE = "query($of: Symbol!) { quote(symbol: $of) { previousClose } }"
STATUS = "{ tradingStatus { state cause reason } }"
ORDERS = f'{{ orders(accountId: "{ACCOUNT}") {{ nodes {{ id brokerOrderId origin }} }} }}'
RESUME = """mutation($of: ID) { resumeTrading(input: { accountId: $of }) { __typename } }"""
ARM = """mutation($secret: String!) { armTrading(input: { secret: $secret }) {
  __typename ... on Problem { code message } } }"""


class Desk:
    """Both wires of a gateway, asked with one key; an order is told by its id, or why not."""

    def __init__(self, running, key):
        self.running, self.metadata = running, (("x-api-key", key),)
        headers = {"X-API-Key": key}
        self.client = httpx.AsyncClient(
            base_url=running.addresses.http, timeout=20, headers=headers
        )
        self.channel = grpc.aio.insecure_channel(running.addresses.grpc)

    async def ask(self, query, **variables):
        body = {"query": query, "variables": variables}
        answer = (await self.client.post("/graphql", json=body)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def low(self, symbol):
        """A price at which nobody sells."""
        close = (await self.ask(CLOSE, of=symbol))["quote"]["previousClose"]
        return f"{Decimal(repr(close)) * Decimal('0.95'):.2f}"

    async def submit(self, key, symbol=SYMBOL):
        order = {"accountId": ACCOUNT, "clientOrderId": key, "symbol": symbol, "side": "BUY"}
        order |= {"quantity": 100, "limitPrice": await self.low(symbol)}
        done = (await self.ask(SUBMIT, input=order))["submitOrder"]
        return (done["order"]["id"], done["replayed"]) if "order" in done else done["code"]

    async def submit_rpc(self, key, symbol=SYMBOL):
        request = orders_pb2.SubmitOrderRequest(
            account_id=ACCOUNT, client_order_id=key, symbol=symbol, side=orders_pb2.SIDE_BUY,
            quantity=100, price_type=orders_pb2.PRICE_TYPE_LIMIT,
            limit_price={"value": await self.low(symbol)},
        )  # fmt: skip
        stub = orders_pb2_grpc.OrderServiceStub(self.channel)
        try:
            done = await stub.SubmitOrder(request, metadata=self.metadata)
        except grpc.aio.AioRpcError as error:
            return Refusal(error).reason.value
        return done.order.id, done.replayed

    async def both(self, key, symbol=SYMBOL):
        return [await self.submit(key, symbol), await self.submit_rpc(key, symbol)]

    async def status(self):
        """Where trading stands: as GraphQL tells it, and gRPC's state, cause and reason."""
        stub = controls_pb2_grpc.ControlServiceStub(self.channel)
        request = controls_pb2.GetTradingStatusRequest()
        told = (await stub.GetTradingStatus(request, metadata=self.metadata)).status
        return (await self.ask(STATUS))["tradingStatus"], (told.state, told.cause, told.reason)

    async def until(self, state):
        while (await self.ask(STATUS))["tradingStatus"]["state"] != state:
            await settled()


def accepted(*names):
    return {"accept_unverified": [DATED, *names]}


@pytest.fixture
async def terminal():
    made = Terminal()
    yield made
    await made.close()


@pytest.fixture
def keys(tmp_path):
    """A key that may do everything, and the secret that arms."""
    ring, arming = make_keys(tmp_path, "prod")
    return ring.create(Scope.ADMIN, None), arming.create()


@pytest.fixture
def prod(monkeypatch, terminal, keys):
    @asynccontextmanager
    async def open_prod(folder, **sections):
        sections = {"trading": REPORTED, "rules": accepted(), **sections}
        async with served(monkeypatch, terminal, folder, "prod", **sections) as running:
            desk = Desk(running, keys[0])
            try:
                yield desk
            finally:
                await desk.client.aclose()
                await desk.channel.close()

    return open_prod


async def test_a_rule_that_nobody_has_checked_refuses_until_it_is_accepted(prod, tmp_path):
    async with prod(tmp_path) as desk:
        await desk.until("DISARMED")
        assert await desk.both("k1") == ["TRADING_DISARMED"] * 2
        assert await desk.both("k1", BEIJING) == ["RULE_UNVERIFIED"] * 2
    async with prod(tmp_path, rules=accepted("lots.bse", "cage.bse")) as desk:
        await desk.until("DISARMED")
        assert await desk.both("k1", BEIJING) == ["TRADING_DISARMED"] * 2


async def test_a_journal_cut_amid_a_record_is_told_and_no_key_of_it_is_sent_again(
    prod, terminal, keys, tmp_path
):
    names, folder = [f"k{number}" for number in range(4)], tmp_path / "killed"
    async with prod(tmp_path) as desk:
        await desk.until("DISARMED")
        assert (await desk.ask(ARM, secret=keys[1]))["armTrading"]["__typename"] == (
            "ArmTradingSuccess"
        )
        placed = [(await desk.submit(name))[0] for name in names]
        # As a kill leaves the files.
        shutil.copytree(tmp_path / "prod", folder / "prod")
    rows = await terminal.counter.orders_today(ACCOUNT)
    assert len(rows) == len(names)
    log = folder / "prod" / "journal.sqlite-wal"
    os.truncate(log, log.stat().st_size * 6 // 10)
    async with prod(folder) as desk:
        shown, told = await desk.status()
        assert (shown["state"], shown["cause"]) == ("HALTED", "JOURNAL_CUT")
        state, cause = system_pb2.TRADING_STATE_HALTED, system_pb2.HALT_CAUSE_JOURNAL_CUT
        assert told == (state, cause, shown["reason"])
        ready = await desk.client.get("/health/ready")
        assert (ready.status_code, ready.json()["problems"]["journal"]) == (503, shown["reason"])
        assert await desk.both("new") == ["TRADING_HALTED"] * 2
        # What it lost is found at the terminal, and is an alarm of the account.
        while len(found := (await desk.ask(ORDERS))["orders"]["nodes"]) < len(names):
            await settled()
        await desk.ask(RESUME, of=None)
        assert await desk.both("new") == ["TRADING_HALTED"] * 2
        await desk.ask(RESUME, of=ACCOUNT)
        assert await desk.both("new") == ["RECONCILING"] * 2
        terminal.hand.seconds += 300  # by then it lists whatever it has got
        desk.running.assembly.way.trading.compare()
        await desk.until("DISARMED")
        await desk.ask(ARM, secret=keys[1])
        again = [await desk.both(name) for name in names]
        assert all(replayed for pair in again for _, replayed in pair)
        assert all(first == second for first, second in again)
        assert {each["brokerOrderId"] for each in found} == {row.broker_order_id for row in rows}
        kept = {each["id"] for each in found if each["origin"] == "OURS"}
        assert 0 < len(kept) < len(names)
        assert kept == {*placed[: len(kept)]}
        assert len(await terminal.counter.orders_today(ACCOUNT)) == len(names)
        assert isinstance(await desk.submit_rpc("new"), tuple)
        assert len(await terminal.counter.orders_today(ACCOUNT)) == len(names) + 1
