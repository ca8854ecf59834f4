"""The whole exchange as values that JSON has, and back."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from quantgraph.backends.sim.dealing import Dealing
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.floor import Floor
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.securities import Security
from quantgraph.backends.sim.standing import Roll, Standing
from quantgraph.domain.errors import ChangeRefused, OrderRefused
from quantgraph.domain.reasons import Reason


def dump_exchange(exchange: Exchange) -> dict[str, Any]:
    """Return the state of an exchange on which all that is due has happened.

    Raises ChangeRefused SNAPSHOT_UNUSABLE while a symbol follows frames that no scenario names.
    """
    dealing = exchange.dealing
    for pit in dealing.floor:
        if pit.scripted and pit.following is None:
            text = f"{pit.symbol} follows a day that no scenario names, which no snapshot keeps."
            raise ChangeRefused(Reason.SNAPSHOT_UNUSABLE, text, symbol=pit.symbol)
    return {
        "day": exchange.day.isoformat(),
        "at": dealing.at,
        "count": exchange.count,
        "ledgers": [each.dump() for each in exchange.ledgers.values()],
        "orders": [each.dump() for each in dealing.roll.all()],
        "late": [each.key for waiting in dealing.late.values() for each in waiting],
        "leaving": sorted(dealing.leaving),
        "floor": dealing.floor.dump(),
    }


def live_in(state: Mapping[str, Any]) -> tuple[date, Sequence[str]]:
    """Return a state's day and its live symbols: their securities are needed to load it.

    Raises ChangeRefused SNAPSHOT_UNUSABLE.
    """
    with readable():
        return date.fromisoformat(state["day"]), sorted(state["floor"]["pits"])


def load_exchange(
    state: Mapping[str, Any], rules: Rules, securities: Mapping[str, Security]
) -> Exchange:
    """Return the exchange that was dumped, over the securities of its live symbols.

    Raises ChangeRefused SNAPSHOT_UNUSABLE.
    """
    with readable():
        return _loaded(state, rules, securities)


def _loaded(state: Mapping[str, Any], rules: Rules, securities: Mapping[str, Security]) -> Exchange:
    ledgers = [Ledger.load(each) for each in state["ledgers"]]
    exchange = Exchange(ledgers, date.fromisoformat(state["day"]), rules)
    for each in securities.values():
        exchange.list_security(each)
    floor = Floor.load(state["floor"], securities)
    exchange.dealing = Dealing(exchange.settlement, floor, Roll())
    exchange.dealing.at = int(state["at"])
    exchange.dealing.reload([Standing.load(each) for each in state["orders"]], state["late"])
    exchange.dealing.leaving.update(int(key) for key in state.get("leaving", ()))
    exchange.count = int(state["count"])
    return exchange


@contextmanager
def readable() -> Generator[None, None, None]:
    """Refuse a state that is not what it should be, whatever is wrong with it."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        text = f"The state of the exchange cannot be read: {type(error).__name__} {error}."
        raise ChangeRefused(Reason.SNAPSHOT_UNUSABLE, text) from error
    except OrderRefused as error:
        text = f"A symbol of the snapshot cannot be listed again: {error.message}"
        raise ChangeRefused(Reason.SNAPSHOT_UNUSABLE, text) from error
