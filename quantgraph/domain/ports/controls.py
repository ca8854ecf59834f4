"""The switches of trading: what stops it, and what lets it go on."""

from collections.abc import AsyncGenerator
from typing import Protocol

from quantgraph.domain.controls import ArmWish, ControlChange, HaltWish, TradingEvent, TradingStatus


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

    async def arm(self, wish: ArmWish) -> ControlChange:
        """Arm trading of the gateway for a while; where that is not needed nothing changes.

        It ends by itself, at the end of the trading day at the latest, and with the gateway.
        Errors: BAD_REQUEST, ARMING_SECRET_WRONG, TRADING_UNREPORTED, OVERLOADED.
        """
        ...

    async def disarm(self, wish: HaltWish) -> ControlChange:
        """End the arming of the gateway at once, for the reason given.

        Once this returns nothing more is sent, as after a halt.
        """
        ...

    async def set_dead_man(self, account_id: str, seconds: int) -> ControlChange:
        """Set an account's timer anew; 0 puts it away.

        Where it runs out, the account is halted (DEAD_MAN) and its open orders are canceled. Real
        seconds; the gateway alone keeps it. Errors: UNKNOWN_ACCOUNT, BAD_REQUEST.
        """
        ...
