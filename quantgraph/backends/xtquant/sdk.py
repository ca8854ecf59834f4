"""The vendor's SDK, imported without its call to the package index and without a word printed."""

import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from quantgraph.backends.xtquant.turnstile import Turnstile
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason

# Two imports at once would meet a half-made package; the second waits and finds it made.
_LOCK = threading.Lock()
_SECONDS_AT_PLUS_8 = 8 * 3_600
_SWITCH_S = 0.0005
_TAG = "XT_"


@dataclass(frozen=True, slots=True)
class Sdk:
    """The SDK's two modules, untyped as they are, and the version of what is installed."""

    data: Any
    trader: Any
    version: str

    def edition(self) -> str:
        """Return what the terminal says of itself, "" where it says nothing. Connects: blocking."""
        tag = self.data.get_client().get_server_tag()
        if not tag:
            return ""
        told: dict[str, object] = _decode(tag)
        return " ".join(f"{name}={told[name]}" for name in sorted(told))

    def encode(self, document: Mapping[str, object]) -> bytes:
        """Return a document as the native modules take it."""
        from xtquant import xtbson

        codec: Any = xtbson.BSON
        # Exactly bytes: what it returns is a subclass.
        return bytes(codec.encode(document))

    def tags(self) -> Mapping[str, int]:
        """Return the vendor's tags of instruments by name, without the prefix of its constants."""
        from xtquant import xtstocktype

        named: Mapping[str, object] = vars(xtstocktype)
        return {
            name.removeprefix(_TAG): number
            for name, number in named.items()
            if name.startswith(_TAG) and isinstance(number, int)
        }

    def decode(self, document: bytes) -> Any:  # noqa: ANN401 whatever the terminal put into it
        """Return what a native module answered with."""
        return _decode(document)

    def forget_tables(self) -> None:
        """Let the terminal be asked for its list of tables again: its first answer is kept."""
        from xtquant.metatable import meta_config

        module: Any = meta_config
        # New ones instead of emptied ones: another thread may be reading these.
        for name in ("__META_INFO__", "__META_FIELDS__", "__META_TABLES__"):
            setattr(module, name, {})


def load_sdk() -> Sdk:
    """Import the SDK; nothing connects yet.

    Its own start asks the package index for a newer version (10 s where there is no network) and
    prints. Raises StartupError SDK_UNUSABLE where it is absent, or not made for this machine.
    """
    with _LOCK, _offline():
        try:
            import xtquant.xtdata
            import xtquant.xttrader
        except Exception as error:  # its modules raise anything: ImportError, OSError, Exception
            raise _unusable(error) from error
    data: Any = xtquant.xtdata
    data.enable_hello = False
    if not isinstance(data.subscribe_callback_wrapper, Turnstile):
        data.subscribe_callback_wrapper = Turnstile(data.subscribe_callback_wrapper)
    # Eight threads decode what is pushed. At Python's own 5 ms the event loop would wait for its
    # turn among them for tens of ms, whenever the market is busy.
    sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
    return Sdk(data, xtquant.xttrader, _version())


def in_shanghai(now_local_offset: int | None) -> bool:
    """Return whether this process keeps Shanghai time (its offset in seconds).

    Nothing here depends on it: dates are made of milliseconds. What the SDK writes itself does.
    """
    return now_local_offset == _SECONDS_AT_PLUS_8


@contextmanager
def _offline() -> Generator[None]:
    """Let `import requests` fail: the SDK takes that for a machine without it."""
    absent = object()
    kept: Any = sys.modules.get("requests", absent)
    sys.modules["requests"] = None  # pyright: ignore[reportArgumentType] what Python itself reads as "not there"
    try:
        yield
    finally:
        if kept is absent:
            del sys.modules["requests"]
        else:
            sys.modules["requests"] = kept


def _version() -> str:
    try:
        return version("xtquant")
    except PackageNotFoundError:  # copied beside the program, as the terminal's own folder is
        return "unknown"


def _decode(document: bytes) -> Any:  # noqa: ANN401 whatever the terminal put into it
    from xtquant import xtbson

    codec: Any = xtbson.BSON
    return codec.decode(document)


def _unusable(error: Exception) -> StartupError:
    if isinstance(error, ModuleNotFoundError) and error.name == "xtquant":
        text = "The package xtquant is not installed. Install quantgraph[xtquant]."
        return StartupError(Reason.SDK_UNUSABLE, text)
    found = f"{type(error).__name__}: {error}"[:200]
    text = (
        f"The package xtquant cannot be imported ({found}). It is made for 64-bit Windows and "
        "Python 3.6 to 3.13; `remote` reaches a terminal from any other machine."
    )
    return StartupError(Reason.SDK_UNUSABLE, text, found=found)
