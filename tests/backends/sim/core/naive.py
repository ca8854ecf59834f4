"""The same venue by another hand: plain lists, sorted and searched anew each time.

Shares the words of `events` with the product and nothing else: not its levels, ranks or phases.
"""

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.backends.sim.core.events import (
    Cancel,
    Command,
    End,
    Ended,
    Enter,
    Event,
    Halt,
    Lower,
    Refused,
    Trade,
    Turn,
)
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.sessions import Phase

Ladder = list[tuple[int, int]]
Cleared = tuple[int, int, int]
BUY, SELL = Side.BUY, Side.SELL
OPENING = (Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED)
AUCTIONS = (*OPENING, Phase.CLOSE_AUCTION)


def tried(bids: Ladder, asks: Ladder, market: Market, reference: int | None) -> Cleared | None:
    """The rules' prose, asked of each price in turn."""

    def bought(price: int, *, beyond: bool = False) -> int:
        return sum(q for p, q in bids if p > price or (p == price and not beyond))

    def sold(price: int, *, beyond: bool = False) -> int:
        return sum(q for p, q in asks if p < price or (p == price and not beyond))

    def volume(price: int) -> int:
        return min(bought(price), sold(price))

    named = sorted({p for p, _ in bids + asks})
    every = (
        named if market is Market.SH else list(range(named[0] - 2, named[-1] + 3)) if named else []
    )
    most = max(map(volume, every), default=0)
    if most == 0:
        return None
    fit = [
        price
        for price in every
        if volume(price) == most
        and bought(price, beyond=True) <= most
        and sold(price, beyond=True) <= most
        and (bought(price) <= most or sold(price) <= most)
    ]
    least = min(abs(bought(price) - sold(price)) for price in fit)
    fit = [price for price in fit if abs(bought(price) - sold(price)) == least]
    if market is Market.SH or reference is None:
        middle = Decimal(fit[0] + fit[-1]) / 2
        price = int(middle.quantize(Decimal(1), ROUND_HALF_UP))
    else:
        price = min(fit, key=lambda each: (abs(each - reference), each))
    return price, volume(price), bought(price) - sold(price)


@dataclass
class Waiting:
    """An order that waits; `number` is its place in time."""

    key: int
    side: Side
    price: int
    left: int
    number: int


@dataclass
class NaiveVenue:
    """Every rule written out as a sentence over a list."""

    market: Market
    previous: int | None
    band: tuple[int, int]
    phase: Phase = Phase.CLOSED
    halted: bool = False
    last: int | None = None
    waiting: list[Waiting] = field(default_factory=list)
    late: list[Waiting] = field(default_factory=list)
    held: list[Enter] = field(default_factory=list)
    count: int = 0

    def apply(self, command: Command) -> list[Event]:
        match command:
            case Enter():
                return self.enter(command)
            case Cancel(key):
                return self.cancel(key)
            case Lower(key, quantity):
                return self.lower(key, quantity)
            case Turn(phase):
                events: list[Event] = []
                over = self.phase in AUCTIONS and phase is not self.phase
                if over and not self.halted and not (phase in OPENING and self.phase in OPENING):
                    events = self.auction()
                self.phase = phase
                return events + self.go_on()
            case Halt(resumed):
                self.halted = not resumed
                return self.go_on()
            case _:
                gone = [(each.key, each.left) for each in self.in_time(self.waiting)]
                gone += [(each.key, each.quantity) for each in self.held]
                gone += [(each.key, each.left) for each in self.in_time(self.late)]
                self.waiting, self.late, self.held = [], [], []
                return [Ended(key, left, End.EXPIRED) for key, left in gone]

    def in_time(self, orders: list[Waiting]) -> list[Waiting]:
        return sorted(orders, key=lambda each: each.number)

    def queue(self, side: Side, orders: list[Waiting] | None = None) -> list[Waiting]:
        mine = [o for o in (self.waiting if orders is None else orders) if o.side is side]
        return sorted(mine, key=lambda o: (-o.price if side is BUY else o.price, o.number))

    def prices(self, side: Side) -> list[int]:
        return sorted({o.price for o in self.queue(side)}, reverse=side is BUY)

    def matching(self) -> bool:
        return self.phase is Phase.CONTINUOUS and not self.halted

    def go_on(self) -> list[Event]:
        if not self.matching():
            return []
        events, held, self.held = self.auction(), self.held, []
        for order in held:
            events += self.trade(order)
        return events

    def auction(self) -> list[Event]:
        bids, asks = self.queue(BUY), self.queue(SELL)
        opening = self.phase in OPENING or self.last is None
        ladders = [[(o.price, o.left) for o in orders] for orders in (bids, asks)]
        found = tried(ladders[0], ladders[1], self.market, self.previous if opening else self.last)
        if found is None:
            return []
        price, left, _ = found
        trades: list[Event] = []
        while left:
            buyer = next(o for o in bids if o.left)
            seller = next(o for o in asks if o.left)
            quantity = min(buyer.left, seller.left, left)
            trades.append(Trade(buyer.key, seller.key, price, quantity, None))
            buyer.left, seller.left, left = (
                buyer.left - quantity,
                seller.left - quantity,
                left - quantity,
            )
        self.waiting = [o for o in self.waiting if o.left]
        self.last = price
        return trades

    def enter(self, order: Enter) -> list[Event]:
        why = self.objection(order)
        if why is not None:
            return [Refused(order.key, why)]
        if self.matching():
            return self.trade(order)
        assert order.limit is not None
        reaches = self.reaches(order.side, order.limit, self.close)
        if self.phase is Phase.AFTER_HOURS and reaches:
            assert self.close is not None
            taker = self.arrive(order, self.close)
            return self.fill(taker, self.queue(other(order.side), self.late), self.late)
        best = self.prices(other(order.side))
        collecting = self.phase in AUCTIONS or self.phase is Phase.CONTINUOUS
        if not collecting and self.reaches(order.side, order.limit, best[0] if best else None):
            self.held.append(order)
        else:
            self.waiting.append(self.arrive(order, order.limit))
        return []

    def objection(self, order: Enter) -> Reason | None:
        open_now = (Phase.CONTINUOUS, *AUCTIONS)
        if order.price_type in (PriceType.LIMIT, PriceType.AFTER_HOURS):
            if order.limit is None:
                return Reason.PRICE_REQUIRED
            if order.key < 0 and order.price_type is PriceType.LIMIT:
                return None
            if self.phase is Phase.AFTER_HOURS:
                if self.halted or self.close is None:
                    return Reason.SUSPENDED
                good = self.reaches(order.side, order.limit, self.close)
                return None if good else Reason.CLOSE_NOT_REACHED
            if self.phase not in open_now or order.price_type is PriceType.AFTER_HOURS:
                return Reason.SESSION_CLOSED
            return None if self.band[0] <= order.limit <= self.band[1] else Reason.PRICE_BAND
        if order.limit is not None:
            return Reason.PRICE_NOT_ALLOWED
        if self.phase not in open_now:
            return Reason.SESSION_CLOSED
        if self.halted:
            return Reason.SUSPENDED
        return Reason.PRICE_TYPE_UNSUPPORTED if self.phase in AUCTIONS else None

    @property
    def close(self) -> int | None:
        """Without a trade the day closes where the one before did."""
        return self.previous if self.last is None else self.last

    def reaches(self, side: Side, limit: int, price: int | None) -> bool:
        return price is not None and (limit >= price if side is BUY else limit <= price)

    def arrive(self, order: Enter, price: int) -> Waiting:
        self.count += 1
        return Waiting(order.key, order.side, price, order.quantity, self.count)

    def fill(self, taker: Waiting, rivals: list[Waiting], where: list[Waiting]) -> list[Event]:
        """Trade with these in order; what is left waits where they did."""
        trades: list[Event] = []
        for rival in rivals:
            quantity = min(taker.left, rival.left)
            if quantity:
                taker.left, rival.left = taker.left - quantity, rival.left - quantity
                pair = (taker.key, rival.key) if taker.side is BUY else (rival.key, taker.key)
                trades.append(Trade(*pair, rival.price, quantity, taker.side))
                self.last = rival.price
        where[:] = [o for o in where if o.left]
        if taker.left:
            where.append(taker)
        return trades

    def trade(self, order: Enter) -> list[Event]:
        """Match by the exchanges' definition of each price type."""
        rivals, own = self.queue(other(order.side)), self.prices(order.side)
        facing = self.prices(other(order.side))
        taker = self.arrive(order, 0)
        unfilled: list[Event] = [Ended(order.key, order.quantity, End.UNFILLED)]
        match order.price_type:
            case PriceType.LIMIT:
                limit = order.limit
            case PriceType.OWN_BEST:
                limit = own[0] if own else None
            case PriceType.OPPOSITE_BEST:
                limit = facing[0] if facing else None
            case PriceType.FILL_OR_KILL:
                whole = sum(o.left for o in rivals) >= order.quantity
                return self.fill(taker, rivals, self.waiting) if whole else unfilled
            case PriceType.BEST_FIVE_CANCEL | PriceType.BEST_FIVE_LIMIT:
                return self.best_five(order, taker, [o for o in rivals if o.price in facing[:5]])
        if limit is None:
            return unfilled
        taker.price = limit
        return self.fill(
            taker, [o for o in rivals if self.reaches(order.side, limit, o.price)], self.waiting
        )

    def best_five(self, order: Enter, taker: Waiting, rivals: list[Waiting]) -> list[Event]:
        own = self.prices(order.side)
        trades = self.fill(taker, rivals, self.waiting)
        if not taker.left:
            return trades
        if order.price_type is PriceType.BEST_FIVE_LIMIT and (trades or own):
            newest = trades[-1] if trades else None
            taker.price = newest.price if isinstance(newest, Trade) else own[0]
            return trades
        self.waiting.remove(taker)
        return [*trades, Ended(order.key, taker.left, End.UNFILLED)]

    def lower(self, key: int, quantity: int) -> list[Event]:
        for order in self.waiting + self.late:
            if order.key == key and order.left > quantity:
                order.left -= quantity
                return []
        for place, each in enumerate(self.held):
            if each.key == key and each.quantity > quantity:
                self.held[place] = replace(each, quantity=each.quantity - quantity)
                return []
        return self.cancel(key)

    def cancel(self, key: int) -> list[Event]:
        open_orders = {o.key: o.left for o in self.waiting + self.late}
        open_orders |= {o.key: o.quantity for o in self.held}
        if key not in open_orders:
            return []
        late = any(o.key == key for o in self.late)
        may = self.phase in (Phase.OPEN_AUCTION, Phase.CONTINUOUS)
        if key > 0 and not may and not (late and self.phase is Phase.AFTER_HOURS):
            return [Refused(key, Reason.CANCEL_CLOSED)]
        for orders in (self.waiting, self.late, self.held):
            orders[:] = [o for o in orders if o.key != key]
        return [Ended(key, open_orders[key], End.CANCELED)]


def other(side: Side) -> Side:
    return SELL if side is BUY else BUY
