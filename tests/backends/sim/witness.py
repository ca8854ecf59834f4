"""What an exchange may tell of an order: kept from orders and reports alone, no ledger, no book."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.backends.sim.actions import Entitlement
from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.securities import Security
from quantgraph.domain.calendar import to_ms
from quantgraph.domain.orders import Order, OrderState, PriceType, Side
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.terminal import ExecutionReport

CENT = Decimal("0.01")
_CALLS = (Phase.OPEN_AUCTION, Phase.OPEN_AUCTION_FIXED, Phase.CLOSE_AUCTION)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Told:
    """An order that was taken, and what was told of it so far."""

    order: Order
    number: int
    security: Security
    states: list[OrderState] = field(default_factory=list)
    filled: int = 0
    amount: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def open(self) -> int:
        return self.order.quantity - self.filled

    @property
    def buys(self) -> bool:
        return self.order.side is Side.BUY

    @property
    def late(self) -> bool:
        return self.order.price_type is PriceType.AFTER_HOURS

    @property
    def worst(self) -> Decimal:
        """The dearest price it may pay: its limit, else the top of the band."""
        if self.order.limit_price is not None:
            return self.order.limit_price
        assert self.security.band is not None
        return self.security.band.high

    def need(self, fees: FeeSchedule) -> Decimal:
        """What the open rest of a buy may cost, with the fees that it still owes."""
        rest = cents(self.worst * self.open)
        instrument, day = self.security.instrument, self.security.day
        due = fees.order_fees(instrument, Side.BUY, self.amount + rest, day).total
        return rest + due - self.fees

    def before(self, other: "Told", price: Decimal) -> bool:
        """Whether price and time put it before an order of its side that trades at a price.

        What an order without a limit may pay is known to the book alone: it counts as the price.
        """
        mine, its = self.order.limit_price, other.order.limit_price
        if mine is None or self.late is not other.late:
            return False
        sign = 1 if self.buys else -1
        if sign * mine < sign * price:
            return False
        if self.late:  # all trade at the close: by time alone
            return self.number < other.number
        better = its is not None and sign * mine > sign * its
        return better or (self.number < other.number and mine == (its or price))


class Witness:
    """Follows every report; an AssertionError says what no exchange may do."""

    def __init__(self, fees: FeeSchedule) -> None:
        self.fees = fees
        self.open: dict[str, Told] = {}
        self.ended: dict[str, OrderState] = {}
        # Halted by the operator, and by a scenario until an instant.
        self.stopped: set[str] = set()
        self.dark: dict[str, int] = {}
        # Shares that an account may sell today: those of the morning, less those it sold.
        self.morning: dict[tuple[str, str], int] = {}
        self.sold: Counter[tuple[str, str]] = Counter()
        self.leaving: set[str] = set()
        self.counts: Counter[str] = Counter()
        self._newest = 0

    def begin(self, ledgers: Iterable[Ledger]) -> None:
        """Begin a day: no order is left, and all that is held may be sold."""
        assert not self.open, f"orders outlive their day: {sorted(self.open)}"
        self.sold.clear()
        for ledger in ledgers:
            self.welcome(ledger)

    def welcome(self, ledger: Ledger) -> None:
        for symbol, held in ledger.holdings.items():
            self.morning[ledger.account_id, symbol] = held.quantity

    def accept(self, order: Order, security: Security, number: int) -> None:
        assert order.id not in self.ended
        self.open[order.id] = Told(order, number, security)
        self.counts[f"took {order.price_type}"] += 1

    def take(self, reports: Iterable[ExecutionReport]) -> None:
        for report in reports:
            told = self.open.get(report.tag)
            assert told is not None, f"a report of an order that is not open: {report}"
            assert report.account_id == told.order.account_id
            at = to_ms(report.time)
            assert at >= self._newest, "reports go back in time"
            self._newest = at
            if report.fill is not None:
                self._fill(told, report, at)
            self._follow(told, report)

    def _follow(self, told: Told, report: ExecutionReport) -> None:
        state, whole = report.state, told.order.quantity
        assert (state is OrderState.WORKING) is (not told.states)
        assert (state is OrderState.PARTIALLY_FILLED) is (report.fill is not None and told.open > 0)
        assert (state is OrderState.FILLED) is (told.filled == whole)
        assert report.filled_quantity == told.filled <= whole
        average = None
        if told.filled:
            average = (told.amount / told.filled).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        assert report.average_price == average
        told.states.append(state)
        if state.final:
            if told.order.id in self.leaving:
                assert state in (OrderState.CANCELED, OrderState.EXPIRED)
                self.leaving.discard(told.order.id)
            self.ended[told.order.id] = state
            del self.open[told.order.id]
            self.counts[f"ended {state}"] += 1

    def _fill(self, told: Told, report: ExecutionReport, at: int) -> None:
        fill, order, security = report.fill, told.order, told.security
        assert fill is not None
        assert (fill.account_id, fill.symbol, fill.side) == (
            order.account_id,
            order.symbol,
            order.side,
        )
        assert fill.quantity > 0
        assert to_ms(fill.time) == at
        assert order.symbol not in self.stopped, "a halted symbol trades"
        assert order.expires_at is None or at < to_ms(order.expires_at), (
            f"it trades when expired {order}"
        )
        assert fill.price % security.tick == 0
        band = security.band
        assert band is None or band.low <= fill.price <= band.high, "a trade outside the band"
        limit, sign = order.limit_price, 1 if told.buys else -1
        assert limit is None or sign * fill.price <= sign * limit, "worse than the limit"
        assert order.id not in self.leaving, "it trades though its cancel was taken"
        self._in_session(told, at)
        for other in self.open.values():
            if other is not told and (other.order.symbol, other.order.side) == (
                order.symbol,
                order.side,
            ):
                assert not (other.states and other.before(told, fill.price)), (
                    f"{order.id} trades at {fill.price} before {other.order.id}"
                )
        told.filled += fill.quantity
        told.amount += fill.amount
        told.fees += fill.fee
        due = self.fees.order_fees(security.instrument, order.side, told.amount, security.day).total
        assert told.fees <= due
        assert told.fees == due or not told.buys
        self._deliver(told, fill.quantity)

    def _in_session(self, told: Told, at: int) -> None:
        security = told.security
        phase = security.phase(at)
        printed = any(each.end == at and each.phase in _CALLS for each in security.phases)
        if told.late:
            assert phase is Phase.AFTER_HOURS, "an order for after hours trades before"
            self.counts["fills after hours"] += 1
            return
        assert phase is Phase.CONTINUOUS or printed, f"a trade in {phase}"
        dark = at < self.dark.get(told.order.symbol, 0)
        assert printed or not dark, "it trades while its scenario halts it"
        self.counts["fills in auctions" if printed else "fills in trading"] += 1

    def _deliver(self, told: Told, quantity: int) -> None:
        """Count what was sold of the morning's shares (T+1), or what may be sold at once (T+0)."""
        key = told.order.account_id, told.order.symbol
        if not told.buys:
            self.sold[key] += quantity
        elif not told.security.locked:
            self.morning[key] = self.morning.get(key, 0) + quantity

    def check_ends(self, now: int) -> None:
        """Raise AssertionError where an order may still trade that should have ended by now."""
        waiting = [self.open[name].security.phase(now) for name in self.leaving]
        assert {*waiting} <= {Phase.PRE_OPEN, Phase.LUNCH}, "a cancel that was kept is forgotten"
        for told in self.open.values():
            expires = told.order.expires_at
            if expires is None or to_ms(expires) > now:
                continue
            # What is left of the day's orders takes no part after the close: it ends with the day.
            phase = told.security.phase(now)
            over = phase is Phase.CLOSED or (phase is Phase.AFTER_HOURS and not told.late)
            assert over, f"it outlives its expiry: {told.order}"

    def check(self, ledgers: Mapping[str, Ledger], names: Iterable[str]) -> None:
        """Raise AssertionError where what these accounts have set aside is not what they need."""
        waiting: dict[str, list[Told]] = defaultdict(list)
        for told in self.open.values():
            waiting[told.order.account_id].append(told)
        for name in names:
            ledger, own = ledgers[name], waiting[name]
            needs = sum((each.need(self.fees) for each in own if each.buys), Decimal(0))
            assert ledger.frozen == needs, f"{name} has {ledger.frozen} set aside for {needs}"
            offered: Counter[str] = Counter()
            for each in own:
                if not each.buys:
                    offered[each.order.symbol] += each.open
            for symbol, held in ledger.holdings.items():
                key = name, symbol
                assert held.frozen == offered[symbol]
                assert self.sold[key] + held.frozen <= self.morning.get(key, 0), "T+1 is broken"
            assert not offered.keys() - ledger.holdings.keys()

    def on(self, symbol: str) -> Iterator[Told]:
        return (each for each in self.open.values() if each.order.symbol == symbol)

    def granted(self, granted: Iterable[Entitlement]) -> None:
        self.counts["events paid"] += sum(1 for _ in granted)
