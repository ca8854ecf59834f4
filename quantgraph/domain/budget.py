"""What one operation has taken so far, however many requests it makes below."""

from contextvars import ContextVar
from dataclasses import dataclass

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason


@dataclass(slots=True)
class RowBudget:
    """The bar rows that one operation has taken, and the rows it has written, so far."""

    taken: int = 0
    written: int = 0

    def spend(self, rows: int, limit: int) -> None:
        """Take rows; raise ROW_LIMIT where the operation has taken more than it may."""
        self.taken += rows
        if self.taken > limit:
            raise row_limit(self.taken, limit)


def row_limit(rows: int, limit: int) -> InvalidRequest:
    """Say that an operation asks for too many bars, and what to use instead."""
    text = (
        f"{rows} or more rows asked; the limit is {limit} per series and per operation "
        "(limits.bar_rows). Ask for less, or use the gRPC call "
        "quantgraph.v1.BarService/DownloadBars, which has no such limit."
    )
    return InvalidRequest(Reason.ROW_LIMIT, text, limit=limit, rpc="DownloadBars")


_budget: ContextVar[RowBudget | None] = ContextVar("row_budget", default=None)


class OperationBudget:
    """Counts all bar requests inside, those of child tasks too, against one operation's limit."""

    __slots__ = ("_token",)

    def __enter__(self) -> RowBudget:
        """Begin with nothing taken."""
        budget = RowBudget()
        self._token = _budget.set(budget)
        return budget

    def __exit__(self, *_: object) -> None:
        """Count against what was there before."""
        _budget.reset(self._token)


def present_budget() -> RowBudget:
    """Return the running operation's budget; a request outside any operation has its own."""
    return _budget.get() or RowBudget()
