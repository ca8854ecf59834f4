"""A venue against a naive one: the same commands, the same events, the same book, at every step."""

import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    Ended,
    Enter,
    Expire,
    Halt,
    Lower,
    Trade,
    Turn,
)
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.depth import Rung
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase

from .naive import NaiveVenue

BUY, SELL = Side.BUY, Side.SELL
BAND = (4, 20)
MARKET_KINDS = [kind for kind in PriceType if not kind.priced]
sides, quantities = st.sampled_from(Side), st.integers(1, 9)
# Where a day's phases lead; a step back would be no day, but a venue survives it as well.
USUAL = [Phase.OPEN_AUCTION, Phase.CONTINUOUS, Phase.CONTINUOUS, Phase.CLOSE_AUCTION, *Phase]


class Trading(RuleBasedStateMachine):
    """Both venues live through one day; the real one is dumped and loaded on the way."""

    @initialize(
        market=st.sampled_from([Market.SH, Market.SZ, Market.BJ]),
        previous=st.none() | st.integers(*BAND),
        phase=st.sampled_from(USUAL),
    )
    def open(self, market: Market, previous: int | None, phase: Phase) -> None:
        self.venue = Venue(Terms(market, previous, BAND))
        self.naive = NaiveVenue(market, previous, BAND)
        self.keys: list[int] = []
        self.entered: dict[int, int] = {}
        self.gone: dict[int, int] = {}
        self.tell(Turn(phase))

    def tell(self, command: Command) -> None:
        expected = self.naive.apply(command)
        events = self.venue.apply(command)
        assert events == expected
        for event in events:
            if isinstance(event, Trade):
                for key in (event.buyer, event.seller):
                    self.gone[key] = self.gone.get(key, 0) + event.quantity
            elif isinstance(event, Ended):
                self.gone[event.key] = self.gone.get(event.key, 0) + event.open
            else:
                self.gone[event.key] = self.entered.get(event.key, 0)

    def enter(self, wish: tuple[Side, int], ours: bool, kind: PriceType, limit: int | None) -> None:
        key = (len(self.entered) + 1) * (1 if ours else -1)
        self.entered[key] = wish[1]
        self.tell(Enter(key, wish[0], wish[1], kind, limit))

    @rule(side=sides, quantity=quantities, ours=st.booleans(), price=st.integers(3, 21))
    def limit(self, side: Side, quantity: int, ours: bool, price: int) -> None:
        self.enter((side, quantity), ours, PriceType.LIMIT, price)

    @rule(quantity=quantities, start=st.integers(5, 10), side=sides)
    def fill_levels(self, quantity: int, start: int, side: Side) -> None:
        for step in range(6):
            price = start - step if side is BUY else start + step
            self.enter((side, quantity), False, PriceType.LIMIT, max(price, 1))

    @rule(side=sides, quantity=st.integers(1, 60), kind=st.sampled_from(MARKET_KINDS))
    def market(self, side: Side, quantity: int, kind: PriceType) -> None:
        self.enter((side, quantity), True, kind, None)

    @precondition(lambda self: self.entered)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.entered)))
        before = self.gone.get(key, 0)
        self.tell(Cancel(key))
        if self.gone.get(key, 0) == self.entered[key] and self.venue.open_quantity(key):
            self.gone[key] = before  # a refused cancel leaves the order where it was

    @rule(data=st.data(), quantity=quantities)
    def lower(self, data: st.DataObject, quantity: int) -> None:
        others = [key for key in self.entered if key < 0 and self.venue.open_quantity(key)]
        if others:
            key = data.draw(st.sampled_from(others))
            ends = self.venue.open_quantity(key) <= quantity
            self.tell(Lower(key, quantity))
            self.gone[key] = self.gone.get(key, 0) + (0 if ends else quantity)

    @rule(side=sides, quantity=quantities, price=st.integers(3, 21))
    def after_hours(self, side: Side, quantity: int, price: int) -> None:
        self.enter((side, quantity), True, PriceType.AFTER_HOURS, price)

    @rule(phase=st.sampled_from(USUAL))
    def turn(self, phase: Phase) -> None:
        self.tell(Turn(phase))

    @rule(resumed=st.booleans())
    def halt(self, resumed: bool) -> None:
        self.tell(Halt(resumed=resumed))

    @rule()
    def expire(self) -> None:
        self.tell(Expire())
        assert all(self.venue.open_quantity(key) == 0 for key in self.entered)

    @rule()
    def reload(self) -> None:
        state = json.loads(json.dumps(self.venue.dump()))
        loaded = Venue.load(state)
        assert loaded.fingerprint() == self.venue.fingerprint()
        assert json.loads(json.dumps(loaded.dump())) == state
        self.venue = loaded

    @invariant()
    def no_share_is_made_or_lost(self) -> None:
        for key, quantity in getattr(self, "entered", {}).items():
            assert self.gone.get(key, 0) + self.venue.open_quantity(key) == quantity

    @invariant()
    def the_display_is_what_waits(self) -> None:
        if not hasattr(self, "venue"):
            return
        for side in Side:
            sums: dict[int, int] = {}
            for order in self.naive.queue(side):
                sums[order.price] = sums.get(order.price, 0) + order.left
            assert self.venue.depth(side) == tuple(Rung(*each) for each in sums.items())
        assert self.venue.last == self.naive.last

    @invariant()
    def a_book_that_matches_is_never_crossed(self) -> None:
        if not hasattr(self, "venue") or not self.naive.matching():
            return
        bid, ask = self.venue.best(BUY), self.venue.best(SELL)
        assert bid is None or ask is None or bid < ask

    @invariant()
    def who_waits_knows_how_many_go_before(self) -> None:
        for order in getattr(self, "naive", NaiveVenue(Market.SH, None, BAND)).waiting:
            before = [o for o in self.naive.queue(order.side) if o.price == order.price]
            ahead = sum(o.left for o in before if o.number < order.number)
            assert self.venue.ahead(order.key) == ahead


TestTrading = Trading.TestCase
TestTrading.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
