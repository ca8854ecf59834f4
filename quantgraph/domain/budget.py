"""What one operation has taken so far, however many requests it makes below."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class RowBudget:
    """The bar rows that one operation has taken so far."""

    taken: int = 0


_budget: ContextVar[RowBudget | None] = ContextVar("row_budget", default=None)


@contextmanager
def operation_budget() -> Generator[RowBudget, None, None]:
    """Count all bar requests inside, those of child tasks too, against one operation's limit."""
    budget = RowBudget()
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


def present_budget() -> RowBudget:
    """Return the running operation's budget; a request outside any operation has its own."""
    return _budget.get() or RowBudget()
