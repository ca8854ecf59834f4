"""The terminal that config names, for dev and prod."""

from collections.abc import Iterator

from api.remotes import examine_agent, open_agent
from quantgraph.backends.xtquant.backend import MakeSender, TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.data import Address
from quantgraph.backends.xtquant.examining import Examiner
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.sdk import Sdk, load_sdk
from quantgraph.backends.xtquant.trader import TraderLink
from quantgraph.backends.xtquant.trading import TradingParts, XtTrading
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.findings import Finding
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.services.calendar import load_calendar


def require_terminal(config: Config) -> None:
    """Raise StartupError MODE_UNAVAILABLE where config names no terminal."""
    if config.terminal.kind == "xtquant" and not config.terminal.path:
        text = (
            f"Mode {config.mode} needs a trading terminal: give the userdata_mini folder of QMT "
            "as `terminal.path` in config.toml."
        )
        raise StartupError(Reason.MODE_UNAVAILABLE, text, mode=config.mode)


def open_terminal(config: Config, calendar: TradingCalendar) -> Backend:
    """Return the terminal; nothing has connected yet.

    Raises StartupError: MODE_UNAVAILABLE, SDK_UNUSABLE, CONFIG_INVALID, TLS_UNUSABLE.
    """
    if config.terminal.kind == "remote":
        return open_agent(config)
    require_terminal(config)
    clock = SystemClock()
    return XtTerminal(load_sdk(), _settings(config), (calendar, clock), sender_by(clock)).backend()


def examine_terminal(config: Config) -> Iterator[Finding]:
    """Look at the terminal and at what its SDK needs here; nothing is sent."""
    if config.terminal.kind == "remote":
        yield from examine_agent(config)
        return
    if not config.terminal.path:
        advice = "Give QMT's userdata_mini folder as terminal.path."
        yield Finding("terminal path", "problem", "terminal.path is empty", advice)
        return
    settings = _settings(config)

    def make(sdk: Sdk) -> XtTerminal:
        clock = SystemClock()
        time = load_calendar(config.calendar, config.data_path), clock
        return XtTerminal(sdk, settings, time, sender_by(clock))

    yield from Examiner(settings, make).look()


def _settings(config: Config) -> TerminalSettings:
    terminal = config.terminal
    return TerminalSettings(
        name=terminal.name,
        path=terminal.path,
        address=Address(terminal.host, terminal.port or None),
        data_seconds=float(terminal.data_seconds),
        trade_seconds=float(terminal.trade_seconds),
        silent_seconds=float(config.downloads.silent_seconds),
    )


def sender_by(clock: Clock) -> MakeSender:
    """Return what makes the one object that reaches the terminal's order functions."""

    def make(link: TraderLink, listener: OrderListener) -> Terminal:
        return XtTrading(link, listener, TradingParts(clock))

    return make
