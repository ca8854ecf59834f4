"""The terminals that config names: those of dev and prod, and simulated ones beside others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from api.isolated import open_isolated
from api.remotes import examine_agent, open_agent
from quantgraph.backends.many.backend import ManyTerminals
from quantgraph.backends.many.members import Member
from quantgraph.backends.xtquant.backend import MakeSender, TerminalSettings, XtTerminal
from quantgraph.backends.xtquant.data import Address
from quantgraph.backends.xtquant.examining import Examiner
from quantgraph.backends.xtquant.listener import OrderListener
from quantgraph.backends.xtquant.sdk import Sdk, load_sdk
from quantgraph.backends.xtquant.trader import TraderLink
from quantgraph.backends.xtquant.trading import TradingParts, XtTrading
from quantgraph.bus.places import BusPlace
from quantgraph.config import Config
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.clock import Clock, SystemClock
from quantgraph.domain.errors import StartupError
from quantgraph.domain.findings import Finding
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.reasons import Reason
from quantgraph.places import TerminalConfig
from quantgraph.services.calendar import load_calendar
from quantgraph.store.holders import HolderFile


def require_terminal(config: Config) -> None:
    """Raise StartupError MODE_UNAVAILABLE where config names no terminal, or not where it is.

    CONFIG_INVALID where two terminals would share the SDK's one connection to a quote service.
    """
    local = [each for each in config.chosen if each.kind == "xtquant"]
    for each in local:
        if not each.path:
            key = f"path of terminal {each.name}" if config.terminals else "terminal.path"
            text = (
                f"Mode {config.mode} needs a trading terminal: give the userdata_mini folder of "
                f"QMT as `{key}` in config.toml."
            )
            raise StartupError(Reason.MODE_UNAVAILABLE, text, mode=config.mode)
    quoting = [each.name for each in local if each.market_data]
    if len(quoting) > 1 and not config.isolate:
        raise StartupError(Reason.CONFIG_INVALID, _one_service(quoting))


def open_terminal(
    config: Config, calendar: TradingCalendar, bus: BusPlace | None = None
) -> Backend:
    """Return the terminal, of several all as one; nothing has connected yet.

    What other gateways tell of theirs is read off `bus` while that is there.

    Raises StartupError: MODE_UNAVAILABLE, SDK_UNUSABLE, CONFIG_INVALID, TLS_UNUSABLE.
    """
    require_terminal(config)
    found = [_open((config, calendar, bus), each) for each in config.chosen]
    if len(found) == 1:
        return found[0]
    pairs = zip(found, config.chosen, strict=True)
    members = [Member(each, place.market_data) for each, place in pairs]
    return ManyTerminals(members, HolderFile(config.data_path / "terminals.json")).backend()


def examine_terminal(config: Config) -> Iterator[Finding]:
    """Look at each terminal and at what its SDK needs here; nothing is sent."""
    for place in config.chosen:
        for each in _examine(config, place):
            several = len(config.chosen) > 1
            yield replace(each, check=f"{place.name}: {each.check}") if several else each


def _open(given: tuple[Config, TradingCalendar, BusPlace | None], place: TerminalConfig) -> Backend:
    config, calendar, bus = given
    if place.kind == "remote":
        return open_agent(place, config.mode, bus=bus)
    clock = SystemClock()
    if config.isolate or place.kind == "sim":
        return open_isolated(config, place, clock)
    settings = _settings(config, place)
    return XtTerminal(load_sdk(), settings, (calendar, clock), sender_by(clock)).backend()


def _examine(config: Config, place: TerminalConfig) -> Iterator[Finding]:
    if place.kind == "remote":
        yield from examine_agent(place)
        return
    if place.kind == "sim":
        return  # it needs nothing of this machine but a process
    if not place.path:
        advice = "Give QMT's userdata_mini folder as terminal.path."
        yield Finding("terminal path", "problem", "terminal.path is empty", advice)
        return
    settings = _settings(config, place)

    def make(sdk: Sdk) -> XtTerminal:
        clock = SystemClock()
        time = load_calendar(config.calendar, config.data_path), clock
        return XtTerminal(sdk, settings, time, sender_by(clock))

    yield from Examiner(settings, make).look()


def _settings(config: Config, place: TerminalConfig) -> TerminalSettings:
    return TerminalSettings(
        name=place.name,
        path=place.path,
        address=Address(place.host, place.port or None),
        data_seconds=float(place.data_seconds),
        trade_seconds=float(place.trade_seconds),
        silent_seconds=float(config.downloads.silent_seconds),
        market_data=place.market_data,
    )


def _one_service(names: Sequence[str]) -> str:
    return (
        f"The terminals {' and '.join(names)} of this machine would share the SDK's one connection "
        "to a quote service. Set market_data = false for all but one of them, or isolate = true."
    )


def sender_by(clock: Clock) -> MakeSender:
    """Return what makes the one object that reaches the terminal's order functions."""

    def make(link: TraderLink, listener: OrderListener) -> Terminal:
        return XtTrading(link, listener, TradingParts(clock))

    return make
