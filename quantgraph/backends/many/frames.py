"""Downloads that one of several terminals' gateways writes."""

from collections.abc import AsyncGenerator

from quantgraph.backends.many.preferred import Preferred
from quantgraph.domain.bars import BarRequest
from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.reasons import Reason

Frames = AsyncGenerator[bytes, None]


class ManyFrames:
    """Implements `BarFrames`: one download, one terminal, whichever stands first when it begins."""

    def __init__(self, preferred: Preferred) -> None:
        """Ask in the order of `preferred`."""
        self._preferred = preferred

    async def open(self, request: BarRequest, token: bytes) -> Frames | None:
        """Return the frames of the terminal that is asked now; None where it is no gateway.

        A token is known to the one alone that gave it, which may not be the first by now. Errors
        besides: TERMINAL_OFFLINE where one that may have given it is away.
        """
        if token:
            return await self._behind(request, token)
        return await self._preferred.ask(lambda each: _opened(each, request, token))

    async def _behind(self, request: BarRequest, token: bytes) -> Frames | None:
        refused: list[GatewayError] = []
        for each in self._preferred.order:
            try:
                found = await _opened(each, request, token)
            except GatewayError as error:
                unknown = error.reason is Reason.RESUME_TOKEN_INVALID
                if not (unknown or isinstance(error, Unavailable)):
                    raise
                refused.append(error)
            else:
                if found is not None:
                    return found
        away = [each for each in refused if each.reason is not Reason.RESUME_TOKEN_INVALID]
        if refused:
            raise (away or refused)[0]
        return None


async def _opened(terminal: Backend, request: BarRequest, token: bytes) -> Frames | None:
    frames = terminal.bar_frames
    return None if frames is None else await frames.open(request, token)
