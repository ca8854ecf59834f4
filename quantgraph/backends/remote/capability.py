"""What can be asked through the agent: its own report, but for what does not go through it yet."""

from quantgraph.domain.downloads import DownloadKind
from quantgraph.domain.operations import WHOLE, operations, report
from quantgraph.domain.orders import PriceType
from quantgraph.domain.system import Capability, ServerInfo
from quantgraph.domain.ticks import TickKind

NO_ORDERS = "In dev no order goes to a remote terminal: paper twins trade; prod sends them there."
_APART = "A simulated world is operated at its own gateway alone."
_UNMET = "The gateway at the terminal has not answered yet."
_OLDER = "The gateway at the terminal is of a version that does not say whether it can."
# What is asked of the agent; of all else this gateway has services of its own.
_PORTS = ("bars", "dividends", "ticks", "quotes", "snapshots", "quoteStream", "barStream")
_LISTS = ("reference", "lists", "financials", "ipoQuotas", "futuresPositionStatistics", "hongKong")
_ASKED = frozenset({*_PORTS, *_LISTS, "accounts", "depth", "depthStream"})
_DESK = ("trading", "batches", "previews", "allowances", "fills", "portfolio")
_SWITCHES = ("connections", "controls")
# What goes to the agent's desk alone, and not to one of another mode.
_AT_DESK = frozenset({*_DESK, *_SWITCHES, "accounts", "ipoQuotas"})
_PRICES = tuple(f"orders.{kind}" for kind in PriceType)
_FETCHES = tuple(f"downloads.{kind}" for kind in DownloadKind)
_KINDS = tuple(f"ticks.{kind}" for kind in TickKind)


def capabilities(
    info: ServerInfo | None, *, orders: bool = False, closed: str | None = None
) -> tuple[Capability, ...]:
    """Return a row per operation, and one per kind of tick, of price and of download.

    `orders`: they are the agent's, with all that is asked of accounts; `closed` says why nothing
    of that is asked of it now.
    """
    said = _said(info)
    ports = _ASKED.union(_DESK, _SWITCHES) if orders else _ASKED
    asked = [each for each in operations() if each.partition(".")[0] in ports]
    away = _UNMET if info is None else _OLDER
    here = {each: said.get(each, away) for each in (*asked, *_KINDS, *_PRICES, *_FETCHES)}
    if closed is not None:
        desk = [each for each in asked if each.partition(".")[0] in _AT_DESK]
        here.update(dict.fromkeys((*desk, *_PRICES), closed))
    rows = {each: here[each] for each in asked}
    return (
        *report({**WHOLE, **rows, "simulation": _APART}),
        *(_row(each, here[each]) for each in _KINDS),
        *(_row(each, here[each] if orders else NO_ORDERS) for each in _PRICES),
        *(_row(each, here[each]) for each in _FETCHES),
    )


def _said(info: ServerInfo | None) -> dict[str, str | None]:
    """Return the agent's words by operation: of several terminals the one that can."""
    said: dict[str, str | None] = {}
    for backend in () if info is None else info.backends:
        for each in backend.capabilities:
            if said.get(each.operation, "") is not None:
                said[each.operation] = None if each.available else each.reason or _OLDER
    return said


def _row(operation: str, reason: str | None) -> Capability:
    return Capability(operation, reason is None, reason)
