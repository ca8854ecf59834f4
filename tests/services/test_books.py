"""Books of trades against a reckoning of every single share."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.orders import Side
from quantgraph.domain.portfolio import Trade
from quantgraph.domain.reasons import Reason
from quantgraph.services import books
from quantgraph.services.books import Book
from tests.services.trades import NOW, SYMBOLS, each_share, fill, trades

CENT = Decimal("0.01")


@given(trades(days=3), st.integers(0, 14))
def test_a_book_says_what_every_share_says(made, cut):
    book = Book("e")
    # In two pieces: what is read later goes on where the first reading ended.
    book.take(made[:cut])
    book.take(made[cut:])
    for label in (None, "a", ""):
        lots = book.of_strategies([label])[label]
        for symbol in SYMBOLS:
            fills = [t.fill for t in made if t.strategy == label and t.fill.symbol == symbol]
            if not fills:
                assert symbol not in lots
                continue
            lot = lots[symbol]
            realized, cost, held, unmatched = each_share(fills)
            sells = sum(each.side is Side.SELL for each in fills)
            assert (lot.quantity, lot.unmatched) == (held, unmatched)
            # Two roundings of half a cent a sell, which a later average carries on.
            assert abs(lot.realized - Decimal(float(realized))) <= CENT * (sells + 1)
            assert abs(lot.cost - Decimal(float(cost))) <= CENT * (sells + 1)
            assert lot.filled == sum(each.quantity for each in fills)
            assert lot.turnover == sum(each.amount for each in fills)
            assert lot.fees == sum(each.fee for each in fills)
            if not unmatched:
                paid = sum(each.amount + each.fee for each in fills if each.side is Side.BUY)
                received = sum(each.amount - each.fee for each in fills if each.side is Side.SELL)
                assert lot.realized == received - paid + lot.cost  # to the cent: none is lost


@given(trades(days=3))
def test_a_book_keeps_the_trades_of_the_newest_day(made):
    book = Book("e")
    book.take(made)
    days = [day_of(to_ms(each.fill.time)) for each in made]
    for day in {*days, day_of(to_ms(NOW)) + timedelta(days=9)}:
        of_day = book.of_day(day)
        if not made or day != max(days):
            assert of_day == {}
            continue
        for symbol in SYMBOLS:
            todays = [t.fill for t, d in zip(made, days, strict=True)
                      if d == day and t.fill.symbol == symbol]  # fmt: skip
            if not todays:
                assert symbol not in of_day
                continue
            buys = [each for each in todays if each.side is Side.BUY]
            sells = [each for each in todays if each.side is Side.SELL]
            assert of_day[symbol].bought == sum(each.quantity for each in buys)
            assert of_day[symbol].paid == sum(each.amount + each.fee for each in buys)
            assert of_day[symbol].sold == sum(each.quantity for each in sells)
            assert of_day[symbol].received == sum(each.amount - each.fee for each in sells)


def test_a_fill_of_an_earlier_day_that_comes_late_is_not_of_today():
    book = Book("e")
    today = fill(1, SYMBOLS[0], Side.BUY, 100, "10.00")
    late = fill(2, SYMBOLS[0], Side.BUY, 100, "10.00", time=NOW - timedelta(days=1))
    book.take([Trade(1, None, today), Trade(2, None, late)])
    assert book.of_day(day_of(to_ms(NOW)))[SYMBOLS[0]].bought == 100


def test_more_labels_than_can_be_kept_are_refused_and_the_day_is_still_known(monkeypatch):
    monkeypatch.setattr(books, "MOST_LOTS", 2)
    book = Book("e")
    made = [Trade(n, f"s{n}", fill(n, SYMBOLS[0], Side.BUY, 1, "1.00")) for n in range(3)]
    book.take(made[:2])
    assert len(book.of_strategies(["s0", "s1", "none"])["s1"]) == 1
    book.take(made[2:])
    with pytest.raises(InvalidRequest) as caught:
        book.of_strategies(["s0"])
    assert caught.value.reason is Reason.ROW_LIMIT
    assert book.of_day(day_of(to_ms(NOW)))[SYMBOLS[0]].bought == 3
