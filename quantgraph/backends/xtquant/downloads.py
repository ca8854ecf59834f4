"""Fills the terminal's own cache: one download after the other, each told of and stoppable.

The SDK's function polls for ever and cannot be stopped: the native one below it is called, whose
progress comes from a foreign thread.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.crossing import enter
from quantgraph.backends.xtquant.data import Data, DataClient
from quantgraph.backends.xtquant.days import day_digits
from quantgraph.domain.errors import Unavailable, bad_request
from quantgraph.domain.reasons import Reason

Told: TypeAlias = Callable[["Progress"], object]


class DownloadKind(StrEnum):
    """What is fetched from the vendor's servers into the terminal's cache."""

    MINUTES = "MINUTES"
    DAYS = "DAYS"
    TICKS = "TICKS"
    FINANCIALS = "FINANCIALS"
    SECTORS = "SECTORS"
    FUND_LISTS = "FUND_LISTS"
    MAIN_CONTRACTS = "MAIN_CONTRACTS"
    WEIGHTS = "WEIGHTS"
    BONDS = "BONDS"
    HOLIDAYS = "HOLIDAYS"


@dataclass(frozen=True, slots=True)
class DownloadWish:
    """What of whom: kinds of whole lists take no symbols; no start means what is new."""

    kind: DownloadKind
    symbols: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; `total` counts the vendor's own steps, and grows as it learns of more."""

    finished: int
    total: int
    message: str = ""


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
    DownloadKind.FUND_LISTS: (("XXXXXX.SH", "XXXXXX.SZ"), (2004, 86_401_000)),
    DownloadKind.MAIN_CONTRACTS: (
        tuple(f"{product}00.IF" for product in ("IF", "IH", "IC", "IM")),
        (5004, 86_400_000),
    ),
}
# The SDK's own functions for the rest: one call, no progress.
_CALLS: Mapping[DownloadKind, str] = {
    DownloadKind.WEIGHTS: "download_index_weight",
    DownloadKind.BONDS: "download_cb_data",
    DownloadKind.HOLIDAYS: "download_holiday_data",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """One native download."""

    codes: tuple[str, ...]
    period: str
    table: tuple[int, int] | None
    start: str
    end: str


class TerminalDownloads:
    """Runs downloads on a client (and thread) of its own: live data never waits for them."""

    def __init__(self, client: DataClient, quiet_seconds: float = 120.0) -> None:
        """Give a download up that says nothing for so long."""
        self._client = client
        self._quiet = quiet_seconds
        # The terminal stops all of a connection at once: there is one at a time.
        self._turn = asyncio.Lock()

    async def run(self, wish: DownloadWish, told: Told) -> Progress:
        """Download and return how it ended; `told` hears of every step, on the loop.

        Cancelling it stops the terminal as well. Errors: BAD_REQUEST, TERMINAL_LACKS,
        SOURCE_UNAVAILABLE with the terminal's words, TIMED_OUT where it says nothing any more.
        """
        _check(wish)
        async with self._turn:
            if wish.kind in _CALLS:
                await self._client.ask(_CALLS[wish.kind])
                told(Progress(1, 1))
                return Progress(1, 1)
            parts, done, last = _parts(wish), 0, Progress(0, 0)
            for part in parts:
                last = await self._fetch(part, lambda each, so=done: told(_after(each, so)))
                last, done = _after(last, done), done + last.total
            return last

    async def _fetch(self, part: _Part, told: Told) -> Progress:
        loop, news = asyncio.get_running_loop(), asyncio.Queue[Progress]()

        def heard(progress: Mapping[str, Any]) -> bool:
            """Take the terminal's word, in its thread; True ends the download there."""
            step = Progress(
                int(progress.get("finished", 0)),
                int(progress.get("total", 0)),
                str(progress.get("message", "")),
            )
            enter(loop, news.put_nowait, step)
            return step.total < 0 or step.finished >= step.total

        ended = False
        try:
            await self._client.run(_begin, part, heard)
            while True:
                step = await self._next(news)
                if step.total < 0:
                    text = f"The terminal could not download: {step.message[:200]}."
                    raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
                told(step)
                if step.finished >= step.total:
                    ended = True
                    return step
        finally:
            if not ended:
                await asyncio.shield(self._client.run(_stop))

    async def _next(self, news: "asyncio.Queue[Progress]") -> Progress:
        try:
            async with asyncio.timeout(self._quiet):
                return await news.get()
        except TimeoutError:
            text = f"The download said nothing for {self._quiet:g} s and was stopped."
            raise Unavailable(Reason.TIMED_OUT, text) from None


def _begin(data: Data, part: _Part, heard: Callable[[Mapping[str, Any]], bool]) -> None:
    param: dict[str, object] = {"incrementally": not part.start}
    if part.table is not None:
        param |= {"metaid": part.table[0], "period": part.table[1]}
    data.native(
        "supply_history_data2",
        *([*part.codes], part.period, part.start, part.end, data.encode(param), heard),
    )


def _stop(data: Data) -> None:
    data.native("stop_supply_history_data2")


def _parts(wish: DownloadWish) -> Sequence[_Part]:
    start, end = day_digits(wish.start), day_digits(wish.end)
    if wish.kind in _LISTS:
        codes, table = _LISTS[wish.kind]
        return [_Part(codes, "", table, start, end)]
    vendor = tuple(to_vendor(symbol) for symbol in wish.symbols)
    return [_Part(vendor, period, None, start, end) for period in _PERIODS[wish.kind]]


def _after(step: Progress, done: int) -> Progress:
    return Progress(done + step.finished, done + step.total, step.message)


def _check(wish: DownloadWish) -> None:
    named = wish.kind in _PERIODS
    if named != bool(wish.symbols):
        text = (
            f"{wish.kind} {'needs symbols' if named else 'is downloaded whole, without symbols'}."
        )
        raise bad_request(text, field="symbols")
