"""One tree of errors, one leaf per way a caller can react.

GatewayError
├── InvalidRequest     the request itself is wrong; repeating it will not help
├── NotFound           symbol, sector, account or order does not exist
├── Unauthenticated    no valid key
├── Forbidden          the key may not do this
├── OrderRefused       a rule refuses the order or the cancel; nothing was sent
├── IdempotencyConflict  the client order id was used with another body
├── NameTaken          the name belongs to something else; nothing was changed
├── ChangeRefused      what is held forbids the change; nothing was changed
├── TradingDisabled    halted, disarmed or reconciling
├── LimitReached       a rate or size limit; retry later or ask for less
├── Unsupported        what is held cannot answer this
├── Unavailable        a source or the store is away
├── EpochChanged       a stream cursor belongs to an earlier event log
└── StartupError       the gateway or a command cannot start

Each carries a `Reason` (the stable code), an English and a Chinese message, and `details`:
everything dynamic in the message, by name, so that no client has to parse text.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from quantgraph.domain.reasons import Kind, Reason

# Of what a caller sent, this much is shown: an answer must not grow with the request.
_SHOWN = 60


class GatewayError(Exception):
    """A refusal with a stable code. Message: what was found, what was expected, what to do."""

    kinds: ClassVar[frozenset[Kind]] = frozenset(Kind)

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        zh: str = "",
        details: Mapping[str, str | int] | None = None,
        **more: str | int,
    ) -> None:
        """Raise with a reason of a kind that this leaf stands for."""
        if reason.kind not in self.kinds:
            raise TypeError(f"{type(self).__name__} does not stand for {reason}")
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.message_zh = zh or reason.zh
        self.details = {name: str(value) for name, value in (details or more).items()}

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it go from one process to another: an exception alone keeps its first argument."""
        return _again, (type(self), self.reason, self.message, self.message_zh, self.details)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later without a change."""
        return self.reason.retryable

    @property
    def retry_at(self) -> datetime | None:
        """The first instant by the gateway's clock at which it may succeed, where it is known."""
        told = self.details.get("retry_at")
        return None if told is None else datetime.fromisoformat(told)


def _again(
    leaf: type[GatewayError], reason: Reason, message: str, zh: str, details: Mapping[str, str]
) -> GatewayError:
    return leaf(reason, message, zh=zh, details=details)


class InvalidRequest(GatewayError):
    kinds = frozenset({Kind.INVALID})


class NotFound(GatewayError):
    kinds = frozenset({Kind.NOT_FOUND})


class Unauthenticated(GatewayError):
    kinds = frozenset({Kind.UNAUTHENTICATED})


class Forbidden(GatewayError):
    kinds = frozenset({Kind.FORBIDDEN})


class OrderRefused(GatewayError):
    kinds = frozenset({Kind.REJECTED})


class IdempotencyConflict(GatewayError):
    kinds = frozenset({Kind.CONFLICT})


class NameTaken(GatewayError):
    kinds = frozenset({Kind.TAKEN})


class ChangeRefused(GatewayError):
    kinds = frozenset({Kind.REFUSED})


class TradingDisabled(GatewayError):
    kinds = frozenset({Kind.DISABLED})


class LimitReached(GatewayError):
    kinds = frozenset({Kind.LIMITED})


class Unsupported(GatewayError):
    kinds = frozenset({Kind.UNSUPPORTED})


class Unavailable(GatewayError):
    kinds = frozenset({Kind.UNAVAILABLE})


class EpochChanged(GatewayError):
    kinds = frozenset({Kind.ABORTED})


class StartupError(GatewayError):
    kinds = frozenset({Kind.STARTUP})


def bad_request(message: str, **details: str | int) -> InvalidRequest:
    """Shorthand for the most common refusal."""
    return InvalidRequest(Reason.BAD_REQUEST, message, details=details)


def start_after_end(start: date, end: date) -> InvalidRequest:
    """Say that a span is the wrong way round; instants are dates as well."""
    text = f"start {start} is after end {end}; swap them."
    return InvalidRequest(Reason.START_AFTER_END, text, field="start")


def unknown_symbol(symbol: str) -> NotFound:
    """Say that no instrument has this symbol."""
    text = (
        f"No instrument {symbol!r} is known here. Import its data, or pick one from `instruments`."
    )
    return NotFound(Reason.UNKNOWN_SYMBOL, text, symbol=symbol)


def unknown_account(account_id: str) -> NotFound:
    """Say that no account has this id."""
    shown = account_id[:_SHOWN]
    text = f"No account {shown!r}. The query `accounts` lists those this key may see."
    return NotFound(Reason.UNKNOWN_ACCOUNT, text, account_id=shown)


def unknown_order(account_id: str, wanted: str | None) -> NotFound:
    """Say that an account has no order of this id or client order id."""
    account, order = account_id[:_SHOWN], (wanted or "")[:_SHOWN]
    text = f"Account {account} has no order {order!r}."
    return NotFound(Reason.ORDER_NOT_FOUND, text, account_id=account)


def unknown_sector(name: str) -> NotFound:
    """Say that no sector has this name."""
    text = f"No sector {name[:_SHOWN]!r}. The list of all sectors shows their names."
    return NotFound(Reason.UNKNOWN_SECTOR, text, sector=name[:_SHOWN])
