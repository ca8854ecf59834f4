"""How open orders live: matched by the venues, settled with the accounts, ended on time."""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Final

from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    End,
    Ended,
    Enter,
    Event,
    Expire,
    Refused,
    Trade,
)
from quantgraph.backends.sim.floor import Floor
from quantgraph.backends.sim.pit import Pit
from quantgraph.backends.sim.securities import Security
from quantgraph.backends.sim.settlement import Settlement
from quantgraph.backends.sim.standing import Roll, Standing
from quantgraph.domain.orders import OrderState, PriceType, Side
from quantgraph.domain.rules.sessions import Act, Phase
from quantgraph.domain.terminal import ExecutionReport

NEVER = 1 << 62  # epoch ms
# An enum's members are looked up in its class, these are at hand.
_BUY: Final = Side.BUY
_EXPIRED: Final = End.EXPIRED


class Dealing:
    """Moves all live symbols through time and tells what became of our orders.

    `at` is the instant (epoch ms) reached. Reports gather until `tell`.
    """

    def __init__(self, settlement: Settlement, floor: Floor, roll: Roll) -> None:
        """Begin where the parts stand."""
        self.settlement = settlement
        self.floor = floor
        self.roll = roll
        self.at = 0
        self.late: dict[str, list[Standing]] = {}
        # Keys of orders whose cancels wait until the exchange takes some.
        self.leaving: set[int] = set()
        self._told: list[ExecutionReport] = []
        # Expiry in epoch ms and key; one that ended earlier stays until its expiry.
        self._expiries: list[tuple[int, int]] = []

    @property
    def next(self) -> int:
        """The instant (epoch ms) before which an advance changes nothing; `NEVER` is far off."""
        due = self.floor.due
        expiry = self._expiries[0][0] if self._expiries else NEVER
        return expiry if due is None else min(due, expiry)

    def tell(self) -> list[ExecutionReport]:
        """Return the reports since the last time."""
        told, self._told = self._told, []
        return told

    def advance(self, at: int, most: int | None = None) -> None:
        """Let happen what is due, `most` steps of it at once."""
        steps = 0
        while (pit := self.floor.next(at)) is not None:
            self._step(pit)
            steps += 1
            if steps == most and self.floor.waits(at):
                return
        self._expire(at)
        self.at = max(self.at, at)

    def enter(self, standing: Standing, security: Security) -> Refused | None:
        """Let an order for which all is set aside come to its venue, or say why it may not."""
        pit = self.floor.open(security, self.at)
        held = standing.price_type is PriceType.AFTER_HOURS and pit.phase is not Phase.AFTER_HOURS
        pit.entered += 1
        standing.place = pit.entered
        events = [] if held else pit.apply(_entry(standing, security))
        if events and isinstance(events[0], Refused):
            return events[0]
        self.roll.add(standing)
        if standing.expiry is not None:
            heappush(self._expiries, (standing.expiry, standing.key))
        if held:
            self.late.setdefault(standing.symbol, []).append(standing)
        self._told.append(standing.report(OrderState.WORKING, self.at))
        self.settle(pit, events)
        return None

    def remove(self, standing: Standing, state: OrderState) -> bool:
        """Take an order out and end it; False where its venue does not let it go."""
        waiting = self.late.get(standing.symbol, [])
        if standing in waiting:
            waiting.remove(standing)
        else:
            events = self.floor.pits[standing.symbol].apply(Cancel(standing.place))
            if not any(isinstance(each, Ended) for each in events):
                return False
        self._end(standing, state)
        return True

    def close(self) -> None:
        """End the day: what is open expires, in the order it came, and every venue closes."""
        for standing in self.roll.all():
            self._end(standing, OrderState.EXPIRED)
        for pit in self.floor:
            pit.apply(Expire())
        self.floor.close(list(self.floor.pits))
        self.late.clear()
        self.leaving.clear()
        self._expiries.clear()

    def settle(self, pit: Pit, events: list[Event]) -> None:
        """Do to accounts and orders what a venue told."""
        for event in events:
            # keys above zero are ours
            if isinstance(event, Trade):
                if event.buyer > 0 or event.seller > 0:
                    self._trade(pit.security, event)
            elif (
                event.key > 0 and (standing := self.roll.placed(pit.symbol, event.key)) is not None
            ):
                expired = isinstance(event, Ended) and event.end is _EXPIRED
                self._end(standing, OrderState.EXPIRED if expired else OrderState.CANCELED)
        if pit.pause(self.at):
            self.floor.expect(pit)

    def reload(self, standings: Iterable[Standing], late: Iterable[int]) -> None:
        """Take in orders that were open when a state was kept; `late` are keys of theirs.

        Raises LookupError for a key of none of them.
        """
        for standing in standings:
            self.roll.add(standing)
            if standing.expiry is not None:
                heappush(self._expiries, (standing.expiry, standing.key))
        for key in late:
            standing = self.roll.keyed(key)
            if standing is None:
                raise LookupError(f"{key!r} is no open order")
            self.late.setdefault(standing.symbol, []).append(standing)

    def _step(self, pit: Pit) -> None:
        due, turn = pit.due, pit.turning
        if due is None:
            return
        self._expire(due)
        self.at = max(self.at, due)
        if turn is not None:
            self._clear_out(pit, turn)
        frees = turn is not None and Act.CANCEL in turn.acts
        self.settle(pit, pit.step(self._kept(pit.symbol) if frees else ()))
        if turn is Phase.AFTER_HOURS:
            self._enter_late(pit)
        if frees:
            self._let_go(pit.symbol)
        if turn is Phase.CLOSED:
            self._end_day(pit.security)
        self.floor.expect(pit)

    def _kept(self, symbol: str) -> list[int]:
        """Return the places of orders whose cancels wait: they go before anything trades."""
        return [each.place for each in self.roll.on(symbol) if each.key in self.leaving]

    def _let_go(self, symbol: str) -> None:
        """Cancel those of them that wait for after hours: their venue never saw them."""
        for standing in self.roll.on(symbol):
            if standing.key in self.leaving:
                self.remove(standing, OrderState.CANCELED)

    def _end_day(self, security: Security) -> None:
        """Expire what trades no more today; at the close, who waits for after hours stays.

        The venue is not told: what the day left over stays displayed, as exchanges leave it.
        """
        over = self.at >= security.end
        for standing in self.roll.on(security.symbol):
            if over or standing.price_type is not PriceType.AFTER_HOURS:
                self._end(standing, OrderState.EXPIRED)

    def _clear_out(self, pit: Pit, phase: Phase) -> None:
        """End in time whose expiry falls where nobody can be let go: they must not trade then."""
        until = pit.security.locked_until(phase, self.at)
        if until is None:
            return
        for standing in self.roll.on(pit.security.symbol):
            if standing.expiry is not None and standing.expiry <= until:
                self.remove(standing, OrderState.EXPIRED)

    def _enter_late(self, pit: Pit) -> None:
        """Let those come who have waited for the closing price; who does not reach it ends."""
        for standing in self.late.pop(pit.security.symbol, []):
            self.settle(pit, pit.apply(_entry(standing, pit.security)))

    def _expire(self, until: int) -> None:
        late: list[Standing] = []
        while self._expiries and self._expiries[0][0] <= until:
            standing = self.roll.keyed(heappop(self._expiries)[1])
            if standing is not None:
                late.append(standing)
        # All are told at the same instant: in the order they came, whatever their expiries.
        for standing in sorted(late, key=lambda each: each.key):
            self.at = max(self.at, standing.expiry or 0)
            self.remove(standing, OrderState.EXPIRED)

    def _trade(self, security: Security, trade: Trade) -> None:
        """Fill ours, whoever waited first."""
        sides = (trade.seller, trade.buyer)
        for place in sides if trade.taker is _BUY else reversed(sides):
            standing = self.roll.placed(security.symbol, place)
            if standing is None:
                continue
            moved = (trade.price, trade.quantity, self.at)
            fill = self.settlement.fill(standing, security, moved)
            self.roll.bid(standing, -trade.quantity)
            state = OrderState.PARTIALLY_FILLED if standing.open else OrderState.FILLED
            self._told.append(standing.report(state, self.at, fill))
            if not standing.open:
                self.roll.drop(standing)

    def _end(self, standing: Standing, state: OrderState) -> None:
        self.settlement.release(standing)
        self.roll.drop(standing)
        self.leaving.discard(standing.key)
        self._told.append(standing.report(state, self.at))


def _entry(standing: Standing, security: Security) -> Command:
    """Return the order as its venue knows it; one after hours is a limit order there."""
    late = standing.price_type is PriceType.AFTER_HOURS
    kind = PriceType.LIMIT if late else standing.price_type
    limit = security.ticks(standing.worst) if kind is PriceType.LIMIT else None
    return Enter(standing.place, standing.side, standing.quantity, kind, limit)
