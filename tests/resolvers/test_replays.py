"""Orders on the recorded day of 600519, over HTTP: they fill as far as the recording allows."""

from datetime import time
from decimal import Decimal

import httpx
import pytest

from quantgraph.backends.sim.core.events import Enter
from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.domain.calendar import at, shown_instant
from quantgraph.domain.orders import Side
from tests.backends.sim.flow import recorded
from tests.backends.sim.flow.waiting import Queue

SYMBOL = recorded.SYMBOL
QUOTE = (
    f'{{ quote(symbol: "{SYMBOL}") {{ time source lastPrice volume '
    "bids { price quantity } asks { price quantity } } }"
)


@pytest.fixture(scope="module")
def folder(shared, tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def frames(shared, folder):
    """The recorded day, imported into the folder of a gateway in mock mode."""
    store = recorded.open_store(shared, folder / "mock")
    made = ReplayFrames(recorded.read_day(store), recorded.PHASES)
    store.close()
    return made


@pytest.fixture
def world(start_gateway, folder, frames):
    """A fresh world on the recorded day, standing still."""
    with start_gateway(folder, mock={"liquidity": "replay"}) as running:
        yield World(running)


class World:
    def __init__(self, running):
        self.url = f"{running.addresses.http}/graphql"
        self.ask("mutation { setClock(input: { paused: true }) { __typename } }")

    def ask(self, document):
        answer = httpx.post(self.url, json={"query": document}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def jump(self, instant):
        clock = shown_instant(instant).time()
        self.ask(f'mutation {{ jumpClock(input: {{ time: "{clock}" }}) {{ __typename }} }}')

    def quote(self):
        return self.ask(QUOTE)["quote"]

    def submit(self, key, side, price, quantity):
        ticket = (
            f'{{ accountId: "sim-1", clientOrderId: "{key}", symbol: "{SYMBOL}", side: {side}, '
            f'quantity: {quantity}, limitPrice: "{price}" }}'
        )
        done = self.ask(
            f"mutation {{ submitOrder(input: {ticket}) {{ ... on SubmitOrderSuccess "
            "{ order { id state } } ... on Problem { code message } } }"
        )["submitOrder"]
        assert "order" in done, done

    def held(self):
        """The shares on the account, as the exchange has them at this instant."""
        found = self.ask('{ positions(accountId: "sim-1") { symbol quantity } }')["positions"]
        return next((each["quantity"] for each in found if each["symbol"] == SYMBOL), 0)


def yuan(ticks):
    return f"{Decimal(ticks) / 100:.2f}"


def moment(*clock):
    return at(recorded.DAY, time(*clock))


def test_displayed_size_is_consumed_once(world, frames):
    start = moment(10, 0)
    world.jump(start)
    shown = frames.standing(start)
    first, second = shown.asks[:2]
    before = world.quote()
    assert before["source"] == "REPLAY"
    assert before["asks"][0] == {"price": first.price / 100, "quantity": first.quantity}
    world.submit("take", "BUY", yuan(first.price), first.quantity + 100)
    assert world.held() == 200 + first.quantity
    after = world.quote()
    assert (after["source"], after["lastPrice"]) == ("REPLAY", first.price / 100)
    assert after["volume"] == before["volume"] + first.quantity
    # what was displayed is gone, and our rest is the best bid
    assert after["asks"][0] == {"price": second.price / 100, "quantity": second.quantity}
    assert after["bids"][0] == {"price": first.price / 100, "quantity": 100}
    world.submit("again", "BUY", yuan(first.price), 100)
    assert world.held() == 200 + first.quantity
    assert world.quote()["bids"][0]["quantity"] == 200


def waits(frames, start, level):
    """An order that waits at a level from `start` on, and when, by whole seconds, how much fills.

    Only as long as nobody on the other side comes to its price: then it may trade with them too.
    """
    shown = frames.standing(start)
    order = Enter(1, Side.BUY, 200, limit=shown.bids[level].price)
    queue, filled = Queue(order, shown), {}
    coming = frames.between(start, start + 600_000)
    frame = next(coming)
    for second in range(start + 1_000, start + 600_000, 1_000):
        while frame.at <= second:
            queue.take(frame)
            frame = next(coming)
        if queue.through:
            break
        filled[second] = order.quantity - queue.open
    return order, filled


def find_wait(frames):
    """An order whose price trades first with others, then with it: the second before it, and how
    much fills by the next one.
    """
    for minute in range(60):
        start = moment(10, 0) + minute * 60_000
        for level in range(3):
            order, filled = waits(frames, start, level)
            last = max((s for s, quantity in filled.items() if not quantity), default=0)
            deals = [deal for frame in frames.between(start, last) for deal in frame.deals]
            if filled.get(last + 1_000) and any(deal.price == order.limit for deal in deals):
                return start, level, order, (last, filled[last + 1_000])
    raise AssertionError("no order of the morning waits in a queue that trades")


def test_an_order_waits_behind_the_queue_and_fills_when_that_has_traded(world, frames):
    start, place, order, (last, filled) = find_wait(frames)
    shown = frames.standing(start).bids[place]
    world.jump(start)
    world.submit("wait", "BUY", yuan(order.limit), order.quantity)
    # behind what was displayed there: the level is longer by our order
    level = world.quote()["bids"][place]
    assert level == {"price": shown.price / 100, "quantity": shown.quantity + order.quantity}
    world.jump(last)
    assert world.held() == 200
    world.jump(last + 1_000)
    assert world.held() == 200 + filled


def test_a_price_that_nobody_traded_at_fills_nothing_all_day(world, frames):
    world.jump(moment(9, 31))
    world.submit("far", "BUY", yuan(recorded.LOW - 1), 100)
    world.jump(moment(15, 0, 5))
    assert world.held() == 200
    quote = world.quote()
    assert (quote["volume"], quote["lastPrice"]) == (recorded.VOLUME, recorded.CLOSE / 100)
