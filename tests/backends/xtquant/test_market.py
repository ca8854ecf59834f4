"""What the terminal answers through the REAL SDK is what the market behind it says."""

import math
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgraph.backends.sim.universe import UNIVERSE
from quantgraph.backends.xtquant.lists import read_basket, read_issue
from quantgraph.backends.xtquant.quotes import read_quote
from quantgraph.domain.bars import (
    BAR_FIELDS,
    Adjustment,
    BarRequest,
    BarSeries,
    Period,
    Window,
    window,
)
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.calendar import SHANGHAI, day_start
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.tables import STATEMENTS, FinancialRequest, ReportBasis
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.instruments import InstrumentKind, Market
from quantgraph.domain.ipos import IpoRequest
from quantgraph.domain.quotes import Quote
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.snapshots import QUOTE_FIELDS
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TICK_FIELDS, TickKind, TickRequest
from tests.backends.sim.conftest import START

from .conftest import Pair

_SOME = ("600519.SH", "000001.SZ", "300750.SZ", "000300.SH", "430047.BJ")
_SYMBOLS = tuple(symbol for symbol in _SOME if symbol in UNIVERSE)
_MINUTE = 60


async def _both(pair: Pair, request: BarRequest) -> list[tuple[BarSeries, BarSeries]]:
    ours = await pair.terminal.bars(request)
    theirs = await pair.sim.bars(request)
    found = list(zip(ours, theirs, strict=True))
    for one, other in found:
        assert isinstance(one, BarSeries), one
        assert isinstance(other, BarSeries), other
    return found


def _same(one: BarSeries, other: BarSeries, fields: tuple[str, ...]) -> None:
    assert one.columns.length == other.columns.length
    assert tuple(one.columns.values) == fields
    for name in fields:
        left, right = one.columns.values[name], other.columns.values[name]
        assert left.dtype == BAR_FIELDS[name].dtype
        assert left.flags.writeable  # the SDK's own are views of read-only buffers
        if right.dtype.kind == "f":
            np.testing.assert_allclose(left, right, rtol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(left, right, err_msg=name)
        assert one.columns.missing(name) is None or not one.columns.missing(name).any()


@pytest.mark.parametrize(
    ("period", "span"),
    [
        (Period.DAY_1, window(last=30)),
        (Period.DAY_1, window(date(2022, 11, 1), date(2023, 1, 31))),
        (Period.DAY_1, Window()),
        (Period.MIN_1, window(last=500)),
        (Period.MIN_1, window(START - timedelta(days=1), START)),
        (Period.MIN_1, window(datetime(2023, 2, 1, 1, 40, tzinfo=UTC))),
        (Period.MIN_1, window(None, datetime(2023, 2, 1, 1, 40, tzinfo=UTC), 7)),
    ],
    ids=str,
)
async def test_bars_are_those_of_the_market(pair: Pair, period: Period, span: Window) -> None:
    pair.at(37 * _MINUTE + 20)
    request = BarRequest(_SYMBOLS, period, span)
    for one, other in await _both(pair, request):
        assert one.columns.length > 0
        _same(one, other, request.fields)
        assert one.source is Source.TERMINAL
        assert (one.coverage.complete, one.coverage.missing) == (True, 0)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process is set on POSIX")
async def test_a_machine_in_another_zone_gets_the_same_days(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.at(600)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        for period in (Period.DAY_1, Period.MIN_1):
            request = BarRequest(("600519.SH",), period, window(START - timedelta(days=5), START))
            ((one, other),) = await _both(pair, request)
            _same(one, other, request.fields)
        (quote,) = await pair.terminal.quotes(["600519.SH"])
        (expected,) = await pair.sim.quotes(["600519.SH"])
        assert isinstance(quote, Quote)
        assert isinstance(expected, Quote)
        assert quote.time == expected.time
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


@pytest.mark.parametrize(
    ("fields", "vendor"),
    [
        (("close", "volume"), ("time", "close", "volume")),
        # What has no price is no bar: one is read where none is asked for.
        (("volume",), ("time", "close", "volume")),
    ],
    ids=str,
)
async def test_only_the_asked_columns_are_asked_for(
    pair: Pair, fields: tuple[str, ...], vendor: tuple[str, ...]
) -> None:
    request = BarRequest(("600519.SH",), Period.DAY_1, window(last=5), fields=fields)
    ((one, other),) = await _both(pair, request)
    _same(one, other, request.fields)
    asked = [call for call in pair.exchange.calls if call[0] == "get_market_data3"]
    assert [call[1:3] for call in asked] == [(vendor, ("600519.SH",))]


async def test_many_symbols_cost_one_call(pair: Pair) -> None:
    symbols = tuple(s for s, p in UNIVERSE.items() if not p.listed or p.listed < date(2022, 1, 1))
    await pair.terminal.bars(BarRequest(symbols, Period.DAY_1, window(date(2023, 1, 3))))
    assert sum(call[0] == "get_market_data3" for call in pair.exchange.calls) == 1


async def test_the_bar_under_way_is_not_told(pair: Pair) -> None:
    pair.at(10 * _MINUTE + 30)
    minute = BarRequest(("600519.SH",), Period.MIN_1, window(START))
    day = BarRequest(("600519.SH",), Period.DAY_1, window(START))
    assert len((await _both(pair, minute))[0][0].columns.values["time"]) == 10
    assert (await _both(pair, day))[0][0].columns.length == 0


async def test_an_unknown_symbol_costs_the_others_nothing(pair: Pair) -> None:
    request = BarRequest(("600519.SH", "609999.SH"), Period.DAY_1, window(last=3))
    known, unknown = await pair.terminal.bars(request)
    assert isinstance(known, BarSeries)
    assert known.columns.length == 3
    assert isinstance(unknown, GatewayError)
    assert unknown.reason is Reason.UNKNOWN_SYMBOL


async def test_what_was_not_downloaded_is_empty_and_said_to_be_missing(pair: Pair) -> None:
    pair.exchange.recordings["1d", "600519.SH"] = []
    request = BarRequest(("600519.SH",), Period.DAY_1, window(date(2023, 1, 3), date(2023, 1, 6)))
    (found,) = await pair.terminal.bars(request)
    assert isinstance(found, BarSeries)
    assert (found.columns.length, found.coverage.complete, found.coverage.missing) == (0, False, 4)


def _row(day: date, **cells: Any) -> dict[str, Any]:
    row = {"time": day_start(day), "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5}
    return row | {"volume": 100.0, "amount": 105_000.0, "preClose": 10.0, "suspendFlag": 0} | cells


async def test_a_number_that_is_missing_is_null_and_a_row_without_a_price_is_no_bar(
    pair: Pair,
) -> None:
    nan = float("nan")
    nothing = dict.fromkeys(("open", "high", "low", "close", "volume", "amount", "preClose"), nan)
    pair.exchange.recordings["1d", "600519.SH"] = [
        _row(date(2023, 1, 3)),
        _row(date(2023, 1, 4), **nothing),
        _row(date(2023, 1, 5), amount=nan, preClose=0.0, volume=nan),
        _row(date(2023, 1, 6), **nothing, suspendFlag=1),
        _row(date(2023, 1, 9), amount=float("inf")),
    ]
    request = BarRequest(("600519.SH",), Period.DAY_1, window(date(2023, 1, 3)))
    (found,) = await pair.terminal.bars(request)
    assert isinstance(found, BarSeries)
    columns = found.columns
    days = [datetime.fromtimestamp(t / 1000, SHANGHAI).day for t in columns.values["time"].tolist()]
    assert days == [3, 5, 6, 9]
    assert columns.valid["amount"].tolist() == [True, False, False, False]
    assert columns.valid["volume"].tolist() == [True, False, False, True]
    assert columns.valid["previous_close"].tolist() == [True, False, False, True]
    assert columns.valid["close"].tolist() == [True, True, False, True]
    assert columns.values["suspended"].tolist() == [False, False, True, False]
    assert columns.values["volume"].tolist()[0] == 10_000
    assert all(np.isfinite(column).all() for column in columns.values.values())


async def test_rows_in_disorder_are_put_in_order_each_once(pair: Pair) -> None:
    days = [date(2023, 1, 5), date(2023, 1, 3), date(2023, 1, 4), date(2023, 1, 4)]
    pair.exchange.recordings["1d", "600519.SH"] = [_row(day) for day in days]
    request = BarRequest(("600519.SH",), Period.DAY_1, window(date(2023, 1, 1)))
    (found,) = await pair.terminal.bars(request)
    assert isinstance(found, BarSeries)
    assert found.columns.values["time"].tolist() == [day_start(d) for d in sorted(set(days))]


async def test_the_last_bars_are_found_behind_rows_that_are_none(pair: Pair) -> None:
    nan = float("nan")
    first = date(2022, 1, 1)
    days = [first + timedelta(days=n) for n in range(300)]
    bad = dict.fromkeys(("open", "high", "low", "close", "preClose"), nan)
    pair.exchange.recordings["1d", "600519.SH"] = [
        _row(day, **(bad if n >= 200 else {})) for n, day in enumerate(days)
    ]
    request = BarRequest(("600519.SH",), Period.DAY_1, window(last=3), fields=("time", "close"))
    (found,) = await pair.terminal.bars(request)
    assert isinstance(found, BarSeries)
    assert found.columns.values["time"].tolist() == [day_start(d) for d in days[197:200]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"period": Period.MIN_5}, Reason.UNSUPPORTED_PERIOD),
        ({"adjustment": Adjustment.FRONT}, Reason.ADJUSTMENT_UNAVAILABLE),
    ],
    ids=str,
)
async def test_what_the_layers_above_make_is_not_read_here(
    pair: Pair, change: dict[str, Any], reason: Reason
) -> None:
    with pytest.raises(GatewayError) as told:
        await pair.terminal.bars(replace(BarRequest(_SYMBOLS, Period.DAY_1, Window()), **change))
    assert told.value.reason is reason


@pytest.mark.parametrize(("seconds", "sessions"), [(-600, 1), (61, 0), (7_500, 0)])
async def test_quotes_are_those_of_the_market(pair: Pair, seconds: int, sessions: int) -> None:
    pair.at(seconds, sessions)
    symbols = (*_SYMBOLS, "609999.SH")
    *ours, unknown = await pair.terminal.quotes(symbols)
    theirs = await pair.sim.quotes(_SYMBOLS)
    for one, other in zip(ours, theirs, strict=True):
        assert isinstance(other, Quote)
        assert one == replace(other, source=Source.TERMINAL)
    assert isinstance(unknown, GatewayError)
    assert unknown.reason is Reason.UNKNOWN_SYMBOL


@pytest.mark.parametrize(
    ("symbol", "code", "suspended", "halted"),
    [
        ("600519.SH", 13, False, False),
        ("600519.SH", 1, True, False),
        ("600519.SH", 20, True, False),
        ("600519.SH", 16, False, True),
        # Of a future the same field counts its open contracts.
        ("IF2303.CFFEX", 1, False, False),
        ("IF2303.CFFEX", 16, False, False),
    ],
)
def test_the_phase_of_a_share_stands_where_a_future_has_its_open_interest(
    symbol: str, code: int, suspended: bool, halted: bool
) -> None:
    quote = read_quote(symbol, {"time": day_start(START), "lastPrice": 10.0, "openInt": code})
    assert quote is not None
    assert (quote.suspended, quote.halted) == (suspended, halted)


async def test_a_snapshot_of_many_has_the_cells_of_the_single_quotes(pair: Pair) -> None:
    pair.at(100)
    fields = tuple(QUOTE_FIELDS)
    ours = await pair.terminal.board((*_SYMBOLS, "609999.SH"), fields)
    theirs = await pair.sim.board((*_SYMBOLS, "609999.SH"), fields)
    assert ours.symbols == theirs.symbols
    for name in fields:
        mask = theirs.valid.get(name, np.ones(len(theirs.symbols), np.bool_))
        np.testing.assert_array_equal(ours.valid.get(name, mask | True), mask, err_msg=name)
        left, right = ours.values[name][mask], theirs.values[name][mask]
        np.testing.assert_allclose(left, right, rtol=1e-12, err_msg=name)


async def test_instruments_are_those_of_the_market(pair: Pair) -> None:
    symbols = (*_SYMBOLS, "609999.SH", "510050.SH")
    ours = await pair.terminal.reference.instruments(symbols)
    theirs = await pair.sim.instruments(symbols)
    expected = [each and replace(each, source=Source.TERMINAL) for each in theirs]
    assert list(ours) == expected
    assert ours[len(_SYMBOLS)] is None


@pytest.mark.parametrize(
    "search",
    [
        InstrumentSearch(),
        InstrumentSearch(text="6005"),
        InstrumentSearch(text="平安"),
        InstrumentSearch(text="payh"),
        InstrumentSearch(kinds=frozenset({InstrumentKind.INDEX})),
        InstrumentSearch(markets=frozenset({Market.SZ})),
        InstrumentSearch(symbols=frozenset({"600519.SH", "000001.SZ"})),
    ],
    ids=lambda search: str(search.scope),
)
async def test_a_search_finds_what_the_market_finds(
    pair: Pair, search: InstrumentSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page of the answer takes several turns of the data thread.
    monkeypatch.setattr("quantgraph.backends.xtquant.reference._TURN", 2)
    ours, more = await pair.terminal.reference.search(search, 5, "000001.SZ")
    theirs, expected = await pair.sim.search(search, 5, "000001.SZ")
    assert [each.symbol for each in ours] == [each.symbol for each in theirs]
    assert more == expected


async def test_sectors_are_those_of_the_market(pair: Pair) -> None:
    ours = {each.name: each.symbols for each in await pair.terminal.reference.sectors()}
    theirs = {each.name: each.symbols for each in await pair.sim.sectors()}
    assert ours == theirs
    name = next(iter(theirs))
    day = date(2022, 6, 1)
    then, expected = (
        await pair.terminal.reference.sector(name, day),
        await pair.sim.sector(name, day),
    )
    assert then is not None
    assert expected is not None
    assert (then.symbols, then.day) == (expected.symbols, day)
    assert await pair.terminal.reference.sector("没有这个板块") is None
    with pytest.raises(GatewayError) as told:
        await pair.terminal.reference.sector(name, date(1991, 1, 4))
    assert told.value.reason is Reason.DATE_NOT_HELD


async def test_sectors_have_the_categories_of_the_terminals_files(
    pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pa = pytest.importorskip("pyarrow")
    feather = pytest.importorskip("pyarrow.feather")
    folder = tmp_path / "SectorData" / "latest"
    folder.mkdir(parents=True)
    told = {"original_name": "白酒", "category": "行业"}
    feather.write_feather(pa.table({}).replace_schema_metadata(told), folder / "白酒.fe")
    pair.exchange.data_dir = str(tmp_path)
    names = [each.name for each in await pair.sim.sectors()]
    reference = pair.terminal.reference
    found = {each.name: each.category for each in await reference.sectors()}
    assert found == {name: "行业" if name == "白酒" else None for name in names}
    then = await reference.sector("白酒", date(2022, 6, 1))
    assert then is not None
    assert then.category == "行业"
    # Read anew on another day, without the package that they need.
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    pair.at(0, 1)
    assert {each.category for each in await reference.sectors()} == {None}


async def test_weights_are_those_of_the_market_and_dated_when_they_are_read(pair: Pair) -> None:
    ours = await pair.terminal.reference.weights("000300.SH")
    theirs = await pair.sim.weights("000300.SH")
    assert [(w.symbol, w.weight) for w in ours] == [(w.symbol, w.weight) for w in theirs]
    assert {w.date for w in ours} == {START}
    assert await pair.terminal.reference.weights("600519.SH") == []
    with pytest.raises(GatewayError) as told:
        await pair.terminal.reference.weights("000300.SH", START - timedelta(days=1))
    assert told.value.reason is Reason.DATE_NOT_HELD


async def test_dividends_are_those_of_the_market(pair: Pair) -> None:
    pair.at(0, 200)
    ours = await pair.terminal.dividends(_SYMBOLS, Period.DAY_1)
    theirs = await pair.sim.dividends(_SYMBOLS, Period.DAY_1)
    paid = 0
    for symbol, one, other in zip(_SYMBOLS, ours, theirs, strict=True):
        assert one is not None
        events = [replace(each, source=Source.TERMINAL) for each in other or ()]
        paid += len(events)
        assert [_whole(each) for each in one] == [_whole(each) for each in events], symbol
    assert paid > 0


def _whole(event: Any) -> Any:
    names = ("cash", "bonus", "conversion", "rights", "rights_price")
    return replace(event, **{name: getattr(event, name) or 0.0 for name in names})


async def test_an_amount_that_is_no_number_is_none_at_all(pair: Pair) -> None:
    row = {"time": float(day_start(date(2022, 6, 1))), "interest": math.inf, "dr": 1.02}
    pair.exchange.market = _Instead(pair.exchange.market, row)
    (found,) = await pair.terminal.dividends(("600519.SH",), Period.DAY_1)
    assert found is not None
    assert [(each.ratio, each.cash) for each in found] == [(1.02, 0.0)]


async def test_a_factor_of_another_scale_is_none(pair: Pair) -> None:
    row = {"time": float(day_start(date(2022, 6, 1))), "interest": 1.0, "dr": 1.02e12}
    pair.exchange.market = _Instead(pair.exchange.market, row)
    (found,) = await pair.terminal.dividends(("600519.SH",), Period.DAY_1)
    assert found is not None
    assert [(each.ex_date, each.ratio, each.cash) for each in found] == [
        (date(2022, 6, 1), None, 1.0)
    ]


class _Instead:
    """The market, but for its dividends."""

    def __init__(self, market: Any, row: dict[str, float]) -> None:
        self._market, self._row = market, row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._market, name)

    async def dividends(self, symbols: Any, period: Period) -> Any:
        del symbols, period
        return [[_Raw(self._row)]]


class _Raw:
    """An event whose row is the test's."""

    def __init__(self, row: dict[str, float]) -> None:
        self.ex_date, self.ratio = date(2022, 6, 1), row["dr"]
        self.cash = row["interest"]
        self.bonus = self.conversion = self.rights = self.rights_price = 0.0


@pytest.mark.parametrize(
    ("start", "basis"),
    [(None, ReportBasis.REPORT_DATE), (date(2021, 6, 1), ReportBasis.ANNOUNCE_DATE)],
    ids=str,
)
async def test_statements_are_those_of_the_market(
    pair: Pair, start: date | None, basis: ReportBasis
) -> None:
    fields = {statement: tuple(table.fields) for statement, table in STATEMENTS.items()}
    request = FinancialRequest(
        ("600519.SH", "609999.SH"), fields, start=start, basis=basis, as_of=pair.clock.now()
    )
    ours, unknown = await pair.terminal.financials(request)
    (theirs, _) = await pair.sim.financials(request)
    assert unknown is None
    assert ours is not None
    assert theirs is not None
    assert ours.reports.keys() == theirs.reports.keys()
    for statement, reports in theirs.reports.items():
        expected = [replace(each, source=Source.TERMINAL) for each in reports]
        assert list(ours.reports[statement]) == expected, statement
    assert any(ours.reports.values())


async def test_a_report_without_dates_costs_the_others_nothing(pair: Pair) -> None:
    statement, table = next(iter(STATEMENTS.items()))
    field = next(iter(table.fields.values()))
    await pair.client.ask("get_client")
    nan, half, march = float("nan"), *(float(day_start(date(2022, m, 30))) for m in (6, 3))
    first, second = (float(day_start(date(2022, 8, day))) for day in (1, 20))
    rows = [
        {"m_timetag": nan, "m_anntime": nan, field.native: 1.0},
        {"m_timetag": half, "m_anntime": 0.0, field.native: 2.0},
        # Of two announcements of one report the newer counts, wherever it stands.
        {"m_timetag": march, "m_anntime": second, field.native: 4.0},
        {"m_timetag": march, "m_anntime": first, field.native: 3.0},
    ]
    pair.exchange.clients[-1].get_financial_data = lambda *_: {"600519.SH": {table.native: rows}}
    request = FinancialRequest(("600519.SH",), {statement: (field.name,)})
    (found,) = await pair.terminal.financials(request)
    assert found is not None
    told = [(r.report_date, r.announce_date, r.values) for r in found.reports[statement]]
    assert told == [
        (date(2022, 3, 30), date(2022, 8, 20), {field.name: 4.0}),
        (date(2022, 6, 30), None, {field.name: 2.0}),
    ]


async def test_bonds_funds_options_issues_and_mains_are_those_of_the_market(pair: Pair) -> None:
    ours, theirs = pair.terminal.catalog, pair.sim.catalog
    pair.exchange.funds = ("510300.SH", "510050.SH", "159915.SZ")
    bonds = await theirs.bonds(BondRequest())
    assert list(await ours.bonds(BondRequest())) == _told(bonds)
    stock = bonds[0].stock_symbol
    assert list(await ours.bonds(BondRequest(stock_symbols=(stock,)))) == _told(
        await theirs.bonds(BondRequest(stock_symbols=(stock,)))
    )
    assert list(await ours.bonds(BondRequest(symbols=("113999.SH",)))) == []
    listed = 0
    for fund in pair.exchange.funds:
        expected = await theirs.etf_basket(fund)
        found = await ours.etf_basket(fund)
        assert found == (expected and _told_basket(expected)), fund
        listed += found is not None
    assert listed
    assert await ours.etf_basket("600519.SH") is None
    # All funds' lists are read together, once a day.
    assert pair.exchange.calls.count(("getdatafilepath",)) == 1
    chain, expected_chain = (
        await ours.option_chain("510300.SH"),
        await theirs.option_chain("510300.SH"),
    )
    assert chain.expiries
    assert chain == _told_chain(expected_chain)
    assert (await ours.option_chain("600519.SH")).expiries == ()
    issues = await theirs.ipos(IpoRequest(START, START + timedelta(days=60)))
    found_issues = await ours.ipos(IpoRequest(START, START + timedelta(days=60)))
    assert issues
    assert [replace(i, win_rate=None) for i in found_issues] == _told(
        [replace(i, win_rate=None) for i in issues]
    )
    assert [i.win_rate for i in found_issues] == pytest.approx([i.win_rate for i in issues])
    now = MainRequest("IF")
    assert list(await ours.main_contracts(now) or ()) == [
        replace(each, second_symbol=None) for each in _told(await theirs.main_contracts(now) or ())
    ]
    span = MainRequest("IF", START - timedelta(days=90), START)
    assert list(await ours.main_contracts(span) or ()) == _told(
        await theirs.main_contracts(span) or ()
    )
    assert await ours.main_contracts(MainRequest("AP")) is None


async def test_chains_of_past_days_are_those_of_the_market(pair: Pair) -> None:
    ours, theirs = pair.terminal.catalog, pair.sim.catalog
    # The middle of a month, the last day of a contract, the first of another, and a Saturday.
    for day in (date(2023, 1, 10), date(2022, 12, 28), date(2022, 12, 29), date(2022, 12, 31)):
        expected = await theirs.option_chain("510300.SH", day)
        assert expected.expiries, day
        assert await ours.option_chain("510300.SH", day) == _told_chain(expected), day
    assert await ours.option_chain("510300.SH", START) == await ours.option_chain("510300.SH")
    assert (await ours.option_chain("600519.SH", date(2023, 1, 10))).expiries == ()
    assert (await ours.option_chain("430047.BJ", date(2023, 1, 10))).expiries == ()


@pytest.mark.parametrize("market", ["terminal", "sim"])
async def test_a_day_to_come_has_no_chain(pair: Pair, market: str) -> None:
    with pytest.raises(GatewayError) as told:
        await getattr(pair, market).catalog.option_chain("510300.SH", START + timedelta(days=1))
    assert (told.value.reason, told.value.details) == (Reason.BAD_REQUEST, {"field": "date"})


async def test_a_day_of_which_no_list_was_downloaded_is_not_guessed(pair: Pair) -> None:
    # The year of three digits is written with four: else it is another year to the terminal.
    for day in (date(2018, 1, 2), date(991, 1, 2)):
        with pytest.raises(GatewayError) as told:
            await pair.terminal.catalog.option_chain("510300.SH", day)
        assert told.value.reason is Reason.DATE_NOT_HELD
        assert "OPTION_HISTORY" in told.value.message


def test_the_share_of_a_draw_is_a_fraction_and_what_is_not_decided_is_null() -> None:
    row = {"securityCode": "688001", "market": "SH", "startDate": "20230301", "lwr": 0.05}
    found = read_issue({**row, "publishPrice": None, "listedDate": "0", "isProfit": 0})
    assert found is not None
    assert (found.symbol, found.win_rate) == ("688001.SH", 0.0005)
    assert (found.issue_price, found.list_date, found.profitable) == (None, None, False)
    assert read_issue({**row, "startDate": ""}) is None
    assert read_issue({**row, "market": "HK"}) is None


def test_a_fund_that_nobody_can_create_has_no_list() -> None:
    row = {"基金名称": "示例", "最小申购、赎回单位": 900_000, "现金替代比例上限": float("nan")}
    found = read_basket("510300.SH", row, START)
    assert found is not None
    assert (found.creation_unit, found.max_cash_ratio, found.components) == (900_000, None, ())
    assert read_basket("510300.SH", {**row, "最小申购、赎回单位": 0}, START) is None


def _told(rows: Any) -> list[Any]:
    return [replace(each, source=Source.TERMINAL) for each in rows]


def _told_basket(basket: Any) -> Any:
    parts = tuple(sorted(basket.components, key=lambda part: part.symbol))
    return replace(basket, components=parts, source=Source.TERMINAL)


def _told_chain(chain: Any) -> Any:
    def told(strike: Any) -> Any:
        pair = {side: getattr(strike, side) for side in ("call", "put")}
        return replace(
            strike, **{s: c and replace(c, source=Source.TERMINAL) for s, c in pair.items()}
        )

    expiries = [replace(e, strikes=tuple(map(told, e.strikes))) for e in chain.expiries]
    return replace(chain, expiries=tuple(expiries))


_LADDER = [
    ("time", "<i8"),
    ("lastPrice", "<f8"),
    ("volume", "<i8"),
    ("askPrice", "O"),
    ("bidVol", "O"),
]


async def test_snapshots_are_read_whether_rows_are_an_array_or_dicts(pair: Pair) -> None:
    first = day_start(START) + 34_200_000
    rows = [(first, 10.1, 7, [10.2, 10.3], [3]), (first + 3_000, 0.0, 9, [], [4, 5])]
    array = np.array(rows, dtype=_LADDER)
    names = [name for name, _ in _LADDER]
    fields = (
        "time",
        "last_price",
        "volume",
        "ask_price_2",
        "bid_quantity_1",
        "bid_price_1",
        "open",
    )
    request = TickRequest("600519.SH", TickKind.SNAPSHOT, first, None, fields, 10)
    for told in (array, [dict(zip(names, row, strict=True)) for row in rows]):
        pair.exchange.recordings["tick", "600519.SH"] = told
        found = await pair.terminal.ticks(request)
        assert (found.length, found.source) == (2, Source.TERMINAL)
        assert found.values["time"].tolist() == [first, first + 3_000]
        assert found.values["volume"].tolist() == [700, 900]
        assert found.valid["last_price"].tolist() == [True, False]
        assert found.values["ask_price_2"].tolist()[0] == 10.3
        assert found.valid["ask_price_2"].tolist() == [True, False]
        assert found.values["bid_quantity_1"].tolist() == [300, 400]
        assert not found.valid["bid_price_1"].any()
        assert not found.valid["open"].any()
        assert found.values["time"].dtype == TICK_FIELDS[TickKind.SNAPSHOT]["time"]
    early = await pair.terminal.ticks(replace(request, limit=1))
    assert early.values["time"].tolist() == [first]
    late = await pair.terminal.ticks(replace(request, start=first + 1, limit=1))
    assert late.values["time"].tolist() == [first + 3_000]


async def test_orders_and_deals_of_level_2_keep_their_codes(pair: Pair) -> None:
    first = day_start(START) + 34_200_000
    order = {"time": first, "price": 10.0, "volume": 300, "entrustNo": 7, "entrustType": 6}
    pair.exchange.recordings["l2order", "600519.SH"] = [
        {**order, "entrustDirection": 2},
        {**order, "entrustDirection": 0, "entrustType": 0},
    ]
    fields = tuple(TICK_FIELDS[TickKind.LEVEL2_ORDER])
    request = TickRequest("600519.SH", TickKind.LEVEL2_ORDER, None, None, fields, 10)
    found = await pair.terminal.ticks(request)
    assert found.values["side"].tolist() == [-1, 0]
    assert found.valid["side"].tolist() == [True, False]
    assert found.values["type"].tolist() == [3, 0]
    assert found.values["quantity"].tolist() == [300, 300]
    assert not found.valid["channel"].any()
    deal = {"time": first, "price": 10.0, "volume": 200, "amount": 2_000.0, "tradeIndex": 1}
    pair.exchange.recordings["l2transaction", "600519.SH"] = [
        {**deal, "buyNo": 5, "sellNo": 6, "tradeFlag": 2}
    ]
    fields = tuple(TICK_FIELDS[TickKind.LEVEL2_TRANSACTION])
    request = TickRequest("600519.SH", TickKind.LEVEL2_TRANSACTION, None, None, fields, 10)
    found = await pair.terminal.ticks(request)
    assert (found.values["side"][0], found.values["sell_order_number"][0]) == (-1, 6)


async def test_recordings_that_are_not_there_are_empty_and_deals_of_level_1_never_are(
    pair: Pair,
) -> None:
    request = TickRequest("600519.SH", TickKind.LEVEL2_QUOTE, None, None, ("time",), 10)
    assert (await pair.terminal.ticks(request)).length == 0
    for change, reason in (
        ({"symbol": "609999.SH"}, Reason.UNKNOWN_SYMBOL),
        ({"kind": TickKind.TRADE}, Reason.TERMINAL_LACKS),
    ):
        with pytest.raises(GatewayError) as told:
            await pair.terminal.ticks(replace(request, **change))
        assert told.value.reason is reason
