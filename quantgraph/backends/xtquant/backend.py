"""The vendor's terminal as a `Backend`: a data client, a trader's link, and nothing in between."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from quantgraph.backends.xtquant.accounts import XtAccounts
from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.backends.xtquant.client import DataLimits, DataThread
from quantgraph.backends.xtquant.data import Address, Data, DataClient, rows_of
from quantgraph.backends.xtquant.deep_feed import TerminalDepthFeed
from quantgraph.backends.xtquant.downloads import TerminalDownloads
from quantgraph.backends.xtquant.futures_positions import XtFuturesPositions
from quantgraph.backends.xtquant.hong_kong import TerminalHongKong
from quantgraph.backends.xtquant.issues import XtIssues
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.live import FeedParts, TerminalFeed
from quantgraph.backends.xtquant.market import TerminalMarket
from quantgraph.backends.xtquant.minutes import TerminalBars
from quantgraph.backends.xtquant.sdk import Sdk
from quantgraph.backends.xtquant.trader import LinkParts, TraderLink
from quantgraph.domain.calendar import TradingCalendar, from_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.quotes import Quote
from quantgraph.domain.snapshots import QuoteColumns
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import SourceState
from quantgraph.domain.system import Capability
from quantgraph.domain.terminals import TerminalPart, TerminalStatus

KIND = "xtquant"
# What the terminal tells an operator, and by which function.
_FACTS = {
    "data folder": "get_data_dir",
    "markets": "get_authorized_market_list",
    "markets abroad": "get_wp_market_list",
    "periods": "get_period_list",
}


@dataclass(frozen=True, slots=True)
class TerminalSettings:
    """Where the terminal is: its `userdata_mini` folder, and its quote service.

    `data_seconds` and `trade_seconds`: that a question about data, or about accounts and orders,
    may take. `silent_seconds`: that a download may say nothing. `market_data` False: its quote
    service is left alone; the SDK has one connection to any per process.
    """

    name: str
    path: str
    address: Address
    data_seconds: float = 30.0
    trade_seconds: float = 5.0
    silent_seconds: float = 120.0
    market_data: bool = True


# Makes what places orders, of the link and who hears of them: this room has no way to it.
MakeSender = Callable[[TraderLink, OrderListener], Terminal]


class XtTerminal:
    """Makes the parts of one terminal, in the running loop; nothing connects before `start`."""

    def __init__(
        self,
        sdk: Sdk,
        settings: TerminalSettings,
        time: tuple[TradingCalendar, Clock],
        make_sender: MakeSender,
    ) -> None:
        """Make them over the SDK; `make_sender` is called in prod alone."""
        calendar, self._clock = time
        self._sdk_version = sdk.version
        self._make_sender = make_sender
        self._settings = settings
        self._thread = DataThread(DataLimits(seconds=settings.data_seconds))
        self._data = Data(sdk, settings.address)
        client = DataClient(self._data, self._thread)
        self._client = client
        self._market = TerminalMarket(client, calendar, self._clock)
        self._feed = TerminalFeed(FeedParts(client, self._market, self._clock))
        # A list without progress is silent for all the time that it takes.
        self._fetching = DataThread(DataLimits(seconds=settings.silent_seconds))
        self._downloads = TerminalDownloads(
            DataClient(self._data, self._fetching),
            settings.silent_seconds,
            lambda: self._feed.state().connected,
        )
        link = LinkParts(
            sdk.trader, settings.path, seconds=settings.trade_seconds, clock=self._clock
        )
        self.link = TraderLink(link)
        self._listener: OrderListener | None = None

    def backend(self) -> Backend:
        """Return the terminal as the gateway sees it."""
        return Backend(
            name=self._settings.name,
            kind=KIND,
            quotes=LiveQuotes(self._market, self._feed),
            data=self._market,
            bar_feed=TerminalBars(self._feed, self._market, self._clock),
            reference=self._market.reference,
            catalog=self._market.catalog,
            depth=self._market.depth,
            depth_feed=TerminalDepthFeed(self._feed, self._market.reference),
            quotas=XtIssues(self.link),
            futures_positions=XtFuturesPositions(self.link),
            hong_kong=TerminalHongKong(self._client),
            accounts=XtAccounts(self.link),
            downloader=self._downloads,
            sender=self._sender,
            capabilities=self._capabilities,
            problems=self._problems,
            status=self._status,
            heed=self._heed,
            start=self._start,
            close=self._close,
        )

    def _sender(self) -> Terminal:
        self._listener = OrderListener(self.link, self._clock)
        return self._make_sender(self.link, self._listener)

    def _capabilities(self) -> tuple[Capability, ...]:
        data, link = self._data, self.link
        accounts = None if link.accounts is None else len(link.accounts)
        others = Counter(each.account_type for each in link.unserved)
        told = Told(data.lacking | link.lacking, data.empty, accounts, others, data.afar)
        return capabilities(told)

    def _problems(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        if not self._feed.state().connected:
            found["market_data"] = "The terminal's market data service does not answer."
        if not self.link.up:
            found["accounts"] = "The terminal's trading service is not connected."
        return found

    def _status(self) -> TerminalStatus:
        data, trading = self._feed.link.state, self.link
        quoted = self._feed.state().last_event_time
        heard = None if quoted is None else from_ms(quoted)
        return TerminalStatus(
            name=self._settings.name,
            kind=KIND,
            source=Source.TERMINAL,
            links=(
                data.told(TerminalPart.MARKET_DATA, heard),
                trading.state.told(TerminalPart.TRADING, trading.heard_at),
            ),
            logins=tuple(each.login() for each in (trading.accounts or {}).values()),
            sdk_version=self._sdk_version,
            terminal_version=self._feed.edition,
        )

    async def facts(self) -> Mapping[str, str]:
        """Return what the terminal tells an operator: its data folder, markets and periods.

        What it does not tell is left out.
        """
        found: dict[str, str] = {}
        for name, function in _FACTS.items():
            try:
                told = await self._client.ask(function)
            except GatewayError:
                continue
            found[name] = _fact(told)
        return {name: text for name, text in found.items() if text}

    def _heed(self, changed: Callable[[], None]) -> None:
        self._feed.link.changed = self.link.changed = changed

    async def _start(self) -> None:
        if self._settings.market_data:
            self._feed.link.start()
        self.link.start()

    async def _close(self) -> None:
        await self._feed.close()
        if self._listener is not None:
            self._listener.close()
        await self.link.close()
        self._thread.close()
        self._fetching.close()


class LiveQuotes:
    """Implements `TerminalQuotes`: asked quotes and boards, and the feed."""

    def __init__(self, market: TerminalMarket, feed: TerminalFeed) -> None:
        """Ask both."""
        self._market, self._feed = market, feed

    async def quotes(self, symbols: Sequence[str]) -> Sequence[Quote | GatewayError]:
        """Return the newest quote per symbol; see `ports.Quotes`."""
        return await self._market.quotes(symbols)

    async def board(self, symbols: Sequence[str], fields: tuple[str, ...]) -> QuoteColumns:
        """Return the newest quotes of those symbols that are quoted, as columns."""
        return await self._market.board(symbols, fields)

    async def follow(self, symbol: str) -> AsyncGenerator[Quote, None]:
        """Yield the present quote, then every new one, until closed. Errors: UNKNOWN_SYMBOL."""
        async with aclosing(self._feed.follow(symbol)) as quotes:
            async for quote in quotes:
                yield quote

    def state(self) -> SourceState:
        """Return whether the terminal is connected, and when it last gave a quote."""
        return self._feed.state()


def _fact(told: Any) -> str:  # noqa: ANN401 a text, a list, or a document around either
    """Return an answer as words: of a document its list, of what has a name the name."""
    if isinstance(told, str):
        return told
    if isinstance(told, Mapping):
        document = cast("Mapping[str, Any]", told)
        return _fact(document.get("result", tuple(document)))
    return " ".join(_name(each) for each in rows_of(told))


def _name(told: Any) -> str:  # noqa: ANN401 a text, or a document with a name
    named = cast("Mapping[str, Any]", told) if isinstance(told, Mapping) else {"name": told}
    return str(named.get("name"))
