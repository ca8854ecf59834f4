"""Files as users have them: what is taken, what is refused, and what is said about it."""

import gzip
from datetime import date, time

import polars as pl
import pytest

from quantgraph.domain.bars import BAR_FIELDS, BarRequest, Period, Window
from quantgraph.domain.calendar import at, day_start
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TICK_FIELDS, TickKind, TickRequest
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.layouts import LAYOUTS, ImportKind

HEADER = "symbol,date,open,high,low,close,volume,amount\n"
THREE_LINES = (
    HEADER
    + "600519.SH,2023-02-01,10.00,10.50,9.90,10.20,1000,10200\n"
    + "600519.SH,2023-02-02,10.20,10.60,10.10,10.40,2000,20700.5\n"
)
DAY = date(2023, 2, 1)


def bars(store, symbol="600519.SH", period=Period.DAY_1):
    request = BarRequest((symbol,), period, Window(start=0), fields=tuple(BAR_FIELDS))
    held = store.read_bars(request)[0]
    return None if held is None else held.columns


def test_a_three_line_file_needs_no_option(store, load):
    report = load("bars", THREE_LINES)
    assert report.failure is None
    assert (report.outcome.rows, report.outcome.count.added) == (2, 2)
    columns = bars(store)
    assert columns.values["time"].tolist() == [day_start(DAY), day_start(date(2023, 2, 2))]
    assert columns.values["amount"].tolist() == [10200.0, 20700.5]
    assert columns.missing("previous_close").all()


def test_importing_it_twice_says_that_nothing_changed(store, load):
    load("bars", THREE_LINES)
    before = store.file.read_bytes()
    outcome = load("bars", THREE_LINES).outcome
    assert not outcome.changed
    assert outcome.count.unchanged == 2
    assert store.file.read_bytes() == before


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("600519.SH,2023-02-01,x,10.5,9.9,10.2,1000,10200", "open 'x' is not a number"),
        ("600519.SH,2023-02-01,,10.5,9.9,10.2,1000,10200", "open is missing"),
        ("600519.SH,2023-02-01,10,inf,9.9,10.2,1000,10200", "high 'inf' is not a finite number"),
        ("600519.SH,2023-02-01,10,nan,9.9,10.2,1000,10200", "high 'nan' is not a finite number"),
        ("600519.SH,2023-02-01,10,10.5,-9.9,10.2,1000,10200", "low '-9.9' is not above zero"),
        ("600519.SH,2023-02-01,10,9.0,9.9,9.95,1000,10200", "high is below low"),
        ("600519.SH,2023-02-01,11,10.5,9.9,10.2,1000,10200", "high is below open or close"),
        ("600519.SH,2023-02-01,9.5,10.5,9.9,10.2,1000,10200", "low is above open or close"),
        ("600519.SH,2023-02-01,10,10.5,9.9,10.2,-1,10200", "volume '-1' is below zero"),
        ("600519.SH,2023-02-01,10,10.5,9.9,10.2,1.5,10200", "volume '1.5' is not a whole number"),
        (
            "600519.SH,2023-02-04,10,10.5,9.9,10.2,1000,10200",
            "date '2023-02-04' is not a trading day",
        ),
        ("600519.SH,2023-02-30,10,10.5,9.9,10.2,1000,10200", "date '2023-02-30' is not a date"),
        ("600519.SH,,10,10.5,9.9,10.2,1000,10200", "date is missing"),
        (
            "600519.SH,2023-02-02,10,10.5,9.9,10.2,1000,10200",
            "its symbol and time stand in an earlier row already",
        ),
        (
            "999999,2023-02-01,10,10.5,9.9,10.2,1000,10200",
            "symbol '999999' is not a code whose exchange is known",
        ),
        ("600519.SH,2023-02-01,10,10.5,9.9,10.2,1000", "it has 7 cells, the header has 8"),
        ("600519.SH,2023-02-01,10,10.5,9.9,10.2,1000,10200,1", "it has 9 cells, the header has 8"),
    ],
)
def test_a_bad_row_is_named_by_line_and_reason_and_keeps_the_file_out(store, load, row, reason):
    text = THREE_LINES.replace("2023-02-01,10.00", "2023-02-03,10.00") + "\n" + row + "\n"
    report = load("bars", text)
    assert report.failure.reason is Reason.IMPORT_FAILED
    assert [(bad.line, bad.reason) for bad in report.bad.listed] == [(5, reason)]
    assert "file.csv" in report.failure.message
    assert reason in report.failure.message
    assert bars(store) is None

    skipped = load("bars", text, skip_bad_rows=True)
    assert skipped.failure is None
    assert skipped.bad.listed[0].reason == reason
    assert bars(store).length == 2


def test_bad_rows_are_all_counted_and_the_first_thousand_listed(load):
    rows = "".join(f"600519.SH,2023-02-01,x{i},1,1,1,1,1\n" for i in range(1500))
    report = load("bars", HEADER + rows)
    assert report.bad.count == 1500
    assert len(report.bad.listed) == 1000
    assert report.bad.listed[0].line == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", THREE_LINES.encode()),
        ("bom.csv", b"\xef\xbb\xbf" + THREE_LINES.encode()),
        ("dos.csv", THREE_LINES.replace("\n", "\r\n").encode()),
        ("old-mac.csv", THREE_LINES.replace("\n", "\r").encode()),
        ("padded.csv", THREE_LINES.replace(",", ", ").encode()),
        ("quoted.csv", THREE_LINES.replace("600519.SH", '"600519.SH"').encode()),
        ("bare.csv", THREE_LINES.replace("600519.SH", "600519").encode()),
        ("compact.csv", THREE_LINES.replace("2023-02-0", "2023020").encode()),
        ("slashes.csv", THREE_LINES.replace("2023-02-0", "2023/2/").encode()),
        ("packed.csv.gz", gzip.compress(THREE_LINES.encode())),
        ("no-end.txt", THREE_LINES.rstrip().encode()),
        (
            "gbk.csv",
            THREE_LINES.replace("amount\n", "amount,名称\n")
            .replace("00\n", "00,茅台\n")
            .replace(".5\n", ".5,茅台\n")
            .encode("gbk"),
        ),
    ],
)
def test_the_same_bars_come_out_of_every_dress(store, load, name, content):
    report = load("bars", content, name=name)
    assert report.failure is None
    assert bars(store).values["close"].tolist() == [10.2, 10.4]


def test_parquet_is_read_with_its_own_types(store, importer, tmp_path):
    frame = pl.DataFrame(
        {
            "symbol": ["600519.SH", "600519.SH"],
            "date": [date(2023, 2, 1), date(2023, 2, 2)],
            "open": [10.0, 10.2],
            "high": [10.5, 10.6],
            "low": [9.9, 10.1],
            "close": [10.2, 0.1 + 0.2 + 10.0],
            "volume": [1000, 2000],
            "suspended": [False, False],
        }
    )
    frame.write_parquet(tmp_path / "bars.parquet")
    report = importer.import_files(ImportKind.BARS, [tmp_path / "bars.parquet"])
    assert not report.failures
    assert bars(store).values["close"].tolist() == [10.2, 0.1 + 0.2 + 10.0]
    assert bars(store).values["volume"].tolist() == [1000, 2000]


def test_parquet_instants_may_carry_a_zone(store, importer, tmp_path):
    start = pl.datetime(2023, 2, 1, 1, 30, time_zone="UTC")
    prices = {name: pl.lit(10.0) for name in ("open", "high", "low", "close")}
    frame = pl.select(
        time=start.dt.convert_time_zone("Asia/Shanghai"), symbol=pl.lit("600519.SH"), **prices
    )
    frame.write_parquet(tmp_path / "bars.parquet")
    assert not importer.import_files(ImportKind.BARS, [tmp_path / "bars.parquet"]).failures
    assert bars(store, period=Period.MIN_1).values["time"].tolist() == [at(DAY, time(9, 30))]


@pytest.mark.parametrize(
    "stamp",
    [
        "2023-02-01 09:31:00",
        "2023-02-01T09:31:00+08:00",
        "2023-02-01T01:31:00Z",
        "2023-02-01 09:31",
        "1675215060000",
    ],
)
def test_minutes_of_our_own_layout_are_stamped_at_their_start(store, load, stamp):
    report = load("bars", f"symbol,time,open,high,low,close\n600519.SH,{stamp},10,10,10,10\n")
    assert report.failure is None
    assert bars(store, period=Period.MIN_1).values["time"].tolist() == [at(DAY, time(9, 31))]


@pytest.mark.parametrize("clock", ["09:29", "11:30", "12:59", "15:00", "10:00:30"])
def test_a_minute_outside_the_session_is_a_bad_row(load, clock):
    report = load(
        "bars", f"symbol,time,open,high,low,close\n600519.SH,2023-02-01 {clock},10,10,10,10\n"
    )
    assert report.bad.listed[0].reason == "it is no minute of a trading session"


def test_a_header_of_several_layouts_is_refused_with_the_candidates(shared, importer):
    report = importer.import_files(ImportKind.BARS, [shared / "daily/tushare_unadj_000858.SZ.csv"])
    failure = report.failures[0]
    assert failure.reason is Reason.LAYOUT_AMBIGUOUS
    assert failure.details["candidates"] == "tushare-daily, tushare-daily-qfq, tushare-daily-hfq"


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("qfq", "tushare-daily-qfq"),
        ("hfq", "tushare-daily-hfq"),
        ("qfq", "tushare-daily"),
        ("hfq", "tushare-daily"),
    ],
)
def test_adjusted_prices_never_enter_the_store(shared, importer, store, name, layout):
    files = [shared / f"daily/tushare_{name}_000858.SZ.csv"]
    failure = importer.import_files(ImportKind.BARS, files, ImportOptions(layout=layout)).failures[
        0
    ]
    assert failure.reason is Reason.IMPORT_FAILED
    assert "adjusted" in failure.message
    assert bars(store, "000858.SZ") is None


def test_a_baostock_file_of_adjusted_prices_is_refused_row_by_row(shared, importer, tmp_path):
    text = (shared / "daily/baostock_unadj_600519.csv").read_text()
    file = tmp_path / "baostock.csv"
    file.write_text(text.replace(",3,", ",2,"))
    report = importer.import_files(ImportKind.BARS, [file]).files[0]
    assert report.bad.count == 3555
    assert "adjustflag is '2', not 3" in report.failure.message


def test_an_unknown_header_is_refused_with_what_is_known(load):
    failure = load("bars", "a,b,c\n1,2,3\n").failure
    assert failure.reason is Reason.LAYOUT_UNKNOWN
    assert "a, b, c" in failure.message
    assert "baostock-daily" in failure.message


def test_an_unknown_layout_and_one_that_does_not_fit_are_refused(load):
    assert load("bars", THREE_LINES, layout="nope").failure.reason is Reason.LAYOUT_UNKNOWN
    failure = load("bars", THREE_LINES, layout="baostock-daily").failure
    assert failure.reason is Reason.LAYOUT_UNKNOWN
    assert "preclose" in failure.message


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode(), b"\xff\xfe\x00garbage\x81"])
def test_files_without_rows_or_text_are_refused(load, content):
    assert load("bars", content).failure.reason is Reason.IMPORT_FAILED


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.xls", b"no sheet"),
        ("x.xlsx", b"PK"),
        ("x.csv.gz", b"no gzip"),
        ("x.parquet", b"no parquet"),
    ],
)
def test_files_that_are_not_what_their_name_says_are_refused(load, name, content):
    failure = load("bars", content, name=name).failure
    assert failure.reason is Reason.IMPORT_FAILED
    assert name in failure.message


def test_a_missing_file_does_not_keep_the_others_out(store, importer, tmp_path):
    (tmp_path / "good.csv").write_text(THREE_LINES)
    report = importer.import_files(
        ImportKind.BARS, [tmp_path / "absent.csv", tmp_path / "good.csv"]
    )
    assert len(report.failures) == 1
    assert report.changed
    assert bars(store).length == 2


def test_the_symbol_comes_from_the_option_or_the_file_name(store, load):
    text = THREE_LINES.replace("symbol,", "").replace("600519.SH,", "")
    assert "--symbol" in load("bars", text).failure.message
    load("bars", text, symbol="600519.SH")
    assert bars(store).length == 2
    load("bars", text, name="my_000001.SZ_daily.csv")
    assert bars(store, "000001.SZ").length == 2
    load("bars", text, name="SSE.600000Q_d.csv")
    assert bars(store, "600000.SH").length == 2


def test_prices_and_volumes_of_other_units_are_refused(load):
    # volume in lots under a layout of shares
    text = THREE_LINES.replace(",1000,", ",10,").replace(",2000,", ",20,")
    failure = load("bars", text).failure
    assert "amount / volume" in failure.message


def test_a_date_that_stands_nowhere_must_be_given(store, load):
    text = (
        "SecurityID,TradTime,TradPrice,TradVolume,TradeMoney,TradeBSFlag,TradeIndex\n"
        "600519,09:30:01.250,10,100,1000,B,1\n"
    )
    assert "--date" in load("trades", text).failure.message
    assert load("trades", text, day=DAY).failure is None
    assert load("trades", text, name="600519_20230202_trade.csv").failure is None
    request = TickRequest(
        "600519.SH", TickKind.TRADE, None, None, tuple(TICK_FIELDS[TickKind.TRADE]), 10
    )
    stamps = store.read_ticks(request).values["time"].tolist()
    assert stamps == [at(day, time(9, 30, 1, 250_000)) for day in (DAY, date(2023, 2, 2))]


TRADES = (
    "symbol,time,price,quantity\n"
    "600519.SH,2023-02-01 09:25:00,10,100\n"
    "600519.SH,2023-02-01 09:30:05,11,100\n"
    "600519.SH,2023-02-01 15:00:01,12,100\n"
)


def test_trades_make_the_bars_that_were_not_imported(store, load):
    load("trades", TRADES)
    assert bars(store).values["close"].tolist() == [12.0]
    assert bars(store).values["volume"].tolist() == [300]
    minutes = bars(store, period=Period.MIN_1)
    assert minutes.values["time"].tolist() == [at(DAY, time(9, 30)), at(DAY, time(14, 59))]
    assert minutes.values["volume"].tolist() == [200, 100]


def test_imported_bars_win_over_those_made_from_trades_in_either_order(store, load):
    load("bars", THREE_LINES)
    load("trades", TRADES)
    assert bars(store).values["close"].tolist() == [10.2, 10.4]
    load("bars", "symbol,time,open,high,low,close\n600519.SH,2023-02-01 10:00,5,5,5,5\n")
    assert bars(store, period=Period.MIN_1).values["close"].tolist() == [5.0]
    load("trades", TRADES.replace(",12,", ",13,"))
    assert bars(store, period=Period.MIN_1).values["close"].tolist() == [5.0]
    assert bars(store).values["close"].tolist() == [10.2, 10.4]


def test_corrected_trades_make_corrected_bars(store, load):
    load("trades", TRADES)
    load("trades", TRADES.replace(",12,", ",13,"))
    assert bars(store).values["close"].tolist() == [13.0]
    assert bars(store, period=Period.MIN_1).values["close"].tolist() == [11.0, 13.0]


def test_a_recording_imported_twice_changes_nothing(store, load):
    load("trades", TRADES)
    before = store.file.read_bytes()
    assert not load("trades", TRADES).outcome.changed
    assert store.file.read_bytes() == before


def test_sectors_of_ones_own_are_lists_of_members(store, load):
    load("sectors", "sector,symbol,category\n白酒,600519,行业\n白酒,000858.SZ,行业\n银行,600000,\n")
    sectors = {sector.name: sector for sector in store.sectors()}
    assert sectors["白酒"].symbols == ("600519.SH", "000858.SZ")
    assert (sectors["白酒"].category, sectors["银行"].category) == ("行业", None)
    load("sectors", "sector,symbol\n白酒,600519\n")
    assert store.sector("白酒").symbols == ("600519.SH",)


def test_a_sector_known_by_id_is_renamed_when_its_node_arrives(store, importer, tmp_path):
    edges, nodes = tmp_path / "edges.csv", tmp_path / "nodes.csv"
    edges.write_text(":START_ID,:END_ID,:TYPE\n600519,77,belong_to\n")
    nodes.write_text("概念名称,ConceptId:ID,:LABEL\n白酒,77,概念\n")
    importer.import_files(ImportKind.SECTORS, [edges])
    assert [sector.name for sector in store.sectors()] == ["77"]
    importer.import_files(ImportKind.SECTORS, [edges, nodes])
    assert [(sector.name, sector.category) for sector in store.sectors()] == [("白酒", "概念")]


def test_edges_with_a_bad_row_keep_their_whole_set_out(store, importer, tmp_path):
    edges, nodes = tmp_path / "edges.csv", tmp_path / "nodes.csv"
    edges.write_text(":START_ID,:END_ID,:TYPE\nx,77,belong_to\n")
    nodes.write_text("概念名称,ConceptId:ID,:LABEL\n白酒,77,概念\n")
    report = importer.import_files(ImportKind.SECTORS, [nodes, edges]).files[0]
    assert [(row.file, row.line) for row in report.bad.listed] == [("edges.csv", 2)]
    assert store.sectors() == []


def test_weights_of_ones_own_may_name_their_index(store, load):
    text = (
        "index_symbol,symbol,weight,date,index_name\n"
        "000300.SH,600519,5.5,2023-02-01,沪深300\n000300.SH,000858,2.5,2023-02-01,沪深300\n"
    )
    load("weights", text)
    assert [w.symbol for w in store.weights("000300.SH")] == ["600519.SH", "000858.SZ"]
    assert store.sector("沪深300").symbols == ("600519.SH", "000858.SZ")
    load("weights", text.replace("2023-02-01", "2023-01-03").replace("5.5", "1.5"))
    assert store.weights("000300.SH")[0].weight == 5.5
    assert not load("weights", text).outcome.changed
    assert (
        load("weights", text.replace("5.5", "105")).bad.listed[0].reason
        == "weight '105' is not in (0, 100]"
    )


def test_instruments_of_ones_own(store, load):
    load(
        "instruments",
        "symbol,name,list_date,is_st\n600519.SH,贵州茅台,2001-08-27,0\n600001.SH,*ST 邯钢,,\n",
    )
    found = store.instruments(["600519.SH", "600001.SH"])
    assert (found["600519.SH"].list_date, found["600519.SH"].is_st) == (date(2001, 8, 27), False)
    assert (found["600001.SH"].list_date, found["600001.SH"].is_st) == (None, True)
    assert not load(
        "instruments", "symbol,name,list_date,is_st\n600519.SH,贵州茅台,2001-08-27,0\n"
    ).outcome.changed


def test_rows_that_contradict_each_other_are_bad_and_repetitions_are_left_out(load):
    text = "symbol,name\n600519.SH,贵州茅台\n600519.SH,贵州茅台\n"
    assert load("instruments", text).outcome.repeated == 1
    report = load("instruments", text + "600519.SH,茅台\n")
    assert report.bad.listed[0].line == 4
    assert "something else" in report.bad.listed[0].reason


def test_a_statement_is_told_by_its_fields(store, load):
    rows = "600519.SH,2018-06-30,2018-08-02,1.5\n"
    assert (
        load("financials", "symbol,report_date,announce_date,total_assets\n" + rows).failure is None
    )
    failure = load("financials", "symbol,report_date,announce_date,net_profit\n" + rows).failure
    assert failure.reason is Reason.LAYOUT_AMBIGUOUS
    assert failure.details["candidates"] == "income, cash-flow"
    assert (
        load(
            "financials", "symbol,report_date,announce_date,net_profit\n" + rows, layout="income"
        ).failure
        is None
    )


def test_holders_keep_their_ranks_and_texts(load, store):
    text = (
        "symbol,report_date,item,rank,holder_name,quantity\n"
        "600519.SH,2018-06-30,1,1,甲,100\n600519.SH,2018-06-30,2,2,乙,50\n"
    )
    assert load("financials", text, layout="top-holders").outcome.rows == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("600519.SH,2023-06-30,0,0,0,0,0", "it pays nothing: no cash, bonus, conversion or rights"),
        ("600519.SH,2023-06-30,-1,0,0,0,0", "cash '-1' is below zero"),
        ("600519.SH,2023-06-30,0,0,0,0.3,0", "rights and rights_price go together"),
    ],
)
def test_a_dividend_that_cannot_be_is_a_bad_row(load, row, reason):
    header = "symbol,ex_date,cash,bonus,conversion,rights,rights_price\n"
    assert load("dividends", header + row + "\n").bad.listed[0].reason == reason


def test_progress_is_told_from_none_to_all(importer, tmp_path):
    (tmp_path / "file.csv").write_text(THREE_LINES)
    seen = []
    importer.import_files(ImportKind.BARS, [tmp_path / "file.csv"], on_progress=seen.append)
    assert [(step.done, step.total) for step in seen] == [(0, 2), (2, 2)]


def test_every_kind_has_layouts_and_no_name_stands_twice_in_one():
    for kind in ImportKind:
        names = [layout.name for layout in LAYOUTS if layout.kind is kind]
        assert names
        assert len(names) == len(set(names))
