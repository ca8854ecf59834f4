"""The gateway itself in memory: who asks, its clock, its limits and its switches."""

from collections.abc import AsyncGenerator, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from typing import Any

from quantgraph.domain.access import Actor, Principal, Scope
from quantgraph.domain.controls import Control, HaltCause, TradingState, TradingStatus
from quantgraph.domain.errors import (
    Unauthenticated,
)
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.subscriptions import OpenStream, Tally
from quantgraph.domain.system import (
    PARTS,
    BackendInfo,
    Capability,
    ClockInfo,
    Limits,
    Mode,
    ServerInfo,
)
from quantgraph.domain.terminals import (
    AccountLogin,
    TerminalLink,
    TerminalNews,
    TerminalPart,
    TerminalState,
    TerminalStatus,
)
from quantgraph.services.subscriptions import StreamBook

NOW = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)


LIMITS = Limits(
    100_000, 1_000, 262_144, 2_000, 12, 30, 5, 2_000, 20, 30, 500, 200, 1_000, 50, 200, 6_000,
    4_194_304, 50, 50, 50_000, 64, 10_000, 2_000,
)  # fmt: skip


class MarketClock:
    """Stands still."""

    def now(self) -> datetime:
        return NOW


class Inline:
    """Work that is short enough to be done at once."""

    async def run(self, work: Any, *args: Any) -> Any:
        return work(*args)


class MemoryBook(StreamBook):
    """Tells of two streams, whatever is open."""

    async def held(self, actor: Actor, first: int) -> Sequence[OpenStream]:
        quotes = OpenStream("stream_2", "quotes", False, NOW, Tally(7, 3, 1, 2))
        orders = OpenStream("stream_1", "orderUpdates", True, NOW, Tally(5, 0, 4, None, "sim-1"))
        return [quotes, orders, OpenStream("stream_0", "quotes", False, NOW, None)][:first]


class MemoryAccess:
    """Keys by their text; without a key as the local administrator, unless `closed`."""

    def __init__(self) -> None:
        self.closed = False
        self.keys = {
            "reader": Principal("k1", Scope.READ),
            "trader": Principal("k2", Scope.TRADE),
            "one": Principal("k3", Scope.TRADE, frozenset({"sim-1"})),
            "ruler": Principal("k4", Scope.ADMIN, frozenset({"sim-1"})),
        }

    async def authenticate(self, credential: str | None, peer: str = "") -> Principal:
        if credential is None and not self.closed:
            return Principal("local", Scope.ADMIN)
        if credential not in self.keys:
            raise Unauthenticated(Reason.UNAUTHENTICATED, "This API key is not known.")
        return self.keys[credential]

    async def recheck(self, principal: Principal, peer: str = "") -> None:
        pass


class MemorySystem:
    def __init__(self) -> None:
        self.wrong: dict[str, str] = {}
        self.trading = TradingState.ACTIVE
        self.epoch = "w1"
        self.limits = LIMITS

    async def info(self, parts: AbstractSet[str] = PARTS) -> ServerInfo:
        clock = ClockInfo(NOW, True, 1.0, False, Phase.CONTINUOUS, date(2024, 3, 1), self.epoch)
        able = (Capability("bars", True), Capability("level2", False, "not bought"))
        backend = BackendInfo("sim", "sim", True, able)
        parts = (TradingStatus(None, self.trading), clock, self.limits, (backend,))
        return ServerInfo(
            "0.1.0", Mode.MOCK, *parts, "test", "numpy", "python", NOW, self._terminals()
        )

    async def terminals(self) -> AsyncGenerator[TerminalNews, None]:
        yield TerminalNews(StreamKind.SNAPSHOT, self._terminals())

    @staticmethod
    def _terminals() -> tuple[TerminalStatus, ...]:
        link = TerminalLink(TerminalPart.TRADING, TerminalState.LOST, NOW, None, 2, "TIMED_OUT")
        logins = (AccountLogin("sim-1", True, None), AccountLogin("sim-2", False, "Away."))
        return (TerminalStatus("sim", "sim", Source.SIMULATED, (link,), logins),)

    async def problems(self) -> dict[str, str]:
        return self.wrong


class MemoryControlLog:
    """What was ordered, newest last."""

    def __init__(self) -> None:
        self.held: list[Control] = []

    def record(self, control: Control) -> None:
        self.held.append(control)

    def present(self) -> list[Control]:
        return list({each.account_id: each for each in self.held}.values())

    def of(self, cause: HaltCause) -> list[Control]:
        return [each for each in self.held if each.cause is cause]


class MemorySecret:
    """An arming secret in plain text."""

    def check(self, secret: str) -> bool:
        return secret == "open"
