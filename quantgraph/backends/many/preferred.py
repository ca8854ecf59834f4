"""Which terminal is asked for market data: the first that stands, in the order of config."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

import structlog

from quantgraph.backends.many.members import is_real, stands
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminals import TerminalPart

T = TypeVar("T")
_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# It is away, whatever is asked; another one may not be.
_AWAY = frozenset({Reason.TERMINAL_OFFLINE, Reason.SOURCE_UNAVAILABLE})


class Preferred:
    """Asks terminals in their order. None but the first may be simulated: real data never ends so.

    A call that finds its terminal away, or without the function, goes on to the next one.
    """

    def __init__(self, terminals: Sequence[Backend]) -> None:
        """Take at least one, the preferred one first."""
        self._terminals = tuple(terminals)
        self._last = self._terminals[0].name
        # Called in the loop, with whom to ask now, whenever that may be another one.
        self.heard: set[Callable[[Sequence[Backend]], None]] = set()

    def standing(self) -> Sequence[Backend]:
        """Return whom to ask now, in order; the preferred one alone where none stands."""
        first, *others = self._terminals
        real = [first, *(each for each in others if is_real(each))]
        return [each for each in real if stands(each, TerminalPart.MARKET_DATA)] or [first]

    @property
    def present(self) -> Backend:
        """The one that is asked now."""
        return self.standing()[0]

    @property
    def order(self) -> Sequence[Backend]:
        """All of them, away or not."""
        return self._terminals

    def changed(self) -> None:
        """Hear that one of them may stand otherwise."""
        # Looked at once for all: thousands of symbols may be listened to.
        standing = self.standing()
        name = standing[0].name
        if name != self._last:
            _logger.warning("market_data_moved", before=self._last, now=name)
            self._last = name
        for told in tuple(self.heard):
            told(standing)

    async def ask(self, question: Callable[[Backend], Awaitable[T]]) -> T:
        """Return what the first one answers that can. Errors: those of the first that cannot."""
        whom, refused = self.standing(), list[GatewayError]()
        for each in whom:
            try:
                answer = await question(each)
            except GatewayError as error:
                if not passes_on(error):
                    raise
                refused.append(error)
            else:
                away = _all_away(answer)
                if away is None or each is whom[-1]:
                    return answer
                refused.append(away)
        raise self._why(refused, whom)

    def _why(self, refused: Sequence[GatewayError], whom: Sequence[Backend]) -> GatewayError:
        """Return why nobody answered: whoever is away may be the one that could."""
        lacking = all(each.reason is Reason.TERMINAL_LACKS for each in refused)
        if lacking and len(whom) < len(self._terminals):
            text = f"{refused[0].message} Another terminal, which may, is away."
            return Unavailable(Reason.TERMINAL_OFFLINE, text)
        return refused[0]


def passes_on(error: GatewayError) -> bool:
    """Return whether another terminal may answer what one has refused."""
    return error.reason in _AWAY or error.reason is Reason.TERMINAL_LACKS


def falling_back(preferred: Preferred, part: Callable[[Backend], T]) -> T:
    """Return a port whose every question is asked of the terminals' own, as `Preferred.ask`."""
    return cast("T", _FallingBack(preferred, part))


class _FallingBack:
    def __init__(self, preferred: Preferred, part: Callable[[Backend], object]) -> None:
        self._preferred, self._part = preferred, part

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        async def ask(*wanted: Any, **named: Any) -> Any:  # noqa: ANN401 whatever it takes and gives
            def question(each: Backend) -> Awaitable[Any]:
                return getattr(self._part(each), name)(*wanted, **named)

            return await self._preferred.ask(question)

        setattr(self, name, ask)  # found at once from now on
        return ask


def _all_away(answer: object) -> GatewayError | None:
    """Return why there is no answer where each item of it says that its terminal is away."""
    items = cast("Sequence[object]", answer) if isinstance(answer, list | tuple) else ()
    errors = [each for each in items if isinstance(each, GatewayError) and each.reason in _AWAY]
    return errors[0] if errors and len(errors) == len(items) else None
