"""Fills the terminal's own cache: one download after the other, each told of and stoppable.

The SDK's function polls for ever and cannot be stopped: the native one below it is called, whose
progress comes from a foreign thread.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.crossing import enter
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.days import day_digits
from quantgraph.backends.xtquant.table_downloads import VERB, ask_after, begin
from quantgraph.domain.downloads import DownloadKind, DownloadProgress, DownloadWish, Told
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

# The SDK's tables of statements, one download each.
_TABLES = (
    *("Balance", "Income", "CashFlow", "Capital"),
    *("Top10FlowHolder", "Top10Holder", "HolderNum", "PershareIndex"),
)
# Periods by name; of whole lists also by the numbers of the vendor's table.
_PERIODS: Mapping[DownloadKind, tuple[str, ...]] = {
    DownloadKind.MINUTES: ("1m",),
    DownloadKind.DAYS: ("1d",),
    DownloadKind.TICKS: ("tick",),
    DownloadKind.FINANCIALS: _TABLES,
}
_LISTS: Mapping[DownloadKind, tuple[tuple[str, ...], tuple[int, int]]] = {
    DownloadKind.SECTORS: ((), (2009, 86_400_000)),
    # The SDK's own codes, not ours: they stand for all funds of an exchange.
    DownloadKind.FUND_LISTS: (("XXXXXX.SH", "XXXXXX.SZ"), (2004, 86_401_000)),
    DownloadKind.MAIN_CONTRACTS: (
        tuple(f"{product}00.IF" for product in ("IF", "IH", "IC", "IM")),
        (5004, 86_400_000),
    ),
    # These stand for all options of an exchange.
    DownloadKind.OPTION_HISTORY: (("XXXXXX.SHO", "XXXXXX.SZO"), (9502, 86_400_000)),
}
# The SDK's own functions for the rest: one call, no progress.
_CALLS: Mapping[DownloadKind, str] = {
    DownloadKind.WEIGHTS: "download_index_weight",
    DownloadKind.BONDS: "download_cb_data",
    DownloadKind.HOLIDAYS: "download_holiday_data",
    DownloadKind.EXPIRED_CONTRACTS: "download_history_contracts",
    DownloadKind.SPECIAL_TREATMENTS: "download_his_st_data",
    DownloadKind.TABLE_LIST: "download_metatable_data",
}


_NATIVE = "supply_history_data2"
_FETCHERS = dict.fromkeys(DownloadKind, _NATIVE) | _CALLS | {DownloadKind.TABLE: VERB}
# The function that fetches → the kinds that cannot be had without it.
FETCHED: Mapping[str, tuple[DownloadKind, ...]] = {
    function: tuple(kind for kind in DownloadKind if _FETCHERS[kind] == function)
    for function in _FETCHERS.values()
}
# Of these a day that is meant whole is named to the second, as the SDK's text asks.
_INTRADAY = frozenset({DownloadKind.MINUTES, DownloadKind.TICKS})
# Seconds between two looks whether the terminal is still there.
_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class _Part:
    """One native download."""

    codes: tuple[str, ...]
    period: str
    table: tuple[int, int] | None
    start: str
    end: str


class TerminalDownloads:
    """Runs downloads on a thread of its own: live data never waits for them.

    It never connects: `up` says whether the connection of live data is there, which it shares.
    """

    source = Source.TERMINAL

    def __init__(
        self,
        client: DataClient,
        quiet_seconds: float = 120.0,
        up: Callable[[], bool] = lambda: True,
        look_seconds: float = 1.0,
    ) -> None:
        """Give a download up that says nothing for so long; ask after one that tells nothing."""
        self._client = client
        self._quiet = quiet_seconds
        self._up = up
        self._look = look_seconds
        # The terminal stops all of a connection at once: there is one at a time.
        self._turn = asyncio.Lock()
        self._call: asyncio.Task[object] | None = None

    async def run(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Download and return how it ended; see `ports.Downloader`."""
        async with self._turn:
            self._require()
            if wish.kind in _CALLS:
                await self._ended(self._client.ask(_CALLS[wish.kind]))
                if wish.kind is DownloadKind.TABLE_LIST:
                    await self._client.run(Data.forget_tables)
                told(DownloadProgress(1, 1))
                return DownloadProgress(1, 1)
            if wish.kind is DownloadKind.TABLE:
                return await self._table(wish, told)
            parts, done, last = _parts(wish), 0, DownloadProgress(0, 0)
            for part in parts:
                last = await self._fetch(part, lambda each, so=done: told(_after(each, so)))
                last, done = _after(last, done), done + last.total
            return last

    async def _fetch(self, part: _Part, told: Told) -> DownloadProgress:
        loop, news = asyncio.get_running_loop(), asyncio.Queue[DownloadProgress]()

        def heard(progress: Mapping[str, Any]) -> bool:
            """Take the terminal's word, in its thread; True ends the download there."""
            step = DownloadProgress(
                int(progress.get("finished", 0)),
                int(progress.get("total", 0)),
                str(progress.get("message", "")),
            )
            enter(loop, news.put_nowait, step)
            return step.total < 0 or step.finished >= step.total

        ended = False
        try:
            await self._ended(self._client.run(_begin, part, heard))
            while True:
                step = await self._next(news)
                if step.total < 0:
                    text = f"The terminal could not download: {step.message[:200]}."
                    raise Unavailable(Reason.DOWNLOAD_REFUSED, text)
                told(step)
                if step.finished >= step.total:
                    ended = True
                    return step
        finally:
            if not ended:
                await asyncio.shield(self._client.run(_stop))

    async def _table(self, wish: DownloadWish, told: Told) -> DownloadProgress:
        """Ask after it until it has ended. Nothing stops one that nobody waits for any more."""
        number = await self._client.run(begin, wish)
        left, last = self._quiet, DownloadProgress(-1, 0)
        while left > 0:
            step, ended = await self._client.run(ask_after, number)
            told(step)
            if ended:
                return step
            left = left - self._look if step == last else self._quiet
            last = step
            await asyncio.sleep(self._look)
            self._require()
        text = f"The download came no further for {self._quiet:g} s; it is not waited for."
        raise Unavailable(Reason.TIMED_OUT, text)

    async def _next(self, news: "asyncio.Queue[DownloadProgress]") -> DownloadProgress:
        left = self._quiet
        while left > 0:
            try:
                async with asyncio.timeout(min(left, _LOOK_S)):
                    return await news.get()
            except TimeoutError:
                left -= _LOOK_S
                self._require()
        text = f"The download said nothing for {self._quiet:g} s and was stopped."
        raise Unavailable(Reason.TIMED_OUT, text)

    async def _ended(self, call: Coroutine[Any, Any, object]) -> None:
        """Wait for a call; where nobody waits any more, its deadline still tells that it hangs."""
        self._call = asyncio.create_task(call)
        # Whatever it says then is nobody's.
        self._call.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.shield(self._call)

    def _require(self) -> None:
        if self._call is not None and not self._call.done():
            text = "The terminal has not come back from an earlier download; this one waits."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
        if not self._up():
            text = "The terminal's market data service does not answer; the download waits for it."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)


def _begin(data: Data, part: _Part, heard: Callable[[Mapping[str, Any]], bool]) -> None:
    param: dict[str, object] = {"incrementally": not part.start}
    if part.table is not None:
        param |= {"metaid": part.table[0], "period": part.table[1]}
    data.native(
        _NATIVE,
        *([*part.codes], part.period, part.start, part.end, data.encode(param), heard),
    )


def _stop(data: Data) -> None:
    data.native("stop_supply_history_data2")


def _parts(wish: DownloadWish) -> Sequence[_Part]:
    if wish.kind in _LISTS:
        codes, table = _LISTS[wish.kind]
        return [_Part(codes, "", table, "", "")]
    start, end = day_digits(wish.start), day_digits(wish.end)
    if wish.kind in _INTRADAY:
        start, end = start and f"{start}000000", end and f"{end}235959"
    vendor = tuple(to_vendor(symbol) for symbol in wish.symbols)
    return [_Part(vendor, period, None, start, end) for period in _PERIODS[wish.kind]]


def _after(step: DownloadProgress, done: int) -> DownloadProgress:
    return DownloadProgress(done + step.finished, done + step.total, step.message)
