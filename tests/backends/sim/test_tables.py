"""Tables of the simulated terminal: what its own world does to bonds, and nothing else."""

from datetime import date
from decimal import Decimal

import pytest

from quantgraph.backends.sim.bonds import list_bonds
from quantgraph.backends.sim.tables import TABLES, rows_of
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.simulation import CorporateAction
from quantgraph.domain.tables import TableRequest

_DAY = date(2023, 2, 10)
_BOND, _STOCK = "113052.SH", "601166.SH"
_EVENTS = (
    CorporateAction(_STOCK, date(2023, 2, 6), cash=Decimal(10)),
    CorporateAction(_STOCK, date(2023, 2, 9), bonus=Decimal(10)),
    CorporateAction(_STOCK, date(2023, 2, 13), cash=Decimal(10)),
)
_BY_NAME = {each.name: each for each in TABLES}


def _events(stock):
    return _EVENTS if stock == _STOCK else ()


def _rows(table, **asked):
    return rows_of(_BY_NAME[table], TableRequest(table, **asked), _DAY, _events).rows


def test_a_conversion_price_changes_by_each_event_that_has_begun():
    first, cash, shares = _rows("bond_conv_price_info", symbols=(_BOND,))
    (bond,) = list_bonds(BondRequest((_BOND,)), _DAY, lambda _: ())
    assert (first["price"], first["price_before"]) == (bond.initial_price, None)
    assert (cash["price_before"], cash["price"]) == (24.48, 23.48)
    assert (shares["price_before"], shares["price"]) == (23.48, 11.74)
    (now,) = list_bonds(BondRequest((_BOND,)), _DAY, _events)
    assert now.conversion_price == shares["price"]


def test_rows_are_of_the_asked_days():
    days = {"start": date(2023, 2, 6), "end": date(2023, 2, 8)}
    assert [row["price"] for row in _rows("bond_conv_price_info", **days)] == [23.48]


def test_what_is_outstanding_begins_with_the_issue():
    (row,) = _rows("bond_amount_chg", symbols=(_BOND,))
    assert (row["symbol"], row["amount"], row["reason"]) == (_BOND, 50_000e6, "发行")


@pytest.mark.parametrize("table", ["bond_call_info", "bond_put_info"])
def test_nobody_calls_or_puts_a_bond(table):
    assert _rows(table) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_row_has_the_columns_that_are_listed(table):
    names = {field.name for field in table.fields}
    assert all(row.keys() == names for row in _rows(table.name))
