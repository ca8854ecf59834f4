"""A second's bar taken apart into deals, which put together are the bar."""

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.flow.dealing import Second, split_deals
from quantgraph.domain.orders import Side

LOT = 100


@st.composite
def seconds(draw: st.DrawFn) -> Second:
    low, wide = draw(st.integers(1, 200_000)), draw(st.integers(0, 40))
    inside = st.integers(low, low + wide)
    lots = draw(st.integers(0, 300))
    turnover = LOT * draw(st.integers(low * lots, (low + wide) * lots))
    rises = st.booleans()
    return Second(
        open=draw(inside),
        high=low + wide,
        low=low,
        close=draw(inside),
        volume=lots * LOT,
        turnover=turnover,
        lot=LOT,
        risen=draw(rises),
        rising=draw(rises),
    )


@settings(max_examples=300)
@given(seconds())
def test_deals_add_up_to_their_second(second: Second) -> None:
    deals = split_deals(second, None)
    assert sum(deal.quantity for deal in deals) == second.volume
    if not deals:
        return
    assert deals[-1].price == second.close
    assert all(second.low <= deal.price <= second.high for deal in deals)
    assert all(deal.quantity > 0 for deal in deals)
    assert len(deals) <= 5


@settings(max_examples=200)
@given(seconds())
def test_with_shares_enough_extremes_and_turnover_are_exact(second: Second) -> None:
    # Both extremes away from the close, and lots enough to reach any mean between them twice.
    wide = second.high - second.low
    if second.volume // LOT < 20 or not second.low < second.close < second.high:
        return
    gain = (second.turnover - second.close * second.volume) // LOT
    if abs(gain) * 2 + 4 * wide > second.volume // LOT:
        return
    deals = split_deals(second, None)
    assert max(deal.price for deal in deals) == second.high
    assert min(deal.price for deal in deals) == second.low
    assert sum(deal.price * deal.quantity for deal in deals) == second.turnover
    assert all(deal.quantity % LOT == 0 for deal in deals)


def flat(price: int) -> Second:
    return Second(price, price, price, price, 500, 500 * price, LOT, risen=True, rising=True)


def test_at_a_limit_that_stands_only_the_other_side_takes() -> None:
    assert split_deals(flat(110), Limits(90, 110))[0].taker is Side.SELL
    assert split_deals(flat(90), Limits(90, 110))[0].taker is Side.BUY
    assert split_deals(flat(100), Limits(90, 110))[0].taker is Side.BUY


def test_a_second_without_shares_has_no_deal() -> None:
    still = Second(10, 10, 10, 10, 0, 0, LOT, risen=True, rising=True)
    assert split_deals(still, None) == ()
