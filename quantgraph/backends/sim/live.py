"""What a symbol shows that somebody here trades: the others' day, changed by our orders."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from quantgraph.backends.sim.depth import Display
from quantgraph.backends.sim.screen import Screen
from quantgraph.backends.sim.tape import Print
from quantgraph.domain.calendar import day_of

# What those of some symbols display that have an order book.
Screens = Callable[[Sequence[str]], Awaitable[Mapping[str, Screen]]]


async def no_screens(symbols: Sequence[str]) -> Mapping[str, Screen]:
    """Show every symbol as the others alone made it."""
    del symbols
    return {}


def screens_on(screens: Mapping[str, Screen], day: date) -> Mapping[str, Screen]:
    """Return the screens of a day; none of the day before, which ends a moment later."""
    return {symbol: each for symbol, each in screens.items() if day_of(each.at) == day}


def printed(state: Print, screen: Screen) -> Print:
    """Return what had traded, our trades among it. A script tells a day of its own."""
    tally = screen.tally
    if tally.open is None or tally.high is None or tally.low is None or tally.last is None:
        return state
    volume = state.volume + screen.more_volume
    amount = state.amount + screen.more_turnover / state.scale
    if screen.scripted:
        volume, amount = tally.volume, tally.turnover / state.scale
    return replace(
        state,
        last=tally.last,
        open=tally.open,
        high=tally.high,
        low=tally.low,
        volume=volume,
        amount=amount,
    )


def displayed(screen: Screen, depth: int) -> Display:
    """Return the displayed levels, ours among them."""
    return Display(screen.bids[:depth], screen.asks[:depth])
