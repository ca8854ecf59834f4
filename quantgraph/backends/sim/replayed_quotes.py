"""Quotes of recorded days, one by one and laid over a board of generated ones."""

from collections.abc import Mapping

import numpy as np

from quantgraph.backends.sim.flow.replay import ReplayFrames
from quantgraph.backends.sim.live import printed
from quantgraph.backends.sim.screen import Screen
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import DEPTH


def make_quote(
    symbol: str, shown: tuple[ReplayFrames, Screen | None], at: int, levels: int = DEPTH
) -> Quote:
    """Return what was recorded up to an instant (epoch ms), stamped with the newest of it.

    A symbol that is traded here shows its order book, at the instant itself.
    """
    frames, screen = shown
    state = frames.print(at)
    state, scale = printed(state, screen) if screen else state, frames.scale
    bids, asks = (screen.bids, screen.asks) if screen else frames.screen(at)
    newest = frames.newest(at) if screen is None else at
    scripted = screen is not None and screen.scripted
    return Quote(
        symbol=symbol,
        time=at if newest is None else newest,
        last_price=state.last / scale if state.volume else None,
        open=state.open / scale if state.volume else None,
        high=state.high / scale if state.volume else None,
        low=state.low / scale if state.volume else None,
        previous_close=None if frames.previous is None else frames.previous / scale,
        volume=state.volume,
        amount=state.amount,
        bids=tuple(Level(rung.price / scale, rung.quantity) for rung in bids[:levels]),
        asks=tuple(Level(rung.price / scale, rung.quantity) for rung in asks[:levels]),
        suspended=False,
        source=Source.SIMULATED if scripted else Source.REPLAY,
        halted=frames.halted(at) if screen is None else screen.halted,
    )


def overlay(board: QuoteColumns, quotes: Mapping[str, Quote]) -> QuoteColumns:
    """Return a board whose rows of replayed symbols are their quotes."""
    rows = {s: row for row, s in enumerate(board.symbols) if s in quotes}
    if not rows:
        return board
    values = {name: np.array(column) for name, column in board.values.items()}
    valid = {name: np.array(mask) for name, mask in board.valid.items()}
    for name, column in values.items():
        for symbol, row in rows.items():
            cell = _cell(quotes[symbol], name)
            column[row] = 0 if cell is None else cell
            if cell is None or name in valid:
                mask = valid.setdefault(name, np.ones(len(board.symbols), np.bool_))
                mask[row] = cell is not None
    recorded = {symbol for symbol in rows if quotes[symbol].source is Source.REPLAY}
    source = Source.REPLAY if len(recorded) == len(board.symbols) else board.source
    return QuoteColumns(board.symbols, source, values, valid)


def _cell(quote: Quote, name: str) -> float | None:
    """Return a quote's cell of a board's column, None where there is none."""
    side, _, rest = name.partition("_")
    if side not in ("bid", "ask"):
        return getattr(quote, name)
    field, _, level = rest.partition("_")
    levels = quote.bids if side == "bid" else quote.asks
    return getattr(levels[int(level) - 1], field) if int(level) <= len(levels) else None
