"""What no market number reaches. Beyond it, sums and ratios that are asked for later would fail."""

from quantgraph.domain.bars import Column
from quantgraph.store.imports.cells import Cells

_PRICES = frozenset({"open", "high", "low", "close", "previous_close", "last_price", "price"})
_LEAST_PRICE, _MOST_PRICE = 1e-4, 1e9
_MOST_AMOUNT = 1e18
# A year of them stays a whole number that every reader of JSON keeps (2^53).
_MOST_VOLUME = 1e13
_MOST_TRADED = 1e10
_MOST_TERM = 1e9


def check_bounds(cells: Cells, name: str, values: Column) -> None:
    """Call prices, amounts, volumes and quantities faults that no market has; 0 is for others."""
    if name in _PRICES or "_price_" in name:
        cells.bound(values, _LEAST_PRICE, _MOST_PRICE)
    elif name == "amount":
        cells.bound(values, 0, _MOST_AMOUNT)
    elif name == "quantity":
        cells.bound(values, 0, _MOST_TRADED)
    elif name == "volume" or "_quantity_" in name:
        cells.bound(values, 0, _MOST_VOLUME)


def check_term(cells: Cells, values: Column) -> None:
    """Call terms of a dividend faults that no company sets."""
    cells.bound(values, 0, _MOST_TERM)
