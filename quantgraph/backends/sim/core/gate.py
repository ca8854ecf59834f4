"""What a venue takes at a time of the day: phases, halts, and the prices that go with them."""

from dataclasses import dataclass, field
from typing import Final

from quantgraph.backends.sim.core.events import Enter
from quantgraph.backends.sim.core.tally import Tally, Terms
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Act, Phase

OPENING = frozenset({Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED})
_CONTINUOUS: Final = Phase.CONTINUOUS  # an enum's members are looked up in its class
_AUCTIONS = OPENING | {Phase.CLOSE_AUCTION}


@dataclass(slots=True)
class Gate:
    """Judges positive keys by the phase; negative ones tell what happened and are let in."""

    terms: Terms
    tally: Tally = field(default_factory=Tally)
    phase: Phase = Phase.CLOSED
    halted: bool = False

    @property
    def matches(self) -> bool:
        """Whether an order trades as it comes."""
        return self.phase is _CONTINUOUS and not self.halted

    @property
    def collects(self) -> bool:
        """Whether orders wait for an auction, also beyond the other side's prices."""
        return self.phase in _AUCTIONS or (self.halted and self.phase is Phase.CONTINUOUS)

    @property
    def cancels(self) -> bool:
        """Whether an order of the day can be taken out."""
        return Act.CANCEL in self.phase.acts and self.phase is not Phase.AFTER_HOURS

    @property
    def reference(self) -> int | None:
        """The price an auction leans on, in ticks: the last trade, before any the previous close.

        The opening auction always leans on the previous close.
        """
        opening = self.phase in OPENING or self.tally.last is None
        return self.terms.previous_close if opening else self.tally.last

    def ends_auction(self, phase: Phase) -> bool:
        """Return whether turning to a phase ends an auction that may match."""
        same = phase is self.phase or (self.phase in OPENING and phase in OPENING)
        return self.phase in _AUCTIONS and not same and not self.halted

    @property
    def close(self) -> int | None:
        """The close in ticks once the day has one: without a trade that of the day before."""
        return self.terms.previous_close if self.tally.last is None else self.tally.last

    def at_close(self, order: Enter) -> bool:
        """Return whether an order after hours takes the close, the only price there."""
        close = self.close
        if self.phase is not Phase.AFTER_HOURS or close is None or order.limit is None:
            return False
        return order.limit >= close if order.side is Side.BUY else order.limit <= close

    def objection(self, order: Enter) -> Reason | None:
        """Return why an order is not taken now, None if it is."""
        if order.price_type is PriceType.LIMIT and order.key < 0:
            return Reason.PRICE_REQUIRED if order.limit is None else None
        if not order.price_type.priced:
            return self._market_objection(order)
        if order.limit is None:
            return Reason.PRICE_REQUIRED
        if self.phase is Phase.AFTER_HOURS:
            return self._late_objection(order)
        if order.price_type is PriceType.AFTER_HOURS or Act.SUBMIT not in self.phase.acts:
            return Reason.SESSION_CLOSED
        return None if self.terms.allows(order.limit) else Reason.PRICE_BAND

    def _market_objection(self, order: Enter) -> Reason | None:
        """Return why no price can be found in the book: it must be matching, whoever asks."""
        if order.limit is not None:
            return Reason.PRICE_NOT_ALLOWED
        if self.matches:
            return None
        if Act.SUBMIT not in self.phase.acts:
            return Reason.SESSION_CLOSED
        return Reason.SUSPENDED if self.halted else Reason.PRICE_TYPE_UNSUPPORTED

    def _late_objection(self, order: Enter) -> Reason | None:
        """Return why nothing trades at the close: there is none, or the price is worse."""
        if self.halted or self.close is None:
            return Reason.SUSPENDED
        return None if self.at_close(order) else Reason.CLOSE_NOT_REACHED
