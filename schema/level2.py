"""Level-2 recordings: one type per recording, made from the domain's tables of columns."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, cast

import numpy as np
import strawberry

from quantgraph.domain import level2
from quantgraph.domain.bars import BarColumns, Column
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import LEVEL2_TABLES, TRADE_SIDES, TickColumns, TickKind
from schema.rows import RowList
from schema.scalars import Long, Symbol

_TYPES = {
    TickKind.LEVEL2_QUOTE: ("Level2Quote", "State of a symbol with ten levels (Level-2 行情快照)."),
    TickKind.LEVEL2_ORDER: ("Level2Order", "One order as it reached the exchange (逐笔委托)."),
    TickKind.LEVEL2_TRANSACTION: ("Level2Transaction", "One deal between two orders (逐笔成交)."),
}
# Columns that hold codes, and what the codes stand for.
_CODES: Mapping[TickKind, Mapping[str, Mapping[int, Enum]]] = {
    TickKind.LEVEL2_QUOTE: {"phase": level2.PHASES},
    TickKind.LEVEL2_ORDER: {"side": level2.ENTRUST_SIDES, "type": level2.ENTRUST_TYPES},
    TickKind.LEVEL2_TRANSACTION: {"side": TRADE_SIDES},
}
_LEAVES = {"int64": Long, "float64": float}
_TIMES = frozenset({"time", "local_time"})


def _leaf(kind: TickKind, field: level2.Level2Field) -> Any:  # noqa: ANN401 a type expression
    codes = _CODES[kind].get(field.name)
    if codes is not None:
        return type(next(iter(codes.values())))
    return datetime if field.name in _TIMES else _LEAVES[field.dtype]


def _row_type(kind: TickKind) -> type[Any]:
    """Make the GraphQL type of one row from the table of its columns."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {"__annotations__": annotations}
    for name, field in LEVEL2_TABLES[kind].items():
        leaf = _leaf(kind, field)
        told = name == "time"
        annotations[name] = leaf if told else leaf | None
        text = field.description if told else f"{field.description} Null where it is not known."
        namespace[name] = strawberry.field(description=text)
    title, description = _TYPES[kind]
    return strawberry.type(type(title, (), namespace), description=description)


ROW_TYPES: Mapping[TickKind, type[Any]] = {kind: _row_type(kind) for kind in LEVEL2_TABLES}


def _maker(kind: TickKind) -> Callable[..., Any]:
    record, nothing = ROW_TYPES[kind], dict.fromkeys(LEVEL2_TABLES[kind])

    def make(**values: Any) -> Any:  # noqa: ANN401 every column has its own type
        return record(**(nothing | values))

    return make


_MAKERS = {kind: _maker(kind) for kind in LEVEL2_TABLES}


def _series_type(kind: TickKind) -> type[Any]:
    """Make the GraphQL type of one recording: whose it is, and its rows as columns."""

    def rows(self: Any) -> list[Any]:  # noqa: ANN401 the class is made below
        return cast("list[Any]", RowList(_MAKERS[kind], shown(self.ticks, _CODES[kind])))

    listed = "The rows; pick the fields you need, no more is read."
    namespace: dict[str, Any] = {
        "__annotations__": {
            "symbol": Symbol,
            "source": Source,
            "row_count": int,
            "ticks": strawberry.Private[TickColumns],
        },
        "symbol": strawberry.field(description="Whose recording this is."),
        "source": strawberry.field(description="Where it comes from."),
        "row_count": strawberry.field(description="Number of rows."),
        "rows": strawberry.field(
            resolver=rows, graphql_type=list[ROW_TYPES[kind]], description=listed
        ),
    }
    title = f"{_TYPES[kind][0]}Series"
    text = "Recorded level-2 data of one symbol, oldest first; no rows where nothing is held."
    return strawberry.type(type(title, (), namespace), description=text)


SERIES_TYPES: Mapping[TickKind, type[Any]] = {kind: _series_type(kind) for kind in LEVEL2_TABLES}


def series_of(ticks: TickColumns) -> Any:  # noqa: ANN401 one of SERIES_TYPES
    """Show a domain recording of a level-2 kind."""
    return SERIES_TYPES[ticks.kind](
        symbol=Symbol(ticks.symbol), source=ticks.source, row_count=ticks.length, ticks=ticks
    )


def shown(ticks: TickColumns, codes: Mapping[str, Mapping[int, Enum]]) -> BarColumns:
    """Return the columns with the names of enumerations in place of their codes."""
    values = dict(ticks.values)
    for name, members in codes.items():
        if name in values:
            values[name] = _names(values[name], members)
    return BarColumns(ticks.length, values, ticks.valid)


def _names(column: Column, members: Mapping[int, Enum]) -> Column:
    least = min(0, *members)
    # 0 is no code of most enumerations; it stands under the mask only.
    known = (members.get(code) for code in range(least, 1 + max(members)))
    names = [None if member is None else member.name for member in known]
    return np.array(names, np.object_)[column.astype(np.int64) - least]
