"""The agent: whether it can be asked, what it says of itself, and how its terminal stands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from time import monotonic

from quantgraph.backends.link import Link, Patience
from quantgraph.backends.remote.capability import capabilities
from quantgraph.backends.remote.channel import AgentChannel
from quantgraph.domain.clock import Clock
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.system import Capability, ClockInfo, ServerInfo
from quantgraph.domain.terminals import (
    AccountLogin,
    TerminalLink,
    TerminalPart,
    TerminalState,
    TerminalStatus,
)
from quantgraph.v1 import system_pb2
from quantgraph.wire.system import info_from_proto

KIND = "remote"
# Seconds that it may take to say how it stands: it waits for nothing then.
_LOOK_S = 5.0
# Until it has said what it takes: the defaults of its config.
_SYMBOLS, _ROWS = 1_000, 100_000
# Seconds that its time is taken to go on since it was told: it is told every second.
_GOES_ON_S = 5.0
_PATIENCE = Patience(look=1.0, first=0.5, most=5.0)


class Agent:
    """Looks at it every second; nothing here waits for it but `link`."""

    def __init__(self, name: str, channel: AgentChannel, clock: Clock) -> None:
        """Ask nothing before `link` is started; `name` is what the terminal is called here."""
        self.name = name
        self.channel = channel
        self.info: ServerInfo | None = None
        self._asked_at = 0.0
        self.link = Link(self._renew, clock, _PATIENCE)
        self.link.changed = self._changed
        # Called whenever how the terminal stands may have changed; whether it can be asked.
        self.heard: list[Callable[[bool], None]] = []

    @property
    def most_symbols(self) -> int:
        """Symbols that one question may name."""
        return _SYMBOLS if self.info is None else self.info.limits.batch_symbols

    @property
    def most_rows(self) -> int:
        """Rows that one answer may have."""
        return _ROWS if self.info is None else self.info.limits.bar_rows

    def stands(self, part: TerminalPart) -> bool:
        """Return whether a part of the terminal can be asked now."""
        return self._told(part).state is TerminalState.CONNECTED

    def capabilities(self, *, orders: bool, closed: str | None = None) -> tuple[Capability, ...]:
        """Return the agent's own report, and what does not go through it; whether orders do.

        `closed`: why its desk is not asked now, where it is not.
        """
        return capabilities(self.info, orders=orders, closed=closed)

    def status(self) -> TerminalStatus:
        """Return how its terminal stands, as far as it can be told from here."""
        terminals = () if self.info is None else self.info.terminals
        first = terminals[0] if terminals else None
        return TerminalStatus(
            name=self.name,
            kind=KIND,
            source=Source.TERMINAL if first is None else first.source,
            links=tuple(self._told(part) for part in TerminalPart),
            logins=self._logins(),
            sdk_version=None if first is None else first.sdk_version,
            terminal_version=None if first is None else first.terminal_version,
        )

    def _logins(self) -> tuple[AccountLogin, ...]:
        if self.info is None or not self.link.state.connected:
            return ()
        return tuple(login for each in self.info.terminals for login in each.logins)

    def _told(self, part: TerminalPart) -> TerminalLink:
        """Return how a link stands: the agent's own, as long as it is there to say."""
        own = self.link.state
        if not own.connected or self.info is None:
            return own.told(part, None)
        links = [link for each in self.info.terminals for link in each.links if link.part is part]
        lost = [link for link in links if link.state is not TerminalState.CONNECTED]
        return next(iter((*lost, *links)), own.told(part, None))

    def clock(self) -> ClockInfo | None:
        """Return the time that it lives in now, going on from what it said last."""
        if self.info is None:
            return None
        told = self.info.clock
        speed = told.effective_speed if told.lagging else told.speed
        since = 0.0 if told.paused else min(monotonic() - self._asked_at, _GOES_ON_S)
        return replace(told, now=told.now + timedelta(seconds=since * speed))

    async def ask(self) -> ServerInfo:
        """Return what it says of itself now. Errors: TERMINAL_OFFLINE, TIMED_OUT."""
        answer = await self.channel.call(
            "SystemService/GetServerInfo",
            system_pb2.GetServerInfoRequest(),
            system_pb2.GetServerInfoResponse,
            _LOOK_S,
        )
        self._asked_at = monotonic()
        return info_from_proto(answer.info)

    async def _renew(self) -> None:
        before, self.info = self.info, await self.ask()
        if before is None or _settled(before) != _settled(self.info):
            self._changed()

    def _changed(self) -> None:
        self.channel.silent = self.link.state.reason == Reason.TIMED_OUT.value
        for told in self.heard:
            told(self.link.state.connected)


def _settled(info: ServerInfo) -> list[TerminalStatus]:
    return [each.settled() for each in info.terminals]
