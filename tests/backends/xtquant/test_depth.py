"""Quick books and flows of money through the REAL xtdata.py."""

from typing import Any

import pytest

from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.backends.xtquant.flows import unit_of
from quantgraph.domain.depth import Flow, MoneyFlow, OrderBook
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.quotes import Level, Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

from .conftest import Pair

SYMBOL, LISTED, NOBODY = "600519.SH", "000001.SZ", "609999.SH"
AT = 1_675_216_200_000
SIZES = ("Most", "Big", "Medium", "Small", "Total")
STEMS = ("bid", "off", "unactiveBid", "unactiveOff", "netInflow")


def _row(price: float, **changes: Any) -> dict[str, Any]:
    """A row of flows in lots, each of 100 shares at one price; every cell is another number."""
    row: dict[str, Any] = {"time": AT, "bidNumber": 7, "offNumber": 8, "transactionNumber": 3}
    row |= {"ddx": 0.25, "ddy": float("nan"), "netOrder": -2, "withdrawBid": 0}
    names = ((stem, size) for stem in STEMS for size in SIZES)
    for number, (stem, size) in enumerate(names, 1):
        lots = {"": number, "Dx": -number}
        row |= {f"{stem}{size}Volume{kind}": lots[kind] for kind in lots}
        row |= {f"{stem}{size}Amount{kind}": lots[kind] * 100 * price for kind in lots}
    return row | changes


async def _price(pair: Pair) -> float:
    pair.at(1_800)
    (quote,) = await pair.sim.quotes([SYMBOL])
    assert isinstance(quote, Quote)
    return quote.last_price or 0.0


async def test_a_quick_book_has_twenty_levels_in_shares(pair: Pair) -> None:
    row = {
        "time": AT,
        "price": 1700.0,
        "bidPrice": [1699.99 - step / 100 for step in range(25)],
        "bidVolume": list(range(1, 26)),
        "askPrice": [1700.01, 1700.020000000001, 1700.03, 0.0],
        "askVolume": [3, 4, float("nan"), 0],
    }
    pair.exchange.recordings["fullspeedorderbook", SYMBOL] = row
    found = await pair.terminal.depth.order_books([NOBODY, SYMBOL, LISTED])
    book = found[1]
    assert isinstance(book, OrderBook)
    assert (book.time, book.last_price, book.source) == (AT, 1700.0, Source.TERMINAL)
    assert len(book.bids) == 20
    assert book.bids[19] == Level(1699.8, 2_000)
    assert book.asks == (Level(1700.01, 300), Level(1700.02, 400))
    assert _reasons(found) == [Reason.UNKNOWN_SYMBOL, None, Reason.NOT_QUOTED]


async def test_flows_of_lots_are_told_in_shares(pair: Pair) -> None:
    price = await _price(pair)
    # Of several rows the last one is the newest.
    rows = [_row(price, time=AT - 3_000), _row(price)]
    pair.exchange.recordings["hftransactioncount", SYMBOL] = rows
    found = await pair.terminal.depth.money_flows([LISTED, SYMBOL, NOBODY])
    assert _reasons(found) == [Reason.NOT_QUOTED, None, Reason.UNKNOWN_SYMBOL]
    flow = found[1]
    assert isinstance(flow, MoneyFlow)
    assert flow.time == AT
    assert flow.active_buys.extra_large == Flow(100 * price, 100, -100 * price, -100)
    quantities = [
        (part.extra_large.quantity, part.large.quantity, part.medium.quantity, part.small.quantity)
        for part in (
            flow.active_buys,
            flow.active_sells,
            flow.passive_buys,
            flow.passive_sells,
            flow.net_inflow,
        )
    ]
    assert quantities == [
        tuple(range(start, start + 400, 100)) for start in (100, 600, 1_100, 1_600, 2_100)
    ]
    assert flow.passive_sells.total.quantity == 2_000
    assert (flow.buy_count, flow.sell_count, flow.trade_count_change) == (7, 8, 3)
    assert (flow.net_order_quantity, flow.withdrawn_buy_quantity) == (-200, 0)
    assert (flow.ddx, flow.ddy, flow.buy_count_change, flow.withdrawn_sell_quantity) == (
        0.25,
        None,
        None,
        None,
    )


async def test_the_days_prices_tell_what_the_volumes_count(pair: Pair) -> None:
    price = await _price(pair)
    (quote,) = await pair.sim.quotes([SYMBOL])
    assert isinstance(quote, Quote)
    total = {"bidTotalVolume": 5, "offTotalVolume": 0, "offTotalAmount": 0.0}
    for amount, unit in ((500 * price, 100), (5 * price, 1), (50 * price, None)):
        assert unit_of(SYMBOL, {**total, "bidTotalAmount": amount}, quote) == unit
        assert unit_of(SYMBOL, {**total, "bidTotalAmount": amount}, None) is None
    assert unit_of(SYMBOL, {}, quote) is None


async def test_shares_in_no_known_unit_are_not_told_and_money_is(pair: Pair) -> None:
    price = await _price(pair)
    pair.exchange.recordings["hftransactioncount", SYMBOL] = _row(price * 10, netInflowBigVolume=0)
    (flow,) = await pair.terminal.depth.money_flows([SYMBOL])
    assert isinstance(flow, MoneyFlow)
    assert flow.active_buys.large == Flow(2_000 * price, None, -2_000 * price, None)
    # Nothing is nothing in every unit.
    assert flow.net_inflow.large.quantity == 0


async def test_a_row_without_a_time_tells_nothing(pair: Pair) -> None:
    pair.exchange.recordings["hftransactioncount", SYMBOL] = {"bidNumber": 3}
    pair.exchange.recordings["fullspeedorderbook", SYMBOL] = [{"time": 0, "price": 5.0}]
    depth = pair.terminal.depth
    found = [*await depth.money_flows([SYMBOL]), *await depth.order_books([SYMBOL])]
    assert _reasons(found) == [Reason.NOT_QUOTED, Reason.NOT_QUOTED]


async def test_a_terminal_without_the_function_says_so_from_then_on(pair: Pair) -> None:
    pair.exchange.unrealized.add("getindexmirrordata")
    for ask in (pair.terminal.depth.order_books, pair.terminal.depth.money_flows):
        with pytest.raises(GatewayError) as told:
            await ask([SYMBOL])
        assert told.value.reason is Reason.TERMINAL_LACKS
    rows = {each.operation: each.reason for each in capabilities(Told(pair.client.lacking))}
    assert "get_fullspeed_orderbook" in (rows["depth.orderBooks"] or "")
    assert "get_transactioncount" in (rows["depth.moneyFlows"] or "")


async def test_no_symbols_ask_the_terminal_nothing(pair: Pair) -> None:
    assert await pair.terminal.depth.order_books([]) == []
    assert await pair.terminal.depth.money_flows([]) == []
    assert ("getindexmirrordata",) not in pair.exchange.calls


def _reasons(found: Any) -> list[Reason | None]:
    return [each.reason if isinstance(each, GatewayError) else None for each in found]
