"""Quotes of many symbols at once: the same, to the bit, as asked one by one."""

import pytest

from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import BOOK_FIELDS, QUOTE_FIELDS, QuoteColumns

from .conftest import Stage

SYMBOLS = (*UNIVERSE, "999999.SH")
FIELDS = tuple(QUOTE_FIELDS)


def rows_of(board: QuoteColumns) -> list[dict[str, object]]:
    """Return the columns as rows, missing values as None."""
    rows = [{} for _ in board.symbols]
    for name, column in board.values.items():
        mask = board.valid.get(name)
        for row, value in enumerate(column.tolist()):
            rows[row][name] = value if mask is None or mask[row] else None
    return rows


def row_of(quote: Quote) -> dict[str, object]:
    row = {name: getattr(quote, name) for name in FIELDS if name not in BOOK_FIELDS}
    for side, levels in (("bid", quote.bids), ("ask", quote.asks)):
        for level in range(1, 6):
            found = levels[level - 1] if level <= len(levels) else None
            row[f"{side}_price_{level}"] = found and found.price
            row[f"{side}_quantity_{level}"] = found and found.quantity
    return row


@pytest.mark.parametrize(
    ("sessions", "seconds"), [(0, 0), (0, 61.5), (1, -60), (1, 7_200), (35, 15_399)]
)
async def test_a_board_is_what_single_quotes_are(stage: Stage, sessions: int, seconds: float):
    stage.move_to(sessions, seconds)
    board = await stage.market.board(SYMBOLS, FIELDS)
    quotes = [each for each in await stage.market.quotes(SYMBOLS) if isinstance(each, Quote)]
    assert board.symbols == tuple(quote.symbol for quote in quotes) == SYMBOLS[:-1]
    assert rows_of(board) == [row_of(quote) for quote in quotes]
    # later, and asked again: what was cut before is not taken for the present
    stage.move_to(sessions, seconds + 61)
    board = await stage.market.board(SYMBOLS[:3], FIELDS)
    quotes = [each for each in await stage.market.quotes(SYMBOLS[:3]) if isinstance(each, Quote)]
    assert rows_of(board) == [row_of(quote) for quote in quotes]


async def test_only_the_asked_columns_are_made(stage: Stage):
    board = await stage.market.board(SYMBOLS[:2], ("last_price", "ask_price_2"))
    assert set(board.values) == {"last_price", "ask_price_2"}
    assert set((await stage.market.board(SYMBOLS[:2], ())).values) == set()
    assert (await stage.market.board((), FIELDS)).symbols == ()
