"""What holds for a whole day: settlement, halts without a band, auctions."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.auctions import TieBreak, auction_rule
from quantgraph.domain.rules.halts import halt_rules
from quantgraph.domain.rules.settlement import SETTLEMENTS, sells_at_once, settlement_rule
from quantgraph.domain.rules.ticks import shown_tick

DAY = date(2024, 8, 21)


@pytest.mark.parametrize(
    ("symbol", "at_once", "verified"),
    [
        ("600519.SH", False, True),
        ("300750.SZ", False, True),
        ("835185.BJ", False, True),
        ("510300.SH", False, False),
        ("588000.SH", False, False),
        ("511880.SH", True, False),
        ("513100.SH", True, False),
        ("520990.SH", True, False),  # of Hong Kong shares
        ("518880.SH", True, False),
        ("113053.SH", True, False),
        ("123001.SZ", True, False),
    ],
)
def test_shares_bought_are_sold_from_the_next_day_bonds_at_once(
    make_instrument, symbol, at_once, verified
):
    assert sells_at_once(make_instrument(symbol), DAY) is at_once
    assert settlement_rule(make_instrument(symbol), DAY).verified is verified


@pytest.mark.parametrize("symbol", ["159915.SZ", "122059.SH", "IF2409.CFFEX", "10006543.SH"])
def test_what_no_row_settles_is_refused(make_instrument, symbol):
    with pytest.raises(OrderRefused) as caught:
        settlement_rule(make_instrument(symbol), DAY)
    assert caught.value.reason is Reason.RULE_UNKNOWN


def test_no_row_asks_for_more_days_than_ledgers_count() -> None:
    """They know the same day and the next: another row needs more than a row."""
    assert {row.sellable_after for row in SETTLEMENTS} <= {0, 1}
    assert {row.withdrawable_after for row in SETTLEMENTS} == {1}


@pytest.mark.parametrize("symbol", ["600519.SH", "688981.SH", "300750.SZ", "835185.BJ"])
def test_a_share_without_a_band_stops_at_30_and_at_60_percent(make_instrument, calendar, symbol):
    share = make_instrument(symbol, listed=DAY)
    rows = halt_rules(share, DAY, calendar)
    assert [(row.move, row.minutes) for row in rows] == [
        (Decimal("0.30"), 10),
        (Decimal("0.60"), 10),
    ]
    later = calendar.offset(DAY, 5)
    assert halt_rules(share, later, calendar) == ()


def test_each_exchange_breaks_ties_in_its_own_way(make_instrument):
    shanghai = auction_rule(make_instrument("600519.SH"), DAY)
    shenzhen = auction_rule(make_instrument("000001.SZ"), DAY)
    assert shanghai.ties == (TieBreak.LEAST_UNMATCHED, TieBreak.MIDDLE)
    assert shenzhen.ties == (TieBreak.LEAST_IMBALANCE, TieBreak.NEAREST_REFERENCE)
    assert not auction_rule(make_instrument("835185.BJ"), DAY).verified


@pytest.mark.parametrize(
    ("symbol", "tick"),
    [
        ("600519.SH", "0.01"),
        ("510300.SH", "0.001"),
        ("113053.SH", "0.001"),
        ("122059.SH", None),
        ("000300.SH", None),
    ],
)
def test_a_tick_is_shown_as_its_newest_rule_has_it(make_instrument, symbol, tick):
    share = make_instrument(symbol)
    assert shown_tick(share) == (None if tick is None else Decimal(tick))
    own = replace(share, price_tick=Decimal("0.005"))
    assert shown_tick(own) == Decimal("0.005")
