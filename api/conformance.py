"""Looks whether the configured terminal behaves as the gateway takes for granted."""

import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from api.vendor import open_terminal
from quantgraph import __version__
from quantgraph.config import Config
from quantgraph.domain.calendar import SHANGHAI, TradingCalendar
from quantgraph.domain.clock import SystemClock
from quantgraph.domain.errors import ChangeRefused, StartupError, bad_request
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.reasons import Reason
from quantgraph.domain.redaction import HIDDEN, redact
from quantgraph.domain.system import Capability, Mode
from quantgraph.domain.terminals import TerminalStatus
from quantgraph.services.calendar import load_calendar
from quantgraph.services.conformance.accounts import ACCOUNTS, LINK
from quantgraph.services.conformance.market import MARKET
from quantgraph.services.conformance.orders import ORDERS
from quantgraph.services.conformance.running import Outcome, Subject, Verdict, outcomes
from quantgraph.store.arming import ArmingSecret

SYMBOLS = ("600000.SH", "000001.SZ", "600519.SH")
_SECONDS = 30.0
_MISSING = (
    "An order of a conformance run is real: it needs mode prod, and "
    "trading.programmatic_trading_reported."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be looked at; `account_id` with the arming secret lets one order be sent."""

    symbols: tuple[str, ...] = SYMBOLS
    account_id: str | None = None
    secret: str | None = None
    seconds: float = _SECONDS


@dataclass(frozen=True, slots=True)
class Report:
    """What is sent to whoever helps: no account's number is in it."""

    version: str
    python: str
    machine: str
    zone: str
    mode: str
    time: datetime
    terminal: TerminalStatus
    capabilities: tuple[Capability, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> bool:
        """Whether a check has failed."""
        return any(each.verdict is Verdict.FAILED for each in self.outcomes)

    def document(self) -> dict[str, Any]:
        """Return it as values that JSON has."""
        told = asdict(self)
        told["time"] = self.time.astimezone(SHANGHAI).isoformat(timespec="seconds")
        for link in told["terminal"]["links"]:
            for name in ("since", "last_event"):
                link[name] = None if link[name] is None else link[name].isoformat()
        return told


async def inspect(
    config: Config,
    wish: Wish,
    open_backend: Callable[[Config, TradingCalendar], Backend] = open_terminal,
    told: Callable[[Outcome], None] = lambda _: None,
) -> Report:
    """Go through the table of checks; `told` hears each outcome, redacted, as it comes.

    Raises StartupError MODE_UNAVAILABLE, SDK_UNUSABLE; BAD_REQUEST, ARMING_SECRET_WRONG.
    """
    if config.mode is Mode.MOCK:
        text = "Mock has no terminal: set mode to dev or prod, and terminal.path."
        raise StartupError(Reason.MODE_UNAVAILABLE, text, mode=config.mode)
    _check_orders(config, wish)
    backend = open_backend(config, load_calendar(config.calendar, config.data_path))
    sender = None if wish.account_id is None else backend.sender()
    subject = Subject(backend, SystemClock(), wish.symbols, sender, wish.account_id)
    checks = (*LINK, *MARKET, *ACCOUNTS, *(ORDERS if sender is not None else ()))
    found: list[Outcome] = []
    await backend.start()
    try:
        async for outcome in outcomes(checks, subject, wish.seconds):
            clean = _clean(outcome, _ids(backend, wish))
            found.append(clean)
            told(clean)
        return _report(config, backend, tuple(found))
    finally:
        await backend.close()


def _check_orders(config: Config, wish: Wish) -> None:
    """Raise unless orders are not wanted, or all that arms real trading is there."""
    if wish.account_id is None:
        return
    reported = config.trading.programmatic_trading_reported
    if config.mode is not Mode.PROD or not reported:
        raise bad_request(_MISSING, field="orders")
    file = config.data_path / "keys.sqlite"
    if wish.secret is None or not file.exists() or not ArmingSecret(file).check(wish.secret):
        text = "The arming secret is another one; see `quantgraph keys arming-secret`."
        raise ChangeRefused(Reason.ARMING_SECRET_WRONG, text)


def _report(config: Config, backend: Backend, found: tuple[Outcome, ...]) -> Report:
    status = backend.status()
    hidden = [each.account_id for each in status.logins]
    logins = tuple(
        replace(each, account_id=f"{HIDDEN}{each.account_id[-2:]}") for each in status.logins
    )
    return Report(
        version=__version__,
        python=sys.version.split()[0],
        machine=platform.platform(),
        zone=time.strftime("%z"),
        mode=config.mode.value,
        time=SystemClock().now(),
        terminal=replace(status, logins=logins),
        capabilities=tuple(
            Capability(each.operation, each.available, each.reason and _hide(each.reason, hidden))
            for each in backend.capabilities()
        ),
        outcomes=found,
    )


def _ids(backend: Backend, wish: Wish) -> Sequence[str]:
    known = [each.account_id for each in backend.status().logins]
    return known if wish.account_id is None else [*known, wish.account_id]


def _clean(outcome: Outcome, ids: Sequence[str]) -> Outcome:
    found = _hide(outcome.found, ids)
    return Outcome(outcome.check, outcome.verdict, found, outcome.seconds)


def _hide(text: str, ids: Sequence[str]) -> str:
    for each in ids:
        text = text.replace(each, HIDDEN)
    return redact(text)
