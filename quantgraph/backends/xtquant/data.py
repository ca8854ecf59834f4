"""What is asked of the data SDK on its thread: plain answers, and errors in our words."""

from collections.abc import Callable, Mapping, Sequence
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
# Functions that list all that was downloaded of something.
_LISTS = frozenset({"get_sector_list", "get_etf_info", "get_metatable_list"})


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
        # Functions that this terminal, or this version of the SDK, turned out not to have.
        self.lacking: frozenset[str] = frozenset()
        # Those that list all of something, and listed nothing when they were asked last.
        self.empty: frozenset[str] = frozenset()
        # Whether the terminal's files turned out to be on another machine.
        self.afar = False

    def call(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 the SDK is untyped
        """Return what a function of the SDK returns.

        Errors: TERMINAL_LACKS where the terminal has no such function, SOURCE_UNAVAILABLE for
        whatever else it raises: it raises plain exceptions, in Chinese, for everything.
        """
        answer = self._ask(name, name, arguments)
        if name in _LISTS:
            self.listed(name, anything=bool(answer))
        return answer

    def history(self, kind: str, code: str, *span: str) -> Any:  # noqa: ANN401 a DataFrame, or None
        """Return one of the vendor's downloaded lists by day; None where nothing was downloaded.

        The function of bars reads it, from files: where a terminal has none of these it lacks the
        list, and bars not at all. Errors: as `call`.
        """
        return self._ask(kind, "get_market_data_ex", ([], [code], kind, *span)).get(code)

    def _ask(self, what: str, name: str, arguments: tuple[object, ...]) -> Any:  # noqa: ANN401 the SDK is untyped
        if not self._met:
            target = (self._address.ip, self._address.port)
            self._guarded("connect", self._sdk.data.connect, target)
            self._met = True
        return self._guarded(what, getattr(self._sdk.data, name, None), arguments)

    def listed(self, name: str, *, anything: bool) -> None:
        """Note whether a list had anything when it was read last."""
        self.empty = self.empty - {name} if anything else self.empty | {name}

    def _guarded(self, name: str, function: Any, arguments: tuple[object, ...]) -> Any:  # noqa: ANN401 the SDK is untyped
        try:
            if function is not None:
                return function(*arguments)
        except GatewayError:
            raise
        except Exception as error:
            if _UNREALIZED not in str(error):
                raise _away(name, error) from error
        raise self._lacks(name)

    def _lacks(self, name: str) -> GatewayError:
        self.lacking |= {name}
        text = f"This terminal has no function {name}: it is of an older version or edition."
        return Unsupported(Reason.TERMINAL_LACKS, text, function=name)

    def connect(self) -> Any:  # noqa: ANN401 the native client
        """Return the native client of a connection that is alive, a new one where it was lost."""
        return self.call("get_client")

    def native(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 the SDK is untyped
        """Return what a native function returns that the SDK wraps badly. Errors: as `call`."""
        client = self.connect()
        return self._guarded(name, getattr(client, name, None), arguments)

    def encode(self, document: Mapping[str, object]) -> bytes:
        """Return a document as the native functions take it."""
        return self._sdk.encode(document)

    def control(self, verb: str, document: Mapping[str, object]) -> Mapping[str, Any]:
        """Return what a verb answers that the SDK wraps badly. Errors: as `call`."""
        function = getattr(self.connect(), "commonControl", None)
        answer = self._guarded(verb, function, (verb, self.encode(document)))
        return self._sdk.decode(answer)

    def tags(self) -> Mapping[str, int]:
        """Return the vendor's tags of instruments, by name."""
        return self._sdk.tags()

    def forget_tables(self) -> None:
        """Ask the terminal for its list of tables again, the next time."""
        self._sdk.forget_tables()

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

    @property
    def lacking(self) -> frozenset[str]:
        """The SDK's functions that the terminal said it has not."""
        return self._data.lacking

    @property
    def empty(self) -> frozenset[str]:
        """Those of its lists that had nothing when they were asked last."""
        return self._data.empty

    @property
    def afar(self) -> bool:
        """Whether its files turned out to be on another machine."""
        return self._data.afar

    async def run(
        self, work: Callable[Concatenate[Data, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `work(data, …)` on the data thread. Errors: as `DataThread.run` and `Data.call`."""
        return await self.thread.run(lambda: work(self._data, *args, **kwargs))

    async def edition(self) -> str:
        """Return what the terminal says of itself, "" where it says nothing."""
        return await self.thread.run(self._data.edition)

    async def ask(self, name: str, *arguments: object) -> Any:  # noqa: ANN401 the SDK is untyped
        """Return what one function of the SDK returns."""
        return await self.thread.run(lambda: self._data.call(name, *arguments))


def rows_of(answer: Any) -> Sequence[Any]:  # noqa: ANN401 an array, a list, or nothing at all
    """Return the rows of an answer that may be None, or an array (whose truth is no bool)."""
    return () if answer is None else answer


def _away(name: str, error: Exception) -> GatewayError:
    # Never the arguments: some carry passwords.
    found = f"{type(error).__name__}: {error}"[:_SHOWN]
    _logger.warning("terminal_call_failed", function=name, error=found)
    text = f"The terminal did not answer {name} ({found})."
    return Unavailable(Reason.SOURCE_UNAVAILABLE, text, function=name)
