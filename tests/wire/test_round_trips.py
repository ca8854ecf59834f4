"""Every message says exactly what the domain object said."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.accounts import Account, Asset, Position
from quantgraph.domain.bars import BAR_FIELDS, BarRequest, Coverage, Window
from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.domain.bonds import BondRequest, BondValue
from quantgraph.domain.controls import ArmWish, HaltWish
from quantgraph.domain.depth import MoneyFlow, OrderBook, OrderQueues, OrderRank
from quantgraph.domain.dividends import DividendHistory
from quantgraph.domain.downloads import DownloadEvent, DownloadWish
from quantgraph.domain.errors import GatewayError, bad_request
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    STATEMENTS,
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
    ReportBasis,
)
from quantgraph.domain.futures import MainContract
from quantgraph.domain.futures_positions import FuturesPositionStatistics
from quantgraph.domain.hong_kong import Broker, BrokerQueue
from quantgraph.domain.instrument_tags import InstrumentTags
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market
from quantgraph.domain.ipos import Ipo, IpoQuota, IpoRequest
from quantgraph.domain.limits import Allowance, Usage
from quantgraph.domain.live_bars import Bar, BarEvent, BarWatch
from quantgraph.domain.options import OptionChain
from quantgraph.domain.orders import (
    Fill,
    FillQuery,
    Order,
    OrderKey,
    OrderQuery,
    OrderState,
    OrderTicket,
    Side,
)
from quantgraph.domain.portfolio import Risk, Strategy
from quantgraph.domain.previews import Estimate, OrderPreview
from quantgraph.domain.quotes import Quote, QuotePolicy
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.daily import InstrumentRules
from quantgraph.domain.rules.fees import Fees
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.sessions import SessionDay, TradingDays
from quantgraph.domain.spans import Span
from quantgraph.domain.streams import (
    AccountEvent,
    FillEvent,
    LogCursor,
    OrderEvent,
    QuoteEvent,
    QuoteWatch,
    SourceState,
)
from quantgraph.domain.subscriptions import OpenStream
from quantgraph.domain.system import ServerInfo
from quantgraph.domain.tables import TerminalTable
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.domain.terminals import TerminalNews
from quantgraph.domain.ticks import TICK_FIELDS, TickKind, TickRequest
from quantgraph.domain.treatments import SpecialTreatment
from quantgraph.v1 import controls_pb2, orders_pb2, quotes_pb2, sectors_pb2
from quantgraph.wire import (
    accounts,
    bars,
    batches,
    bonds,
    calendar,
    controls,
    depth,
    dividends,
    download_jobs,
    etfs,
    failures,
    fills,
    financials,
    futures,
    futures_positions,
    hong_kong,
    instrument_tags,
    instruments,
    ipos,
    live_bars,
    options,
    order_queries,
    orders,
    portfolio,
    previews,
    quotes,
    rules,
    sectors,
    streams,
    subscriptions,
    system,
    tables,
    terminal_subscriptions,
    terminals,
    ticks,
    treatments,
)
from tests.wire.strategies import INSTANTS, SYMBOLS, domain, fitting

BOTH_WAYS: list[tuple[type[Any], Any, Any]] = [
    (BondRequest, bonds.request_to_proto, bonds.request_from_proto),
    (EtfBasket, etfs.basket_to_proto, etfs.basket_from_proto),
    (OptionChain, options.chain_to_proto, options.chain_from_proto),
    (MainContract, futures.contract_to_proto, futures.contract_from_proto),
    (TerminalTable, tables.table_to_proto, tables.table_from_proto),
    (Ipo, ipos.ipo_to_proto, ipos.ipo_from_proto),
    (
        FuturesPositionStatistics,
        futures_positions.statistics_to_proto,
        futures_positions.statistics_from_proto,
    ),
    (BrokerQueue, hong_kong.queue_to_proto, hong_kong.queue_from_proto),
    (Broker, hong_kong.broker_to_proto, hong_kong.broker_from_proto),
    (IpoQuota, ipos.quota_to_proto, ipos.quota_from_proto),
    (IpoRequest, ipos.request_to_proto, ipos.request_from_proto),
    (InstrumentTags, instrument_tags.tags_to_proto, instrument_tags.tags_from_proto),
    (
        TerminalSubscription,
        terminal_subscriptions.subscription_to_proto,
        terminal_subscriptions.subscription_from_proto,
    ),
    (SpecialTreatment, treatments.treatment_to_proto, treatments.treatment_from_proto),
    (BondValue, bonds.bond_to_proto, bonds.bond_from_proto),
    (AccountEvent, accounts.event_to_proto, accounts.event_from_proto),
    (Account, accounts.account_to_proto, accounts.account_from_proto),
    (Asset, accounts.asset_to_proto, accounts.asset_from_proto),
    (Position, accounts.position_to_proto, accounts.position_from_proto),
    (Coverage, bars.coverage_to_proto, bars.coverage_from_proto),
    (DownloadEvent, download_jobs.event_to_proto, download_jobs.event_from_proto),
    (DownloadWish, download_jobs.wish_to_proto, download_jobs.wish_from_proto),
    (Fill, orders.fill_to_proto, orders.fill_from_proto),
    (InstrumentRules, rules.rules_to_proto, rules.rules_from_proto),
    (TradingDays, calendar.days_to_proto, calendar.days_from_proto),
    (SessionDay, calendar.session_to_proto, calendar.session_from_proto),
    (IndexWeight, sectors.weight_to_proto, sectors.weight_from_proto),
    (Instrument, instruments.instrument_to_proto, instruments.instrument_from_proto),
    (Order, orders.order_to_proto, orders.order_from_proto),
    (Bar, live_bars.bar_to_proto, live_bars.bar_from_proto),
    (BarEvent, live_bars.event_to_proto, live_bars.event_from_proto),
    (BarWatch, live_bars.watch_to_proto, live_bars.watch_from_proto),
    (FillEvent, fills.event_to_proto, fills.event_from_proto),
    (OrderEvent, orders.event_to_proto, orders.event_from_proto),
    (Risk, portfolio.risk_to_proto, portfolio.risk_from_proto),
    (Strategy, portfolio.strategy_to_proto, portfolio.strategy_from_proto),
    (OrderBook, depth.book_to_proto, depth.book_from_proto),
    (MoneyFlow, depth.flow_to_proto, depth.flow_from_proto),
    (OrderQueues, depth.queues_to_proto, depth.queues_from_proto),
    (OrderRank, depth.rank_to_proto, depth.rank_from_proto),
    (Quote, quotes.quote_to_proto, quotes.quote_from_proto),
    (QuoteEvent, quotes.event_to_proto, quotes.event_from_proto),
    (OpenStream, subscriptions.stream_to_proto, subscriptions.stream_from_proto),
    (Sector, sectors.sector_to_proto, sectors.sector_from_proto),
    (ServerInfo, system.info_to_proto, system.info_from_proto),
    (TerminalNews, terminals.news_to_proto, terminals.news_from_proto),
    (SourceState, streams.state_to_proto, streams.state_from_proto),
    (
        LogCursor,
        lambda place: orders.cursor_to_proto(place, orders_pb2.StreamOrderEventsRequest),
        orders.cursor_from_proto,
    ),
    (CancelSweep, batches.sweep_to_proto, batches.sweep_from_proto),
    (ArmWish, controls.arming_to_proto, controls.arming_from_proto),
]


@pytest.mark.parametrize(("kind", "write", "read"), BOTH_WAYS, ids=lambda x: x.__name__)
@settings(max_examples=60)
@given(data=st.data())
def test_a_domain_object_comes_back_as_it_was(
    kind: type[Any], write: Any, read: Any, data: st.DataObject
):
    named = {"account_id": st.text(min_size=1)}
    secret = {"secret": st.text(min_size=1)}
    filled = {LogCursor: named, CancelSweep: named, ArmWish: secret}.get(kind, {})
    value = data.draw(domain(kind, **filled))
    if kind is OpenStream and value.tally is not None and not value.tally.skips:
        # What does not count what it skipped has nothing to say of it.
        value = replace(value, tally=replace(value.tally, conflated=0))
    message = write(value)
    assert read(type(message).FromString(message.SerializeToString())) == value


FIELDS = st.lists(st.sampled_from(list(BAR_FIELDS)), min_size=1, unique=True).map(
    lambda names: tuple(name for name in BAR_FIELDS if name in names)
)
# The years of any market: what lies beyond is brought to their ends.
BOUND = st.none() | st.integers(-2_208_988_800_000, 7_258_118_399_999 - 28_800_000)


@given(
    domain(
        BarRequest,
        symbols=st.tuples(SYMBOLS),
        window=st.builds(Window, BOUND, BOUND, st.none() | st.integers(1, 2**31 - 1)),
        fields=FIELDS,
    )
)
def test_a_bar_request_comes_back_as_it_was(request_: BarRequest):
    assert bars.request_from_proto(bars.request_to_proto(request_)) == request_


@given(
    domain(
        BarRequest,
        symbols=st.lists(SYMBOLS, min_size=1, max_size=5, unique=True).map(tuple),
        window=st.builds(Window, BOUND, BOUND),
        fields=FIELDS,
    )
)
def test_a_download_request_comes_back_as_it_was(request_: BarRequest):
    assert bars.download_from_proto(bars.download_to_proto(request_)) == request_


@given(st.sampled_from(TickKind), SYMBOLS, BOUND, BOUND, st.data())
def test_a_tick_request_comes_back_as_it_was(kind, symbol, start, end, data):
    names = data.draw(st.lists(st.sampled_from(list(TICK_FIELDS[kind])), min_size=1, unique=True))
    fields = tuple(name for name in TICK_FIELDS[kind] if name in names)
    asked = TickRequest(symbol, kind, start, end, fields, 100)
    assert ticks.request_from_proto(ticks.request_to_proto(asked), 100) == asked


@given(
    st.none() | st.text(max_size=9),
    st.frozensets(st.sampled_from(Market)),
    st.frozensets(st.sampled_from(InstrumentKind)),
    st.frozensets(st.sampled_from(Board)),
    st.none() | st.text(max_size=9),
)
def test_a_search_comes_back_as_it_was(text, markets, kinds, boards, sector):
    search = InstrumentSearch(text, markets, kinds, boards, sector)
    assert instruments.search_from_proto(instruments.search_to_proto(search)) == search


NOT_EMPTY = st.text(min_size=1, max_size=12)


@given(domain(OrderTicket, account_id=NOT_EMPTY, client_order_id=NOT_EMPTY))
def test_an_order_ticket_comes_back_as_it_was(ticket: OrderTicket):
    assert orders.ticket_from_proto(orders.ticket_to_proto(ticket)) == ticket


@given(st.lists(domain(OrderTicket, account_id=NOT_EMPTY, client_order_id=NOT_EMPTY), max_size=3))
def test_a_batch_comes_back_as_it_was(tickets: list[OrderTicket]):
    batch = Batch("a", tuple(tickets))
    assert batches.batch_from_proto(batches.batch_to_proto(batch)) == batch


@given(domain(Order), st.booleans())
def test_what_became_of_an_order_of_a_batch_comes_back(order: Order, replayed: bool):
    for outcome in (OrderOutcome("k", order, replayed), OrderOutcome(None)):
        assert batches.outcome_from_proto(batches.outcome_to_proto(outcome)) == outcome
    refused = OrderOutcome("k", problem=bad_request("What was found.", field="x"))
    read = batches.outcome_from_proto(batches.outcome_to_proto(refused)).problem
    assert read is not None
    assert (read.reason, read.details) == (Reason.BAD_REQUEST, {"field": "x"})


# Of a sum no number has more digits than the form takes.
YUAN = st.decimals(0, 10**9, places=2)
FEES = st.builds(Fees, YUAN, YUAN, YUAN, YUAN, YUAN)


@given(
    domain(
        OrderPreview,
        refusals=st.just(()),
        estimate=st.none() | domain(Estimate, fees=FEES),
    )
)
def test_a_preview_comes_back_as_it_was(preview: OrderPreview):
    assert previews.preview_from_proto(previews.preview_to_proto(preview)) == preview


@given(domain(Allowance, used=st.builds(Usage, st.integers(0, 9), st.integers(0, 99), YUAN, YUAN)))
def test_an_allowance_comes_back_as_it_was(allowance: Allowance):
    message = batches.allowance_to_proto(allowance)
    assert batches.allowance_from_proto(message) == allowance


QUERIES = [
    OrderQuery("a", frozenset({OrderState.FILLED, OrderState.UNKNOWN}), 7, "o"),
    OrderQuery("a", symbol="600519.SH", side=Side.SELL, strategy="", span=Span(1, 2_000)),
    FillQuery("a", "600519.SH", "o1", Span(None, 5), 9),
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_the_same_list_after_the_way(query: Any):
    # Else no page of it could be gone on behind.
    if isinstance(query, OrderQuery):
        message = order_queries.order_query_to_proto(query, "token")
        read: Any = order_queries.order_query_from_proto(message)
    else:
        message = order_queries.fill_query_to_proto(query, "token")
        read = order_queries.fill_query_from_proto(message)
    assert read.scope() == query.scope()
    assert (message.page_size, message.page_token) == (query.first, "token")


@pytest.mark.parametrize(
    "message", [controls_pb2.HaltTradingRequest, controls_pb2.ResumeTradingRequest]
)
@pytest.mark.parametrize("wish", [HaltWish(), HaltWish("a", reducing=True, reason="why")])
def test_a_halt_comes_back_as_it_was(wish: HaltWish, message: type[Any]):
    assert controls.wish_from_proto(controls.wish_to_proto(wish, message)) == wish


@pytest.mark.parametrize(
    "message",
    [
        orders_pb2.GetOrderRequest,
        orders_pb2.CancelOrderRequest,
        orders_pb2.ApproveOrderRequest,
        orders_pb2.RejectOrderRequest,
        orders_pb2.WriteOffOrderRequest,
    ],
)
@pytest.mark.parametrize("key", [OrderKey("a", id="1"), OrderKey("a", client_order_id="2")])
def test_an_order_key_comes_back_as_it_was(key: OrderKey, message: type[Any]):
    assert orders.key_from_proto(orders.key_to_proto(key, message)) == key


@pytest.mark.parametrize(
    "watch",
    [
        QuoteWatch(("600519.SH", "000001.SZ"), QuotePolicy.LATEST, 250),
        QuoteWatch(("600519.SH",), QuotePolicy.BUFFER, 0, 7),
    ],
)
def test_a_quote_watch_comes_back_as_it_was(watch: QuoteWatch):
    message = quotes.watch_to_proto(watch)
    assert quotes.selector_from_proto(message) == watch.symbols
    assert quotes.watch_from_proto(message, watch.symbols) == watch


def test_symbols_of_a_sector_are_not_named_ones():
    message = quotes_pb2.WatchQuotesRequest(sector="白酒")
    assert not quotes.watch_from_proto(message, ("600519.SH",)).named


@st.composite
def reports(draw: st.DrawFn, statement: Statement) -> FinancialReport:
    known = STATEMENTS[statement].fields
    names = draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    values = {name: draw(fitting(str if known[name].text else float, name)) for name in names}
    fixed = {"symbol": st.just("600519.SH"), "statement": st.just(statement)}
    return draw(domain(FinancialReport, **fixed, values=st.just(values)))


@given(st.data())
def test_all_statements_of_a_company_come_back_as_they_were(data: st.DataObject):
    held = {each: tuple(data.draw(st.lists(reports(each), max_size=2))) for each in Statement}
    company = CompanyFinancials("600519.SH", held)
    message = financials.company_to_proto(company)
    assert financials.company_from_proto(type(message).FromString(message.SerializeToString())) == (
        company
    )


@given(
    st.lists(SYMBOLS, min_size=1, max_size=3).map(tuple),
    st.sampled_from(ReportBasis),
    st.none() | INSTANTS,
    st.lists(st.sampled_from(Statement), min_size=1, unique=True),
)
def test_a_financial_request_comes_back_as_it_was(symbols, basis, as_of, statements):
    fields = {each: tuple(STATEMENTS[each].fields)[::2] for each in statements}
    span = (date(2020, 1, 1), date(2020, 12, 31))
    asked = FinancialRequest(symbols, fields, *span, basis, as_of)
    assert financials.request_from_proto(financials.request_to_proto(asked)) == asked


def test_a_statement_by_name_means_all_its_fields():
    message = financials.request_to_proto(FinancialRequest(("600519.SH",), {}))
    everything = financials.request_from_proto(message)
    assert everything.fields == {each: tuple(table.fields) for each, table in STATEMENTS.items()}
    message.read_mask.paths.extend(["indicators", "balance.total_assets"])
    assert financials.request_from_proto(message).fields == {
        Statement.INDICATORS: tuple(STATEMENTS[Statement.INDICATORS].fields),
        Statement.BALANCE: ("total_assets",),
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_comes_back_as_the_same_leaf(reason: Reason):
    leaf = next(
        (each for each in GatewayError.__subclasses__() if reason.kind in each.kinds), GatewayError
    )
    error = leaf(reason, "What was found.", zh="发现了什么", details={"symbol": "600519.SH"})
    for read in (
        failures.failure_from_proto(failures.failure_to_proto(error)),
        failures.status_from_proto(failures.status_to_proto(error, 3, "req_1")),
    ):
        assert type(read) is leaf
        assert (read.reason, read.message, read.message_zh) == (
            reason,
            "What was found.",
            error.message_zh,
        )
        assert read.details["symbol"] == "600519.SH"


def test_a_code_of_a_later_version_is_kept_in_the_details():
    read = failures.error_of("NEW_CODE", "Something new.", "新", {})
    assert (read.reason, read.details) == (Reason.INTERNAL, {"code": "NEW_CODE"})


def test_a_missing_source_is_never_guessed():
    with pytest.raises(GatewayError, match="SOURCE_UNSPECIFIED"):
        sectors.sector_from_proto(sectors_pb2.Sector(name="x"))


@given(domain(DividendHistory))
def test_a_history_of_dividends_comes_back(history: DividendHistory):
    # an event travels below its history, which says whose it is
    events = history.events and tuple(
        replace(each, dividend=replace(each.dividend, symbol=history.symbol))
        for each in history.events
    )
    sent = replace(history, events=events)
    assert dividends.history_from_proto(dividends.history_to_proto(sent)) == sent
