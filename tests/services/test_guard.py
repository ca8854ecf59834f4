"""The order guard over a hand-made market: what it asks, and what it lets through."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quantgraph.domain.accounts import Means
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.instruments import Instrument, classify
from quantgraph.domain.orders import (
    Destination,
    Order,
    OrderKey,
    OrderState,
    OrderTicket,
    Origin,
    PriceType,
    Side,
    Submission,
)
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule
from quantgraph.domain.rules.trust import ANY_ROW, trust_of
from quantgraph.domain.sources import Source
from quantgraph.domain.system import Mode
from quantgraph.services.guard import OrderGuard
from quantgraph.services.judging import GuardSources

NOON = datetime(2024, 8, 21, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
QUOTE = Quote(
    symbol="600519.SH", time=0, last_price=10.09, open=10.0, high=10.2, low=9.9,
    previous_close=10.0, volume=1, amount=10.0, bids=(Level(10.08, 100),),
    asks=(Level(10.1, 100),), suspended=False, source=Source.SIMULATED,
)  # fmt: skip


class Below:
    """What lies below the guard: takes everything, and remembers it."""

    def __init__(self):
        self.sent, self.canceled, self.held, self.known = [], [], None, {}

    async def submit(self, ticket):
        self.sent.append(ticket)
        return Submission(None, replayed=False)

    def recent(self, ticket):
        return self.known.get(ticket.client_order_id)

    async def recall(self, ticket):
        del ticket

    async def order(self, key):
        del key
        return self.held

    look = order

    async def cancel(self, key):
        self.canceled.append(key)


class Market:
    """One share, one quote, one account, one instant."""

    now_is, quote, means_are = NOON, QUOTE, Means(Decimal(2_000), 0, 0)
    is_st = False

    def now(self):
        return self.now_is

    async def instruments(self, symbols):
        kinds = classify(symbols[0])
        made = Instrument(symbols[0], "名", *kinds, None, None, None, self.is_st, Source.SIMULATED)
        return [made if symbols[0] != "999999.SH" else None]

    async def quotes(self, symbols):
        return [replace(self.quote, symbol=symbols[0])]

    async def means(self, account, symbol):
        del account, symbol
        return self.means_are


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def below():
    return Below()


@pytest.fixture
def guard(market, below, calendar):
    sources = GuardSources(
        market, calendar, market, market, market, FeeSchedule(), frozenset(PriceType), ANY_ROW
    )
    return OrderGuard(below, sources)


def ticket(**changes):
    base = OrderTicket("sim-1", "k1", "600519.SH", Side.BUY, 100, limit_price=Decimal("10.10"))
    return replace(base, **changes)


def order(**changes):
    base = Order(
        "o1", "sim-1", "k1", None, "600519.SH", Side.BUY, PriceType.LIMIT, Decimal(10), 100, 0,
        None, OrderState.WORKING, Destination.SIMULATED, Origin.OURS, NOON, NOON,
    )  # fmt: skip
    return replace(base, **changes)


async def refusal(call):
    with pytest.raises(GatewayError) as caught:
        await call
    return caught.value


async def test_the_cage_is_measured_from_the_quotes_best_levels(guard, below):
    await guard.submit(ticket(limit_price=Decimal("10.30")))
    error = await refusal(guard.submit(ticket(limit_price=Decimal("10.31"))))
    assert error.reason is Reason.PRICE_CAGE
    assert error.details["bound"] == "10.30"
    assert len(below.sent) == 1


async def test_a_key_known_of_late_is_answered_whatever_the_rules_say_by_now(guard, market, below):
    below.known["k1"] = Submission(order(), replayed=True)
    market.instruments = market.quotes = market.means = None
    assert await guard.submit(ticket()) is below.known["k1"]
    assert not below.sent


@pytest.mark.parametrize(("cash", "said"), [("1105.01", None), ("1105.00", "INSUFFICIENT_CASH")])
async def test_an_order_without_a_price_needs_cash_for_the_top_of_the_band(
    guard, market, cash, said
):
    # 100 × 11.00, commission 5.00, transfer 0.01
    market.means_are = Means(Decimal(cash), 0, 0)
    call = guard.submit(ticket(price_type=PriceType.BEST_FIVE_CANCEL, limit_price=None))
    if said is None:
        await call
    else:
        assert (await refusal(call)).reason == said


async def test_the_days_purchases_count_against_the_limit_of_warned_shares(guard, market):
    market.is_st, market.means_are = True, Means(Decimal(10**9), 0, 499_900)
    await guard.submit(ticket(quantity=100))
    error = await refusal(guard.submit(ticket(quantity=200)))
    assert error.reason is Reason.PURCHASE_LIMIT


async def test_in_prod_the_guard_trusts_verified_rows_alone(guard, market, below, calendar):
    trust = trust_of(Mode.PROD, ())
    everything = (market, calendar, market, market, market, FeeSchedule(), frozenset(PriceType))
    strict = OrderGuard(below, GuardSources(*everything, trust))
    await strict.submit(ticket())
    bse = ticket(symbol="835185.BJ")
    assert (await refusal(strict.submit(bse))).reason is Reason.RULE_UNVERIFIED
    await guard.submit(bse)
    assert [each.symbol for each in below.sent] == ["600519.SH", "835185.BJ"]


@pytest.mark.parametrize("accepted", [(), ("fees.handling",)])
async def test_in_prod_fees_whose_first_day_no_source_names_are_not_relied_on(
    market, below, calendar, accepted
):
    apart = FeeSchedule(inclusive=False)
    everything = (market, calendar, market, market, market, apart, frozenset(PriceType))
    strict = OrderGuard(below, GuardSources(*everything, trust_of(Mode.PROD, accepted)))
    error = await refusal(strict.submit(ticket()))
    assert error.reason is Reason.RULE_UNVERIFIED
    assert error.details["rule"] == ("fees.regulatory" if accepted else "fees.handling")


def at(hour, minute):
    """Return a time of day in Shanghai."""
    return NOON.replace(hour=hour - 8, minute=minute)


@pytest.mark.parametrize(
    ("now", "changes", "passes"),
    [
        (at(10, 0), {}, True),
        (at(9, 21), {}, False),
        (at(14, 58), {}, False),
        (at(14, 58), {"symbol": "999999.SH"}, True),
        (at(14, 58), {"symbol": "122059.SH"}, True),  # no closing auction of bonds in Shanghai
        (at(14, 58), {"state": OrderState.FILLED}, True),
        (at(12, 0), {}, True),  # the broker keeps it until 13:00
        (at(14, 58).replace(year=2027, month=1, day=4), {}, True),
    ],
)
async def test_a_cancel_is_held_back_only_where_the_exchange_surely_refuses_it(
    guard, market, below, now, changes, passes
):
    market.now_is, below.held = now, order(**changes)
    key = OrderKey("sim-1", "o1")
    if passes:
        await guard.cancel(key)
    else:
        assert (await refusal(guard.cancel(key))).reason is Reason.CANCEL_CLOSED
    assert below.canceled == ([key] if passes else [])
