"""Books that are told of some screens at once come to what they come to screen by screen."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import time
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim import arrears
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.domain.calendar import at, from_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import OrderState, PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import ExecutionReport

from .conftest import START
from .generated import SYMBOLS, enter, open_exchange
from .hall import NOW, Floor, frame
from .hall import SYMBOL as SHOWN
from .test_breaks import Unbanded

# Stretches with trading in them: from before the opening, across lunch, to the closing auction.
SPANS = [
    (at(START, time(9, 28)), 240),
    (at(START, time(11, 28)), 240),
    (at(START, time(13, 0)), 300),
    (at(START, time(14, 54)), 400),
]
KINDS = st.sampled_from([PriceType.LIMIT, PriceType.LIMIT, PriceType.OWN_BEST])
ACTS = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(list(Side)), st.integers(-30, 30), KINDS),
    st.tuples(st.sampled_from(["withdraw", "halt", "resume", "trade", "look", "advance"])),
    st.tuples(st.just("slice"), st.integers(1, 7)),
)
# Each some seconds of its stretch after its beginning, on a symbol.
PLANS = st.lists(st.tuples(st.integers(0, 239), st.sampled_from(SYMBOLS), ACTS), max_size=14)


def act(exchange: Exchange, symbol: str, what: tuple, now: int) -> list[ExecutionReport]:
    """Do one thing at the exchange and return the reports."""
    kind = what[0]
    if kind == "enter":
        return enter(exchange, (symbol, *what[1:]), now)
    if kind == "late":
        return enter(exchange, (symbol, what[1], 0, PriceType.AFTER_HOURS), now, 20_000)
    if kind == "slice":
        return exchange.advance(now, what[1])
    reports = exchange.advance(now)
    with suppress(OrderRefused):
        if kind == "withdraw":
            reports += exchange.withdraw(f"o{exchange.count - 1}", now)
        elif kind == "trade":
            security = exchange.security(symbol)
            price = security.so_far(now).last or security.ticks(security.previous_close)
            reports += exchange.inject_trade(symbol, (security.yuan(price), 700), now)
        elif kind != "look" and kind != "advance":
            reports += getattr(exchange, kind)(symbol, now)
    if kind == "look":
        exchange.screens(SYMBOLS)
    return reports


def live(span: tuple[int, int], plan: Sequence[tuple], most: int) -> tuple[object, ...]:
    """Let a stretch pass with books that may owe so many screens; return all that came of it."""
    begin, seconds = span
    before, arrears._MOST = arrears._MOST, most
    try:
        exchange, told = open_exchange(), []
        for after, symbol, what in sorted(plan, key=lambda each: each[0]):
            told += act(exchange, symbol, what, begin + after * 1_000)
        told += exchange.advance(begin + seconds * 1_000)
        screens = exchange.screens(SYMBOLS)
        prints = [exchange.fingerprint(symbol) for symbol in SYMBOLS]
        return told, screens, prints, [repr(each) for each in exchange.ledgers.values()]
    finally:
        arrears._MOST = before


@settings(max_examples=25, deadline=None, phases=[Phase.generate])
@given(span=st.sampled_from(SPANS), plan=PLANS)
def test_screens_that_wait_change_nothing(span, plan) -> None:
    assert live(span, plan, 10) == live(span, plan, 0)


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(
    span=st.sampled_from(SPANS),
    plan=PLANS.map(lambda plan: [each for each in plan if each[2][0] != "slice"]),
    looks=st.lists(st.tuples(st.integers(0, 239), st.none() | st.integers(1, 7)), max_size=12),
)
def test_neither_looks_nor_slices_change_anything(span, plan, looks) -> None:
    more = [(s, SYMBOLS[0], ("look",) if most is None else ("slice", most)) for s, most in looks]
    assert live(span, plan + more, 10) == live(span, plan, 10)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    made = open_exchange()
    made.advance(SPANS[2][0])
    yield made


SYMBOL = SYMBOLS[1]


def test_orders_within_reach_fill_while_screens_wait() -> None:
    near = [(0, SYMBOL, ("enter", Side.BUY, away, PriceType.LIMIT)) for away in (-1, -2, -3)]
    span = SPANS[2][0], 1_200
    reports = live(span, near, 10)[0]
    times = [each.time for each in reports if each.fill is not None]
    assert len(set(times)) > 2
    assert times[-1].minute > 5
    assert live(span, near, 10) == live(span, near, 0)


def test_whoever_looks_sees_what_is_shown_by_then(exchange) -> None:
    begin = SPANS[2][0]
    enter(exchange, (SYMBOL, Side.BUY, -60, PriceType.LIMIT), begin)
    frames = exchange.security(SYMBOL).frames
    for seconds in (9, 21, 33):
        exchange.advance(begin + seconds * 1_000)
        screen, frame = exchange.screen(SYMBOL), frames.standing(begin + seconds * 1_000)
        assert (screen.at, screen.bids, screen.asks) == (frame.at, frame.bids, frame.asks)
        assert screen.tally.last == exchange.security(SYMBOL).so_far(screen.at).last


def test_only_who_is_never_looked_at_waits(exchange) -> None:
    begin = SPANS[2][0]
    enter(exchange, (SYMBOL, Side.BUY, -60, PriceType.LIMIT), begin)
    pit = exchange.dealing.floor.pits[SYMBOL]
    exchange.advance(begin + 9_000)
    assert pit._arrears
    exchange.screen(SYMBOL)
    exchange.advance(begin + 30_000)
    assert not pit._arrears
    exchange.advance(begin + 80_000)
    assert pit._arrears


def test_half_a_minute_of_screens_waits_and_no_more(exchange) -> None:
    begin = SPANS[2][0]
    enter(exchange, (SYMBOL, Side.BUY, -60, PriceType.LIMIT), begin)
    pit = exchange.dealing.floor.pits[SYMBOL]
    owed = []
    for step in range(1, 36):
        exchange.advance(begin + step * 3_000)
        owed.append(len(pit._arrears._frames))
    told = owed.index(0)
    assert owed[told:] == ([*range(10)] * 4)[: len(owed) - told]


def test_thousands_do_not_catch_up_within_the_same_second() -> None:
    shown = {"9.99": 100}, {"10.01": 100}
    books = [arrears.Arrears(f"{600_000 + number}.SH") for number in range(200)]
    venue = Venue(Terms(Market.SH, 1_000))
    for step in range(30):
        here = frame(NOW + 3_000 * step, *shown)
        told = [each for each in books if not each.owe(here, venue) and each.settle() is not None]
        assert 0 < len(told) < 40


def test_an_ended_order_is_reported_with_the_books_brought_on(exchange) -> None:
    begin = SPANS[2][0]
    enter(exchange, (SYMBOL, Side.BUY, -60, PriceType.LIMIT), begin)
    screens = exchange.security(SYMBOL).frames
    reports = exchange.withdraw("o0", begin + 20_000)
    assert [each.state for each in reports] == [OrderState.CANCELED]
    assert exchange.dealing.floor.pits[SYMBOL].fed == screens.standing(begin + 20_000).at
    assert exchange.ledgers["sim-1"].frozen == Decimal(0)


FAR = {"9.90": 500}, {"10.10": 500}
LATER = [NOW + step * 3_000 for step in (1, 2, 3)]


def show_later(board: Floor, *shown: tuple) -> None:
    """Show frames from now on, three seconds between them, while an order of ours waits below."""
    board.place("far", Side.BUY, 200, "9.50")
    board.board.frames += [frame(when, *each) for when, each in zip(LATER, shown, strict=False)]
    board.add(NOW + 60_000, *FAR)


def test_a_screen_gone_dark_stops_trading_at_once() -> None:
    board = Floor()
    show_later(board, FAR, ({}, {}))
    board.move(LATER[1] + 1_000)
    with pytest.raises(OrderRefused) as refused:
        board.exchange.inject_trade(SHOWN, (Decimal("10.00"), 100), board.now)
    assert refused.value.reason is Reason.SUSPENDED


@pytest.mark.parametrize("ask", ["9.90", "9.95"])
def test_a_display_that_reaches_an_order_fills_it_at_once(ask) -> None:
    board = Floor()
    board.place("near", Side.BUY, 200, "9.95")
    show_later(board, FAR, ({"9.80": 500}, {ask: 500}), FAR)
    reports = board.move(NOW + 30_000)
    assert [each.time for each in reports if each.fill is not None] == [from_ms(LATER[1])]


def test_a_trade_that_stops_a_share_does_so_at_once() -> None:
    board = Unbanded()
    show_later(board, FAR, (*FAR, ("13.00", 100, Side.BUY)), FAR)
    board.move(LATER[1] + 600_000 - 1)
    assert board.halted
    board.move(LATER[1] + 600_000)
    assert not board.halted


def test_what_passed_in_a_halt_is_not_told_afterwards() -> None:
    board = Floor()
    show_later(board, FAR, (*FAR, ("10.00", 300, Side.BUY)), FAR)
    board.exchange.halt(SHOWN, LATER[0])
    board.exchange.resume(SHOWN, LATER[2])
    screen = board.exchange.screen(SHOWN)
    assert screen is not None
    assert (screen.more_volume, screen.tally.volume) == (-300, 100)


def test_orders_after_hours_trade_when_others_come() -> None:
    star = SYMBOLS[2]
    plan = [(60, star, ("late", Side.SELL))]
    span = at(START, time(15, 4)), 1_500
    reports = live(span, plan, 10)[0]
    assert len({each.time for each in reports if each.fill is not None}) > 1
    assert live(span, plan, 10) == live(span, plan, 0)


@pytest.mark.parametrize(
    ("shown", "waits"),
    [
        (({"9.99": 1}, {"10.01": 1}), True),
        (({"10.04": 1}, {}), True),
        (({"10.05": 1}, {}), False),
        (({}, {"9.96": 1}), True),
        (({}, {"9.95": 1}), False),
        (({}, {}, ("9.96", 100, Side.SELL)), True),
        (({}, {}, ("9.95", 100, Side.SELL)), False),
        (({}, {}, ("10.04", 100, Side.BUY)), True),
        (({}, {}, ("10.05", 100, Side.BUY)), False),
        (({}, {}), False),
    ],
)
def test_a_screen_waits_whose_prices_all_lie_between_ours(shown, waits) -> None:
    assert arrears._short(frame(NOW, *shown), 995, 1_005) is waits
