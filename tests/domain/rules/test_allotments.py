"""What may be subscribed of new issues, at both sides of each step and of the day it changed."""

from datetime import date
from decimal import Decimal

import pytest

from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.rules.allotments import allotments, allotted

OLD, NEW = date(2023, 2, 16), date(2023, 2, 17)
YUAN = ("9999.99", "10000", "14999.99", "15000", "19999.99", "20000")


def shares(day, market, board, worth):
    (row,) = [each for each in allotments(day) if (each.market, each.board) == (market, board)]
    return allotted(row, Decimal(worth))


@pytest.mark.parametrize(
    ("day", "board", "market", "expected"),
    [
        (OLD, Board.MAIN, Market.SH, [0, 1_000, 1_000, 1_000, 1_000, 2_000]),
        (NEW, Board.MAIN, Market.SH, [0, 1_000, 1_000, 1_500, 1_500, 2_000]),
        (OLD, Board.STAR, Market.SH, [0, 1_000, 1_000, 1_500, 1_500, 2_000]),
        (NEW, None, Market.SZ, [0, 1_000, 1_000, 1_500, 1_500, 2_000]),
    ],
)
def test_shares_step_with_the_worth_that_is_held(day, board, market, expected):
    assert [shares(day, market, board, worth) for worth in YUAN] == expected


def test_there_was_no_quota_of_the_star_market_before_it_opened():
    assert Board.STAR not in {each.board for each in allotments(date(2019, 7, 19))}
    assert Board.STAR in {each.board for each in allotments(date(2019, 7, 22))}
