"""Which refusals a mutation answers as data: what its caller can act on."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from quantgraph.domain import errors
from schema.problems import (
    AccountNotFound,
    AccountUnavailable,
    ControlRefused,
    DownloadRefused,
    IdempotencyConflict,
    OrderNotCancelable,
    OrderNotFound,
    OrderRejected,
    Problem,
    RateLimited,
    SectorRefused,
    SimulationRefused,
    TradingDisabled,
)

Members: TypeAlias = tuple[tuple[type[errors.GatewayError], type[Problem]], ...]
_SECTOR: Members = (
    (errors.NotFound, SectorRefused),
    (errors.NameTaken, SectorRefused),
    (errors.ChangeRefused, SectorRefused),
)
_CONNECTION: Members = (
    (errors.NotFound, AccountNotFound),
    (errors.Unavailable, AccountUnavailable),
    (errors.LimitReached, RateLimited),
)
_CONTROL: Members = (
    (errors.NotFound, AccountNotFound),
    (errors.Unavailable, ControlRefused),
)
_ARMING: Members = (
    (errors.Unavailable, ControlRefused),
    (errors.ChangeRefused, ControlRefused),
    (errors.LimitReached, RateLimited),
)
_SIMULATION: Members = tuple(
    (leaf, SimulationRefused)
    for leaf in (
        errors.NotFound,
        errors.NameTaken,
        errors.ChangeRefused,
        errors.OrderRefused,
        errors.Unsupported,
    )
)
# By mutation, the first that fits; docs/errors.md follows. All else stays a top-level error.
MEMBERS: Mapping[str, Members] = {
    "submitOrder": (
        (errors.OrderRefused, OrderRejected),
        (errors.NotFound, OrderRejected),
        (errors.Unsupported, OrderRejected),
        (errors.IdempotencyConflict, IdempotencyConflict),
        (errors.TradingDisabled, TradingDisabled),
        (errors.LimitReached, RateLimited),
    ),
    "approveOrder": (
        (errors.OrderRefused, OrderRejected),
        (errors.Unsupported, OrderRejected),
        (errors.NotFound, OrderNotFound),
        (errors.TradingDisabled, TradingDisabled),
        (errors.LimitReached, RateLimited),
    ),
    "rejectOrder": (
        (errors.OrderRefused, OrderRejected),
        (errors.NotFound, OrderNotFound),
        (errors.LimitReached, RateLimited),
    ),
    "writeOffOrder": (
        (errors.OrderRefused, OrderRejected),
        (errors.NotFound, OrderNotFound),
        (errors.TradingDisabled, TradingDisabled),
        (errors.LimitReached, RateLimited),
    ),
    "cancelOrder": (
        (errors.OrderRefused, OrderNotCancelable),
        (errors.NotFound, OrderNotFound),
        (errors.TradingDisabled, TradingDisabled),
        (errors.LimitReached, RateLimited),
    ),
    "createSector": _SECTOR,
    "renameSector": _SECTOR,
    "addSectorMembers": _SECTOR,
    "removeSectorMembers": _SECTOR,
    "deleteSector": _SECTOR,
    "startDownload": ((errors.ChangeRefused, DownloadRefused),),
    "cancelDownload": ((errors.NotFound, DownloadRefused),),
    "connectAccount": _CONNECTION,
    "disconnectAccount": _CONNECTION,
    "armTrading": _ARMING,
    "setDeadMan": ((errors.NotFound, AccountNotFound),),
    "haltTrading": _CONTROL,
    "resumeTrading": _CONTROL,
    "jumpClock": _SIMULATION,
    "createAccount": _SIMULATION,
    "depositCash": _SIMULATION,
    "withdrawCash": _SIMULATION,
    "injectTrade": _SIMULATION,
    "injectOrder": _SIMULATION,
    "haltSymbol": _SIMULATION,
    "resumeSymbol": _SIMULATION,
    "announceCorporateAction": _SIMULATION,
    "loadScenario": _SIMULATION,
    "setFaults": _SIMULATION,
    "saveSnapshot": _SIMULATION,
    "restoreSnapshot": _SIMULATION,
    "deleteSnapshot": _SIMULATION,
}


# Any: a member of the mutation's own result, which its union names.
def problem_of(mutation: str, error: errors.GatewayError) -> Any:  # noqa: ANN401 see above
    """Return the member that shows the error, or raise the error."""
    for leaf, member in MEMBERS[mutation]:
        if isinstance(error, leaf):
            return member.from_domain(error)
    raise error
