"""What is asked of the data SDK on its thread: plain answers, and errors in our words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from quantgraph.backends.xtquant.client import DataThread
from quantgraph.backends.xtquant.sdk import Sdk
from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported
from quantgraph.domain.reasons import Reason

P = ParamSpec("P")
R = TypeVar("R")
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# How a terminal says that it is older than the function.
_UNREALIZED = "function not realize"
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Address:
    """Where the terminal's quote service listens; port None looks for it on this machine."""

    ip: str = ""
    port: int | None = None


class Data:
    """The SDK's functions by name. Blocking: only the data thread calls them."""

    def __init__(self, sdk: Sdk, address: Address) -> None:
        """Connect at the first call: the SDK does so by itself, to where it was told last."""
        self._sdk = sdk
        self._address = address
        self._met = False

    def call(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 the SDK is untyped
        """Return what a function of the SDK returns.

        Errors: TERMINAL_LACKS where the terminal has no such function, SOURCE_UNAVAILABLE for
        whatever else it raises: it raises plain exceptions, in Chinese, for everything.
        """
        try:
            if not self._met:
                self._sdk.data.connect(self._address.ip, self._address.port)
                self._met = True
            return getattr(self._sdk.data, name)(*arguments)
        except GatewayError:
            raise
        except Exception as error:
            raise _told(name, error) from error

    def connect(self) -> Any:  # noqa: ANN401 the native client
        """Return the native client of a connection that is alive, a new one where it was lost."""
        return self.call("get_client")

    def edition(self) -> str:
        """Return what the terminal says of itself."""
        self.connect()
        return self._sdk.edition()


class DataClient:
    """Lets the data thread work with the SDK."""

    def __init__(self, data: Data, thread: DataThread) -> None:
        """Ask `data` on `thread` alone."""
        self._data = data
        self.thread = thread

    async def run(
        self, work: Callable[Concatenate[Data, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `work(data, …)` on the data thread. Errors: as `DataThread.run` and `Data.call`."""
        return await self.thread.run(lambda: work(self._data, *args, **kwargs))

    async def ask(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 the SDK is untyped
        """Return what one function of the SDK returns."""
        return await self.thread.run(lambda: self._data.call(name, *arguments))


def rows_of(answer: Any) -> Sequence[Any]:  # noqa: ANN401 an array, a list, or nothing at all
    """Return the rows of an answer that may be None, or an array (whose truth is no bool)."""
    return () if answer is None else answer


def _told(name: str, error: Exception) -> GatewayError:
    # Never the arguments: some carry passwords.
    found = f"{type(error).__name__}: {error}"[:_SHOWN]
    if _UNREALIZED in str(error):
        text = (
            f"This terminal has no function {name}: it is of an older version or another edition."
        )
        return Unsupported(Reason.TERMINAL_LACKS, text, function=name)
    _logger.warning("terminal_call_failed", function=name, error=found)
    text = f"The terminal did not answer {name} ({found})."
    return Unavailable(Reason.SOURCE_UNAVAILABLE, text, function=name)
