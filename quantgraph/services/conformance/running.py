"""What a check is, what it may ask, and how the table is gone through."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Terminal


class Verdict(StrEnum):
    """What came of a check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class NonconformityError(Exception):
    """The terminal answered otherwise than the gateway takes for granted."""


class SkippedError(Exception):
    """There is nothing to look at here."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom to look at. `symbols`: shares that it lists, the first of them that orders are of.

    `sender` is None unless orders were allowed explicitly, and then so is `account_id`.
    """

    backend: Backend
    clock: Clock
    symbols: tuple[str, ...]
    sender: Terminal | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One look: returns what it found, in words, or raises one of the errors above."""

    name: str
    look: Callable[[Subject], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check, in how many real seconds."""

    check: str
    verdict: Verdict
    found: str
    seconds: float


def expect(holds: object, text: str) -> None:
    """Raise NonconformityError unless it holds."""
    if not holds:
        raise NonconformityError(text)


async def outcomes(
    checks: Iterable[Check], subject: Subject, seconds: float
) -> AsyncGenerator[Outcome, None]:
    """Do one check after the other, each within so many real seconds; none stops the next."""
    for check in checks:
        begun = monotonic()
        verdict, found = await _judged(check, subject, seconds)
        yield Outcome(check.name, verdict, found, round(monotonic() - begun, 3))


async def _judged(check: Check, subject: Subject, seconds: float) -> tuple[Verdict, str]:
    try:
        async with asyncio.timeout(seconds):
            return Verdict.PASSED, await check.look(subject)
    except (SkippedError, Unsupported) as error:
        # Unsupported: it says itself that it cannot, as the capability report does.
        return Verdict.SKIPPED, _words(error)
    except TimeoutError:
        return Verdict.FAILED, f"no answer within {seconds:g} s"
    except Exception as error:  # a defect of ours is a finding as well
        return Verdict.FAILED, _words(error)


def _words(error: Exception) -> str:
    if isinstance(error, GatewayError):
        return f"{error.reason.value}: {error.message}"
    plain = isinstance(error, SkippedError | NonconformityError)
    return str(error) if plain else f"{type(error).__name__}: {error}"
