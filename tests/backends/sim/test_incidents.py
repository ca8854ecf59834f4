"""Every incident over the real simulated terminal and the real journal, time moved by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.faults.delivery import Delivery
from quantgraph.backends.sim.faults.dice import Dice
from quantgraph.backends.sim.faults.terminal import FaultParts, FaultyTerminal
from quantgraph.backends.sim.terminal import SimTerminal
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import InvalidRequest, NotFound, OrderRefused, TradingDisabled
from quantgraph.domain.incidents import Incident, IncidentSetting
from quantgraph.domain.orders import Destination, Order, OrderKey, OrderState, OrderTicket, Side
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import LinkChange, PlacedOrder, StrangeStatus, TerminalEvent
from quantgraph.seeds import SeedAccount, SeedPosition
from quantgraph.services.desk import OrderDesk
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.workers import Workers
from quantgraph.store.journal import OrderJournal
from tests.waiting import until

from .conftest import CountedIds, Stage
from .test_terminal import Gate
from .world import world

SYMBOL = "000001.SZ"
S = OrderState
SEED = SeedAccount(
    id="sim-1",
    name="One",
    cash=Decimal(9_000_000),
    positions=(SeedPosition(symbol=SYMBOL, quantity=5_000, cost_price=Decimal("12.50")),),
)


class Counted:
    """Passes on to a terminal, and keeps what came through and what it said."""

    def __init__(self, inner: Terminal) -> None:
        self._inner = inner
        self.placed: list[str] = []
        self.trace: list[TerminalEvent] = []
        self.lists = 0

    async def place(self, order: Order) -> PlacedOrder:
        self.placed.append(order.id)
        return await self._inner.place(order)

    async def withdraw(self, order: Order) -> None:
        await self._inner.withdraw(order)

    async def find(self, account_id: str, tag: str):
        return await self._inner.find(account_id, tag)

    async def orders_today(self, account_id: str):
        listed = await self._inner.orders_today(account_id)
        self.lists += 1
        return listed

    async def reports(self):
        async with aclosing(self._inner.reports()) as events:
            async for event in events:
                self.trace.append(event)
                yield event


@dataclass
class Floor:
    """A gateway's order path over a simulated exchange, with incidents in between."""

    stage: Stage
    terminal: SimTerminal
    counted: Counted
    faulty: FaultyTerminal
    asked: Counted
    journal: OrderJournal
    trading: JournaledTrading
    gate: Gate
    naps: Gate
    second: float = 0.0

    def set(self, *texts: str) -> None:
        self.faulty.set_incidents(IncidentSetting.parse(each) for each in texts)

    async def quote(self) -> Quote:
        found = (await self.stage.market.quotes([SYMBOL]))[0]
        assert isinstance(found, Quote)
        return found

    async def ticket(self, key: str = "k1", **changes) -> OrderTicket:
        """A buy that takes the best ask at once."""
        best = (await self.quote()).asks[0].price
        base = OrderTicket(
            "sim-1", key, SYMBOL, Side.BUY, 100, limit_price=Decimal(repr(best)), strategy="alpha"
        )
        return replace(base, **changes)

    async def low(self, key: str = "k1", **changes) -> OrderTicket:
        """A buy that waits far below the market."""
        close = Decimal(repr((await self.quote()).previous_close))
        price = (close * Decimal("0.91")).quantize(Decimal("0.01"))
        return await self.ticket(key, limit_price=price, **changes)

    async def submit(self, ticket: OrderTicket) -> Order:
        return (await self.trading.submit(ticket)).order

    def events(self):
        return self.journal.events("sim-1", 0, 100_000)

    def states(self) -> list[OrderState]:
        return [each.order.state for each in self.events()]

    def fills(self) -> list[str]:
        return [each.fill.id for each in self.events() if each.fill]

    async def run(self, seconds: float, steps: int = 10) -> None:
        """Let simulated time pass; tasks have their turn at each step."""
        for _ in range(steps):
            self.second += seconds / steps
            self.stage.move_to(0, self.second)
            self.gate.wake()
            for _ in range(20):
                await asyncio.sleep(0)

    async def compare(self) -> None:
        """Let the follower look into the list now."""
        await until(self._napping)
        self.naps.wake()
        await until(self._napping)

    def _napping(self) -> bool:
        """Whether the follower waits; what it was woken from is done."""
        return any(not each.done() for each in self.naps.sleepers)

    async def sees(self, *states: OrderState) -> None:
        await until(lambda: self.states() == list(states))


async def open_floor(stage: Stage, gate: Gate, path: Path, seed: int = 1) -> AsyncIterator[Floor]:
    parts = world(stage, (SEED,), gate)
    terminal, naps = SimTerminal(parts, stage.market), Gate()
    counted = Counted(terminal)
    faulty = FaultyTerminal(counted, FaultParts(stage.clock, seed, gate))
    asked = Counted(faulty)
    journal, workers = OrderJournal(path / "journal.sqlite", "e1"), Workers(2, 64)
    journal._recording._db.execute("PRAGMA synchronous=OFF")  # what is said, not how long it lasts
    ids = (CountedIds(), Destination.SIMULATED, "mock_order_", "one")
    desk = OrderDesk(workers, stage.clock, *ids, sleep=naps)
    trading = JournaledTrading(journal, asked, terminal, desk)
    trading.start()
    terminal.start()
    # Listed before the first order: no thread that loads it then races the clock.
    await terminal.operate(Exchange.advance, symbol=SYMBOL)
    yield Floor(stage, terminal, counted, faulty, asked, journal, trading, gate, naps)
    await faulty.close()
    await terminal.close()
    await trading.close()
    workers.close()
    journal.close()


@pytest.fixture
async def floor(make_stage, tmp_path: Path) -> AsyncIterator[Floor]:
    gate = Gate()
    async for floor in open_floor(make_stage(sleep=gate), gate, tmp_path):
        yield floor


async def test_without_incidents_it_is_the_terminal_itself(floor: Floor) -> None:
    await floor.submit(await floor.ticket())
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)
    assert floor.asked.trace == floor.counted.trace
    assert await floor.faulty.orders_today("sim-1") == await floor.terminal.orders_today("sim-1")


async def test_a_callback_before_the_reply_is_no_second_change(floor: Floor) -> None:
    floor.set("CALLBACK_FIRST")
    order = await floor.submit(await floor.ticket())
    assert order.state in (S.WORKING, S.FILLED)
    assert floor.states()[2] is S.WORKING  # told by its callback: the reply was not there yet
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)


async def test_a_callback_that_never_comes_keeps_no_reply_for_longer_than_its_delay(
    floor: Floor,
) -> None:
    floor.set("CALLBACK_FIRST delay_ms=2000", "LOST_CALLBACK")
    submitting = asyncio.create_task(floor.submit(await floor.ticket()))
    await until(lambda: floor.asked.placed)
    await floor.run(1)
    assert not submitting.done()
    await floor.run(2)
    assert (await submitting).state is S.WORKING


async def test_callbacks_that_come_twice_change_the_order_once(floor: Floor) -> None:
    floor.set("DUPLICATE_CALLBACKS")
    await floor.submit(await floor.ticket())
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)
    await until(lambda: len(floor.asked.trace) == 4)
    assert len(floor.counted.trace) == 2
    assert len(floor.fills()) == 1
    assert floor.states() == [S.ACCEPTED, S.SENT, S.WORKING, S.FILLED]


async def test_reordered_callbacks_lead_to_the_same_totals(floor: Floor) -> None:
    floor.set("REORDERED_CALLBACKS", "DUPLICATE_CALLBACKS")
    top = (await floor.quote()).asks
    size = sum(each.quantity for each in top[:4])
    order = await floor.submit(
        await floor.ticket(quantity=size, limit_price=Decimal(repr(top[3].price)))
    )
    await floor.run(3)
    await until(lambda: len(floor.asked.trace) == 10)
    heard = [each.filled_quantity for each in floor.asked.trace]
    assert heard != sorted(heard)
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert (found.state, found.filled_quantity) == (S.FILLED, size)
    assert len(floor.fills()) == 4
    assert found.average_price == floor.counted.trace[-1].average_price


async def test_a_lost_callback_is_found_in_the_list(floor: Floor) -> None:
    floor.set("LOST_CALLBACK")
    order = await floor.submit(await floor.ticket())
    assert floor.states() == [S.ACCEPTED, S.SENT, S.WORKING]
    assert floor.asked.trace == []
    await floor.compare()
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)
    assert floor.fills() == [each.fill.id for each in floor.counted.trace if each.fill]
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert found.filled_quantity == 100


async def test_a_lost_expiry_is_found_on_the_next_day(floor: Floor) -> None:
    floor.set("LOST_CALLBACK")
    floor.stage.move_to(0, 4 * 3_600 - 60)
    await floor.submit(await floor.low())
    floor.stage.move_to(1, 0)
    await floor.terminal.accounts()
    await floor.compare()
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.EXPIRED)


async def test_status_255_of_a_working_order_leaves_it_working(floor: Floor) -> None:
    floor.set("STATUS_UNKNOWN")
    order = await floor.submit(await floor.low())
    await until(lambda: floor.asked.trace)
    assert floor.asked.trace[0].state is S.UNKNOWN
    await until(lambda: (floor.states()[-1], len(floor.states())) == (S.WORKING, 3))
    asked = await floor.trading.cancel(OrderKey("sim-1", order.id))
    assert asked.state in (S.PENDING_CANCEL, S.CANCELED)
    await until(lambda: floor.states()[-1] is S.CANCELED)


async def test_status_255_before_the_reply_is_unknown_until_the_reply(floor: Floor) -> None:
    floor.set("STATUS_UNKNOWN", "CALLBACK_FIRST")
    assert (await floor.submit(await floor.low())).state is S.WORKING
    assert floor.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING]


async def test_a_status_in_no_list_is_unknown_and_an_alarm_of_its_account(floor: Floor) -> None:
    floor.set("UNLISTED_STATUS times=1")
    await floor.submit(await floor.low())
    await until(lambda: len(floor.asked.trace) >= 2)
    strange, report = floor.asked.trace[:2]
    assert isinstance(strange, StrangeStatus)
    assert (strange.account_id, "status 58" in strange.text) == ("sim-1", True)
    assert (report.account_id, report.state) == ("sim-1", S.UNKNOWN)
    # The order works: the list tells it.
    await until(lambda: floor.states()[-1] is S.WORKING)


async def test_status_57_twice_is_one_rejection(floor: Floor) -> None:
    floor.set("REJECTED_TWICE times=1")
    await floor.submit(await floor.ticket())
    await until(lambda: len(floor.asked.trace) == 3)
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.REJECTED)
    with pytest.raises(OrderRefused) as caught:
        await floor.submit(await floor.ticket())
    assert caught.value.reason is Reason.TERMINAL_REFUSED
    # the number of this reason in the catalogue, not one that stands for another
    assert caught.value.message_zh.startswith("[COUNTER][900017][废单][fund_account=000000000000,")
    assert "incident=REJECTED_TWICE" in caught.value.message_zh
    assert floor.counted.placed == []
    assert (await floor.submit(await floor.low("k2"))).state is S.WORKING


async def test_an_error_that_names_no_order_is_looked_up(floor: Floor) -> None:
    floor.set("ERROR_WITHOUT_IDS times=1")
    order = await floor.submit(await floor.ticket())
    other = await floor.submit(await floor.low("k2"))
    await until(lambda: S.REJECTED in floor.states())
    assert None in [each.tag for each in floor.asked.trace]
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert (found.state, found.reject_code) == (S.REJECTED, "TERMINAL_REFUSED")
    assert (await floor.trading.order(OrderKey("sim-1", other.id))).state is S.WORKING


async def test_minus_one_of_a_live_order_is_unknown_and_then_what_it_is(floor: Floor) -> None:
    floor.set("MINUS_ONE", "REORDERED_CALLBACKS delay_ms=5000")
    ticket = await floor.ticket()
    assert (await floor.submit(ticket)).state is S.UNKNOWN
    assert (await floor.submit(ticket)).state is S.UNKNOWN
    await floor.run(6)
    await until(lambda: floor.states()[-1] is S.FILLED)
    found = await floor.trading.order(OrderKey("sim-1", client_order_id="k1"))
    assert found.broker_order_id.startswith("SIM")
    assert len(floor.counted.placed) == 1


async def test_an_order_that_executes_after_its_timeout_is_found_by_its_tag(floor: Floor) -> None:
    floor.set("LATE_EXECUTION delay_ms=20000")
    ticket = await floor.low()
    order = await floor.submit(ticket)
    assert order.state is S.UNKNOWN
    with pytest.raises(OrderRefused, match="may still come alive"):
        await floor.trading.cancel(OrderKey("sim-1", order.id))
    await floor.compare()
    await floor.run(19)
    assert floor.counted.placed == []
    assert (await floor.submit(ticket)).state is S.UNKNOWN
    await floor.run(2)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING)
    assert floor.counted.placed == [order.id]
    await floor.trading.cancel(OrderKey("sim-1", order.id))
    await until(lambda: floor.states()[-1] is S.CANCELED)


async def test_a_late_order_that_is_refused_then_is_rejected(floor: Floor) -> None:
    floor.set("LATE_EXECUTION delay_ms=20000")
    order = await floor.submit(await floor.ticket(quantity=1_000_000))  # more than the cash
    assert order.state is S.UNKNOWN
    await floor.run(21)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.REJECTED)
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert found.reject_code == "INSUFFICIENT_CASH"


async def test_a_late_order_past_its_expiry_never_gets_there(floor: Floor) -> None:
    floor.set("LATE_EXECUTION delay_ms=20000")
    now = floor.stage.clock.now()
    expiry = now.replace(second=10)
    await floor.submit(await floor.ticket(expires_at=expiry))
    await floor.run(21)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.EXPIRED)
    assert floor.counted.placed == []


async def test_a_late_order_of_an_earlier_day_is_dropped(floor: Floor) -> None:
    floor.set("LATE_EXECUTION delay_ms=60000")
    ticket = await floor.low()
    floor.stage.move_to(1, -15 * 60 - 30)  # half a minute before the day ends at 15:30
    await floor.submit(ticket)
    floor.stage.move_to(1, 3_600)
    await floor.terminal.accounts()
    floor.gate.wake()
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.EXPIRED)
    assert floor.counted.placed == []


async def test_what_the_counter_refused_is_listed_for_its_day_alone(floor: Floor) -> None:
    floor.set("REJECTED_TWICE times=1")
    await floor.submit(await floor.ticket())
    await floor.submit(await floor.low("k2"))
    assert len(await floor.faulty.orders_today("sim-1")) == 2
    floor.stage.move_to(1, 3_600)
    listed = await floor.faulty.orders_today("sim-1")
    assert [each.state for each in listed] == [S.EXPIRED]
    floor.stage.move_to(2, 3_600)
    assert await floor.faulty.orders_today("sim-1") == []


async def test_callbacks_on_their_way_through_a_broken_link_are_gone(floor: Floor) -> None:
    floor.set("REORDERED_CALLBACKS delay_ms=5000")
    await floor.submit(await floor.low())
    await until(lambda: len(floor.counted.trace) == 1)
    floor.set("DISCONNECT delay_ms=1000")
    await floor.submit(await floor.low("k2"))
    await floor.run(30)
    assert [type(each) for each in floor.asked.trace] == [LinkChange, LinkChange]


async def test_callbacks_of_an_old_world_are_not_delivered(floor: Floor) -> None:
    delivery = Delivery(Dice(1), lambda _, __: None)
    await floor.submit(await floor.low())
    await until(lambda: floor.asked.trace)
    delivery.put(floor.asked.trace[0])
    delivery.relink(LinkChange(False, floor.stage.clock.now()))
    delivery.clear()
    delivery.end()
    assert [type(each) async for each in delivery.events()] == [LinkChange]


async def test_a_slow_answer_comes_behind_the_fills(floor: Floor) -> None:
    floor.set("SLOW_ANSWER delay_ms=3000")
    submitting = asyncio.create_task(floor.submit(await floor.ticket()))
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)
    assert not submitting.done()
    await floor.run(4)
    assert (await submitting).state is S.FILLED
    assert floor.states() == [S.ACCEPTED, S.SENT, S.WORKING, S.FILLED]


async def test_a_link_that_breaks_over_an_order_tells_all_when_it_is_back(floor: Floor) -> None:
    floor.set("DISCONNECT times=1 delay_ms=30000")
    order = await floor.submit(await floor.ticket())
    assert order.state is S.UNKNOWN
    await until(lambda: floor.trading.state is TradingState.DISCONNECTED)
    with pytest.raises(TradingDisabled) as caught:
        await floor.submit(await floor.ticket("k2"))
    assert caught.value.reason is Reason.TERMINAL_DISCONNECTED
    with pytest.raises(TradingDisabled):
        await floor.trading.cancel(OrderKey("sim-1", order.id))
    await floor.compare()
    await floor.run(29)
    assert floor.states() == [S.ACCEPTED, S.SENT, S.UNKNOWN]
    await floor.run(2)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.FILLED)
    await until(lambda: floor.trading.state is TradingState.ACTIVE)
    assert floor.fills() == [each.fill.id for each in floor.counted.trace if each.fill]
    assert (await floor.submit(await floor.ticket("k2"))).state in (S.WORKING, S.FILLED)
    assert len(floor.counted.placed) == 2


async def test_an_order_that_the_exchange_refused_behind_a_broken_link_is_rejected(
    floor: Floor,
) -> None:
    floor.set("DISCONNECT times=1 delay_ms=1000")
    order = await floor.submit(await floor.ticket(quantity=1_000_000))
    assert order.state is S.UNKNOWN
    await floor.run(2)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.REJECTED)


async def test_an_order_that_meets_a_broken_link_was_never_sent(floor: Floor) -> None:
    floor.set("DISCONNECT times=1")
    await floor.submit(await floor.low())
    order = replace((await floor.trading.order(OrderKey("sim-1", client_order_id="k1"))), id="x")
    with pytest.raises(OrderRefused) as caught:
        await floor.faulty.place(order)
    assert caught.value.reason is Reason.NOT_SENT
    assert len(floor.counted.placed) == 1


async def test_switching_a_broken_link_off_mends_it(floor: Floor) -> None:
    floor.set("DISCONNECT delay_ms=3600000")
    await floor.submit(await floor.low())
    await until(lambda: not floor.trading.connected)
    floor.set()
    await until(lambda: floor.trading.state is TradingState.ACTIVE)
    await floor.sees(S.ACCEPTED, S.SENT, S.UNKNOWN, S.WORKING)
    await floor.run(3600)
    assert floor.trading.connected


async def test_a_new_world_has_its_link_and_nothing_of_the_old_one(floor: Floor) -> None:
    floor.set("LATE_EXECUTION times=1", "DISCONNECT", "REORDERED_CALLBACKS")
    await floor.submit(await floor.low())
    await floor.submit(await floor.low("k2"))
    await until(lambda: not floor.trading.connected)
    floor.faulty.start_over()
    await until(lambda: floor.trading.connected)
    await floor.run(60)
    assert len(floor.counted.placed) == 1
    assert all(not hasattr(each, "tag") for each in floor.asked.trace)


async def test_a_slow_list_shows_what_was_when_it_was_asked(floor: Floor) -> None:
    order = await floor.submit(await floor.low())
    floor.set("SLOW_LIST delay_ms=3000")
    asking = asyncio.create_task(floor.faulty.orders_today("sim-1"))
    await until(lambda: floor.counted.lists)
    await floor.trading.cancel(OrderKey("sim-1", order.id))
    await floor.run(4)
    assert [each.state for each in await asking] == [S.WORKING]
    await until(lambda: floor.states()[-1] is S.CANCELED)
    # an old list takes nothing back
    comparing = asyncio.create_task(floor.compare())
    await until(lambda: floor.counted.lists == 2)
    await floor.run(4)
    await comparing
    assert floor.states()[-1] is S.CANCELED


async def test_a_strategy_name_that_the_terminal_lost_is_still_ours(floor: Floor) -> None:
    floor.set("NO_STRATEGY_NAME", "LOST_CALLBACK")
    order = await floor.submit(await floor.ticket())
    assert [each.strategy for each in await floor.faulty.orders_today("sim-1")] == [""]
    await floor.compare()
    await floor.sees(S.ACCEPTED, S.SENT, S.WORKING, S.FILLED)
    found = await floor.trading.order(OrderKey("sim-1", order.id))
    assert found.strategy == "alpha"


async def test_an_unknown_order_is_counted_by_nobody_else(floor: Floor) -> None:
    floor.set("MINUS_ONE times=1", "LOST_CALLBACK")
    first = await floor.submit(await floor.low())
    same = await floor.submit(await floor.low("k2"))  # symbol, side, price and quantity are equal
    await floor.compare()
    ids = {each.order.tag: each.order.broker_order_id for each in floor.events()}
    listed = {each.tag: each.broker_order_id for each in await floor.terminal.orders_today("sim-1")}
    assert ids == listed
    assert set(ids) == {first.tag, same.tag}


def test_chances_depend_on_the_seed_and_on_nothing_else() -> None:
    def struck(seed: int, *others: str) -> list[bool]:
        dice = Dice(seed)
        dice.set(IncidentSetting.parse(each) for each in ("MINUS_ONE probability=0.3", *others))
        found = []
        for _ in range(200):
            dice.strikes(Incident.LOST_CALLBACK)
            found.append(dice.strikes(Incident.MINUS_ONE) is not None)
        return found

    assert struck(1) == struck(1, "LOST_CALLBACK probability=0.5")
    assert struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


def test_an_incident_strikes_so_many_times() -> None:
    dice = Dice(1)
    dice.set([IncidentSetting.parse("MINUS_ONE times=2")])
    assert [dice.strikes(Incident.MINUS_ONE) is not None for _ in range(4)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert [each.incident for each in dice.settings] == [Incident.MINUS_ONE]
    assert dice.strikes(Incident.DISCONNECT) is None


def test_a_name_alone_has_the_usual_delay() -> None:
    found = IncidentSetting.parse("LATE_EXECUTION")
    assert found == IncidentSetting(Incident.LATE_EXECUTION, 1.0, None, 20_000)
    assert IncidentSetting.parse(" LATE_EXECUTION delay_ms=5  times=3 probability=0.5 ") == (
        IncidentSetting(Incident.LATE_EXECUTION, 0.5, 3, 5)
    )


@pytest.mark.parametrize(
    "text",
    [
        "MINUS_ONE often",
        "MINUS_ONE times=0",
        "MINUS_ONE times=1.5",
        "MINUS_ONE times=-1",
        "MINUS_ONE probability=0",
        "MINUS_ONE probability=1.1",
        "MINUS_ONE probability=..",
        "MINUS_ONE delay_ms=99999999",
        "MINUS_ONE=1",
    ],
)
def test_parameters_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises((InvalidRequest, NotFound)) as caught:
        IncidentSetting.parse(text)
    assert caught.value.reason in (Reason.BAD_REQUEST, Reason.UNKNOWN_FAULT)


@pytest.mark.parametrize("text", ["", "minus_one", "NOTHING", "times=1"])
def test_a_name_that_is_none_is_told_what_there_is(text: str) -> None:
    with pytest.raises(NotFound, match="LOST_CALLBACK") as caught:
        IncidentSetting.parse(text)
    assert caught.value.reason is Reason.UNKNOWN_FAULT


def test_every_incident_says_what_it_is_in_two_languages() -> None:
    assert len(Incident) == 15
    for each in Incident:
        assert each.text.endswith(".")
        assert not each.zh.isascii()
        assert each.delay_ms <= 60_000


def test_the_docs_tell_every_incident_as_it_is() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "simulation.md").read_text()
    for each in Incident:
        delay = f"{each.delay_ms:,}" if each.delay_ms else "–"
        assert f"| `{each}` | {each.text} | {delay} |" in docs
