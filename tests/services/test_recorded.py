import asyncio
import threading
from datetime import date

import numpy as np
import pytest

from quantgraph.domain.bars import Adjustment, BarRequest, Period, Window
from quantgraph.domain.bars import window as domain_window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import InvalidRequest, NotFound
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.ports.market import Bars, Dividends, Ticks
from quantgraph.domain.ports.reference import Financials, Reference
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TickKind, TickRequest

HEADER = "symbol,date,open,high,low,close\n"
WEEK = "".join(f"600519.SH,2023-02-0{day},{day},{day},{day},{day}\n" for day in (1, 2, 3, 6, 8))


def ask(*symbols, window=None, period=Period.DAY_1, fields=("time", "close")):
    return BarRequest(symbols, period, window or Window(last=250), fields=fields)


def test_it_is_every_port_it_says_it_is(chain):
    ports: tuple[Bars, Dividends, Ticks, Reference, Financials] = (chain.recorded,) * 5
    assert len(ports) == 5


async def test_imported_bars_are_marked_so_and_others_are_the_inner_markets(chain, load):
    load("bars", HEADER + WEEK)
    mine, theirs = await chain.recorded.bars(ask("600519.SH", "300750.SZ"))
    assert (mine.source, theirs.source) == (Source.IMPORTED, Source.SIMULATED)
    assert mine.columns.values["close"].tolist() == [1, 2, 3, 6, 8]
    # the inner market is only asked for what is not held
    assert chain.inner.asked[0].symbols == ("300750.SZ",)


async def test_one_series_never_mixes_two_sources(chain, load):
    load("bars", HEADER + WEEK)
    later = Window(start=day_start(date(2023, 2, 9)), end=day_start(date(2023, 2, 14)))
    series = (await chain.recorded.bars(ask("600519.SH", window=later)))[0]
    assert (series.source, series.columns.length) == (Source.IMPORTED, 0)
    minutes = (await chain.recorded.bars(ask("600519.SH", period=Period.MIN_1)))[0]
    assert minutes.source is Source.SIMULATED


async def test_an_unknown_symbol_is_an_error_in_its_own_place(chain, load):
    load("bars", HEADER + WEEK)
    first, second = await chain.recorded.bars(ask("688999.SH", "600519.SH"))
    assert isinstance(first, NotFound)
    assert second.columns.length == 5


async def test_a_listed_symbol_without_bars_is_empty_not_unknown(chain, load):
    load("instruments", "symbol,name\n688999.SH,某某\n")
    series = (await chain.recorded.bars(ask("688999.SH")))[0]
    assert series.columns.length == 0
    assert series.coverage.held_from is None


async def test_coverage_counts_the_sessions_without_a_bar(chain, load):
    load("bars", HEADER + WEEK)
    coverage = (await chain.recorded.bars(ask("600519.SH")))[0].coverage
    assert (coverage.held_from, coverage.held_to) == (
        day_start(date(2023, 2, 1)),
        day_start(date(2023, 2, 8)),
    )
    assert (coverage.complete, coverage.missing) == (False, 1)
    assert coverage.missing_dates == (date(2023, 2, 7),)
    whole = Window(start=day_start(date(2023, 2, 1)), end=day_start(date(2023, 2, 6)))
    assert (await chain.recorded.bars(ask("600519.SH", window=whole)))[0].coverage.complete


async def test_days_before_the_data_and_after_it_are_missing_if_they_were_asked(chain, load):
    load("bars", HEADER + WEEK)
    window = Window(start=day_start(date(2023, 1, 30)), end=day_start(date(2023, 2, 10)))
    coverage = (await chain.recorded.bars(ask("600519.SH", window=window)))[0].coverage
    assert coverage.missing_dates == tuple(
        date(2023, *day) for day in ((1, 30), (1, 31), (2, 7), (2, 9), (2, 10))
    )


async def test_days_before_the_listing_and_days_to_come_are_not_missing(chain, load):
    load("bars", HEADER + WEEK)
    load("instruments", "symbol,name,list_date\n600519.SH,贵州茅台,2023-02-01\n")
    window = Window(start=day_start(date(2020, 1, 1)), end=day_start(date(2023, 2, 6)))
    assert (await chain.recorded.bars(ask("600519.SH", window=window)))[0].coverage.complete
    beyond = Window(start=day_start(date(2024, 8, 21)), end=day_start(date(2026, 12, 31)))
    assert (await chain.recorded.bars(ask("600519.SH", window=beyond)))[0].coverage.missing == 0


async def test_days_after_the_delisting_are_not_missing(chain, load):
    load("bars", HEADER + WEEK)
    load("instruments", "symbol,name,list_date,delist_date\n600519.SH,某某,2001-08-27,2023-02-08\n")
    for window in (
        Window(start=day_start(date(2023, 2, 6)), end=day_start(date(2023, 3, 1))),
        Window(end=day_start(date(2023, 3, 1)), last=3),
        # what the calendar does not cover matters no more
        Window(start=day_start(date(2023, 2, 6)), end=day_start(date(2030, 1, 1))),
    ):
        coverage = (await chain.recorded.bars(ask("600519.SH", window=window)))[0].coverage
        assert coverage.missing_dates == (date(2023, 2, 7),)
    load("instruments", "symbol,name,list_date,delist_date\n600519.SH,某某,2001-08-27,2023-02-06\n")
    for window in (Window(start=day_start(date(2023, 2, 1))), Window(last=5)):
        coverage = (await chain.recorded.bars(ask("600519.SH", window=window)))[0].coverage
        assert coverage.complete


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(1980, 1, 1), date(2023, 2, 6)),
        (date(2023, 2, 1), date(2027, 1, 1)),
        (date(2023, 2, 1), date(2030, 1, 1)),
        (date(2027, 2, 1), None),
    ],
)
@pytest.mark.parametrize("period", [Period.DAY_1, Period.MIN_1])
async def test_where_the_calendar_ends_nothing_is_said(chain, load, period, start, end):
    load("bars", HEADER + WEEK)
    load("bars", "symbol,time,open,high,low,close\n600519.SH,2023-02-01 09:30:00,1,1,1,1\n")
    window = domain_window(start, end)
    request = ask("600519.SH", window=window, period=period)
    coverage = (await chain.recorded.bars(request))[0].coverage
    assert (coverage.complete, coverage.missing) == (None, None)


@pytest.mark.parametrize("end", [None, date(2024, 9, 1), date(2026, 12, 31)])
async def test_an_end_beyond_today_hides_nothing_as_long_as_the_calendar_reaches_it(
    chain, load, calendar, end
):
    load("bars", HEADER + WEEK)
    window = domain_window(date(2023, 2, 1), end)
    coverage = (await chain.recorded.bars(ask("600519.SH", window=window)))[0].coverage
    assert coverage.missing_dates[0] == date(2023, 2, 7)
    assert len(coverage.missing_dates) == min(coverage.missing, 20)
    # an open end is the end of what is held; a stated one is judged to the day before today
    sessions = calendar.between(date(2023, 2, 1), date(2024, 8, 20))
    assert coverage.missing == (1 if end is None else len(sessions) - 5)


async def test_300_symbols_cost_as_many_transactions_as_one(chain, load):
    rows = [
        f"60{place:04d}.SH,2023-02-0{day},1,1,1,1\n" for place in range(300) for day in (1, 2, 3)
    ]
    load("bars", HEADER + "".join(rows))
    costs = []
    for symbols in (("600000.SH",), tuple(f"60{place:04d}.SH" for place in range(300))):
        chain.store.counter.reset()
        series = await chain.recorded.bars(ask(*symbols, fields=("close",)))
        assert all(one.columns.length == 3 for one in series)
        costs.append(chain.store.counter.transactions)
        assert chain.store.counter.columns == {"close"}
    assert costs[0] == costs[1]


async def test_only_raw_base_periods_are_recorded(chain):
    with pytest.raises(InvalidRequest):
        await chain.recorded.bars(BarRequest(("600519.SH",), Period.WEEK_1, Window(last=1)))
    with pytest.raises(InvalidRequest):
        await chain.recorded.bars(
            BarRequest(("600519.SH",), Period.DAY_1, Window(last=1), Adjustment.FRONT)
        )


async def test_an_imported_description_wins_and_bare_data_takes_the_inner_markets(chain, load):
    load("bars", HEADER + WEEK + "000001.SZ,2023-02-01,1,1,1,1\n")
    load("instruments", "symbol,name\n600036.SH,招商银行\n")
    found = await chain.recorded.instruments(["600036.SH", "600519.SH", "000001.SZ", "688999.SH"])
    assert [one and (one.name, one.source) for one in found] == [
        ("招商银行", Source.IMPORTED),
        ("名600", Source.SIMULATED),
        (None, Source.IMPORTED),
        None,
    ]


async def test_search_merges_both_listings_page_by_page(chain, load):
    load("bars", HEADER + "000001.SZ,2023-02-01,1,1,1,1\n")
    load("instruments", "symbol,name\n600036.SH,招商银行\n601398.SH,工商银行\n")
    seen, after, more = [], None, True
    while more:
        page, more = await chain.recorded.search(InstrumentSearch(), 2, after)
        seen += [(one.symbol, one.name) for one in page]
        after = page[-1].symbol
    assert seen == [
        ("000001.SZ", None),
        ("300750.SZ", "名300"),
        ("600036.SH", "招商银行"),
        ("600519.SH", "名600"),
        ("601398.SH", "工商银行"),
    ]


async def test_an_imported_sector_wins_over_one_of_the_same_name(chain, load):
    load("sectors", "sector,symbol\n银行,601398\n白酒,600519\n")
    sectors = await chain.recorded.sectors()
    assert [(one.name, one.source) for one in sectors] == [
        ("白酒", Source.IMPORTED),
        ("银行", Source.IMPORTED),
    ]
    assert (await chain.recorded.sector("银行")).symbols == ("601398.SH",)
    assert await chain.recorded.sector("无") is None
    found = await chain.recorded.sectors_of(["601398.SH", "600036.SH"])
    # the imported list hides the inner one of its name, whose member it does not name
    assert [[each.name for each in held] for held in found] == [["银行"], []]


async def test_imported_weights_win(chain, load):
    assert (await chain.recorded.weights("000300.SH"))[0].source is Source.SIMULATED
    load("weights", "index_symbol,symbol,weight,date\n000300.SH,600519,5.5,2023-02-01\n")
    assert [one.weight for one in await chain.recorded.weights("000300.SH")] == [5.5]


async def test_events_come_from_where_the_bars_come_from(chain, load):
    load("bars", HEADER + WEEK)
    symbols = ["600519.SH", "300750.SZ", "000300.SH"]
    mine, theirs, index = await chain.recorded.dividends(symbols, Period.DAY_1)
    assert mine is None
    assert theirs[0].ratio == 2.0
    assert list(index) == []
    # minutes that nobody imported are made inside the imported days
    assert (await chain.recorded.dividends(["600519.SH"], Period.MIN_1))[0] is None


async def test_imported_events_say_nothing_about_invented_prices(chain, load):
    load("dividends", "symbol,ex_date,cash\n300750.SZ,2023-02-07,0.5\n")
    for period in (Period.DAY_1, Period.MIN_1):
        event = (await chain.recorded.dividends(["300750.SZ"], period))[0][0]
        assert (event.ex_date, event.ratio) == (date(2023, 2, 3), 2.0)


async def test_imported_minutes_use_imported_events_and_invented_days_their_own(chain, load):
    load("dividends", "symbol,ex_date,cash\n300750.SZ,2023-02-07,0.5\n")
    load("bars", "symbol,time,open,high,low,close\n300750.SZ,2023-02-06 09:30:00,1,1,1,1\n")
    days, minutes = [
        (await chain.recorded.dividends(["300750.SZ"], period))[0][0].ex_date
        for period in (Period.DAY_1, Period.MIN_1)
    ]
    assert (days, minutes) == (date(2023, 2, 3), date(2023, 2, 7))


async def test_reports_of_a_listed_company_are_empty_of_an_unknown_one_none(chain, load):
    load("instruments", "symbol,name\n688999.SH,某某\n")
    load("financials", "symbol,report_date,total_assets\n600519.SH,2018-06-30,1\n")
    request = FinancialRequest(
        ("600519.SH", "300750.SZ", "688999.SH", "688998.SH"), {Statement.BALANCE: ("total_assets",)}
    )
    found = await chain.recorded.financials(request)
    assert found[0].reports[Statement.BALANCE][0].source is Source.IMPORTED
    assert found[1].reports[Statement.BALANCE] == ()
    assert found[2].reports[Statement.BALANCE] == ()
    assert found[3] is None


async def test_ticks_of_a_known_symbol_may_be_none_but_an_unknown_one_is_an_error(chain):
    request = TickRequest("600519.SH", TickKind.TRADE, None, None, ("time", "price"), 10)
    empty = await chain.recorded.ticks(request)
    assert empty.length == 0
    assert empty.values["price"].dtype == np.float64
    with pytest.raises(NotFound) as caught:
        await chain.recorded.ticks(
            TickRequest("688999.SH", TickKind.TRADE, None, None, ("time",), 10)
        )
    assert caught.value.reason is Reason.UNKNOWN_SYMBOL


async def test_known_instruments_are_answered_without_a_worker(chain, load, workers):
    load("instruments", "symbol,name\n600519.SH,贵州茅台\n")
    before = await chain.recorded.instruments(["600519.SH", "300750.SZ", "000404.SZ"])
    assert [each and each.name for each in before] == ["贵州茅台", "名300", None]
    workers.close()
    assert await chain.recorded.instruments(["000404.SZ", "300750.SZ", "600519.SH"]) == before[::-1]


async def test_an_import_is_answered_by_the_very_next_question(chain, load):
    assert await chain.recorded.instruments(["000404.SZ"]) == [None]
    for name in ("长虹华意", "别名"):
        load("instruments", f"symbol,name\n000404.SZ,{name}\n")
        assert (await chain.recorded.instruments(["000404.SZ"]))[0].name == name


async def test_what_an_import_overtakes_is_not_kept(chain, load, monkeypatch):
    read = chain.store.instruments

    began, done = threading.Event(), threading.Event()

    def overtaken(symbols):
        found = read(symbols)
        began.set()
        assert done.wait(20)
        return found

    monkeypatch.setattr(chain.store, "instruments", overtaken)
    slow = asyncio.ensure_future(chain.recorded.instruments(["000404.SZ"]))
    await asyncio.to_thread(began.wait, 20)
    monkeypatch.undo()
    load("instruments", "symbol,name\n000404.SZ,长虹华意\n")
    # Another question has noticed the import by the time the slow answer comes.
    await chain.recorded.instruments(["600036.SH"])
    done.set()
    assert await slow == [None]
    assert (await chain.recorded.instruments(["000404.SZ"]))[0].name == "长虹华意"
