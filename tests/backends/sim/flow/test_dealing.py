"""What traded between two screens taken apart into deals, which put together are its bar."""

from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.backends.sim.depth import Limits
from quantgraph.backends.sim.flow.dealing import Lapse, split_deals
from quantgraph.domain.orders import Side

LOT = 100


@st.composite
def lapses(draw: st.DrawFn) -> Lapse:
    low, wide = draw(st.integers(1, 200_000)), draw(st.integers(0, 40))
    inside = st.integers(low, low + wide)
    lots = draw(st.integers(0, 300))
    turnover = LOT * draw(st.integers(low * lots, (low + wide) * lots))
    rises = st.booleans()
    return Lapse(
        open=draw(inside),
        high=low + wide,
        low=low,
        close=draw(inside),
        volume=lots * LOT,
        turnover=turnover,
        risen=draw(rises),
        rising=draw(rises),
    )


@settings(max_examples=300)
@given(lapses())
def test_deals_add_up_to_what_traded(lapse: Lapse) -> None:
    deals = split_deals(lapse, LOT, None)
    assert sum(deal.quantity for deal in deals) == lapse.volume
    if not deals:
        return
    assert deals[-1].price == lapse.close
    assert all(lapse.low <= deal.price <= lapse.high for deal in deals)
    assert all(deal.quantity > 0 for deal in deals)
    assert len(deals) <= 5


@settings(max_examples=200)
@given(lapses())
def test_with_shares_enough_extremes_and_turnover_are_exact(lapse: Lapse) -> None:
    # Both extremes away from the close, and lots enough to reach any mean between them twice.
    wide = lapse.high - lapse.low
    if lapse.volume // LOT < 20 or not lapse.low < lapse.close < lapse.high:
        return
    gain = (lapse.turnover - lapse.close * lapse.volume) // LOT
    if abs(gain) * 2 + 4 * wide > lapse.volume // LOT:
        return
    deals = split_deals(lapse, LOT, None)
    assert max(deal.price for deal in deals) == lapse.high
    assert min(deal.price for deal in deals) == lapse.low
    assert sum(deal.price * deal.quantity for deal in deals) == lapse.turnover
    assert all(deal.quantity % LOT == 0 for deal in deals)


def flat(price: int) -> Lapse:
    return Lapse(price, price, price, price, 500, 500 * price, risen=True, rising=True)


def test_at_a_limit_that_stands_only_the_other_side_takes() -> None:
    assert split_deals(flat(110), LOT, Limits(90, 110))[0].taker is Side.SELL
    assert split_deals(flat(90), LOT, Limits(90, 110))[0].taker is Side.BUY
    assert split_deals(flat(100), LOT, Limits(90, 110))[0].taker is Side.BUY


def test_where_nothing_traded_there_is_no_deal() -> None:
    still = Lapse(10, 10, 10, 10, 0, 0, risen=True, rising=True)
    assert split_deals(still, LOT, None) == ()
