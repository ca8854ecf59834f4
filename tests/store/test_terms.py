"""Reference prices as the exchange would round them, where none is held."""

from datetime import date

import pytest

SYMBOL = "600519.SH"
BARS = "symbol,date,open,high,low,close\n"


@pytest.mark.parametrize(
    ("cash", "reference"), [("0.995", 10.01), ("0.985", 10.02), ("0.996", 10.0), ("0.994", 10.01)]
)
def test_half_a_tick_is_rounded_up(store, load, cash, reference):
    rows = "".join(f"{SYMBOL},2023-02-0{day},11,11,11,11\n" for day in (1, 2))
    load("bars", BARS + rows)
    load("dividends", f"symbol,ex_date,cash\n{SYMBOL},2023-02-02,{cash}\n")
    event = store.dividends([SYMBOL])[SYMBOL][0]
    assert (event.ex_date, event.ratio) == (date(2023, 2, 2), 11 / reference)
