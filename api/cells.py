"""Which columns can be written as they are, and how."""

from typing import Any, TypeAlias, cast

import numpy as np
from graphql import GraphQLEnumType, GraphQLNonNull, GraphQLScalarType
from strawberry.types.field import StrawberryField

from api.slots import KeptTexts, Rows, Slot, is_short
from quantgraph.domain.bars import BarColumns, Column, Mask
from quantgraph.rows.plan import Cell, Kind
from schema.rows import ColumnList

_SAFE_INTEGER = 2**53 - 1
_KINDS = {
    "Float": Kind.FLOAT,
    "Long": Kind.INT,
    "Boolean": Kind.BOOL,
    "DateTime": Kind.INSTANT,
    "Date": Kind.DATE,
    "String": Kind.TEXT,
    "Symbol": Kind.TEXT,
}
# graphql-core leaves the generics of its list and non-null types open.
OutputType: TypeAlias = Any


class NotPlain(Exception):
    """The value is the ordinary path's: `field` left the fast path, and why."""

    def __init__(self, field: str, why: str) -> None:
        """Name the field as `Type.field`."""
        super().__init__(f"{field} {why}")
        self.field = field
        self.why = why


def field_cell(key: str, field: StrawberryField, kind: OutputType) -> tuple[Cell | None, bool]:
    """Return how columns answer a field, None where none can, and whether it may be null."""
    leaf, nullable = unwrapped(kind)
    found = _KINDS.get(leaf.name) if isinstance(leaf, GraphQLScalarType) else None
    if isinstance(leaf, GraphQLEnumType):
        found = Kind.TEXT  # a column of an enum holds the names of its values
    if found is None or not field.is_basic_field:
        return None, nullable
    return Cell(key, field.python_name, found), nullable


def column_cell(value: ColumnList, inner: OutputType, where: str, *, nullable: bool) -> Cell:
    """Return how a column is written. Raises NotPlain."""
    kind = _KINDS.get(getattr(inner, "name", ""))
    if kind is None:
        raise NotPlain(where, "is of a type that no column has")
    cell = Cell(value.name, value.name, kind)
    check_column(where, cell, value.columns, nullable=nullable)
    return cell


def check_column(field: str, cell: Cell, columns: BarColumns, *, nullable: bool) -> None:
    """Raise NotPlain where the ordinary path would refuse a value of the column.

    Numbers of short lists are left to the encoder, which looks at each anyway; not of columns that
    answer again, which need no second look then.
    """
    if cell.kind is Kind.CONSTANT:
        return
    column, valid = columns.values.get(cell.column), columns.valid.get(cell.column)
    if not nullable and columns.length and (column is None or _misses(valid)):
        raise NotPlain(field, "misses values that may not be null")
    if column is None or (is_short(columns) and not columns.kept):
        return
    bad = _bad_numbers(cell.kind, column)
    if bad is not None and bad.any() and (valid is None or (bad & valid).any()):
        raise NotPlain(field, "holds a number that JSON cannot carry")


def make_slot(where: str, rows: Rows, texts: KeptTexts) -> Slot:
    """Return the place of checked columns in the response. Raises NotPlain."""
    try:
        return Slot(rows, texts)
    except ValueError as error:
        raise NotPlain(where, f"holds what JSON cannot carry: {error}") from None


def _bad_numbers(kind: Kind, column: Column) -> Mask | None:
    if kind is Kind.FLOAT:
        return ~np.isfinite(column)
    if kind is Kind.INT:
        return (column > _SAFE_INTEGER) | (column < -_SAFE_INTEGER)
    return None


def unwrapped(kind: OutputType) -> tuple[OutputType, bool]:
    """Return a type without its non-null mark, and whether it may be null."""
    if isinstance(kind, GraphQLNonNull):
        return cast("Any", kind).of_type, False
    return kind, True


def _misses(valid: Any) -> bool:  # noqa: ANN401 a mask or None
    return valid is not None and not valid.all()
