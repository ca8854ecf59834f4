"""How the gateway stands with its terminals: their links, versions and logins."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind


class TerminalPart(StrEnum):
    """What of a terminal a link is to: each comes and goes by itself."""

    MARKET_DATA = "MARKET_DATA"
    TRADING = "TRADING"


class TerminalState(StrEnum):
    """Whether a link stands. LOST: it stood before; CONNECTING: it never has yet."""

    CONNECTED = "CONNECTED"
    CONNECTING = "CONNECTING"
    LOST = "LOST"


# The worse later.
_RANKED = (TerminalState.CONNECTED, TerminalState.CONNECTING, TerminalState.LOST)


@dataclass(frozen=True, slots=True)
class TerminalLink:
    """One link. `since`: when it came to its state; None before the first attempt has ended.

    `last_event`: when it last told anything by itself, None where it never has. `attempts`: those
    to connect that have failed in a row. `reason`: the code of the last failure, None while it
    stands.
    """

    part: TerminalPart
    state: TerminalState
    since: datetime | None
    last_event: datetime | None
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class AccountLogin:
    """The login of an account, as it was told last; `reason`: why it takes no orders, in words."""

    account_id: str
    ready: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """A terminal as the gateway sees it now; `source` says whether it is simulated.

    `sdk_version` and `terminal_version` are None where there is none, or nobody has told it.
    """

    name: str
    kind: str
    source: Source
    links: tuple[TerminalLink, ...]
    logins: tuple[AccountLogin, ...] = ()
    sdk_version: str | None = None
    terminal_version: str | None = None

    @property
    def state(self) -> TerminalState:
        """That of the link which stands worst."""
        states = (each.state for each in self.links)
        return max(states, key=_RANKED.index, default=TerminalState.CONNECTING)

    def seen_by(self, sees: Callable[[str], bool]) -> "TerminalStatus":
        """Return it without the logins of accounts that a caller may not know of."""
        return replace(self, logins=tuple(each for each in self.logins if sees(each.account_id)))

    def settled(self) -> "TerminalStatus":
        """Return what a change of it is told by: all but when something was told last."""
        return replace(self, links=tuple(replace(each, last_event=None) for each in self.links))


@dataclass(frozen=True, slots=True)
class TerminalNews:
    """One item of a stream: SNAPSHOT first, UPDATE at once, HEARTBEAT every 5 s.

    Each has every terminal as it is then; a slow reader skips those between.
    """

    kind: StreamKind
    terminals: tuple[TerminalStatus, ...]

    def seen_by(self, sees: Callable[[str], bool]) -> "TerminalNews":
        """Return it without the logins of accounts that a caller may not know of."""
        return replace(self, terminals=tuple(each.seen_by(sees) for each in self.terminals))
