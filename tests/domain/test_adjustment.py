import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.adjustment import adjust_prices, relevant_events
from quantgraph.domain.bars import Adjustment, BarColumns
from quantgraph.domain.calendar import dates_of, starts_of
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason

FIRST = date(2023, 1, 2)
DOCS = Path(__file__).parents[2] / "docs" / "adjustment.md"
A = Adjustment


def days(count):
    return [FIRST + timedelta(days=offset) for offset in range(count)]


def rows(prices):
    times = starts_of(days(len(prices)))
    close = np.array(prices, np.float64)
    volume = np.full(len(prices), 100)
    return BarColumns(len(prices), {"time": times, "close": close, "volume": volume})


def event(offset, ratio=None, **items):
    plain = dict.fromkeys(("cash", "bonus", "conversion", "rights", "rights_price"), 0.0)
    return Dividend(
        "600519.SH", FIRST + timedelta(days=offset), ratio, **(plain | items if items else {})
    )


def adjusted(prices, events, adjustment):
    columns = rows(prices)
    found = adjust_prices(columns, dates_of(columns.values["time"]), events, adjustment)
    assert (found.values["volume"] == 100).all()
    return found.values["close"].tolist()


def test_a_ratio_divides_before_or_multiplies_after():
    events = [event(1, 2.0), event(3, 1.25)]
    prices = [10.0, 5.0, 5.0, 4.0]
    assert adjusted(prices, events, A.FRONT_RATIO) == pytest.approx([4, 4, 4, 4])
    assert adjusted(prices, events, A.BACK_RATIO) == pytest.approx([10, 10, 10, 10])


def test_the_anchor_is_never_touched():
    events = [event(1, 1.7), event(3, 1.1)]
    prices = [10.03, 5.01, 5.02, 4.99]
    assert adjusted(prices, events, A.FRONT_RATIO)[-1] == prices[-1]
    assert adjusted(prices, events, A.BACK_RATIO)[0] == prices[0]


def test_an_event_of_cash_shifts_and_one_of_shares_scales():
    assert adjusted([10.0, 9.5], [event(1, cash=0.5)], A.FRONT) == [9.5, 9.5]
    assert adjusted([10.0, 9.5], [event(1, cash=0.5)], A.BACK) == [10.0, 10.0]
    assert adjusted([10.0, 5.0], [event(1, bonus=1.0)], A.FRONT) == [5.0, 5.0]
    assert adjusted([10.0, 5.0], [event(1, conversion=1.0)], A.BACK) == [10.0, 10.0]


def test_rights_are_paid_for():
    # 3 new shares per 10 at 6 yuan: (10 + 0.3 * 6) / 1.3
    reference = (10 + 0.3 * 6) / 1.3
    found = adjusted([10.0, reference], [event(1, rights=0.3, rights_price=6.0)], A.FRONT)
    assert found[0] == pytest.approx(reference, rel=1e-15)


def test_the_order_of_events_matters_and_is_kept():
    events = [event(2, bonus=1.0), event(1, cash=1.0)]
    # first the yuan, then the halving: (10 - 1) / 2
    assert adjusted([10.0, 9.0, 4.5], events, A.FRONT) == [4.5, 4.5, 4.5]


@given(
    st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2)), min_size=1, max_size=6),
    st.lists(st.floats(1, 1000), min_size=8, max_size=8),
)
def test_back_undoes_front(terms, prices):
    events = [
        event(offset + 1, cash=cash, bonus=bonus) for offset, (cash, bonus) in enumerate(terms)
    ]
    front = adjusted(prices, events, A.FRONT)
    back = adjusted(prices, events, A.BACK)
    scale = np.prod([1 + bonus for _, bonus in terms])
    # one affine map leads from every front price to its back price
    shift = back[-1] - scale * front[-1]
    assert np.allclose(back, np.array(front) * scale + shift, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("adjustment", [A.FRONT, A.BACK])
def test_a_bare_ratio_cannot_tell_cash_from_shares(adjustment):
    with pytest.raises(Unsupported) as caught:
        adjusted([10.0, 5.0], [event(1, 2.0)], adjustment)
    assert caught.value.reason is Reason.ADJUSTMENT_UNAVAILABLE
    assert caught.value.details["ex_date"] == "2023-01-03"


@pytest.mark.parametrize("adjustment", list(A)[1:])
def test_an_event_of_unknown_size_makes_prices_across_it_unknown(adjustment):
    with pytest.raises(Unsupported):
        adjusted([10.0, 5.0], [event(1)], adjustment)


def test_an_unknown_event_outside_the_rows_harms_nobody():
    columns = rows([10.0, 9.0, 8.0, 7.0])
    stamps = dates_of(columns.values["time"])
    events = [event(1), event(3, 2.0)]
    late = adjust_prices(columns.take(slice(1, 4)), stamps[1:], events, A.FRONT_RATIO)
    assert late.values["close"].tolist() == [4.5, 4.0, 7.0]
    with pytest.raises(Unsupported):
        adjust_prices(columns, stamps, events, A.FRONT_RATIO)


def test_only_events_between_the_oldest_and_the_newest_bar_count():
    events = [event(offset, 2.0) for offset in range(5)]
    kept = relevant_events(events, FIRST + timedelta(days=1), FIRST + timedelta(days=3))
    assert [one.ex_date for one in kept] == [FIRST + timedelta(days=2), FIRST + timedelta(days=3)]


def tables():
    """The tables of the worked examples: heading, event columns, price columns."""
    text = DOCS.read_text(encoding="utf-8")
    for block in re.findall(r"<!-- example -->\n(.*?)<!-- end -->", text, re.DOTALL):
        events, prices = (
            [
                [cell.strip() for cell in line.strip("|").split("|")]
                for line in part.splitlines()
                if line.startswith("|") and "---" not in line
            ]
            for part in block.split("\n\n")[:2]
        )
        yield events, prices


@pytest.mark.parametrize("example", list(tables()), ids=lambda one: one[0][1][0])
def test_the_worked_examples_hold(example):
    (names, *told), (columns, *lines) = example
    events = []
    for cells in told:
        row = dict(zip(names, cells, strict=True))
        items = {
            name: float(row[name])
            for name in ("cash", "bonus", "conversion", "rights", "rights_price")
        }
        events.append(
            Dividend("600000.SH", date.fromisoformat(row["ex_date"]), float(row["ratio"]), **items)
        )
    stamps = np.array([line[0] for line in lines], "datetime64[D]")
    raw = BarColumns(len(lines), {"close": np.array([float(line[1]) for line in lines])})
    for place, name in enumerate(columns[2:], 2):
        found = adjust_prices(raw, stamps, events, A(name)).values["close"]
        assert found == pytest.approx([float(line[place]) for line in lines], abs=5e-7)


def test_there_are_worked_examples():
    assert len(list(tables())) == 3
