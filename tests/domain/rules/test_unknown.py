"""What is not known is refused: each input and each table taken away in turn."""

from dataclasses import replace
from datetime import date, time
from importlib import import_module
from pathlib import Path

import pytest

from quantgraph.domain.calendar import at
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import InstrumentKind
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules import (
    bands,
    cages,
    fees,
    late_orders,
    lots,
    price_types,
    quotas,
    sessions,
    settlement,
    tables,
    ticks,
)
from quantgraph.domain.rules.checks import check_order
from quantgraph.domain.rules.rows import PRACTICE, Row
from quantgraph.domain.rules.situations import Prices
from quantgraph.domain.rules.trust import ANY_ROW, Trust

NOBODY = Trust(everything=False)
TABLES = tables.ALL_TABLES


def reason(call, *args):
    with pytest.raises(GatewayError) as caught:
        call(*args)
    return caught.value.reason


@pytest.fixture
def forget():
    """Forget what was looked up, before and after a table is changed."""

    def clear():
        modules = (bands, cages, fees, lots, price_types, quotas, sessions, settlement, ticks)
        for each in (each for module in modules for each in vars(module).values()):
            if hasattr(each, "cache_clear"):
                each.cache_clear()

    clear()
    yield clear
    clear()


@pytest.mark.parametrize(
    ("module", "table"),
    [
        (bands, "BANDS"),
        (lots, "LOTS"),
        (ticks, "TICKS"),
        (cages, "CAGES"),
        (sessions, "PHASES"),
        (price_types, "PRICE_TYPES"),
        (settlement, "SETTLEMENTS"),
    ],
)
def test_an_order_is_refused_once_a_table_has_no_rows(
    make_wish, make_place, monkeypatch, forget, module, table
):
    check_order(make_wish(), make_place(trust=NOBODY))
    monkeypatch.setattr(module, table, ())
    forget()
    assert reason(check_order, make_wish(), make_place()) is Reason.RULE_UNKNOWN


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"prices": Prices(None)}, Reason.RULE_UNKNOWN),
        ({"bought": None}, Reason.RULE_UNKNOWN),
        ({"instant_ms": at(date(2027, 1, 4), time(10))}, Reason.CALENDAR_NOT_COVERED),
    ],
)
def test_an_order_is_refused_once_its_situation_misses_something(
    make_wish, make_place, make_instrument, missing, said
):
    share = make_instrument(is_st=True)
    check_order(make_wish(), make_place(instrument=share, trust=NOBODY))
    assert reason(check_order, make_wish(), make_place(instrument=share, **missing)) is said


@pytest.mark.parametrize(
    ("change", "trust"),
    [
        ({"board": None}, ANY_ROW),
        ({"kind": InstrumentKind.OTHER}, ANY_ROW),
        ({"kind": InstrumentKind.OPTION}, ANY_ROW),
        ({"kind": InstrumentKind.FUTURE}, ANY_ROW),
        ({"name": "退市海润"}, ANY_ROW),
        ({"name": "海润退"}, ANY_ROW),
        ({"name": None}, NOBODY),
    ],
)
def test_an_order_is_refused_once_its_instrument_is_not_known_for_what_it_is(
    make_wish, make_place, make_instrument, change, trust
):
    wish, share = make_wish(), make_instrument()
    check_order(wish, make_place(instrument=share, trust=trust))
    place = make_place(instrument=replace(share, **change), trust=trust)
    assert reason(check_order, wish, place) is Reason.RULE_UNKNOWN


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_row_says_from_when_it_holds_and_who_says_so(table):
    for row in TABLES[table]:
        assert row.rule.startswith(f"{row.topic}: ")
        assert len(row.source) > len("practice")
        assert row.name == row.name.lower().strip()
        assert isinstance(row.verified, bool)
        assert row.effective_from <= (row.effective_to or date.max)


def test_rows_of_one_name_are_all_verified_or_none_is():
    seen = {}
    for row in (row for rows in TABLES.values() for row in rows):
        assert seen.setdefault(row.name, row.verified) is row.verified, row.name


UNCERTAIN = {"bse", "bj", "fund", "bond", "halted"}


def test_what_the_tables_of_rules_mark_uncertain_is_not_verified():
    """Funds, bonds and Beijing's own figures come from practice; so do the years before."""
    for row in (row for rows in TABLES.values() for row in rows):
        parts = set(row.name.replace("-", ".").split("."))
        if row.kind in (InstrumentKind.FUND, InstrumentKind.BOND):
            certain = {"fees.stamp.fund"} | {row.name for row in late_orders.LATE_ORDERS}
            certain |= {row.name for row in sessions.PHASES if row.name.startswith("phases.close")}
            certain |= {"phases.after-hours.fund"}
            assert row.verified is (row.name in certain), row.name
        elif row.topic in ("Lots", "Price cage", "Auction price", "Halts"):
            old = "first" in parts
            assert row.verified is not (old or bool(parts & UNCERTAIN)), row.name
        elif row.topic == "Fees":
            assert row.verified is (PRACTICE not in row.source), row.name


def test_no_table_is_left_out():
    rules = Path(tables.__file__).parent
    named = [
        value
        for file in rules.glob("*.py")
        for value in vars(import_module(f"quantgraph.domain.rules.{file.stem}")).values()
        if isinstance(value, tuple) and value and all(isinstance(each, Row) for each in value)
    ]
    assert {id(each) for each in named} == {id(each) for each in TABLES.values()}
