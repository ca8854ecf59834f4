"""Several terminals as one `Backend`."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from quantgraph.backends.many.accounts import ManyAccounts
from quantgraph.backends.many.desk import open_desk
from quantgraph.backends.many.directory import Directory, Memory
from quantgraph.backends.many.feeds import ManyBars, ManyDepth, ManyQuotes
from quantgraph.backends.many.frames import ManyFrames
from quantgraph.backends.many.members import Member, told_of
from quantgraph.backends.many.preferred import Preferred, falling_back
from quantgraph.domain.downloads import DownloadProgress, DownloadWish, Told
from quantgraph.domain.errors import GatewayError, StartupError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.system import Capability, ClockInfo
from quantgraph.domain.terminals import TerminalPart, TerminalStatus

KIND = "several"
_CLAIMED = "Several terminals have the same account: it is refused until one of them lets it go."


class ManyTerminals:
    """Makes the parts of several terminals, the first of those with market data preferred."""

    def __init__(self, members: Sequence[Member], memory: Memory | None = None) -> None:
        """Wire them together; nothing connects before `start`. `memory`: whose accounts were."""
        self._parts = tuple(map(told_of, members))
        self._preferred = Preferred([told_of(each) for each in members if each.market_data])
        self._directory = Directory(self._parts, memory)
        self._heeding: list[Callable[[], None]] = [self._directory.changed, self._preferred.changed]
        for each in self._parts:
            # Once each: a terminal may take one listener alone.
            each.heed(self._changed)

    def backend(self) -> Backend:
        """Return them as the gateway sees them."""
        preferred, accounts = self._preferred, ManyAccounts(self._directory)
        return Backend(
            name=KIND,
            kind=KIND,
            quotes=ManyQuotes(preferred),
            data=falling_back(preferred, lambda each: each.data),
            bar_feed=ManyBars(preferred),
            reference=falling_back(preferred, lambda each: each.reference),
            catalog=falling_back(preferred, lambda each: each.catalog),
            depth=falling_back(preferred, lambda each: each.depth),
            depth_feed=ManyDepth(preferred),
            quotas=accounts,
            futures_positions=accounts,
            hong_kong=falling_back(preferred, lambda each: each.hong_kong),
            accounts=accounts,
            downloader=ManyDownloads(preferred),
            sender=_no_sender,
            capabilities=self._capabilities,
            problems=self._problems,
            status=self._status,
            heed=self._heeding.append,
            start=self._start,
            close=self._close,
            parts=self._parts,
            desk=open_desk(self._parts, self._directory),
            adopt=self._adopt,
            bar_frames=ManyFrames(preferred),
            clock=self._clock,
        )

    def _changed(self) -> None:
        for told in tuple(self._heeding):
            told()

    def _adopt(self, said: Mapping[str, object]) -> None:
        for each in self._parts:
            each.adopt(said)

    def _clock(self) -> ClockInfo | None:
        """Return the time of the first that says it: the others' may be another."""
        told = (each.clock() for each in self._preferred.order)
        return next((each for each in told if each is not None), None)

    def _capabilities(self) -> tuple[Capability, ...]:
        """Return of each operation the word of the first terminal that can, else of the first."""
        rows: dict[str, Capability] = {}
        for row in (row for each in self._parts for row in each.capabilities()):
            kept = rows.setdefault(row.operation, row)
            if row.available and not kept.available:
                rows[row.operation] = row
        return tuple(rows.values())

    def _problems(self) -> Mapping[str, str]:
        found = {
            f"{each.name}.{part}": text
            for each in self._parts
            for part, text in each.problems().items()
        }
        return {**found, "accounts": _CLAIMED} if self._directory.claimed else found

    def _status(self) -> TerminalStatus:
        """Return how the link stands that market data comes from, and those of all accounts."""
        told, market = [each.status() for each in self._parts], self._preferred.present.status()
        data = [each for each in market.links if each.part is TerminalPart.MARKET_DATA]
        trading = [
            link for each in told for link in each.links if link.part is TerminalPart.TRADING
        ]
        logins = tuple(login for each in told for login in each.logins)
        return TerminalStatus(KIND, KIND, market.source, (*data, *trading), logins)

    async def _start(self) -> None:
        for each in self._parts:
            await each.start()

    async def _close(self) -> None:
        await asyncio.gather(*(each.close() for each in self._parts))


class ManyDownloads:
    """Implements `Downloader`: the first terminal that can fills its own cache, away or not.

    None takes another's place while it is away: what it then lacked would be the preferred one's.
    """

    def __init__(self, preferred: Preferred) -> None:
        """Ask in the order of `preferred`."""
        self._preferred = preferred

    @property
    def source(self) -> Source:
        """Where the preferred one fetches from."""
        return self._preferred.order[0].downloader.source

    async def run(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Fetch; see `ports.Downloader`."""
        refused: list[GatewayError] = []
        for each in self._preferred.order:
            try:
                return await each.downloader.run(wish, told)
            except GatewayError as error:
                if error.reason is not Reason.TERMINAL_LACKS:
                    raise
                refused.append(error)
        raise refused[0]


def _no_sender() -> Terminal:
    text = "Orders go to several terminals through their own gateways alone."
    raise StartupError(Reason.MODE_UNAVAILABLE, text)
