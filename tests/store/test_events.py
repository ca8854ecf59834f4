"""What the store can tell of ex-right events, from reference prices and from itemised files."""

from datetime import date

import pytest

from quantgraph.domain.searches import InstrumentSearch

SYMBOL = "600519.SH"
HEADER = "symbol,date,open,high,low,close,previous_close\n"
DIVIDENDS = "symbol,ex_date,cash,bonus\n"


def line(day, close, previous=""):
    return f"{SYMBOL},{day},{close},{close},{close},{close},{previous}\n"


def ratios(store):
    found = store.dividends([SYMBOL])[SYMBOL]
    return None if found is None else {str(one.ex_date): one.ratio for one in found}


# Wednesday to Friday, and the Monday after; 2023-02-03 is an ex-day.
WEEK = [
    line("2023-02-01", 10, 9.9),
    line("2023-02-02", 11, 10),
    line("2023-02-03", 10, 10.5),
    line("2023-02-06", 10.2, 10),
]


def test_a_reference_price_below_the_close_before_is_an_event(store, load):
    load("bars", HEADER + "".join(WEEK))
    assert ratios(store) == {"2023-02-03": 11 / 10.5}


def test_half_a_tick_is_no_event(store, load):
    load("bars", HEADER + line("2023-02-01", 10, 10) + line("2023-02-02", 10, 10.005))
    assert ratios(store) == {}


def test_the_events_do_not_depend_on_the_order_of_the_files(store, load):
    load("bars", HEADER + "".join(WEEK[2:]))
    assert ratios(store) == {}
    load("bars", HEADER + "".join(WEEK[:2]))
    assert ratios(store) == {"2023-02-03": 11 / 10.5}


def test_a_hole_between_files_is_an_event_of_unknown_size(store, load):
    load("bars", HEADER + WEEK[0])
    load("bars", HEADER + WEEK[2] + WEEK[3])
    assert ratios(store) == {"2023-02-03": None}
    load("bars", HEADER + WEEK[1])
    assert ratios(store) == {"2023-02-03": 11 / 10.5}


def test_a_gap_inside_one_file_is_a_suspension_not_a_hole(store, load):
    load("bars", HEADER + WEEK[0] + line("2023-02-03", 9, 9.5))
    assert ratios(store) == {"2023-02-03": 10 / 9.5}


def test_a_bar_without_reference_price_makes_that_day_unknown(store, load):
    load("bars", HEADER + "".join(WEEK[:3]) + line("2023-02-06", 10.2))
    assert ratios(store) == {"2023-02-03": 11 / 10.5, "2023-02-06": None}


def test_terms_come_from_the_file_of_dividends_and_the_ratio_from_the_exchange(store, load):
    load("bars", HEADER + "".join(WEEK))
    load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.5,0\n")
    event = store.dividends([SYMBOL])[SYMBOL][0]
    assert (event.cash, event.ratio) == (0.5, 11 / 10.5)


def test_without_reference_prices_the_ratio_follows_from_the_terms(store, load):
    load("bars", HEADER + "".join(row.rsplit(",", 1)[0] + ",\n" for row in WEEK))
    assert ratios(store) is None
    load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.333,0.1\n")
    # (11 - 0.333) / 1.1 = 9.6972…, rounded to the tick
    assert ratios(store) == {"2023-02-03": 11 / 9.7}


def test_terms_that_arrive_before_the_bars_wait_for_their_ratio(store, load):
    load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.5,0\n")
    assert ratios(store) == {"2023-02-03": None}
    assert store.search(InstrumentSearch(), 10, None) == []
    load("bars", HEADER + "".join(WEEK))
    assert ratios(store) == {"2023-02-03": 11 / 10.5}


def test_an_ex_day_without_a_bar_takes_the_jump_of_the_first_bar_after_it(store, load):
    load("bars", HEADER + WEEK[0] + WEEK[1] + line("2023-02-06", 10.4, 10.5))
    assert ratios(store) == {"2023-02-06": 11 / 10.5}
    load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.5,0\n")
    assert ratios(store) == {"2023-02-03": 11 / 10.5}


def test_a_corrected_dividend_replaces_the_first_one(store, load):
    load("bars", HEADER + "".join(WEEK))
    load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.4,0\n")
    assert load("dividends", DIVIDENDS + f"{SYMBOL},2023-02-03,0.5,0\n").outcome.changed
    assert store.dividends([SYMBOL])[SYMBOL][0].cash == 0.5


def test_a_symbol_without_anything_held_is_not_answered_for(store):
    assert store.dividends([SYMBOL]) == {}


@pytest.mark.parametrize(
    ("symbol", "difference", "count"), [("510300.SH", 0.001, 1), ("600000.SH", 0.004, 0)]
)
def test_funds_tick_finer_than_stocks(store, load, symbol, difference, count):
    rows = [f"{symbol},2023-02-01,5,5,5,5,5\n", f"{symbol},2023-02-02,5,5,5,5,{5 - difference}\n"]
    load("bars", HEADER + "".join(rows))
    events = store.dividends([symbol])[symbol]
    assert len(events) == count
    assert all(event.ex_date == date(2023, 2, 2) for event in events)
