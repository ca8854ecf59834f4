"""What the terminal asks of whoever runs the exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import load_exchange
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.terminal import ExecutionReport
from quantgraph.seeds import SeedAccount

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a world begins with: accounts, the first day, rules."""

    accounts: tuple[SeedAccount, ...]
    day: date
    rules: Rules

    def exchange(self) -> Exchange:
        """Return the exchange, opened."""
        return Exchange([Ledger.open(each) for each in self.accounts], self.day, self.rules)


@dataclass(frozen=True, slots=True)
class Kept:
    """A state that was kept, its day and the symbols that had an order book, and the rules."""

    state: Mapping[str, Any]
    rules: Rules
    day: date
    live: tuple[str, ...]

    def exchange(self, securities: Mapping[str, Security]) -> Exchange:
        """Return the exchange. Raises ChangeRefused SNAPSHOT_UNUSABLE."""
        return load_exchange(self.state, self.rules, securities)


@dataclass(frozen=True, slots=True)
class Progress:
    """Reports so far, and when (epoch ms) what is still to happen begins.

    `due` is None where nothing waits until the instant asked for.
    """

    reports: list[ExecutionReport]
    due: int | None

    @property
    def behind(self) -> bool:
        """Whether anything is still to happen until the instant asked for."""
        return self.due is not None

    @classmethod
    def of(cls, exchange: Exchange, reports: list[ExecutionReport], at: int) -> "Progress":
        """Return how far an exchange came on its way to an instant."""
        return cls(reports, exchange.due if exchange.behind(at) else None)


class Engine(Protocol):
    """One exchange and its time. Acts are done one after the other, in the order asked.

    What the exchange raises is raised. Errors of each method besides: EXCHANGE_LOST where the
    exchange is gone. FateUnknownError where it went after it was asked to act, and nobody knows
    whether it did.
    """

    @property
    def apart(self) -> bool:
        """Whether calls take their time: a caller that goes away meanwhile loses the answer."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the exchange is gone: only a new world brings another one."""
        ...

    def watch(self, lost: Callable[[], None]) -> None:
        """Call `lost` when the exchange is gone without having been closed."""
        ...

    async def begin(self, opening: Opening) -> None:
        """Open a world; the one before is forgotten."""
        ...

    async def load(self, kept: Kept) -> None:
        """Read a state and keep it beside the present world, until `adopt`.

        Raises what listing its symbols does; ChangeRefused SNAPSHOT_UNUSABLE.
        """
        ...

    async def adopt(self, rules: Rules) -> None:
        """Go on from the state that was read, by these rules; the present world is forgotten."""
        ...

    async def enlist(self, symbol: str, day: date) -> None:
        """List a symbol for a day. Raises OrderRefused where it is not traded on it."""
        ...

    async def advance(self, at: int, seconds: float = 0.0) -> Progress:
        """Let happen a part of what is due until an instant (epoch ms), then give others a turn.

        The part takes `seconds` at most, about, where others have their turns meanwhile; where
        they have not it is a few steps.
        """
        ...

    def hurry(self) -> None:
        """Let an `advance` that is under way end with the step that it is at."""
        ...

    async def act(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something at the exchange; `work` is a function of a module or a class."""
        ...

    async def attach(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what hangs on no instant and no book, also while the exchange moves."""
        ...

    async def look(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read something soon, also while the exchange moves; nothing may change by it."""
        ...

    async def close(self) -> None:
        """End the exchange."""
        ...
