"""What a gateway can be asked: every operation of its ports, found in the ports themselves.

A port or a method that is added stands in every capability report from then on.
"""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import get_args, get_type_hints

from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import Capability

# The gateway's own business: no backend has a say in who calls, what time it is, and how it is.
_OWN = frozenset(
    {"clock", "access", "audit", "system", "subscriptions", "meter", "calls", "visits"}
    # How `bars` come, where there are many: whoever asks sees no difference.
    | {"barFrames"}
)
# The ports that whoever stands for a whole terminal serves, simulated or real: none else is said
# for it here, so that a new port has to be spoken of.
WHOLE: Mapping[str, str | None] = dict.fromkeys(
    (
        *("bars", "dividends", "ticks", "quotes", "snapshots", "quoteStream", "barStream"),
        *("reference", "rules", "sectors", "sessions", "lists", "depth", "financials"),
        *("depthStream", "ipoQuotas", "futuresPositionStatistics", "hongKong"),
        *("downloads", "missingBars"),
        *("accounts", "connections", "controls", "trading", "batches", "previews"),
        *("allowances", "fills", "portfolio"),
    )
)
_UNSAID = "This backend does not say whether it can."


@cache
def operations() -> tuple[str, ...]:
    """Return every operation as `port.method`; as `port` alone where both have one name."""
    ports = [
        (name, port)
        for name, hint in get_type_hints(Gateway).items()
        # What only some modes have is a port or None.
        for port in (get_args(hint) or (hint,))
        if getattr(port, "_is_protocol", False) and _camel(name) not in _OWN
    ]
    return tuple(
        _camel(name if method == name else f"{name}.{method}")
        for name, port in ports
        for method, _ in inspect.getmembers(port, inspect.isfunction)
        if not method.startswith("_")
    )


def report(said: Mapping[str, str | None]) -> tuple[Capability, ...]:
    """Return a row per operation from what a backend says of each: None, or why not.

    What is said of a port holds for all its operations that nothing is said of. What nothing is
    said of is not available. Raises ValueError where something is said of no operation.
    """
    known = operations()
    unknown = said.keys() - set(known) - {_port(each) for each in known}
    if unknown:
        raise ValueError(f"No port has these operations: {', '.join(sorted(unknown))}.")
    reasons = ((each, said.get(each, said.get(_port(each), _UNSAID))) for each in known)
    return tuple(Capability(each, reason is None, reason) for each, reason in reasons)


def unsaid(rows: tuple[Capability, ...]) -> list[str]:
    """Return the operations that a report has no word of its backend for."""
    return [each.operation for each in rows if each.reason == _UNSAID]


def _port(operation: str) -> str:
    return operation.partition(".")[0]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
