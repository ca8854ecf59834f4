"""Each rpc says what the ports say, no more and no less."""

from datetime import date
from decimal import Decimal
from typing import Any

import grpc
import pytest
from grpc import aio

from quantgraph.domain.bars import BAR_FIELDS, Period
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.orders import OrderKey
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import (
    accounts_pb2,
    bars_pb2,
    financials_pb2,
    instruments_pb2,
    orders_pb2,
    quotes_pb2,
    sectors_pb2,
    system_pb2,
    terminals_pb2,
    ticks_pb2,
    types_pb2,
)
from quantgraph.v1.accounts_pb2_grpc import AccountServiceStub
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.financials_pb2_grpc import FinancialServiceStub
from quantgraph.v1.instruments_pb2_grpc import InstrumentServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.sectors_pb2_grpc import SectorServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from quantgraph.v1.ticks_pb2_grpc import TickServiceStub
from quantgraph.wire.accounts import asset_from_proto, position_from_proto
from quantgraph.wire.bars import series_from_proto
from quantgraph.wire.financials import company_from_proto
from quantgraph.wire.instruments import instrument_from_proto
from quantgraph.wire.orders import order_from_proto
from quantgraph.wire.quotes import quote_from_proto
from quantgraph.wire.rules import rules_from_proto
from quantgraph.wire.sectors import sector_from_proto, weight_from_proto
from quantgraph.wire.system import info_from_proto
from quantgraph.wire.ticks import ticks_from_proto
from tests.grpc_bridge.calls import refused
from tests.grpc_bridge.conftest import Serve
from tests.grpc_bridge.memory.bars import SYMBOLS
from tests.grpc_bridge.memory.quotes import quote
from tests.grpc_bridge.memory.reference import instrument
from tests.grpc_bridge.world import World

DAYS = bars_pb2.PERIOD_DAY_1


async def test_bars_are_the_ports_bars(channel: aio.Channel, world: World):
    ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=DAYS, last=5)
    answer = await BarServiceStub(channel).ListBars(ask)
    read = series_from_proto(answer.series, tuple(BAR_FIELDS))
    held = world.bars.held["600519.SH", Period.DAY_1]
    expected = held.take(slice(held.length - 5, held.length))
    for name, column in expected.values.items():
        mask = expected.valid.get(name, column == column)
        assert (read.columns.values[name][mask] == column[mask]).all()
    assert (read.symbol, read.period, read.columns.length) == ("600519.SH", Period.DAY_1, 5)


async def test_bars_without_a_span_are_asked_for_as_such(channel: aio.Channel, world: World):
    ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=DAYS)
    await BarServiceStub(channel).ListBars(ask)
    (asked,) = world.bars.asked
    assert (asked.window.start, asked.window.end, asked.window.last) == (None, None, None)


async def test_bars_of_an_unknown_symbol_are_not_found(channel: aio.Channel):
    ask = bars_pb2.ListBarsRequest(symbol="999999.SH", period=DAYS)
    refusal = await refused(BarServiceStub(channel).ListBars(ask))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, Reason.UNKNOWN_SYMBOL)
    assert refusal.info.metadata["symbol"] == "999999.SH"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbol": ""}, "symbol"),
        ({"period": 0}, "period"),
        ({"adjustment": 0}, "adjustment"),
        ({"last": 0}, "last"),
        ({"last": -5}, "last"),
        ({"start": types_pb2.TimeBound(date=types_pb2.Date(year=2023, month=13))}, "start.date"),
    ],
)
async def test_a_wrong_field_of_bars_is_named(channel: aio.Channel, change: Any, field: str):
    ask = bars_pb2.ListBarsRequest(**{"symbol": "600519.SH", "period": DAYS, **change})
    refusal = await refused(BarServiceStub(channel).ListBars(ask))
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


@pytest.mark.parametrize("kind", [ticks_pb2.TICK_KIND_SNAPSHOT, ticks_pb2.TICK_KIND_TRADE])
async def test_ticks_are_the_ports_ticks(channel: aio.Channel, kind: Any):
    ask = ticks_pb2.ListTicksRequest(symbol="600519.SH", kind=kind)
    read = ticks_from_proto(await TickServiceStub(channel).ListTicks(ask))
    assert (read.symbol, read.length) == ("600519.SH", 3)
    if kind == ticks_pb2.TICK_KIND_TRADE:
        assert list(read.values["side"]) == [1, -1, 0]


async def test_a_recording_is_never_cut_without_a_word(serve: Serve, world: World):
    world.limit_rows(10)
    server = await serve()
    ask = ticks_pb2.ListTicksRequest(symbol="600519.SH", kind=ticks_pb2.TICK_KIND_TRADE)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = TickServiceStub(channel)
        world.ticks.held = 10
        assert (await stub.ListTicks(ask)).trades.row_count == 10
        world.ticks.held = 11
        refusal = await refused(stub.ListTicks(ask))
    assert (refusal.reason, refusal.error.details["limit"]) == (Reason.ROW_LIMIT, "10")
    assert "limits.bar_rows" in refusal.error.message


async def test_ticks_of_a_span_the_wrong_way_round_are_refused(channel: aio.Channel):
    ask = ticks_pb2.ListTicksRequest(symbol="600519.SH", kind=ticks_pb2.TICK_KIND_TRADE)
    ask.start.time.seconds, ask.end.time.seconds = 10, 5
    refusal = await refused(TickServiceStub(channel).ListTicks(ask))
    assert refusal.reason is Reason.START_AFTER_END


async def test_a_quote_or_its_failure_stands_at_its_symbols_place(channel: aio.Channel):
    symbols = ["600519.SH", "999999.SH", "000001.SZ"]
    ask = quotes_pb2.GetQuotesRequest(symbols=symbols)
    results = (await QuoteServiceStub(channel).GetQuotes(ask)).results
    assert [each.symbol for each in results] == symbols
    assert quote_from_proto(results[0].quote) == quote("600519.SH", 10.0)
    assert not results[0].quote.HasField("open")
    assert results[1].failure.code == "UNKNOWN_SYMBOL"


async def test_more_symbols_than_the_limit_are_refused(channel: aio.Channel):
    symbols = ["600519.SH"] * 1_001
    for call in (
        QuoteServiceStub(channel).GetQuotes(quotes_pb2.GetQuotesRequest(symbols=symbols)),
        InstrumentServiceStub(channel).GetInstruments(
            instruments_pb2.GetInstrumentsRequest(symbols=symbols)
        ),
        FinancialServiceStub(channel).ListFinancials(
            financials_pb2.ListFinancialsRequest(symbols=symbols)
        ),
    ):
        refusal = await refused(call)
        assert refusal.fields == ["symbols"]
        assert "1000" in refusal.error.message


async def test_an_instrument_or_its_failure_stands_at_its_symbols_place(channel: aio.Channel):
    ask = instruments_pb2.GetInstrumentsRequest(symbols=["999999.SH", "600519.SH"])
    results = (await InstrumentServiceStub(channel).GetInstruments(ask)).results
    assert results[0].failure.code == "UNKNOWN_SYMBOL"
    assert instrument_from_proto(results[1].instrument) == instrument("600519.SH")


async def test_rules_or_a_failure_stand_at_their_symbols_place(channel: aio.Channel, world: World):
    ask = instruments_pb2.ListInstrumentRulesRequest(
        symbols=["999999.SH", "600519.SH"], date=types_pb2.Date(year=2024, month=2, day=29)
    )
    stub = InstrumentServiceStub(channel)
    results = (await stub.ListInstrumentRules(ask)).results
    assert results[0].failure.code == "UNKNOWN_SYMBOL"
    (expected,) = await world.gateway.rules.rules(["600519.SH"], date(2024, 2, 29))
    assert rules_from_proto(results[1].rules) == expected
    assert expected.band.previous_close is not None
    ask.date.year = 2027
    ask.date.day = 1
    refusal = await refused(stub.ListInstrumentRules(ask))
    assert refusal.reason is Reason.CALENDAR_NOT_COVERED
    ask.date.month = 0
    assert (await refused(stub.ListInstrumentRules(ask))).fields == ["date"]


async def test_instruments_come_a_page_at_a_time(channel: aio.Channel):
    stub = InstrumentServiceStub(channel)
    ask = instruments_pb2.ListInstrumentsRequest(page_size=3)
    first = await stub.ListInstruments(ask)
    ask.page_token = first.next_page_token
    second = await stub.ListInstruments(ask)
    found = [each.symbol for page in (first, second) for each in page.instruments]
    assert tuple(found) == SYMBOLS
    assert second.next_page_token == ""
    ask.search = "60"
    refusal = await refused(stub.ListInstruments(ask))
    assert (refusal.reason, refusal.fields) == (Reason.INVALID_CURSOR, ["page_token"])


async def test_instruments_are_searched(channel: aio.Channel):
    ask = instruments_pb2.ListInstrumentsRequest(search="60")
    answer = await InstrumentServiceStub(channel).ListInstruments(ask)
    assert [each.symbol for each in answer.instruments] == ["600000.SH", "600519.SH"]


async def test_instruments_are_filtered(channel: aio.Channel):
    stub = InstrumentServiceStub(channel)
    ask = instruments_pb2.ListInstrumentsRequest(
        markets=[instruments_pb2.MARKET_SH],
        kinds=[instruments_pb2.INSTRUMENT_KIND_STOCK],
        boards=[instruments_pb2.BOARD_MAIN],
        sector="白酒",
    )
    answer = await stub.ListInstruments(ask)
    assert [each.symbol for each in answer.instruments] == ["600519.SH"]
    ask.sector = "无"
    refusal = await refused(stub.ListInstruments(ask))
    assert refusal.reason is Reason.UNKNOWN_SECTOR


@pytest.mark.parametrize("field", ["markets", "kinds", "boards"])
async def test_an_unspecified_filter_is_refused_by_its_place(channel: aio.Channel, field: str):
    ask = instruments_pb2.ListInstrumentsRequest(**{field: [1, 0]})
    refusal = await refused(InstrumentServiceStub(channel).ListInstruments(ask))
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [f"{field}[1]"])


async def test_sectors_come_by_name_a_page_at_a_time(channel: aio.Channel, world: World):
    stub = SectorServiceStub(channel)
    names, token = [], ""
    while True:
        ask = sectors_pb2.ListSectorsRequest(page_size=2, page_token=token)
        page = await stub.ListSectors(ask)
        names += [sector_from_proto(each) for each in page.sectors]
        token = page.next_page_token
        if not token:
            break
    assert names == sorted(world.reference.held.values(), key=lambda sector: sector.name)


async def test_a_sector_has_its_members(channel: aio.Channel, world: World):
    stub = SectorServiceStub(channel)
    answer = await stub.GetSector(sectors_pb2.GetSectorRequest(name="白酒"))
    assert sector_from_proto(answer.sector) == world.reference.held["白酒"]
    refusal = await refused(stub.GetSector(sectors_pb2.GetSectorRequest(name="无")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, Reason.UNKNOWN_SECTOR)
    refusal = await refused(stub.GetSector(sectors_pb2.GetSectorRequest()))
    assert refusal.fields == ["name"]


async def test_sectors_of_one_category_are_a_list_of_their_own(channel: aio.Channel):
    stub = SectorServiceStub(channel)
    ask = sectors_pb2.ListSectorsRequest(category="概念")
    assert [each.name for each in (await stub.ListSectors(ask)).sectors] == ["白酒"]
    token = (await stub.ListSectors(sectors_pb2.ListSectorsRequest(page_size=1))).next_page_token
    ask.page_token = token
    refusal = await refused(stub.ListSectors(ask))
    assert refusal.reason is Reason.INVALID_CURSOR


async def test_a_sector_is_asked_for_as_of_a_day(channel: aio.Channel):
    stub = SectorServiceStub(channel)
    ask = sectors_pb2.GetSectorRequest(name="白酒", date=types_pb2.Date(year=2024, month=1, day=2))
    assert (await stub.GetSector(ask)).sector.date == ask.date
    ask.date.day = 1
    refusal = await refused(stub.GetSector(ask))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.DATE_NOT_HELD,
    )
    ask.date.month = 13
    assert (await refused(stub.GetSector(ask))).fields == ["date"]


async def test_symbols_have_the_names_of_their_sectors(channel: aio.Channel):
    stub = SectorServiceStub(channel)
    ask = sectors_pb2.ListSectorNamesRequest(symbols=["600519.SH", "999999.SH"])
    results = (await stub.ListSectorNames(ask)).results
    assert [(each.symbol, list(each.names)) for each in results] == [
        ("600519.SH", ["白酒"]),
        ("999999.SH", []),
    ]
    ask.symbols.append("x")
    assert (await refused(stub.ListSectorNames(ask))).fields == ["symbols[2]"]


async def test_index_weights_are_the_ports_weights(channel: aio.Channel, world: World):
    stub = SectorServiceStub(channel)
    ask = sectors_pb2.ListIndexWeightsRequest(index_symbol="000300.SH")
    answer = await stub.ListIndexWeights(ask)
    expected = await world.reference.weights("000300.SH")
    assert [weight_from_proto(each) for each in answer.weights] == expected
    ask.date.CopyFrom(types_pb2.Date(year=2024, month=1, day=1))
    refusal = await refused(stub.ListIndexWeights(ask))
    assert refusal.reason is Reason.DATE_NOT_HELD
    ask.ClearField("date")
    ask.index_symbol = "000905.SH"
    assert not (await stub.ListIndexWeights(ask)).weights


async def test_financials_are_the_ports_financials(channel: aio.Channel, world: World):
    ask = financials_pb2.ListFinancialsRequest(symbols=["600519.SH", "999999.SH"])
    ask.read_mask.paths.extend(["balance.total_assets", "top_holders"])
    results = (await FinancialServiceStub(channel).ListFinancials(ask)).results
    asked = (Statement.BALANCE, Statement.TOP_HOLDERS)
    read = company_from_proto(results[0].financials, asked)
    fields = {
        Statement.BALANCE: ("total_assets",),
        Statement.TOP_HOLDERS: tuple(
            name for name in read.reports[Statement.TOP_HOLDERS][0].values
        ),
    }
    (expected,) = await world.gateway.financials.financials(
        FinancialRequest(("600519.SH",), {Statement.BALANCE: fields[Statement.BALANCE]})
    )
    assert expected is not None
    assert read.reports[Statement.BALANCE] == expected.reports[Statement.BALANCE]
    assert read.reports[Statement.TOP_HOLDERS][0].values["holder_name"] == "甲"
    assert not results[0].financials.income
    assert results[1].failure.code == "UNKNOWN_SYMBOL"


@pytest.mark.parametrize("path", ["profit", "balance.nothing", "balance.", ".total_assets", ""])
async def test_an_unknown_statement_or_field_is_refused(channel: aio.Channel, path: str):
    ask = financials_pb2.ListFinancialsRequest(symbols=["600519.SH"])
    ask.read_mask.paths.append(path)
    refusal = await refused(FinancialServiceStub(channel).ListFinancials(ask))
    assert refusal.fields == ["read_mask"]


async def test_financials_of_a_span_the_wrong_way_round_are_refused(channel: aio.Channel):
    first, last = (types_pb2.Date(year=year, month=1, day=1) for year in (2023, 2022))
    ask = financials_pb2.ListFinancialsRequest(symbols=["600519.SH"], start=first, end=last)
    refusal = await refused(FinancialServiceStub(channel).ListFinancials(ask))
    assert refusal.reason is Reason.START_AFTER_END


async def test_asset_and_positions_are_the_ports(channel: aio.Channel, world: World):
    stub = AccountServiceStub(channel)
    asset = await stub.GetAsset(accounts_pb2.GetAssetRequest(account_id="sim-1"))
    assert asset_from_proto(asset.asset) == await world.gateway.accounts.asset("sim-1")
    held = await stub.ListPositions(accounts_pb2.ListPositionsRequest(account_id="sim-1"))
    expected = await world.gateway.accounts.positions("sim-1")
    assert [position_from_proto(each) for each in held.positions] == expected


def ticket(**change: Any) -> orders_pb2.SubmitOrderRequest:
    wanted = {
        "account_id": "sim-1",
        "client_order_id": "c1",
        "symbol": "600519.SH",
        "side": orders_pb2.SIDE_BUY,
        "quantity": 100,
        "limit_price": types_pb2.Decimal(value="1500.50"),
    }
    return orders_pb2.SubmitOrderRequest(**{**wanted, **change})


async def test_an_order_is_submitted_found_and_cancelled(channel: aio.Channel, world: World):
    stub = OrderServiceStub(channel)
    done = await stub.SubmitOrder(ticket(note="备注"))
    order = order_from_proto(done.order)
    assert (done.replayed, order.limit_price, order.note) == (False, Decimal("1500.50"), "备注")
    assert order == world.trading.held[order.id]
    again = await stub.SubmitOrder(ticket(note="备注"))
    assert (again.replayed, again.order.id) == (True, order.id)
    for key in ({"id": order.id}, {"client_order_id": "c1"}):
        found = await stub.GetOrder(orders_pb2.GetOrderRequest(account_id="sim-1", **key))
        assert order_from_proto(found.order) == order
    cancel = orders_pb2.CancelOrderRequest(account_id="sim-1", client_order_id="c1")
    gone = await stub.CancelOrder(cancel)
    assert gone.order.state == orders_pb2.ORDER_STATE_CANCELED
    refusal = await refused(stub.CancelOrder(cancel))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ORDER_NOT_CANCELABLE,
    )


async def test_the_same_key_for_another_order_is_a_conflict(channel: aio.Channel):
    stub = OrderServiceStub(channel)
    await stub.SubmitOrder(ticket())
    refusal = await refused(stub.SubmitOrder(ticket(quantity=200)))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.ALREADY_EXISTS,
        Reason.IDEMPOTENCY_CONFLICT,
    )


async def test_what_a_rule_refuses_names_the_rule(channel: aio.Channel, world: World):
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(ticket(quantity=10_000)))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.QUANTITY_LIMIT,
    )
    assert refusal.info.metadata["quantity"] == "10000"
    assert world.trading.log == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_order_id": ""}, "client_order_id"),
        ({"symbol": "MAOTAI"}, "symbol"),
        ({"side": 0}, "side"),
        ({"price_type": 0}, "price_type"),
        ({"limit_price": types_pb2.Decimal(value="1e3")}, "limit_price"),
        ({"limit_price": types_pb2.Decimal(value="NaN")}, "limit_price"),
        ({"limit_price": types_pb2.Decimal()}, "limit_price"),
    ],
)
async def test_a_wrong_field_of_an_order_is_named_and_nothing_is_sent(
    channel: aio.Channel, world: World, change: Any, field: str
):
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(ticket(**change)))
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])
    assert world.trading.log == []


async def test_an_order_is_asked_for_by_exactly_one_id(channel: aio.Channel):
    stub = OrderServiceStub(channel)
    refusal = await refused(stub.GetOrder(orders_pb2.GetOrderRequest(account_id="sim-1")))
    assert refusal.fields == ["key"]
    refusal = await refused(stub.GetOrder(orders_pb2.GetOrderRequest(account_id="sim-1", id="x")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, Reason.ORDER_NOT_FOUND)


async def test_orders_come_newest_first_a_page_at_a_time(channel: aio.Channel, world: World):
    stub = OrderServiceStub(channel)
    for index in range(5):
        await stub.SubmitOrder(ticket(client_order_id=f"c{index}"))
    await world.trading.cancel(OrderKey("sim-1", client_order_id="c3"))
    ask = orders_pb2.ListOrdersRequest(
        account_id="sim-1", states=[orders_pb2.ORDER_STATE_WORKING], page_size=3
    )
    first = await stub.ListOrders(ask)
    ask.page_token = first.next_page_token
    second = await stub.ListOrders(ask)
    found = [each.client_order_id for page in (first, second) for each in page.orders]
    assert found == ["c4", "c2", "c1", "c0"]
    assert second.next_page_token == ""
    ask.states.append(orders_pb2.ORDER_STATE_FILLED)
    assert (await refused(stub.ListOrders(ask))).reason is Reason.INVALID_CURSOR


async def test_a_zero_state_is_refused_with_its_place(channel: aio.Channel):
    ask = orders_pb2.ListOrdersRequest(account_id="sim-1", states=[4, 0])
    assert (await refused(OrderServiceStub(channel).ListOrders(ask))).fields == ["states[1]"]


async def test_a_key_of_one_account_sees_that_login_alone(channel: aio.Channel):
    stub, key = SystemServiceStub(channel), (("x-api-key", "one"),)
    whole, seen = ["sim-1", "sim-2"], ["sim-1"]
    for metadata, expected in (((), whole), (key, seen)):
        asked = stub.GetServerInfo(system_pb2.GetServerInfoRequest(), metadata=metadata)
        (terminal,) = (await asked).info.terminal_status
        assert [each.account_id for each in terminal.logins] == expected
        told = stub.StreamTerminalStatus(
            system_pb2.StreamTerminalStatusRequest(), metadata=metadata
        )
        (terminal,) = (await told.read()).event.terminals
        assert [each.account_id for each in terminal.logins] == expected
    assert terminal.state == terminals_pb2.TERMINAL_STATE_LOST


async def test_the_server_says_what_the_gateway_says(channel: aio.Channel, world: World):
    answer = await SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest())
    assert info_from_proto(answer.info) == await world.gateway.system.info()
    assert answer.info.clock.trading_day == types_pb2.Date(year=2024, month=3, day=1)
    assert date(2024, 3, 1) == (await world.gateway.system.info()).clock.trading_day
