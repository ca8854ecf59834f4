"""A venue's whole state as JSON: whole numbers and words, no floats, nothing that needs a class."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypedDict

from quantgraph.backends.sim.core.book import Book, Resting
from quantgraph.backends.sim.core.chain import ChainState
from quantgraph.backends.sim.core.events import Enter
from quantgraph.backends.sim.core.gate import Gate
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.auctions import TieBreak
from quantgraph.domain.rules.sessions import Phase

# Key, BUY or SELL, price in ticks, open shares.
OrderState: TypeAlias = tuple[int, str, int, int]


class TallyState(TypedDict):
    """`Tally` as JSON."""

    open: int | None
    high: int | None
    low: int | None
    last: int | None
    volume: int
    turnover: int


class GateState(TypedDict):
    """`Gate` and the day's `Terms` as JSON."""

    market: str
    previous_close: int | None
    band: Sequence[int] | None
    ties: list[str]
    tally: TallyState
    phase: str
    halted: bool


class VenueState(TypedDict):
    """`Venue` as JSON; orders of each list in the order in which they came to wait."""

    gate: GateState
    orders: list[OrderState]
    late: list[OrderState]
    held: list[OrderState]
    chain: ChainState


def dump_gate(gate: Gate) -> GateState:
    """Return what the day agreed on and counted as JSON."""
    tally = gate.tally
    return {
        "market": gate.terms.market.value,
        "previous_close": gate.terms.previous_close,
        "band": gate.terms.band,
        "ties": [each.value for each in gate.terms.ties],
        "tally": {
            "open": tally.open,
            "high": tally.high,
            "low": tally.low,
            "last": tally.last,
            "volume": tally.volume,
            "turnover": tally.turnover,
        },
        "phase": gate.phase.value,
        "halted": gate.halted,
    }


def load_gate(state: GateState) -> Gate:
    """Read what the day agreed on and counted."""
    band = state["band"]
    limits = None if band is None else (band[0], band[1])
    ties = tuple(TieBreak(each) for each in state["ties"])
    terms = Terms(Market(state["market"]), state["previous_close"], limits, ties)
    return Gate(terms, Tally(**state["tally"]), Phase(state["phase"]), state["halted"])


def dump_book(book: Book) -> list[OrderState]:
    """Return a book's orders as JSON."""
    return [(each.key, each.side.value, each.price, each.open) for each in book.orders.values()]


def load_book(state: Iterable[Sequence[Any]]) -> Book:
    """Read a book: who came first waits first. JSON has made lists of its orders."""
    book = Book()
    for key, side, price, left in state:
        book.rest(Resting(key, Side(side), price, left))
    return book


def dump_held(held: dict[int, Enter]) -> list[OrderState]:
    """Return the orders that wait unseen as JSON; all of them have a limit."""
    return [(each.key, each.side.value, each.limit or 0, each.quantity) for each in held.values()]


def load_held(state: Iterable[Sequence[Any]]) -> dict[int, Enter]:
    """Read the orders that wait unseen."""
    return {
        key: Enter(key, Side(side), left, PriceType.LIMIT, price)
        for key, side, price, left in state
    }
