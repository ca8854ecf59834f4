"""Instruments, sectors, weights and statements of the universe."""

from datetime import date, timedelta

import pytest

from quantgraph.backends.sim.capability import capabilities
from quantgraph.backends.sim.company import keep_books
from quantgraph.backends.sim.statements import ROWS
from quantgraph.backends.sim.universe import FIRST_DAY, INDEX, LISTED, UNIVERSE, invent_profile
from quantgraph.domain.calendar import day_start, from_ms
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import STATEMENTS, FinancialRequest, ReportBasis
from quantgraph.domain.instruments import Instrument, InstrumentKind, Market, classify
from quantgraph.domain.operations import operations, unsaid
from quantgraph.domain.orders import PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sources import Source
from quantgraph.domain.ticks import TickKind

from .conftest import START, Stage

ALL = {statement: tuple(table.fields) for statement, table in STATEMENTS.items()}
STOCKS = tuple(symbol for symbol in UNIVERSE if symbol != INDEX)


async def test_instruments_come_in_the_asked_order(stage: Stage) -> None:
    found = await stage.market.instruments(["000001.SZ", "999999.SH", "600519.SH"])
    assert [each and each.name for each in found] == ["平安银行", None, "贵州茅台"]
    assert found[0].source is Source.SIMULATED


async def test_search_pages_through_the_universe(stage: Stage) -> None:
    seen: list[str] = []
    after, more = None, True
    while more:
        page, more = await stage.market.search(InstrumentSearch(), 7, after)
        seen += [each.symbol for each in page]
        after = seen[-1]
    assert seen == sorted(LISTED)


@pytest.mark.parametrize(
    ("text", "symbols"),
    [("600519", ["600519.SH"]), ("茅台", ["600519.SH"]), ("st", ["600518.SH"]), ("zzz", [])],
)
async def test_search_finds_code_starts_and_parts_of_names(stage, text, symbols) -> None:
    page, more = await stage.market.search(InstrumentSearch(text), 5, None)
    assert ([each.symbol for each in page], more) == (symbols, False)


async def test_every_exchange_has_its_symbols(stage: Stage) -> None:
    found = [await stage.market.market_symbols(market) for market in Market]
    assert sorted(symbol for symbols in found for symbol in symbols) == sorted(LISTED)
    assert found[2] == ("835185.BJ",)


async def test_sectors_hold_the_universe(stage: Stage) -> None:
    sectors = {each.name: each for each in await stage.market.sectors()}
    assert list(sectors) == sorted(sectors)
    assert set(sectors) >= {"白酒", "银行", "新能源", "科创板", "创业板", "沪深300", "风险警示"}
    industries = [s for each in sectors.values() if each.category == "行业" for s in each.symbols]
    assert sorted(industries) == sorted(STOCKS)
    assert await stage.market.sector("白酒") == sectors["白酒"]
    assert await stage.market.sector("nowhere") is None


async def test_a_sector_was_smaller_before_its_members_were_listed(stage: Stage) -> None:
    now = await stage.market.sector("半导体")
    assert now.dates == (date(2017, 5, 4), date(2019, 7, 22), date(2020, 7, 16))
    for day, symbols in (
        (date(2017, 5, 4), ("603501.SH",)),
        (date(2019, 7, 21), ("603501.SH",)),
        (date(2019, 7, 22), ("603501.SH", "688012.SH")),
        (date(2099, 1, 1), now.symbols),
    ):
        then = await stage.market.sector("半导体", day)
        assert (then.symbols, then.dates) == (symbols, now.dates)
        assert then.day == max(each for each in now.dates if each <= day)
    for name, day in (("半导体", date(2017, 5, 3)), ("白酒", FIRST_DAY - timedelta(days=1))):
        with pytest.raises(Unsupported) as caught:
            await stage.market.sector(name, day)
        assert caught.value.reason is Reason.DATE_NOT_HELD


async def test_a_symbol_knows_its_sectors(stage: Stage) -> None:
    found = await stage.market.sectors_of(["688012.SH", "999999.SH"])
    assert [[each.name for each in sectors] for sectors in found] == [
        ["半导体", "沪深300", "科创板"],
        [],
    ]


async def test_weights_of_a_day_are_of_the_month_before(stage: Stage) -> None:
    weights = await stage.market.weights(INDEX, date(2019, 8, 15))
    assert {each.date for each in weights} == {date(2019, 7, 31)}
    assert "688111.SH" not in {each.symbol for each in weights}
    assert await stage.market.weights(INDEX, date(2099, 1, 1)) == await stage.market.weights(INDEX)
    with pytest.raises(Unsupported) as caught:
        await stage.market.weights(INDEX, FIRST_DAY - timedelta(days=1))
    assert caught.value.reason is Reason.DATE_NOT_HELD


async def test_weights_add_up_to_a_hundred(stage: Stage) -> None:
    weights = await stage.market.weights(INDEX)
    assert round(sum(each.weight * 1_000 for each in weights)) == 100_000
    assert [each.weight for each in weights] == sorted((w.weight for w in weights), reverse=True)
    assert {each.date for each in weights} == {date(2023, 1, 31)}
    sample = await stage.market.sector("沪深300")
    assert {each.symbol for each in weights} == set(sample.symbols)
    assert await stage.market.weights("600519.SH") == []


async def test_the_index_is_not_a_stock(stage: Stage) -> None:
    assert (await stage.market.instruments([INDEX]))[0].kind is InstrumentKind.INDEX


async def test_balance_sheets_balance_in_every_part(stage: Stage) -> None:
    found = await stage.market.financials(FinancialRequest(STOCKS, ALL))
    count = 0
    for company in found:
        for report in company.reports[Statement.BALANCE]:
            v = report.values
            assert v["total_assets"] == v["total_liabilities"] + v["total_equity"]
            assert v["total_liabilities_and_equity"] == v["total_assets"]
            assert v["total_assets"] == v["total_current_assets"] + v["total_non_current_assets"]
            halves = v["total_current_liabilities"] + v["total_non_current_liabilities"]
            assert v["total_liabilities"] == halves
            assert v["total_equity"] == v["parent_equity"] + v["minority_interests"]
            assert all(value >= 0 for value in v.values()), (company.symbol, v)
            count += 1
    assert count > 1_000


async def test_statements_of_one_quarter_agree_with_each_other(stage: Stage) -> None:
    for company in await stage.market.financials(FinancialRequest(STOCKS, ALL)):
        rows = zip(*(company.reports[s] for s in list(Statement)[:3]), strict=True)
        for balance, income, cash in rows:
            b, i, c = balance.values, income.values, cash.values
            assert balance.report_date == income.report_date == cash.report_date
            assert b["cash_and_equivalents"] == c["cash_at_end"]
            assert (
                i["net_profit"] == c["net_profit"] == i["parent_net_profit"] + i["minority_profit"]
            )
            assert i["total_profit"] == i["net_profit"] + i["income_tax"]
            assert c["cash_at_end"] == c["cash_at_beginning"] + c["net_increase_in_cash"]
            flows = (
                "net_operating_cash_flow",
                "net_investing_cash_flow",
                "net_financing_cash_flow",
            )
            assert c["net_increase_in_cash"] == sum(c[name] for name in flows)
            for kind in ("operating", "investing", "financing"):
                net = c[f"{kind}_inflows"] - c[f"{kind}_outflows"]
                assert net == c[f"net_{kind}_cash_flow"]
                assert c[f"{kind}_outflows"] >= 0
            costs = i["total_operating_revenue"] - i["total_operating_cost"]
            assert costs == i["operating_profit"]


async def test_flows_begin_anew_every_year(stage: Stage) -> None:
    request = FinancialRequest(("600519.SH",), {Statement.INCOME: ("operating_revenue",)})
    reports = (await stage.market.financials(request))[0].reports[Statement.INCOME]
    revenue = {each.report_date: each.values["operating_revenue"] for each in reports}
    for year in range(2015, 2022):
        ends = [date(year, *end) for end in ((3, 31), (6, 30), (9, 30), (12, 31))]
        assert revenue[ends[0]] < revenue[ends[1]] < revenue[ends[2]] < revenue[ends[3]]
        assert revenue[date(year + 1, 3, 31)] < revenue[ends[3]]


async def test_a_year_begins_with_the_cash_that_the_last_one_ended_with(stage: Stage) -> None:
    fields = {Statement.CASH_FLOW: ("cash_at_beginning", "cash_at_end")}
    for company in await stage.market.financials(FinancialRequest(STOCKS, fields)):
        flows = {r.report_date: r.values for r in company.reports[Statement.CASH_FLOW]}
        for day, values in flows.items():
            before = flows.get(date(day.year - 1, 12, 31))
            if before is not None:
                assert values["cash_at_beginning"] == before["cash_at_end"]


async def test_reports_are_announced_some_weeks_after_their_period(stage: Stage) -> None:
    request = FinancialRequest(STOCKS, {Statement.BALANCE: ()})
    for company in await stage.market.financials(request):
        for report in company.reports[Statement.BALANCE]:
            delay = (report.announce_date - report.report_date).days
            assert 15 <= delay <= 120
            deadline = date(report.report_date.year + (report.report_date.month == 12), 4, 30)
            if report.report_date.month in (3, 12):
                assert report.announce_date <= deadline


async def test_a_report_is_unknown_until_the_end_of_its_announcement_day(stage: Stage) -> None:
    fields = {Statement.BALANCE: ("total_assets",)}
    newest = (await stage.market.financials(FinancialRequest(("600519.SH",), fields)))[0]
    report = newest.reports[Statement.BALANCE][-1]
    assert report.announce_date < START
    end = from_ms(day_start(report.announce_date + timedelta(days=1)))
    for instant, known in ((end, True), (end - timedelta(milliseconds=1), False)):
        request = FinancialRequest(("600519.SH",), fields, as_of=instant)
        found = (await stage.market.financials(request))[0].reports[Statement.BALANCE]
        assert (report in found) is known


async def test_reports_are_bounded_by_either_date(stage: Stage) -> None:
    start, end = date(2020, 4, 1), date(2020, 12, 31)
    fields = {Statement.INCOME: ("net_profit",)}
    whole = await stage.market.financials(FinancialRequest(("600519.SH",), fields))
    names = {ReportBasis.REPORT_DATE: "report_date", ReportBasis.ANNOUNCE_DATE: "announce_date"}
    for basis, name in names.items():
        request = FinancialRequest(("600519.SH",), fields, start, end, basis)
        reports = (await stage.market.financials(request))[0].reports[Statement.INCOME]
        inside = [
            each
            for each in whole[0].reports[Statement.INCOME]
            if start <= getattr(each, name) <= end
        ]
        assert list(reports) == inside
        assert len(inside) >= 3


async def test_only_the_asked_statements_and_fields_come_back(stage: Stage) -> None:
    request = FinancialRequest(
        ("600519.SH", INDEX, "999999.SH"), {Statement.TOP_HOLDERS: ("rank", "change_reason")}
    )
    company, index, unknown = await stage.market.financials(request)
    assert list(company.reports) == [Statement.TOP_HOLDERS]
    ranks = [each.values["rank"] for each in company.reports[Statement.TOP_HOLDERS][:10]]
    assert ranks == [float(rank) for rank in range(1, 11)]
    assert all(set(each.values) == {"rank"} for each in company.reports[Statement.TOP_HOLDERS])
    assert index.reports == {Statement.TOP_HOLDERS: ()}
    assert unknown is None


async def test_every_generated_field_is_one_of_the_tables(stage: Stage) -> None:
    company = (await stage.market.financials(FinancialRequest(("600519.SH",), ALL)))[0]
    for statement, reports in company.reports.items():
        made = ROWS[statement](
            UNIVERSE["600519.SH"], keep_books(UNIVERSE["600519.SH"], 1, 2022)[-1]
        )[0]
        assert set(made) == set(reports[-1].values)  # none was dropped as unknown


def test_the_capability_report_says_why_not() -> None:
    rows = capabilities()
    assert len({row.operation for row in rows}) == len(rows)
    assert all(row.available or row.reason for row in rows)
    able = {row.operation for row in rows if row.available}
    assert {f"orders.{kind}" for kind in PriceType} <= able
    assert able.isdisjoint(f"ticks.{kind}" for kind in TickKind)


def test_the_simulator_has_a_word_for_every_operation() -> None:
    # Who adds a port says in backends/sim/capability.py whether the simulator serves it.
    assert unsaid(capabilities()) == []
    assert {row.operation for row in capabilities()} >= set(operations())


@pytest.mark.parametrize(
    ("symbol", "lowest", "highest"),
    [("000905.SH", 1_000, 6_000), ("113050.SH", 95, 135), ("159915.SZ", 1, 2)],
)
def test_what_is_invented_stands_where_its_kind_does(symbol, lowest, highest) -> None:
    instrument = Instrument(
        symbol, None, *classify(symbol), None, None, None, is_st=False, source=Source.IMPORTED
    )
    assert lowest <= invent_profile(instrument, 1).price <= highest
    assert invent_profile(instrument, 1, 4_321.0).price == 4_321.0
