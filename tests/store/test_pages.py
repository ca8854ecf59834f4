"""Lists out of the journal: what every filter says, in pages that nothing moves."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.journal import Intent, Outcome
from quantgraph.domain.orders import Fill, FillQuery, OrderQuery, OrderState, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.spans import Span
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.store.journal import OrderJournal
from tests.store.test_journal import NOW, accept, order

SYMBOLS = ("000001.SZ", "600519.SH")


@pytest.fixture
def journal(tmp_path):
    journal = OrderJournal(tmp_path / "journal.sqlite", "epoch-1")
    yield journal
    journal.close()


def later(minutes):
    return NOW + timedelta(minutes=minutes)


def traded(of, number, minute=0, quantity=1):
    price = Decimal("10.00")
    fill = Fill(
        f"fill-{number}", of.id, of.account_id, of.symbol, of.side, quantity, price,
        price * quantity, Decimal("5.00"), later(minute),
    )  # fmt: skip
    report = ExecutionReport(
        None, of.account_id, OrderState.PARTIALLY_FILLED, number + 1, price, later(minute), fill
    )
    return fill, Outcome(of.id, report)


def every_page(read, query, items):
    """Read page after page until there is no more."""
    found, more = [], True
    while more:
        page = read(query)
        held = getattr(page, items)
        assert len(held) <= query.first
        assert len(found) < 100, "a page goes on where it was"
        found += held
        more = page.more
        query = replace(query, after=held[-1].id if held else None)
    return found


SIDES = st.sampled_from(Side)
LABELS = st.none() | st.sampled_from(["one", "two"])
MINUTES = st.integers(0, 5)
SPANS = st.tuples(st.none() | MINUTES, st.none() | MINUTES).filter(
    lambda ends: None in ends or ends[0] <= ends[1]
)


def span(ends):
    start, end = (None if each is None else to_ms(later(each)) for each in ends)
    return Span(start, end)


def within(instant, of):
    return (of.start is None or of.start <= to_ms(instant)) and (
        of.end is None or to_ms(instant) <= of.end
    )


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(SYMBOLS), SIDES, LABELS, MINUTES), max_size=12),
    st.none() | st.sampled_from(SYMBOLS),
    st.none() | SIDES,
    LABELS,
    SPANS,
    st.integers(1, 5),
)
def test_pages_of_orders_join_to_what_the_filters_say(
    tmp_path_factory, made, symbol, side, strategy, ends, first
):
    journal = OrderJournal(tmp_path_factory.mktemp("j") / "journal.sqlite", "e")
    held = [
        order(n, symbol=made_symbol, side=made_side, strategy=label, created_at=later(minute))
        for n, (made_symbol, made_side, label, minute) in enumerate(made)
    ]
    journal.record([Intent(each, "d") for each in held])
    accept(journal, order(99, "sim-2"))
    query = OrderQuery(
        "sim-1", first=first, symbol=symbol, side=side, strategy=strategy, span=span(ends)
    )
    wanted = [
        each for each in reversed(held)
        if symbol in (None, each.symbol) and side in (None, each.side)
        and strategy in (None, each.strategy) and within(each.created_at, query.span)
    ]  # fmt: skip
    assert every_page(journal.page, query, "orders") == wanted
    journal.close()


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2), MINUTES), max_size=12),
    st.none() | st.sampled_from(SYMBOLS),
    st.none() | st.integers(0, 2),
    SPANS,
    st.integers(1, 5),
)
def test_pages_of_fills_join_to_what_the_filters_say(
    tmp_path_factory, made, symbol, number, ends, first
):
    journal = OrderJournal(tmp_path_factory.mktemp("j") / "journal.sqlite", "e")
    orders = [order(n, symbol=SYMBOLS[n % 2]) for n in range(3)]
    journal.record([Intent(each, "d") for each in orders])
    fills = []
    for n, (of, minute) in enumerate(made):
        fill, outcome = traded(orders[of], n, minute)
        journal.record([outcome])
        fills.append(fill)
    order_id = None if number is None else orders[number].id
    query = FillQuery("sim-1", symbol, order_id, span(ends), first)
    wanted = [
        each for each in reversed(fills)
        if symbol in (None, each.symbol) and order_id in (None, each.order_id)
        and within(each.time, query.span)
    ]  # fmt: skip
    assert every_page(journal.fills, query, "fills") == wanted
    asked = [each.id for each in orders[:2]]
    of_two = [each for each in fills if each.order_id in asked]
    assert journal.order_fills("sim-1", asked, 100) == of_two
    assert journal.order_fills("sim-1", asked, 1) == of_two[:1]
    assert journal.order_fills("sim-2", asked, 100) == []
    journal.close()


def test_a_page_of_fills_stays_where_it_is_when_others_come(journal):
    mine = order(1)
    accept(journal, mine)
    for n in range(4):
        journal.record([traded(mine, n)[1]])
    first = journal.fills(FillQuery("sim-1", first=2))
    assert ([each.id for each in first.fills], first.more) == (["fill-3", "fill-2"], True)
    journal.record([traded(mine, 9)[1]])
    rest = journal.fills(FillQuery("sim-1", first=5, after="fill-2"))
    assert ([each.id for each in rest.fills], rest.more) == (["fill-1", "fill-0"], False)


@pytest.mark.parametrize("account", ["sim-1", "sim-2"])
def test_a_cursor_that_names_no_fill_of_the_account_is_refused(journal, account):
    mine = order(1)
    accept(journal, mine)
    journal.record([traded(mine, 1)[1]])
    after = "fill-1" if account == "sim-2" else "fill-2"
    with pytest.raises(InvalidRequest) as caught:
        journal.fills(FillQuery(account, after=after))
    assert caught.value.reason is Reason.INVALID_CURSOR


def test_fills_are_conserved_across_a_restart(tmp_path):
    path, fills = tmp_path / "journal.sqlite", []
    first = OrderJournal(path, "epoch-1")
    mine = order(1)
    accept(first, mine)
    for n in range(3):
        fill, outcome = traded(mine, n, minute=n)
        first.record([outcome, outcome])
        fills.append(fill)
    first.close()
    second = OrderJournal(path, "epoch-2")
    assert list(second.fills(FillQuery("sim-1")).fills) == fills[::-1]
    # A terminal that repeats itself after the restart adds nothing.
    second.record([traded(mine, 2, minute=2)[1]])
    assert second.order_fills("sim-1", ["order_1"], 10) == fills
    second.close()


def test_a_new_epoch_forgets_the_fills_of_the_old_world(journal):
    mine = order(1)
    accept(journal, mine)
    journal.record([traded(mine, 1)[1]])
    journal.start_over("epoch-2")
    assert journal.fills(FillQuery("sim-1")).fills == ()
