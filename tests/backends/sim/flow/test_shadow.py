"""Without us a venue fed by the shadow prints and displays every frame; with us, it queues."""

import json
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Halt, Trade, Turn
from quantgraph.backends.sim.depth import Rung
from quantgraph.backends.sim.flow.frames import Deal, Frame
from quantgraph.backends.sim.flow.series import FrameSeries
from quantgraph.backends.sim.flow.shadow import Shadow
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.sessions import Phase

from .plain import PlainBook

BUY, SELL = Side.BUY, Side.SELL


@st.composite
def frames(draw: st.DrawFn) -> list[Frame]:
    """Screens without any order in them: what traded may be anywhere, levels come and go."""
    made: list[Frame] = []
    for at in range(draw(st.integers(1, 8))):
        middle = draw(st.integers(96, 104))
        prices = st.integers(1, 6).map(lambda gap: gap)
        sizes = st.integers(1, 3_000)
        gaps = draw(st.lists(st.tuples(prices, sizes), max_size=4, unique_by=lambda x: x[0]))
        bids = tuple(Rung(middle - gap, size) for gap, size in sorted(gaps))
        gaps = draw(st.lists(st.tuples(prices, sizes), max_size=4, unique_by=lambda x: x[0]))
        asks = tuple(Rung(middle + gap, size) for gap, size in sorted(gaps))
        sides = st.sampled_from([BUY, SELL, None])
        deals = draw(st.lists(st.builds(Deal, st.integers(92, 108), sizes, sides), max_size=3))
        made.append(Frame(at, tuple(deals), bids, asks))
    return made


def shown(rungs: Sequence[Rung]) -> list[tuple[int, int]]:
    return [(rung.price, rung.quantity) for rung in rungs]


def run(book: PlainBook, commands: Sequence[Command]) -> list[Trade]:
    return [trade for each in commands if not isinstance(each, Halt) for trade in book.apply(each)]


def check_frame(book: PlainBook, frame: Frame, commands: Sequence[Command]) -> None:
    trades = run(book, commands)
    for deal in frame.deals:
        part = 0
        while part < deal.quantity:
            trade = trades.pop(0)
            assert trade.price == deal.price
            assert deal.taker in (None, trade.taker)
            part += trade.quantity
        assert part == deal.quantity
    assert trades == []
    assert book.depth(BUY) == shown(frame.bids)
    assert book.depth(SELL) == shown(frame.asks)


def is_halt(frame: Frame) -> bool:
    return not (frame.deals or frame.bids or frame.asks)


@settings(max_examples=150)
@given(frames())
def test_a_venue_of_others_shows_every_frame_exactly(made: list[Frame]) -> None:
    shadow, book = Shadow(), PlainBook()
    for frame in made:
        commands = shadow.feed(frame)
        if not is_halt(frame):
            check_frame(book, frame, commands)


@settings(max_examples=60)
@given(frames(), st.integers(0, 7))
def test_a_venue_opened_in_the_middle_goes_on_as_the_screen(made: list[Frame], first: int) -> None:
    shadow, book = Shadow(), PlainBook()
    first = min(first, len(made) - 1)
    run(book, shadow.open(made[first]))
    assert book.depth(BUY) == shown(made[first].bids)
    assert book.depth(SELL) == shown(made[first].asks)
    for frame in made[first + 1 :]:
        commands = shadow.feed(frame)
        if not is_halt(frame):
            check_frame(book, frame, commands)


@settings(max_examples=60)
@given(frames(), st.integers(0, 7))
def test_a_shadow_goes_on_from_where_it_was_dumped(made: list[Frame], cut: int) -> None:
    whole, half = Shadow(), Shadow()
    for frame in made[:cut]:
        assert whole.feed(frame) == half.feed(frame)
    again = Shadow.load(json.loads(json.dumps(half.dump())))
    assert again.dump() == whole.dump()
    for frame in made[cut:]:
        assert whole.feed(frame) == again.feed(frame)


@given(frames())
def test_keys_are_negative_and_new(made: list[Frame]) -> None:
    shadow = Shadow()
    keys = [c.key for f in made for c in shadow.feed(f) if isinstance(c, Enter)]
    assert all(key < 0 for key in keys)
    assert len(set(keys)) == len(keys)


CALM = Frame(0, (), (Rung(99, 1_000), Rung(98, 500)), (Rung(101, 800), Rung(102, 500)))


def test_we_fill_when_the_queue_before_us_has_traded() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    book.apply(Enter(1, BUY, 300, limit=99))
    sold = Frame(1, (Deal(99, 900, SELL),), (Rung(99, 1_000), Rung(98, 500)), CALM.asks)
    assert all(trade.buyer != 1 for trade in run(book, shadow.feed(sold)))
    # 100 shares of the old queue are left before us; the 900 new ones stand behind us.
    trades = run(book, shadow.feed(Frame(2, (Deal(99, 500, SELL),), CALM.bids, CALM.asks)))
    assert sum(trade.quantity for trade in trades if trade.buyer == 1) == 300


def test_we_fill_at_our_price_when_the_market_trades_through_it() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    book.apply(Enter(1, BUY, 300, limit=99))
    through = Frame(1, (Deal(97, 200, SELL),), (Rung(96, 100),), (Rung(98, 100),))
    trades = run(book, shadow.feed(through))
    assert [(t.price, t.quantity) for t in trades if t.buyer == 1] == [(99, 200), (99, 100)]


def test_a_small_loss_of_a_queue_leaves_its_front_before_us() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    book.apply(Enter(1, BUY, 300, limit=99))
    smaller = Frame(1, (), (Rung(99, 900), Rung(98, 500)), CALM.asks)
    run(book, shadow.feed(smaller))
    trades = run(book, [Enter(2, SELL, 1_000, limit=99)])
    ahead = 1_000 - next(t.quantity for t in trades if t.buyer == 1)
    assert ahead == 900


def test_size_that_we_took_does_not_come_back() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    assert sum(t.quantity for t in book.apply(Enter(1, BUY, 800, limit=101))) == 800
    run(book, shadow.feed(Frame(1, (), CALM.bids, CALM.asks)))
    assert book.depth(SELL) == [(102, 500)]
    more = (Rung(101, 1_000), Rung(102, 500))
    run(book, shadow.feed(Frame(2, (), CALM.bids, more)))
    assert book.depth(SELL)[0] == (101, 200)


def test_who_was_spared_because_of_us_leaves_once_the_screen_says_so() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    book.apply(Enter(1, SELL, 800, limit=100))
    # On the screen the buyer took all 800 at 101; here he found ours, which was cheaper.
    trades = run(book, shadow.feed(Frame(1, (Deal(101, 800, BUY),), CALM.bids, (Rung(102, 500),))))
    assert [(t.seller, t.price, t.quantity) for t in trades] == [(1, 100, 800)]
    assert book.depth(SELL) == [(102, 500)]


@settings(max_examples=60)
@given(frames(), st.lists(st.tuples(st.integers(0, 7), st.booleans(), st.integers(94, 106))))
def test_what_the_others_do_never_depends_on_us(made, ours) -> None:
    alone, among, book = Shadow(), Shadow(), PlainBook()
    for index, frame in enumerate(made):
        for number, (when, buys, limit) in enumerate(ours):
            if when == index:
                book.apply(Enter(number + 1, BUY if buys else SELL, 500, limit=limit))
        commands = among.feed(frame)
        assert commands == alone.feed(frame)
        run(book, commands)
        bids, asks = book.depth(BUY), book.depth(SELL)
        assert not bids or not asks or bids[0][0] < asks[0][0]


def test_an_empty_screen_halts_and_the_next_one_goes_on() -> None:
    shadow = Shadow()
    shadow.open(CALM)
    assert shadow.feed(Frame(1, (), (), ())) == [Halt()]
    assert shadow.feed(Frame(2, (), (), ())) == []
    assert shadow.feed(Frame(3, (), CALM.bids, CALM.asks)) == [Halt(resumed=True)]


def test_where_no_cancels_are_taken_nobody_leaves() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    fewer = Frame(1, (), (Rung(99, 400),), (Rung(101, 900),))
    commands = shadow.feed(fewer, Phase.CLOSE_AUCTION)
    assert commands == [Enter(commands[0].key, SELL, 100, limit=101)]
    later = shadow.feed(fewer)
    assert any(isinstance(each, Cancel) for each in later)
    run(book, [*commands, *later])
    assert book.depth(BUY) == [(99, 400)]
    assert book.depth(SELL) == [(101, 900)]


def test_an_auctions_print_is_taken_out_of_both_sides_without_a_word() -> None:
    shadow, book = Shadow(), PlainBook()
    locked = Frame(0, (), (Rung(100, 900), Rung(98, 100)), (Rung(100, 600), Rung(101, 100)))
    collected = shadow.open(locked, Phase.OPEN_AUCTION_FIXED)
    run(book, collected)  # a book that matches at once does what the auction will do
    rest = Frame(1, (Deal(100, 600, None),), (Rung(100, 300), Rung(98, 100)), (Rung(101, 100),))
    assert shadow.feed(rest, Phase.PRE_OPEN) == []
    commands = shadow.feed(Frame(2, (), rest.bids, rest.asks))
    assert not [each for each in commands if isinstance(each, Enter)]
    run(book, commands)
    assert book.canceled == []
    assert book.depth(BUY) == [(100, 300), (98, 100)]


@given(st.lists(st.sampled_from([None, 99, 100, 101, 102]), min_size=1, max_size=6))
def test_a_display_that_stands_comes_back_after_every_deal(prices: list[int | None]) -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    for at, price in enumerate(prices):
        deals = () if price is None else (Deal(price, 300, None),)
        frame = Frame(at, deals, CALM.bids, CALM.asks)  # the same objects, again and again
        check_frame(book, frame, shadow.feed(frame))


def test_after_hours_a_seller_and_a_buyer_meet_at_the_close() -> None:
    shadow = Shadow()
    shadow.open(CALM)
    late = Frame(1, (Deal(100, 500, None),), CALM.bids, CALM.asks)
    first, second, *rest = shadow.feed(late, Phase.AFTER_HOURS)
    assert (first, second) == (
        Enter(first.key, SELL, 500, limit=100),
        Enter(second.key, BUY, 500, limit=100),
    )
    assert rest == [Cancel(first.key), Cancel(second.key)]


def test_a_buyer_finds_what_we_left_and_never_waits() -> None:
    shadow, book = Shadow(), PlainBook()
    run(book, shadow.open(CALM))
    book.apply(Enter(1, BUY, 800, limit=101))
    calm = Frame(1, (Deal(101, 300, BUY),), CALM.bids, (Rung(101, 500), Rung(102, 500)))
    assert run(book, shadow.feed(calm)) == []
    assert book.depth(BUY) == shown(CALM.bids)


def test_opened_after_hours_nobody_of_the_day_takes_part() -> None:
    commands = Shadow().open(CALM, Phase.AFTER_HOURS)
    assert (commands[0], commands[-1]) == (Turn(Phase.CLOSED), Turn(Phase.AFTER_HOURS))


def test_a_series_is_read_from_anywhere() -> None:
    made = [Frame(at, (), (Rung(at, 1),), ()) for at in (10, 20, 20, 30)]
    series = FrameSeries(reversed(made))
    assert series.standing(5) == Frame(5, (), (), (), shown=False)
    assert series.standing(29).at == 20
    for after, until in pairwise((0, 10, 19, 20, 40)):
        assert [f.at for f in series.between(after, until)] == [
            f.at for f in made if after < f.at <= until
        ]
