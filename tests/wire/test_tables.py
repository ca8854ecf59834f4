"""A table's column by itself: each kind in its own list, and what is missing named beside it."""

import pytest

from quantgraph.domain.tables import CellKind, TableColumn
from quantgraph.wire.tables import column_from_proto, column_to_proto

COLUMNS = [
    TableColumn("days", CellKind.INTEGER, (2**53 - 1, None, 0, -1)),
    TableColumn("price", CellKind.NUMBER, (None, 0.0, -1.5, None)),
    TableColumn("words", CellKind.TEXT, ("强赎", None, "0", None)),
    TableColumn("time", CellKind.TIME, (1, None, 1_677_600_000_123, None)),
    TableColumn("nothing", CellKind.TEXT, ()),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_a_column_comes_back_as_it_was(column):
    message = column_to_proto(column)
    assert column_from_proto(message) == column
    assert list(message.missing) == [row for row, each in enumerate(column.values) if each is None]
    lists = [message.integers, message.numbers, message.texts, message.times]
    assert [len(each) for each in lists if each] == ([len(column.values)] if column.values else [])
