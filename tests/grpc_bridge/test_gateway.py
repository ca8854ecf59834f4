"""The whole mock gateway: gRPC says what GraphQL says, and orders and quotes move."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import grpc
import httpx
import numpy as np
import pytest

from quantgraph.client import Client, connect
from quantgraph.domain.bars import Period
from quantgraph.domain.calendar import from_ms
from quantgraph.v1 import (
    accounts_pb2,
    bars_pb2,
    financials_pb2,
    instruments_pb2,
    orders_pb2,
    quotes_pb2,
    sectors_pb2,
    streams_pb2,
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
from quantgraph.v1.ticks_pb2_grpc import TickServiceStub

DAYS = bars_pb2.PERIOD_DAY_1


@pytest.fixture
def channel(gateway: Any) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(gateway.addresses.grpc) as channel:
        yield channel


@pytest.fixture
def client(gateway: Any) -> Iterator[Client]:
    with connect(gateway.addresses.grpc) as client:
        yield client


@pytest.fixture
def graphql(gateway: Any) -> Any:
    def ask(document: str) -> Any:
        url = f"{gateway.addresses.http}/graphql"
        answer = httpx.post(url, json={"query": document}, timeout=20).json()
        assert "errors" not in answer, answer
        return answer["data"]

    return ask


def text(number: str | None) -> Decimal | None:
    return None if number is None else Decimal(number)


@pytest.mark.parametrize("adjustment", ["NONE", "FRONT", "BACK_RATIO"])
@pytest.mark.parametrize("period", ["DAY_1", "MIN_5", "WEEK_1"])
def test_bars_are_the_same_on_both_wires(
    client: Client, graphql: Any, period: str, adjustment: str
):
    # The clock's own day begins later: nothing here changes between the two calls.
    span = 'end: "2023-01-31", last: 40'
    arguments = f'symbol: "600519.SH", period: {period}, {span}, adjustment: {adjustment}'
    shown = graphql(
        f"{{ bars({arguments}) {{ anchor coverage {{ heldFrom complete }} "
        "columns { time open close volume amount suspended } } }"
    )["bars"]
    series = client.bars(
        "600519.SH", period=period, end="2023-01-31", last=40, adjustment=adjustment
    )
    assert series.columns.length == 40
    for name in ("open", "close", "volume", "amount", "suspended"):
        valid = series.columns.valid.get(name, np.ones(40, np.bool_))
        pairs = zip(series.columns.values[name].tolist(), valid, strict=True)
        assert [value if has else None for value, has in pairs] == shown["columns"][name]
    times = [from_ms(each).timestamp() for each in series.columns.values["time"].tolist()]
    assert times == [datetime.fromisoformat(x).timestamp() for x in shown["columns"]["time"]]
    assert series.coverage.complete == shown["coverage"]["complete"]
    assert (series.anchor is None) == (shown["anchor"] is None)


def test_a_download_is_what_the_list_says(client: Client):
    span = {"period": "MIN_1", "start": "2023-01-03", "end": "2023-01-31"}
    download = client.download_bars(["600519.SH", "300750.SZ"], **span)
    assert not download.failures
    for symbol, series in download.series.items():
        listed = client.bars(symbol, **span)
        assert series.columns.length == listed.columns.length == 16 * 240
        assert series.coverage == listed.coverage
        for name, column in listed.columns.values.items():
            assert series.columns.values[name].tobytes() == column.tobytes()


def test_a_download_has_no_row_limit(client: Client):
    series = client.download_bars(["600519.SH"], period="MIN_1", fields=["close"]).series
    assert series["600519.SH"].columns.length > 400_000
    times = series["600519.SH"].columns.values["time"]
    assert (np.diff(times) > 0).all()


def test_instruments_and_sectors_are_the_same_on_both_wires(channel: Any, graphql: Any):
    shown = graphql("{ instruments(first: 500) { nodes { symbol name priceTick isSt } } }")
    page = InstrumentServiceStub(channel).ListInstruments(
        instruments_pb2.ListInstrumentsRequest(page_size=500)
    )
    assert [
        {"symbol": x.symbol, "name": x.name, "priceTick": x.price_tick.value, "isSt": x.is_st}
        for x in page.instruments
    ] == shown["instruments"]["nodes"]
    shown = graphql("{ sectors { name category members { symbol } } }")["sectors"]
    page = SectorServiceStub(channel).ListSectors(sectors_pb2.ListSectorsRequest())
    assert {each.name: list(each.symbols) for each in page.sectors} == {
        each["name"]: [x["symbol"] for x in each["members"]] for each in shown
    }


def test_financials_are_the_same_on_both_wires(channel: Any, graphql: Any):
    shown = graphql(
        '{ financials(symbols: ["600519.SH"]) { balance { reportDate totalAssets } } }'
    )["financials"][0]["balance"]
    ask = financials_pb2.ListFinancialsRequest(symbols=["600519.SH"])
    ask.read_mask.paths.append("balance.total_assets")
    rows = FinancialServiceStub(channel).ListFinancials(ask).results[0].financials.balance
    assert len(rows) > 0
    assert [(f"{x.report_date.year}-{x.report_date.month:02}-{x.report_date.day:02}",
             x.total_assets) for x in rows] == [
        (x["reportDate"], x["totalAssets"]) for x in shown
    ]  # fmt: skip
    assert not rows[0].HasField("inventories")


def test_accounts_and_positions_are_the_same_on_both_wires(channel: Any, graphql: Any):
    shown = graphql('{ positions(accountId: "sim-1") { symbol quantity costPrice } }')
    ask = accounts_pb2.ListPositionsRequest(account_id="sim-1")
    held = AccountServiceStub(channel).ListPositions(ask).positions
    assert [(x.symbol, x.quantity, Decimal(x.cost_price.value)) for x in held] == [
        (x["symbol"], x["quantity"], text(x["costPrice"])) for x in shown["positions"]
    ]
    accounts = AccountServiceStub(channel).ListAccounts(accounts_pb2.ListAccountsRequest())
    assert "sim-1" in {each.id for each in accounts.accounts}


def test_ticks_of_a_symbol_without_recordings_are_empty(channel: Any):
    ask = ticks_pb2.ListTicksRequest(symbol="600519.SH", kind=ticks_pb2.TICK_KIND_TRADE)
    assert TickServiceStub(channel).ListTicks(ask).trades.row_count == 0


def test_quotes_move(channel: Any):
    ask = quotes_pb2.WatchQuotesRequest(sector="白酒")
    call = QuoteServiceStub(channel).WatchQuotes(ask, timeout=30)
    snapshots, updates = set(), {}
    for message in call:
        for event in message.events:
            if event.kind == streams_pb2.STREAM_KIND_SNAPSHOT:
                snapshots.add(event.quote.symbol)
            elif event.kind == streams_pb2.STREAM_KIND_UPDATE:
                seen = updates.setdefault(event.quote.symbol, event.sequence)
                assert event.sequence >= seen
                assert len(event.quote.bids) == 5
        if len(updates) == len(snapshots) > 2:
            break
    call.cancel()


def test_an_order_is_submitted_filled_and_told(channel: Any, graphql: Any):
    stub = OrderServiceStub(channel)
    (found,) = (
        QuoteServiceStub(channel)
        .GetQuotes(quotes_pb2.GetQuotesRequest(symbols=["000001.SZ"]))
        .results
    )
    # Above the best ask by enough to trade whatever moves meanwhile, within the band.
    price = Decimal(str(found.quote.asks[0].price)) * Decimal("1.01")
    events = stub.StreamOrderEvents(
        orders_pb2.StreamOrderEventsRequest(account_id="sim-1"), timeout=30
    )
    for message in events:
        if message.event.kind == streams_pb2.STREAM_KIND_CAUGHT_UP:
            break
    ticket = orders_pb2.SubmitOrderRequest(
        account_id="sim-1",
        client_order_id=f"grpc-{uuid4().hex}",
        symbol="000001.SZ",
        side=orders_pb2.SIDE_BUY,
        quantity=100,
        limit_price=types_pb2.Decimal(value=str(price.quantize(Decimal("0.01")))),
    )
    done = stub.SubmitOrder(ticket)
    assert done.order.destination == orders_pb2.ORDER_DESTINATION_SIMULATED
    traded = 0
    for message in events:
        if message.event.order.id == done.order.id and message.event.HasField("fill"):
            traded += message.event.fill.quantity
            if message.event.order.state == orders_pb2.ORDER_STATE_FILLED:
                break
    assert traded == 100
    events.cancel()
    shown = graphql(
        f'{{ order(accountId: "sim-1", id: "{done.order.id}") {{ state filledQuantity }} }}'
    )["order"]
    assert shown == {"state": "FILLED", "filledQuantity": 100}
    assert stub.SubmitOrder(ticket).replayed


def test_a_rule_refuses_an_order_with_its_code(channel: Any):
    ticket = orders_pb2.SubmitOrderRequest(
        account_id="sim-1",
        client_order_id=f"grpc-{uuid4().hex}",
        symbol="000001.SZ",
        side=orders_pb2.SIDE_BUY,
        quantity=150,
        limit_price=types_pb2.Decimal(value="10.00"),
    )
    with pytest.raises(grpc.RpcError) as refused:
        OrderServiceStub(channel).SubmitOrder(ticket)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize("expiry", ["9999-12-31T23:59:59Z", "2124-01-01T00:00:00Z"])
def test_an_expiry_beyond_all_sense_is_refused(channel: Any, expiry: str):
    ticket = orders_pb2.SubmitOrderRequest(
        account_id="sim-1",
        client_order_id=f"grpc-{uuid4().hex}",
        symbol="000001.SZ",
        side=orders_pb2.SIDE_BUY,
        quantity=100,
        limit_price=types_pb2.Decimal(value="10.00"),
    )
    ticket.expires_at.FromJsonString(expiry)
    with pytest.raises(grpc.RpcError, match="expiry") as refused:
        OrderServiceStub(channel).SubmitOrder(ticket)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_log_cursor_is_refused_as_over_graphql(channel: Any):
    stub = OrderServiceStub(channel)
    whole = stub.StreamOrderEvents(
        orders_pb2.StreamOrderEventsRequest(account_id="sim-1", after_sequence=0), timeout=30
    )
    epoch = next(whole).event.epoch
    whole.cancel()
    for cursor in ({"epoch": epoch, "after_sequence": 999_999}, {"after_sequence": 1}):
        request = orders_pb2.StreamOrderEventsRequest(account_id="sim-1", **cursor)
        with pytest.raises(grpc.RpcError, match="sequence") as refused:
            next(stub.StreamOrderEvents(request, timeout=30))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_more_rows_than_the_limit_name_the_bulk_rpc(channel: Any):
    ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_MIN_1, last=200_000)
    with pytest.raises(grpc.RpcError) as refused:
        BarServiceStub(channel).ListBars(ask)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "DownloadBars" in refused.value.details()


@pytest.mark.parametrize("period", list(Period))
def test_the_ends_of_time_are_only_far_away(client: Client, period: Period):
    last = client.bars("600519.SH", period=period, end="9999-12-31", last=1)
    newest = client.bars("600519.SH", period=period, last=1)
    assert last.columns.length == 1
    assert last.columns.values["time"][0] <= newest.columns.values["time"][0]
    for span in ({"end": "0001-01-01"}, {"start": "9999-12-31"}):
        assert client.bars("600519.SH", period=period, **span).columns.length == 0
        download = client.download_bars(["600519.SH"], period=period, **span)
        assert download.series["600519.SH"].columns.length == 0


def test_the_clock_is_the_same_on_both_wires(client: Client, graphql: Any):
    shown = graphql("{ serverInfo { version mode clock { tradingDay epoch } } }")["serverInfo"]
    info = client.server_info()
    assert (info.version, info.mode.name) == (shown["version"], shown["mode"])
    assert shown["clock"] == {
        "tradingDay": info.clock.trading_day.isoformat(),
        "epoch": info.clock.epoch,
    }


def test_the_capability_report_is_the_same_on_both_wires(client: Client, graphql: Any):
    query = """{ serverInfo { tradingState
      backends { name kind connected capabilities { operation available reason } } } }"""
    shown = graphql(query)["serverInfo"]
    info = client.server_info()
    assert info.trading_state == shown["tradingState"]
    assert [
        {
            "name": each.name, "kind": each.kind, "connected": each.connected,
            "capabilities": [
                {"operation": x.operation, "available": x.available, "reason": x.reason}
                for x in each.capabilities
            ],
        }
        for each in info.backends
    ] == shown["backends"]  # fmt: skip
