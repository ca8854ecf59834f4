"""Orders through another gateway: its journal alone, each once, and no event lost or doubled."""

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import grpc
import pytest

from grpc_bridge.server import start
from quantgraph.backends.remote import line
from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import AgentChannel
from quantgraph.domain.batches import CancelSweep
from quantgraph.domain.controls import HaltWish, TradingState
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import FillQuery, OrderKey, OrderPage, OrderQuery, OrderTicket, Side
from quantgraph.domain.portfolio import StrategyQuery
from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogCursor, StreamKind
from quantgraph.v1 import orders_pb2, orders_pb2_grpc
from quantgraph.wire.orders import event_from_proto
from tests.api.real import ACCOUNT, SYMBOL
from tests.backends.remote.agents import Asker, agent_at, prod_agent, prod_over, stands
from tests.grpc_bridge.calls import Refusal
from tests.resolvers.test_orders import CANCEL, SUBMIT
from tests.waiting import settled, until

ARM = "mutation($secret: String!) { armTrading(input: { secret: $secret }) { __typename } }"
HALT = """mutation { haltTrading(input: { reason: "test" }) { __typename
  ... on HaltTradingSuccess { changed status { state reason } } } }"""
# Nobody sells at it on the first day.
PRICE = Decimal("1880.00")


class Front:
    """Both wires of a gateway over an agent, asked with one key."""

    def __init__(self, assembly, key, asker, address):
        self.assembly, self._key, self._asker = assembly, key, asker
        self.channel = grpc.aio.insecure_channel(address)
        self.stub, self.metadata = (
            orders_pb2_grpc.OrderServiceStub(self.channel),
            (("x-api-key", key),),
        )

    async def ask(self, query, **variables):
        data, codes = await self._asker.ask(self.assembly, query, variables, self._key)
        return codes or data

    async def submit(self, key, quantity=100):
        order = {"accountId": ACCOUNT, "clientOrderId": key, "symbol": SYMBOL, "side": "BUY"}
        order |= {"quantity": quantity, "limitPrice": str(PRICE)}
        done = await self.ask(SUBMIT, input=order)
        if isinstance(done, list):
            return done
        done = done["submitOrder"]
        return (done["order"]["id"], done["replayed"]) if "order" in done else done["code"]

    async def submit_rpc(self, key, quantity=100):
        request = orders_pb2.SubmitOrderRequest(
            account_id=ACCOUNT, client_order_id=key, symbol=SYMBOL, side=orders_pb2.SIDE_BUY,
            quantity=quantity, limit_price={"value": str(PRICE)},
        )  # fmt: skip
        try:
            done = await self.stub.SubmitOrder(request, metadata=self.metadata)
        except grpc.aio.AioRpcError as error:
            return Refusal(error).reason.value
        return done.order.id, done.replayed

    async def updates(self, **place):
        """Yield the account's log from a place on, over gRPC."""
        request = orders_pb2.StreamOrderEventsRequest(account_id=ACCOUNT, **place)
        async for answer in self.stub.StreamOrderEvents(request, metadata=self.metadata):
            yield event_from_proto(answer.event)


@asynccontextmanager
async def fronted(agent, folder, key=None, **sections):
    """Open a gateway over an agent, on both wires."""
    async with AsyncExitStack() as stack:
        here, own = await stack.enter_async_context(prod_over(agent, folder, key, **sections))
        server = await start(here.gateway, here.config.grpc.model_copy(update={"port": 0}))
        stack.push_async_callback(server.stop, 0)
        front = Front(here, own, Asker(stack), f"127.0.0.1:{server.port}")
        stack.push_async_callback(front.channel.close)
        await stands(here)
        yield front


@asynccontextmanager
async def trading(terminal, folder, **sections):
    """Open an armed agent and a gateway over it."""
    async with (
        prod_agent(terminal, folder / "agent", **sections) as beside,
        fronted(beside.agent, folder / "here", beside.key, **sections) as front,
    ):
        while (await front.assembly.gateway.controls.status(None)).state is not (
            TradingState.DISARMED
        ):
            await settled()
        done = await front.ask(ARM, secret=beside.secret)
        assert done["armTrading"]["__typename"] == "ArmTradingSuccess"
        yield beside, front


def ticket(key):
    return OrderTicket(ACCOUNT, key, SYMBOL, Side.BUY, 100, limit_price=PRICE)


async def test_an_order_is_one_order_at_the_agent_whichever_wire_repeats_it(terminal, tmp_path):
    async with trading(terminal, tmp_path) as (beside, front):
        made, replayed = await front.submit("k1")
        assert not replayed
        assert await front.submit_rpc("k1") == await front.submit("k1") == (made, True)
        assert await front.submit_rpc("k1", 200) == "IDEMPOTENCY_CONFLICT"
        (listed,) = await terminal.counter.orders_today(ACCOUNT)
        desk, far = front.assembly.gateway, beside.agent.assembly.gateway
        order = await desk.trading.order(OrderKey(ACCOUNT, client_order_id="k1"))
        assert (order.id, order.broker_order_id) == (made, listed.broker_order_id)
        # Nothing of it is kept here but who asked.
        kept = {each.name for each in (tmp_path / "here" / "prod").iterdir()}
        assert not {"journal.sqlite", "controls.sqlite", "accounts.sqlite"} & kept
        assert "audit.sqlite" in kept
        for ask in (
            lambda port: port.allowances.allowance(ACCOUNT),
            lambda port: port.accounts.asset(ACCOUNT),
            lambda port: port.ipo_quotas.ipo_quotas(ACCOUNT),
            lambda port: port.previews.preview(ticket("k2")),
            lambda port: port.portfolio.risk(ACCOUNT),
        ):
            assert await ask(desk) == await ask(far)
        done = await front.ask(CANCEL, input={"accountId": ACCOUNT, "id": made})
        assert done["cancelOrder"]["__typename"] == "CancelOrderSuccess"
        gone = (await front.ask(CANCEL, input={"accountId": ACCOUNT, "id": "none"}))["cancelOrder"]
        assert (gone["__typename"], gone["code"]) == ("OrderNotFound", "ORDER_NOT_FOUND")


async def test_a_log_that_is_cut_goes_on_with_every_event_once(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        seen, away = [], asyncio.Event()

        async def read(events):
            async with aclosing(events):
                async for event in events:
                    seen.append(event)
                    if event.source is not None and not event.source.connected:
                        away.set()

        reading = asyncio.create_task(read(front.updates(after_sequence=0)))
        await front.submit("k1")
        await until(lambda: any(each.kind is StreamKind.CAUGHT_UP for each in seen))
        await beside.agent.leave()
        await away.wait()
        # What happens meanwhile is read afterwards.
        far = beside.agent.assembly.gateway.trading
        await far.submit(ticket("k2"))
        await beside.agent.come_back()
        await stands(front.assembly)
        assert isinstance(await front.submit_rpc("k3"), tuple)
        log = await whole(far)
        await until(lambda: len(numbers(seen)) == len(log))
        assert numbers(seen) == log == [*range(1, len(log) + 1)]
        assert [each.kind for each in seen].count(StreamKind.CAUGHT_UP) == 1
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        # Another gateway goes on where a client of this one was.
        async with fronted(beside.agent, tmp_path / "other", beside.key) as other:
            rest = [
                event.sequence
                async for event in caught_up(
                    other.updates(epoch=seen[0].epoch, after_sequence=log[2])
                )
            ]
            assert rest == log[3:]
            assert await other.submit("k1") == (await front.submit("k1"))


async def test_readers_of_an_account_share_one_stream_from_the_agent(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        far, here = beside.agent.assembly, front.assembly.gateway
        await front.submit("k1")
        log = await whole(far.gateway.trading)
        seen = [[] for _ in range(6)]

        async def read(events, told):
            async with aclosing(events):
                async for event in events:
                    told.append(event)

        place = LogCursor(ACCOUNT, None, 0)
        streams = [front.updates(after_sequence=0) for _ in range(3)]
        streams += [
            here.trading.events(place),
            here.trading.events(place),
            here.fills.events(place),
        ]
        reading = [asyncio.create_task(read(*each)) for each in zip(streams, seen, strict=True)]
        await until(lambda: all(any(e.kind is StreamKind.CAUGHT_UP for e in each) for each in seen))
        await until(lambda: held(far) == ["OrderService/StreamOrderEvents"])
        await front.submit("k2")
        log = await whole(far.gateway.trading)
        await until(lambda: all(numbers(each) == log for each in seen[:5]))
        for each in reading:
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


def held(assembly):
    """The logs that are streamed from an agent."""
    return [
        each.operation for each in assembly.gateway.subscriptions.all() if "Order" in each.operation
    ]


def numbers(events):
    return [each.sequence for each in events if each.kind is StreamKind.UPDATE]


async def caught_up(events):
    async with aclosing(events):
        async for event in events:
            if event.kind is StreamKind.CAUGHT_UP:
                return
            yield event


async def whole(trading):
    return [
        event.sequence async for event in caught_up(trading.events(LogCursor(ACCOUNT, None, 0)))
    ]


async def test_an_agent_that_is_killed_amid_a_submit_has_made_one_order(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        asked, go_on = held_up(terminal.counter, "place")
        submitting = asyncio.create_task(front.submit("k1"))
        await asked.wait()
        await beside.agent.leave()
        go_on.set()
        await beside.agent.come_back()
        made, replayed = await submitting
        assert replayed
        (listed,) = await terminal.counter.orders_today(ACCOUNT)
        order = await front.assembly.gateway.trading.order(OrderKey(ACCOUNT, id=made))
        assert (order.client_order_id, order.broker_order_id) == ("k1", listed.broker_order_id)


async def test_an_agent_that_is_begun_anew_has_an_acts_time_to_come_back(
    terminal, tmp_path, monkeypatch
):
    looks, ask = [], Agent.ask

    async def counted(agent):
        looks.append(agent)
        return await ask(agent)

    async def stands(channel, seconds):
        # As of a connection whose end is not known yet.
        return True

    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        asked, go_on = held_up(terminal.counter, "place")
        submitting = asyncio.create_task(front.submit("k1"))
        await asked.wait()
        monkeypatch.setattr(AgentChannel, "ready", stands)
        monkeypatch.setattr(Agent, "ask", counted)
        await beside.agent.leave()
        await until(lambda: len(looks) > 3)
        go_on.set()
        await beside.agent.come_back()
        assert (await submitting)[1]
        assert len(await terminal.counter.orders_today(ACCOUNT)) == 1


async def test_what_nobody_answers_in_time_is_unknown_and_its_repeat_tells(
    terminal, tmp_path, monkeypatch
):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (_, front):
        go_on = held_up(terminal.counter, "place")[1]
        monkeypatch.setattr(line, "ACT_S", 0.3)
        assert await front.submit("k1") == ["OUTCOME_UNKNOWN"]
        assert await front.submit_rpc("k2") == "OUTCOME_UNKNOWN"
        monkeypatch.undo()
        # The agent knows the key before its terminal answers.
        made, replayed = await front.submit_rpc("k1")
        assert replayed
        go_on.set()
        assert await front.submit("k1") == (made, True)
        assert (await front.submit("k2"))[1]
        while len(await terminal.counter.orders_today(ACCOUNT)) < 2:
            await settled()


async def test_a_cancel_that_is_cut_off_is_looked_at_and_not_lost(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        # The second time the agent goes before it has done anything.
        ways = (
            (terminal.counter, "withdraw"),
            (beside.agent.assembly.way.trading._cancels, "cancel"),
        )
        for key, (part, name) in enumerate(ways):
            made, _ = await front.submit(f"k{key}")
            asked, go_on = held_up(part, name, lost=name == "cancel")
            canceling = asyncio.create_task(
                front.ask(CANCEL, input={"accountId": ACCOUNT, "id": made})
            )
            await asked.wait()
            await beside.agent.leave()
            go_on.set()
            await beside.agent.come_back()
            told = await canceling
            assert isinstance(told, dict), told
            order = told["cancelOrder"]["order"]
            assert (order["id"], order["state"] in {"PENDING_CANCEL", "CANCELED"}) == (made, True)


async def test_every_list_of_an_account_is_the_agents_page_by_page(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        here, far = front.assembly.gateway, beside.agent.assembly.gateway
        (quote,) = await far.quotes.quotes([SYMBOL])
        price = Decimal(repr(quote.asks[0].price))
        for number in range(3):
            await here.trading.submit(replace(ticket(f"k{number}"), strategy=f"s{number}"))
        crossing = replace(ticket("filled"), limit_price=price, strategy="s0")
        filled = (await here.trading.submit(crossing)).order.id
        while not (await far.fills.fills(FillQuery(ACCOUNT))).fills:
            terminal.hand.seconds += 30
            await settled()
        pages = {
            OrderQuery(ACCOUNT, first=2): lambda port, query: port.trading.orders(query),
            StrategyQuery(ACCOUNT, first=2): lambda port, query: port.portfolio.strategies(query),
            FillQuery(ACCOUNT, first=1): lambda port, query: port.fills.fills(query),
        }
        for query, ask in pages.items():
            page = await ask(here, query)
            assert plain(page) == plain(await ask(far, query))
            (items, *_) = (getattr(page, each) for each in page.__slots__)
            last = getattr(items[-1], "key", None) or items[-1].id
            after = replace(query, after=last)
            assert plain(await ask(here, after)) == plain(await ask(far, after))
        ids = ["none", filled]
        none, (fill, *_) = await here.fills.order_fills(ACCOUNT, ids)
        assert (none, fill.order_id) == ([], filled)
        assert await far.fills.order_fills(ACCOUNT, ids) == await here.fills.order_fills(
            ACCOUNT, ids
        )
        told = caught_up(here.fills.events(LogCursor(ACCOUNT, None, 0)))
        assert [each.fill async for each in told] == [fill]
        changed = await here.connections.disconnect(ACCOUNT)
        assert (changed.account.terminal, changed.changed) == ("far", True)
        assert await front.submit("k9") == "ACCOUNT_DISCONNECTED"
        told = caught_up(here.connections.events(LogCursor(ACCOUNT, None, 0)))
        assert [each.account.status async for each in told] == [changed.account.status]
        terminal.hand.seconds += 2  # as many acts in a second are allowed
        swept = await here.batches.cancel_all(CancelSweep(ACCOUNT))
        assert {each.client_order_id for each in swept} >= {"k0", "k1", "k2"}


def plain(page):
    """A page without what is kept of an order where its terminal is."""
    if isinstance(page, OrderPage):
        return replace(page, orders=tuple(replace(each, tag=None) for each in page.orders))
    return page


def held_up(part, name, lost=False):
    """Have a call wait once it was asked: what says that it was, and what lets it go on.

    Of what is `lost` nothing is done the first time.
    """
    asked, go_on, act = asyncio.Event(), asyncio.Event(), getattr(part, name)

    async def slowly(*wanted):
        first = not asked.is_set()
        asked.set()
        await go_on.wait()
        if first and lost:
            raise asyncio.CancelledError
        return await act(*wanted)

    setattr(part, name, slowly)
    return asked, go_on


async def test_what_an_agent_that_is_away_is_asked_is_not_sent_and_says_so(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        await beside.agent.leave()
        await until(lambda: front.assembly.way.status().state is TradingState.DISCONNECTED)
        assert await front.submit("k1") == ["TERMINAL_OFFLINE"]
        assert await front.submit_rpc("k1") == "TERMINAL_OFFLINE"
        assert "trading" in await front.assembly.gateway.system.problems()
        await beside.agent.come_back()
        await stands(front.assembly)
        assert await terminal.counter.orders_today(ACCOUNT) == []
        assert isinstance(await front.submit("k1"), tuple)


async def test_a_halt_at_a_gateway_stops_the_agent_for_everybody(terminal, tmp_path):
    async with asyncio.timeout(40), trading(terminal, tmp_path) as (beside, front):
        far, here = beside.agent.assembly.gateway.controls, front.assembly.gateway.controls
        async with aclosing(here.events(None)) as events:
            assert (await anext(events)).status.state is TradingState.ACTIVE
            done = (await front.ask(HALT))["haltTrading"]
            assert (done["changed"], done["status"]["state"]) == (True, "HALTED")
            while (event := await anext(events)).kind is not StreamKind.UPDATE:
                pass
            assert event.status.state is TradingState.HALTED
        assert await far.status(None) == await here.status(None)
        assert await front.submit("k1") == await front.submit_rpc("k1") == "TRADING_HALTED"
        assert (await here.resume(HaltWish())).changed
        assert isinstance(await front.submit("k1"), tuple)


async def test_no_order_goes_to_an_agent_of_another_mode(tmp_path):
    async with agent_at(tmp_path / "agent") as agent, fronted(agent, tmp_path / "here") as front:
        assert await front.submit("k1") == await front.submit_rpc("k1") == "MODE_MISMATCH"
        with pytest.raises(GatewayError) as caught:
            await front.assembly.gateway.accounts.accounts()
        assert caught.value.reason is Reason.MODE_MISMATCH
        gate, place = front.assembly.gateway, LogCursor(ACCOUNT)
        logs = [each.events(place) for each in (gate.trading, gate.fills, gate.connections)]
        for told in (*logs, gate.controls.events(None)):
            async with aclosing(told) as events:
                with pytest.raises(GatewayError) as caught:
                    await anext(events)
            assert caught.value.reason is Reason.MODE_MISMATCH
        assert "mode" in await front.assembly.gateway.system.problems()
        # Nor is it promised; what tells of the market is there.
        (backend,) = (await front.assembly.gateway.system.info()).backends
        rows = {each.operation: each for each in backend.capabilities}
        for each in ("trading.submit", "controls.halt", "accounts.assets", "orders.LIMIT"):
            assert "no order goes from one to the other" in rows[each].reason
        assert rows["bars"].available
        told = await front.ask("{ serverInfo { mode tradingState } }")
        assert told["serverInfo"] == {"mode": "MOCK", "tradingState": "DISCONNECTED"}
