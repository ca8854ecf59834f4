"""One session of the vendor's trader, made and used on the trader thread alone."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported
from quantgraph.domain.reasons import Reason

# The SDK has no types.
Vendor: TypeAlias = Any
# Numbers of errors and orders that the SDK never forgets by itself.
_KEPT = 1_000
_GROWING = (
    "handled_async_order_stock_order_id",
    "handled_async_cancel_order_stock_order_id",
    "handled_async_cancel_order_stock_order_sys_id",
    "queuing_order_errors_byseq",
    "queuing_order_errors_byid",
    "queuing_cancel_errors_by_order_id",
    "queuing_cancel_errors_by_order_sys_id",
)


# How a terminal says that it is older than the function.
_UNREALIZED = "function not realize"
_SHOWN = 200


def unasked(method: str, error: Exception) -> GatewayError:
    """Return why a question could not be asked or read: TERMINAL_LACKS, SOURCE_UNAVAILABLE."""
    said = f"{type(error).__name__}: {error}"[:_SHOWN]
    if _UNREALIZED in str(error):
        text = f"This terminal has no {method}; a newer one may."
        return Unsupported(Reason.TERMINAL_LACKS, text, function=method)
    return Unavailable(Reason.SOURCE_UNAVAILABLE, f"The terminal does not answer {method}: {said}")


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account as the SDK's functions take it. Its own class answers errors with a text."""

    account_id: str
    account_type: int


class Session:
    """A connection under a number of its own: what the terminal drops is never used again."""

    def __init__(self, module: Vendor, path: str, number: int, callbacks: object) -> None:
        """Make the SDK's trader (`module` is its xttrader); nothing is connected yet."""
        self.number = number
        self.seconds = 10.0
        self._trader = _kind(module)(path, number, callbacks)
        self._trader.session = self
        # Made per trader, set as this thread's, never run, and never closed by the SDK.
        self._trader.loop.close()
        asyncio.set_event_loop(None)

    def connect(self, seconds: float) -> int:
        """Start and connect; 0 is success, and nothing says why anything else is not."""
        self.seconds = seconds
        self._trader.start()
        return self._trader.connect()

    def subscribe(self, account: AccountRef) -> int:
        """Let pushes of an account come; 0 is success. Raises TimeoutError."""
        return self._trader.subscribe(account)

    def call(self, method: str, *args: object) -> int:
        """Let the SDK send a request that is answered later; return the request's number."""
        for name in _GROWING:
            kept = getattr(self._trader, name)
            if len(kept) > _KEPT:
                kept.clear()
        self._trader.asked = 0
        # One of the SDK's questions does not return its number.
        number: int | None = getattr(self._trader, method)(*args)
        return self._trader.asked if number is None else number

    def forget(self, number: int) -> None:
        """Drop what waits for an answer."""
        self._trader.cbs.pop(number, None)

    def close(self) -> None:
        """End the native side, then hear no more of it."""
        self._trader.stop()


class _Deaf:
    """Stands for an executor after the end: a late callback must raise nothing where it is."""

    def submit(self, *_: object) -> None:
        """Drop it."""


def _kind(module: Vendor) -> Vendor:
    """Return the SDK's trader with deadlines, and without what harms its process."""
    members = {
        "start": _start,
        "stop": _stop,
        "common_op_sync_with_seq": _ask,
        "common_op_async_with_seq": _ask_later,
        "later": None,
        "query_position_statistics_async": _ask_statistics,
        "__del__": _end,
    }
    return type("Trader", (module.XtQuantTrader,), members)


def _start(self: Vendor) -> None:
    # Before the native side, whose first push would find no executor. One thread for answers and
    # pushes, so that no answer is newer than a push that waits.
    self.executor = self.resp_executor = ThreadPoolExecutor(1, thread_name_prefix="xttrader")
    self.async_client.init()
    self.async_client.start()


def _stop(self: Vendor) -> None:
    self.async_client.stop()
    executor, deaf = self.executor, _Deaf()
    self.executor = self.resp_executor = deaf
    if executor is not None and executor is not deaf:
        executor.shutdown(wait=False)


def _ask(self: Vendor, seq: int, request: tuple[Callable[..., object], Any]) -> Vendor:
    """Wait for an answer as the SDK does, but not for ever."""
    if self.later is not None:
        return _ask_later(self, seq, request, self.later)
    answer: Future[Any] = Future()
    self.cbs[seq] = answer.set_result
    function, *args = request
    function(*args)
    try:
        return answer.result(self.session.seconds)
    finally:
        self.cbs.pop(seq, None)


def _ask_later(
    self: Vendor,
    seq: int,
    request: tuple[Callable[..., object], Any],
    callback: Callable[[Any], None],
) -> int:
    self.asked = seq
    self.cbs[seq] = callback
    function, *args = request
    function(*args)
    return seq


def _ask_statistics(self: Vendor, account: AccountRef, callback: Callable[[Any], None]) -> int:
    """Ask what the SDK has no question for that does not wait: by its own one that does."""
    self.later = callback
    try:
        return self.query_position_statistics(account)
    finally:
        self.later = None


def _end(self: Vendor) -> None:
    """Leave the event loop of whatever thread collects it alone."""
    del self
