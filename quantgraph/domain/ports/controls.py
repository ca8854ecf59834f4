"""The switches of trading: what stops it, and what lets it go on."""

from collections.abc import AsyncGenerator
from typing import Protocol

from quantgraph.domain.controls import ControlChange, HaltWish, TradingEvent, TradingStatus


class Controls(Protocol):
    """Stops and starts trading, of one account or of all (None). Halts last across a restart.

    Cancels are open in every state; the repeat of a known key is answered in every state.
    """

    async def status(self, account_id: str | None) -> TradingStatus:
        """Return where trading stands. Errors: UNKNOWN_ACCOUNT."""
        ...

    def events(self, account_id: str | None) -> AsyncGenerator[TradingEvent, None]:
        """Yield where trading stands now, every change at once, and a heartbeat every 5 s.

        Errors: UNKNOWN_ACCOUNT, SHUTTING_DOWN.
        """
        ...

    async def halt(self, wish: HaltWish) -> ControlChange:
        """Stop trading; a halt that is stricter already stays.

        Once this returns nothing more is sent, but for what `unanswered` counts: the terminal has
        it, and does not answer. Errors: UNKNOWN_ACCOUNT; STORE_UNAVAILABLE where it cannot be
        written down: it holds all the same, until the gateway stops.
        """
        ...

    async def resume(self, wish: HaltWish) -> ControlChange:
        """Let trading go on, with `reducing` only to reduce; nothing is made stricter.

        Of one account: a halt of the gateway stays above it. Errors: UNKNOWN_ACCOUNT,
        STORE_UNAVAILABLE (then nothing has changed).
        """
        ...
