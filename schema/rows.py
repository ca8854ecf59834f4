"""Lists that are held as columns: the fast path writes them, the ordinary path iterates them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any, Generic, TypeVar, overload

from quantgraph.domain.bars import BarColumns
from quantgraph.domain.calendar import SHANGHAI

Record = TypeVar("Record")
# Columns of epoch ms that are shown as instants.
_TIMES = frozenset({"time", "local_time"})


class RowList(Sequence[Record], Generic[Record]):
    """Records held as columns, each column under its field's Python name.

    A list to whoever iterates it; the transports write its columns without making a record.
    """

    __slots__ = ("_records", "columns", "make")

    def __init__(self, make: Callable[..., Record], columns: BarColumns) -> None:
        """Hold `columns`; `make` takes one keyword per column of the record."""
        self.make = make
        self.columns = columns
        self._records: list[Record] | None = None

    def __len__(self) -> int:
        return self.columns.length

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._all())

    def _all(self) -> list[Record]:
        if self._records is None:
            names = tuple(self.columns.values)
            lists = [listed(self.columns, name) for name in names]
            # Where no column was read there are rows all the same.
            rows: Iterable[tuple[Any, ...]] = (
                zip(*lists, strict=True) if lists else repeat((), len(self))
            )
            self._records = [self.make(**dict(zip(names, row, strict=True))) for row in rows]
        return self._records


class ColumnList(Sequence[Any]):
    """One column as a list of values; missing ones, and those of an absent column, are None."""

    __slots__ = ("_values", "columns", "name")

    def __init__(self, columns: BarColumns, name: str) -> None:
        """Hold the column `name` of `columns`."""
        self.columns = columns
        self.name = name
        self._values: list[Any] | None = None

    def __len__(self) -> int:
        return self.columns.length

    @overload
    def __getitem__(self, index: int) -> Any: ...  # noqa: ANN401 whatever the column holds
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._all()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def _all(self) -> list[Any]:
        if self._values is None:
            self._values = listed(self.columns, self.name)
        return self._values


def listed(columns: BarColumns, name: str) -> list[Any]:
    """Return a column's values as Python's own: times as instants, missing ones as None."""
    column = columns.values.get(name)
    if column is None:
        return [None] * columns.length
    values: list[Any] = column.tolist()
    if name in _TIMES:
        values = [datetime.fromtimestamp(stamp / 1000, SHANGHAI) for stamp in values]
    missing = columns.missing(name)
    if missing is not None:
        for row in missing.nonzero()[0].tolist():
            values[row] = None
    return values
