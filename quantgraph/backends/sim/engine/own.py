"""The exchange in the gateway's own process."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Concatenate, ParamSpec, TypeVar

from quantgraph.backends.sim.engine.port import Kept, Opening, Progress
from quantgraph.backends.sim.exchange import Exchange
from quantgraph.backends.sim.hall import Rules
from quantgraph.backends.sim.keeping import readable
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason

P = ParamSpec("P")
T = TypeVar("T")
# About half a millisecond: whoever asks for something takes some turns of the event loop (a
# mutation seven), and waits for a slice at each. 16 steps would save 4 % of the work.
_SLICE = 4


class OwnEngine:
    """Implements `Engine`: calls are plain calls on the event loop."""

    def __init__(self, listing: Callable[[str, date], Awaitable[Security]]) -> None:
        """List by `listing`, which makes the security of a symbol and a day off the loop."""
        self._listing = listing
        self._exchange: Exchange | None = None
        self._read: Exchange | None = None

    @property
    def apart(self) -> bool:
        """Return False."""
        return False

    @property
    def lost(self) -> bool:
        """Return that it never is."""
        return False

    @property
    def exchange(self) -> Exchange:
        """The exchange. Raises EXCHANGE_LOST before a world began."""
        if self._exchange is None:
            raise Unavailable(Reason.EXCHANGE_LOST, "No simulated world has begun yet.")
        return self._exchange

    def watch(self, lost: Callable[[], None]) -> None:
        """Never call: the exchange lives as long as the gateway."""
        del lost

    async def begin(self, opening: Opening) -> None:
        """Open a world."""
        self._exchange = opening.exchange()

    async def load(self, kept: Kept) -> None:
        """Read a state."""
        with readable():
            securities = {symbol: await self._listing(symbol, kept.day) for symbol in kept.live}
        self._read = kept.exchange(securities)

    async def adopt(self, rules: Rules) -> None:
        """Go on from it."""
        if self._read is not None:
            self._read.rules = rules
            self._exchange, self._read = self._read, None

    async def enlist(self, symbol: str, day: date) -> None:
        """List a symbol for a day. Raises OrderRefused where it is not traded on it."""
        exchange, security = self.exchange, await self._listing(symbol, day)
        exchange.list_security(security)

    async def advance(self, at: int, seconds: float = 0.0) -> Progress:
        """Let happen a few steps of what is due, however many seconds there would be."""
        del seconds
        exchange = self.exchange
        reports = exchange.advance(at, _SLICE)
        return Progress.of(exchange, reports, at)

    def hurry(self) -> None:
        """Do nothing: no advance lasts longer than a turn."""

    async def act(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something at the exchange."""
        return work(self.exchange, *args, **kwargs)

    async def attach(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what hangs on no instant."""
        return work(self.exchange, *args, **kwargs)

    async def look(
        self, work: Callable[Concatenate[Exchange, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Read something."""
        return work(self.exchange, *args, **kwargs)

    async def close(self) -> None:
        """Do nothing."""
