"""Puts strict doubles of both native modules in their place, so that the SDK's own Python runs.

One pair per process: the SDK keeps what it imported. What answers behind it is exchanged per test.
"""

import importlib
import importlib.util
import json
import sys
import types
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.strict import Boundary, Maker

_BOUNDARY = Path(__file__).with_name("boundary.json")
_FOREIGN = ("xtquant.datacenter", "xtquant.xtpythonclient")


class Library:
    """What the data module's own functions answer before anything is plugged in."""

    def rpc_init(self, folder: str) -> int:
        """Take the folder of the SDK's configuration."""
        return 0 if folder else -1

    def register_create_nparray(self, make: Any) -> bool:
        """Take the function that wraps native memory in an array."""
        return callable(make)

    def get_local_server_port(self) -> int:
        """Say that no quote service runs in this process."""
        return 0


class Native(Boundary):
    """Both native modules; `quotes` and `trader` make what answers a new client of each.

    `trader(fire, path, name, session)` and `quotes(fire)` return an object with methods of the
    native names; what it lacks is a function that this terminal does not have. `fire(event, *args)`
    calls back: `fire("OrderStock", seq, response)`. `touched` says all that was ever reached for.
    """

    def __init__(self) -> None:
        """Build the classes of the boundary's table."""
        table = json.loads(_BOUNDARY.read_text("utf-8"))
        super().__init__(table["records"])
        self.table = table
        self.library: Any = Library()
        self.quotes: Maker = _nobody
        self.trader: Maker = _nobody

    def modules(self) -> tuple[types.ModuleType, types.ModuleType]:
        """Return new modules: of quotes, and of trading."""
        data, trading = (_Watched(name, self.touched) for name in _FOREIGN)
        for name, overloads in self.table["module"].items():
            setattr(data, name, self.function(name, overloads, self._library(name)))
        quotes = self.client("IPythonApiClient", self.table["client"], self._quotes)
        trader = self.client("XtQuantAsyncClient", self.table["trader"], self._trader)
        data.__dict__["IPythonApiClient"] = quotes
        trading.__dict__.update({**self.classes, "XtQuantAsyncClient": trader})
        return data, trading

    def new(self, record: str, **fields: Any) -> Any:
        """Return a record, as the terminal hands it over."""
        made = self.classes[record]()
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    def _library(self, name: str) -> Any:
        def ask(*args: Any) -> Any:
            return getattr(self.library, name)(*args)

        return ask

    def _quotes(self, fire: Any, *args: Any) -> Any:
        if args:
            raise TypeError(f"IPythonApiClient() takes no arguments, not {args!r}")
        return self.quotes(fire)

    def _trader(self, fire: Any, *args: Any) -> Any:
        # The path comes encoded for a Chinese Windows: bytes, which std::string takes.
        kinds = ("str", "str", "int")
        if len(args) != len(kinds) or not all(map(self.takes, kinds, args)):
            raise TypeError(f"XtQuantAsyncClient(): incompatible arguments {args!r}")
        return self.trader(fire, *args)


class _Watched(types.ModuleType):
    def __init__(self, name: str, touched: set[str]) -> None:
        super().__init__(name)
        self.__dict__["__touched"] = touched

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            own = super().__getattribute__("__name__").removeprefix("xtquant.")
            super().__getattribute__("__dict__")["__touched"].add(f"{own}.{name}")
        return super().__getattribute__(name)


def _nobody(*_: Any) -> Any:
    raise AssertionError("no terminal is plugged into the native double")


@cache
def installed() -> Native:
    """Return the native double of this process; skips where the SDK's Python is not installed."""
    if importlib.util.find_spec("xtquant") is None:
        pytest.skip("xtquant is not installed: `uv sync --extra xtquant`")
    native = Native()
    for name, module in zip(_FOREIGN, native.modules(), strict=True):
        sys.modules[name] = module
    return native


def sdk(name: str) -> Any:
    """Return a module of the REAL SDK, which runs on the doubles; imported without a network."""
    installed()
    modules: dict[str, Any] = sys.modules
    hidden = modules.get("requests")
    # The package asks its index for news as it is imported, unless it finds nothing to ask with.
    modules["requests"] = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(f"xtquant.{name}")
    finally:
        del modules["requests"]
        if hidden is not None:
            modules["requests"] = hidden
