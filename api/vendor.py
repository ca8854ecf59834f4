"""The terminal that config names, for dev and prod."""

from quantgraph.backends.xtquant.backend import MakeSender, TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.data import Address
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.backends.xtquant.trader import TraderLink
from quantgraph.backends.xtquant.trading import TradingParts, XtTrading
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason


def require_terminal(config: Config) -> None:
    """Raise StartupError MODE_UNAVAILABLE where config names no terminal."""
    if not config.terminal.path:
        text = (
            f"Mode {config.mode} needs a trading terminal: give the userdata_mini folder of QMT "
            "as `terminal.path` in config.toml."
        )
        raise StartupError(Reason.MODE_UNAVAILABLE, text, mode=config.mode)


def open_terminal(config: Config, calendar: TradingCalendar) -> Backend:
    """Return the terminal; nothing has connected yet.

    Raises StartupError: MODE_UNAVAILABLE, SDK_UNUSABLE.
    """
    require_terminal(config)
    terminal = config.terminal
    address = Address(terminal.host, terminal.port or None)
    settings = TerminalSettings(
        name=terminal.name,
        path=terminal.path,
        address=address,
        data_seconds=float(terminal.data_seconds),
        trade_seconds=float(terminal.trade_seconds),
    )
    clock = SystemClock()
    return XtTerminal(load_sdk(), settings, (calendar, clock), sender_by(clock)).backend()


def sender_by(clock: Clock) -> MakeSender:
    """Return what makes the one object that reaches the terminal's order functions."""

    def make(link: TraderLink, listener: OrderListener) -> Terminal:
        return XtTrading(link, listener, TradingParts(clock))

    return make
