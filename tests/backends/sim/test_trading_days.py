"""Any order of frames, orders, cancels and day ends keeps the books straight."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import OrderState, PriceType, Side

from .hall import BUY, CALENDAR, SEED, SYMBOL, Floor

OTHER = SEED.model_copy(update={"id": "sim-2", "positions": ()})
TYPES = (PriceType.LIMIT, PriceType.LIMIT, PriceType.BEST_FIVE_CANCEL, PriceType.BEST_FIVE_LIMIT)


class TradingDays(RuleBasedStateMachine):
    """`Floor` holds the accounts against a second set of books after every call."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(SEED, OTHER)
        self.limits: dict[str, tuple[Side, Decimal | None, int]] = {}

    @rule(
        middle=st.integers(905, 1_095),
        spread=st.integers(1, 4),
        sizes=st.tuples(st.integers(1, 30), st.integers(1, 30)),
        dealt=st.integers(0, 20),
        taker=st.sampled_from(Side),
    )
    def second(
        self, middle: int, spread: int, sizes: tuple[int, int], dealt: int, taker: Side
    ) -> None:
        bid, ask = f"{middle / 100:.2f}", f"{(middle + spread) / 100:.2f}"
        deals = [(ask if taker is BUY else bid, dealt * 100, taker)] if dealt else []
        self.floor.show({bid: sizes[0] * 100}, {ask: sizes[1] * 100}, *deals)

    @rule(
        account=st.sampled_from(["sim-1", "sim-2"]),
        side=st.sampled_from(Side),
        quantity=st.one_of(st.integers(1, 20).map(lambda n: n * 100), st.integers(1, 400)),
        cents=st.integers(895, 1_105),
        kind=st.sampled_from(TYPES),
        lasts_s=st.one_of(st.none(), st.integers(1, 5)),
    )
    def submit(self, account, side, quantity, cents, kind, lasts_s) -> None:
        name = f"o{len(self.limits)}"
        limit = Decimal(cents) / 100 if kind is PriceType.LIMIT else None
        self.limits[name] = side, limit, quantity
        until = None if lasts_s is None else from_ms(self.floor.now) + timedelta(seconds=lasts_s)
        more = {"account_id": account, "price_type": kind, "expires_at": until}
        try:
            self.floor.place(name, side, quantity, None if limit is None else f"{limit}", **more)
        except OrderRefused:
            return
        assert limit is None or Decimal("9.00") <= limit <= Decimal("11.00")

    @precondition(lambda self: self.limits)
    @rule(pick=st.integers(0, 10**6))
    def cancel(self, pick: int) -> None:
        name = list(self.limits)[pick % len(self.limits)]
        try:
            reports = self.floor.withdraw(name)
        except OrderRefused:
            return
        assert reports[-1].state is OrderState.CANCELED

    @rule()
    def end_day(self) -> None:
        self.floor.roll(CALENDAR.next_session(self.floor.exchange.day))
        assert self.floor.exchange.open_orders(SYMBOL) == 0
        for ledger in self.floor.exchange.ledgers.values():
            assert ledger.frozen == 0 == ledger.holding(SYMBOL).frozen
        self.floor.board.frames.clear()
        self.floor.clock(10, 0)

    @invariant()
    def fills_keep_to_the_orders_and_the_band(self) -> None:
        for report in self.floor.reports:
            side, limit, quantity = self.limits[report.tag]
            assert report.filled_quantity <= quantity
            fill = report.fill
            if fill is not None:
                assert Decimal("9.00") <= fill.price <= Decimal("11.00")
                sign = 1 if side is BUY else -1
                assert limit is None or (fill.price - limit) * sign <= 0
        self.floor.reports.clear()


TradingDays.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestTradingDays = TradingDays.TestCase
