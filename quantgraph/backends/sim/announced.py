"""Corporate actions that an operator announced: part of what the paths of their symbols are."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

from quantgraph.backends.sim.daily import Path
from quantgraph.domain.errors import ChangeRefused, bad_request
from quantgraph.domain.instruments import InstrumentKind
from quantgraph.domain.reasons import Reason
from quantgraph.domain.simulation import CorporateAction

# Ex-days in one world: every announcement is walked through again by whoever asks for its symbol.
MOST = 1_000
_TEN = 10
_GRANTING = frozenset({InstrumentKind.STOCK, InstrumentKind.FUND})
Events: TypeAlias = Mapping[str, tuple[CorporateAction, ...]]


class Announced:
    """The events of one world by symbol and ex-day; read by any thread, written by the loop."""

    def __init__(self) -> None:
        """Begin without any."""
        self._state: tuple[int, Events] = (0, {})

    @property
    def version(self) -> int:
        """A number that differs after every change."""
        return self._state[0]

    @property
    def events(self) -> Events:
        """All events: what `replace` puts in their place again."""
        return self._state[1]

    def of(self, symbol: str) -> tuple[CorporateAction, ...]:
        """Return a symbol's events by ex-day, one each."""
        return self._state[1].get(symbol, ())

    def add(self, action: CorporateAction) -> None:
        """Add an event; what one ex-day grants already is added up. Raises ACTION_LIMIT."""
        held = {each.ex_date: each for each in self.of(action.symbol)}
        known = held.get(action.ex_date)
        if known is None and sum(map(len, self.events.values())) >= MOST:
            text = f"{MOST} ex-days have been announced, the most that one world has."
            raise ChangeRefused(Reason.ACTION_LIMIT, text, limit=MOST)
        held[action.ex_date] = action if known is None else _both(known, action)
        self.put(action.symbol, tuple(held[day] for day in sorted(held)))

    def put(self, symbol: str, actions: tuple[CorporateAction, ...]) -> None:
        """Let a symbol have these events alone; nothing changes where it has."""
        if self.of(symbol) != actions:
            self.replace({**self.events, symbol: actions})

    def replace(self, events: Events) -> None:
        """Let the world have these events alone."""
        # One assignment: a thread that reads meanwhile sees both of before, or both of now.
        self._state = (self.version + 1, events)

    def dump(self) -> list[dict[str, Any]]:
        """Return all events as values that JSON has."""
        return [_plain(each) for symbol in sorted(self.events) for each in self.of(symbol)]


def read_events(state: Sequence[Mapping[str, Any]]) -> Events:
    """Return the events that were dumped."""
    book = Announced()
    for each in state:
        grants = {name: Decimal(each[name]) for name in ("cash", "bonus", "conversion")}
        book.add(CorporateAction(each["symbol"], date.fromisoformat(each["ex_date"]), **grants))
    return book.events


def check_action(action: CorporateAction, path: Path, today: date) -> None:
    """Refuse what the symbol's path cannot take. Raises BAD_REQUEST, PRICES_RECORDED."""
    instrument = path.instrument
    if instrument.kind not in _GRANTING:
        text = f"{action.symbol} is a {instrument.kind}: only shares and funds pay their holders."
        raise bad_request(text, field="symbol")
    if action.ex_date in path.minutes:
        raise recorded(action.symbol)
    last = int(np.searchsorted(path.days, np.datetime64(today))) - 1
    if last < 0:
        text = f"{action.symbol} has not been traded yet: it has no price that could follow."
        raise bad_request(text, field="ex_date")
    close = Decimal(int(path.bars.close[last])) / path.scale
    if action.cash / _TEN >= close:
        text = f"cash is {action.cash} yuan for ten shares, which cost {close * _TEN}."
        raise bad_request(text, field="cash")


def recorded(symbol: str) -> ChangeRefused:
    """Return the refusal of an event whose ex-day, or whose events, are recorded ones."""
    text = f"The prices of {symbol} are imported or lived again: no event changes them."
    return ChangeRefused(Reason.PRICES_RECORDED, text, symbol=symbol)


def _both(one: CorporateAction, other: CorporateAction) -> CorporateAction:
    return replace(
        one,
        cash=one.cash + other.cash,
        bonus=one.bonus + other.bonus,
        conversion=one.conversion + other.conversion,
    )


def _plain(action: CorporateAction) -> dict[str, Any]:
    return {name: str(value) for name, value in asdict(action).items()}
