"""Tables of the simulated terminal: what becomes of its convertible bonds, by the day."""

from collections.abc import Mapping
from datetime import date
from typing import TypeAlias

from quantgraph.backends.sim.bonds import Events, adjusted_prices, list_bonds
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.calendar import day_of, day_start
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import (
    Cell,
    CellKind,
    TableField,
    TableRequest,
    TableSlice,
    TerminalTable,
)

_PRICES, _AMOUNTS = "bond_conv_price_info", "bond_amount_chg"
_KEYS = (
    TableField("time", CellKind.TIME, "时间"),
    TableField("symbol", CellKind.TEXT, "转债代码"),
)
_YUAN = "元"
_Row: TypeAlias = dict[str, Cell]


def _table(name: str, title: str, description: str, *fields: TableField) -> TerminalTable:
    return TerminalTable(name, title, description, (*_KEYS, *fields), Source.SIMULATED)


# Names and columns of this world; a real terminal has its own, which it lists as well.
TABLES = (
    _table(
        _AMOUNTS,
        "可转债剩余规模变动",
        "What is outstanding of a bond, from its issue on; nobody converts in this world.",
        TableField("amount", CellKind.NUMBER, "剩余规模", _YUAN),
        TableField("reason", CellKind.TEXT, "变动原因"),
    ),
    _table(
        "bond_call_info",
        "可转债赎回信息",
        "Calls of bonds; none is called in this world.",
        TableField("call_price", CellKind.NUMBER, "赎回价格", _YUAN),
    ),
    _table(
        _PRICES,
        "可转债转股价变动",
        "Conversion prices at issue, and after each event of the share that was announced.",
        TableField("price_before", CellKind.NUMBER, "变动前转股价", _YUAN),
        TableField("price", CellKind.NUMBER, "转股价", _YUAN),
        TableField("reason", CellKind.TEXT, "变动原因"),
    ),
    _table(
        "bond_put_info",
        "可转债回售信息",
        "Puts of bonds; none is put in this world.",
        TableField("put_price", CellKind.NUMBER, "回售价格", _YUAN),
    ),
)


def rows_of(table: TerminalTable, request: TableRequest, day: date, events: Events) -> TableSlice:
    """Return the rows that match on a day, oldest first, all of them.

    Those of an event come behind; only a bond that is listed meanwhile moves the others.
    """
    bonds = list_bonds(BondRequest(request.symbols), day, lambda _: ())
    rows = [row for bond in bonds for row in _rows(table.name, bond, day, events)]
    rows = [row for row in rows if _within(row, request)]
    rows.sort(key=lambda row: (int(row["time"] or 0), str(row["symbol"])))
    return TableSlice(rows, len(rows), version=str(len(bonds)))


def _rows(table: str, bond: ConvertibleBond, day: date, events: Events) -> list[_Row]:
    issued = bond.issue_date
    if table not in (_PRICES, _AMOUNTS) or issued is None:
        return []
    head: _Row = {"symbol": bond.symbol, "reason": "发行"}
    if table == _AMOUNTS:
        return [{**head, "time": day_start(issued), "amount": bond.issue_amount}]
    rows = [{**head, "time": day_start(issued), "price_before": None, "price": bond.initial_price}]
    before = bond.conversion_price
    for ex_date, price in adjusted_prices(bond, day, events(bond.stock_symbol)):
        change: _Row = {"price_before": before, "price": price, "reason": "除权除息"}
        rows.append({**head, **change, "time": day_start(ex_date)})
        before = price
    return rows


def _within(row: Mapping[str, Cell], request: TableRequest) -> bool:
    day = day_of(int(row["time"] or 0))
    return (request.start is None or day >= request.start) and (
        request.end is None or day <= request.end
    )
