"""The day's phases: who may cancel when, halts, the time after hours, the end."""

import pytest

from quantgraph.backends.sim.core.auction import Clearing
from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    End,
    Ended,
    Enter,
    Event,
    Expire,
    Halt,
    Lower,
    Refused,
    Trade,
    Turn,
)
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

BUY, SELL = Side.BUY, Side.SELL


def limit(key: int, side: Side, price: int, quantity: int = 100) -> Enter:
    return Enter(key, side, quantity, PriceType.LIMIT, price)


def told(*commands: Command, market: Market = Market.SZ) -> Venue:
    venue = Venue(Terms(market, 1000, (900, 1100)))
    for command in commands:
        venue.apply(command)
    return venue


@pytest.mark.parametrize("phase", [Phase.OPEN_AUCTION, Phase.CONTINUOUS])
def test_an_order_can_be_cancelled_while_the_phase_allows_it(phase: Phase) -> None:
    venue = told(Turn(phase), limit(1, BUY, 990))
    assert venue.apply(Cancel(1)) == [Ended(1, 100, End.CANCELED)]


@pytest.mark.parametrize(
    "phase",
    [
        Phase.OPEN_AUCTION_FIXED,
        Phase.PRE_OPEN,
        Phase.LUNCH,
        Phase.CLOSE_AUCTION,
        Phase.AFTER_HOURS,
        Phase.CLOSED,
    ],
)
def test_no_cancel_is_taken_in_the_other_phases_and_the_order_stays(phase: Phase) -> None:
    venue = told(Turn(Phase.CONTINUOUS), limit(1, BUY, 990), limit(-1, BUY, 990), Turn(phase))
    assert venue.apply(Cancel(1)) == [Refused(1, Reason.CANCEL_CLOSED)]
    assert venue.open_quantity(1) == 100
    assert venue.apply(Cancel(7)) == []
    # The others' cancels tell what the tape showed.
    assert venue.apply(Cancel(-1)) == [Ended(-1, 100, End.CANCELED)]


def test_an_auction_runs_on_from_the_phase_with_cancels_into_the_one_without() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1005), limit(2, SELL, 1005))
    assert venue.apply(Turn(Phase.OPEN_AUCTION_FIXED)) == []
    assert venue.indicative() == Clearing(1005, 100, 0)
    assert venue.apply(Turn(Phase.PRE_OPEN)) == [Trade(1, 2, 1005, 100, None)]


def test_what_the_opening_auction_leaves_trades_on_in_the_morning() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1001, 300), limit(2, SELL, 1000, 100))
    venue.apply(Turn(Phase.PRE_OPEN))
    venue.apply(Turn(Phase.CONTINUOUS))
    assert venue.apply(limit(3, SELL, 1001)) == [Trade(1, 3, 1001, 100, SELL)]


def test_another_traders_order_that_would_trade_before_half_past_nine_waits_unseen() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1000), Turn(Phase.PRE_OPEN))
    assert venue.apply(limit(-1, SELL, 999)) == []
    assert (venue.best(SELL), venue.open_quantity(-1)) == (None, 100)
    assert venue.apply(Turn(Phase.CONTINUOUS)) == [Trade(1, -1, 1000, 100, SELL)]


def test_one_that_waits_unseen_can_leave_again() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1000), Turn(Phase.PRE_OPEN))
    venue.apply(limit(-1, SELL, 999))
    assert venue.apply(Cancel(-1)) == [Ended(-1, 100, End.CANCELED)]
    assert venue.apply(Turn(Phase.CONTINUOUS)) == []


def test_one_that_waits_unseen_can_shrink() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1000, 500), Turn(Phase.PRE_OPEN))
    venue.apply(limit(-1, SELL, 999, 300))
    assert venue.apply(Lower(-1, 100)) == []
    assert venue.apply(Turn(Phase.CONTINUOUS)) == [Trade(1, -1, 1000, 200, SELL)]


def test_nothing_trades_during_a_halt_and_an_auction_follows_it() -> None:
    venue = told(Turn(Phase.CONTINUOUS), limit(1, SELL, 1002), limit(2, BUY, 1002), Halt())
    assert venue.apply(limit(3, BUY, 1010)) == []
    assert venue.apply(limit(4, SELL, 1004)) == []
    assert venue.indicative() == Clearing(1004, 100, 0)  # nearest to the last trade, 1002
    assert venue.apply(Halt(resumed=True)) == [Trade(3, 4, 1004, 100, None)]
    assert venue.apply(limit(5, BUY, 1010)) == []
    assert venue.apply(limit(6, SELL, 1010)) == [Trade(5, 6, 1010, 100, SELL)]


def test_orders_can_leave_during_a_halt_and_market_types_cannot_come() -> None:
    venue = told(Turn(Phase.CONTINUOUS), limit(1, BUY, 990), Halt())
    assert venue.apply(Enter(2, SELL, 100, PriceType.OPPOSITE_BEST)) == [
        Refused(2, Reason.SUSPENDED)
    ]
    assert venue.apply(Cancel(1)) == [Ended(1, 100, End.CANCELED)]


def test_an_auction_that_a_halt_covers_matches_nothing_until_trading_goes_on() -> None:
    venue = told(Turn(Phase.OPEN_AUCTION), limit(1, BUY, 1005), limit(2, SELL, 995), Halt())
    assert venue.apply(Turn(Phase.PRE_OPEN)) == []
    assert venue.apply(Turn(Phase.CONTINUOUS)) == []
    assert venue.apply(Halt(resumed=True)) == [Trade(1, 2, 1000, 100, None)]


def test_a_halt_that_ends_in_a_pause_waits_for_trading_to_go_on() -> None:
    venue = told(Turn(Phase.CONTINUOUS), Halt(), limit(1, BUY, 1005), limit(2, SELL, 1005))
    venue.apply(Turn(Phase.LUNCH))
    assert venue.apply(Halt(resumed=True)) == []
    assert venue.apply(Turn(Phase.CONTINUOUS)) == [Trade(1, 2, 1005, 100, None)]


def after_hours(close: int | None = 1010) -> Venue:
    tally = Tally(1000, 1010, 1000, close, 5_000, 5_000_000) if close else None
    venue = Venue(Terms(Market.SH, 1000, (900, 1100)), tally)
    for command in (Turn(Phase.CONTINUOUS), limit(-1, BUY, 1009), limit(-2, SELL, 1011)):
        venue.apply(command)
    for phase in (Phase.CLOSE_AUCTION, Phase.CLOSED, Phase.AFTER_HOURS):
        venue.apply(Turn(phase))
    return venue


def test_after_hours_all_trade_at_the_close_by_time_whatever_their_limits() -> None:
    venue = after_hours()
    assert [venue.apply(each) for each in (limit(1, BUY, 1010), limit(2, BUY, 1050))] == [[], []]
    assert venue.ahead(2) == 100
    assert venue.apply(limit(3, SELL, 990, 150)) == [
        Trade(1, 3, 1010, 100, SELL),
        Trade(2, 3, 1010, 50, SELL),
    ]
    assert venue.tally == Tally(1000, 1010, 1000, 1010, 5_150, 5_000_000 + 150 * 1010)


def test_an_order_for_after_hours_is_for_then_alone_and_trades_like_the_others() -> None:
    late = [Enter(key, BUY, 100, PriceType.AFTER_HOURS, 1020) for key in (1, 2)]
    for phase in (Phase.OPEN_AUCTION, Phase.CONTINUOUS, Phase.CLOSED):
        assert told(Turn(phase)).apply(late[0]) == [Refused(1, Reason.SESSION_CLOSED)]
    venue = after_hours()
    assert [venue.apply(each) for each in late] == [[], []]
    assert venue.apply(limit(3, SELL, 1010)) == [Trade(1, 3, 1010, 100, SELL)]


def test_after_hours_another_traders_order_can_shrink_in_its_place() -> None:
    venue = after_hours()
    for order in (limit(-3, BUY, 1010, 300), limit(1, BUY, 1010)):
        venue.apply(order)
    assert venue.apply(Lower(-3, 200)) == []
    assert (venue.open_quantity(-3), venue.ahead(1)) == (100, 100)


def test_after_hours_the_days_orders_stay_displayed_and_take_no_part() -> None:
    venue = after_hours()
    assert venue.apply(limit(1, SELL, 1005)) == []
    assert (venue.best(BUY), venue.best(SELL)) == (1009, 1011)
    assert venue.open_quantity(1) == 100


@pytest.mark.parametrize(("side", "price"), [(BUY, 1009), (SELL, 1011)])
def test_after_hours_a_limit_that_does_not_reach_the_close_is_refused(
    side: Side, price: int
) -> None:
    assert after_hours().apply(limit(1, side, price)) == [Refused(1, Reason.CLOSE_NOT_REACHED)]


def test_a_day_without_a_trade_closes_where_the_day_before_did() -> None:
    venue = after_hours(None)
    assert venue.apply(limit(1, BUY, 999)) == [Refused(1, Reason.CLOSE_NOT_REACHED)]
    assert venue.apply(limit(1, BUY, 1010)) == []
    assert venue.apply(limit(2, SELL, 1000)) == [Trade(1, 2, 1000, 100, SELL)]


def test_after_hours_there_is_no_trade_without_any_close_or_during_a_halt() -> None:
    never = Venue(Terms(Market.SH, None))
    never.apply(Turn(Phase.AFTER_HOURS))
    assert never.apply(limit(1, BUY, 1010)) == [Refused(1, Reason.SUSPENDED)]
    venue = after_hours()
    venue.apply(Halt())
    assert venue.apply(limit(1, BUY, 1010)) == [Refused(1, Reason.SUSPENDED)]


def test_after_hours_only_what_came_after_hours_can_be_cancelled() -> None:
    venue = told(Turn(Phase.CONTINUOUS), limit(1, BUY, 990), limit(2, SELL, 1001))
    venue.apply(limit(3, BUY, 1001))
    venue.apply(Turn(Phase.AFTER_HOURS))
    venue.apply(limit(4, BUY, 1001))
    assert venue.apply(Cancel(1)) == [Refused(1, Reason.CANCEL_CLOSED)]
    assert venue.apply(Cancel(4)) == [Ended(4, 100, End.CANCELED)]


def test_the_days_end_expires_whatever_is_open() -> None:
    venue = after_hours()
    venue.apply(limit(1, BUY, 1010, 300))
    ends: list[Event] = [Ended(key, 100, End.EXPIRED) for key in (-1, -2)]
    assert venue.apply(Expire()) == [*ends, Ended(1, 300, End.EXPIRED)]
    assert venue.apply(Expire()) == []
    assert venue.depth(BUY) == ()
