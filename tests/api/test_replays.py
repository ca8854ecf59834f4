"""Where a simulated world begins when it is told to, and that nothing later is ever answered."""

from datetime import date, datetime, timedelta, timezone

import pytest

from api.replays import plan_world
from quantgraph.config import CalendarConfig, MockConfig
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.calendar import day_start
from quantgraph.domain.errors import StartupError
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import FinancialRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.ticks import TickKind, TickRequest
from quantgraph.services.calendar import load_calendar
from quantgraph.services.curtain import CurtainedShelf, View
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore

SYMBOL = "600519.SH"
CHINA = timezone(timedelta(hours=8))
DAILY = "symbol,date,open,high,low,close\n" + "".join(
    f"{symbol},2023-0{month}-{day:02d},10,10,10,10\n"
    for symbol in (SYMBOL, "000001.SZ")
    for month, day in ((1, 30), (1, 31), (2, 1), (2, 2), (2, 3))
)
MINUTES = "symbol,time,open,high,low,close\n" + "".join(
    f"{SYMBOL},2023-02-{day:02d}T09:{minute}:00+08:00,9,9,9,9\n"
    for day in (1, 2)
    for minute in (31, 32, 33)
)
QUOTES = "symbol,time,last_price,volume,bid_price_1,bid_quantity_1\n" + "".join(
    f"{SYMBOL},2023-02-0{day} 09:3{minute}:00,10,{minute + 1}00,9.99,100\n"
    for day in (1, 2)
    for minute in range(5)
)


class Clock:
    """A clock that the test sets, Shanghai time."""

    def __init__(self, *when):
        self.when = datetime(*when, tzinfo=CHINA)

    def now(self):
        return self.when


@pytest.fixture(scope="module")
def calendar(tmp_path_factory):
    return load_calendar(CalendarConfig(), tmp_path_factory.mktemp("calendar"))


@pytest.fixture
def store(tmp_path):
    store = MarketStore(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def load(store, calendar, tmp_path):
    def run(kind, text):
        file = tmp_path / "file.csv"
        file.write_text(text)
        importer = Importer(store, calendar, Clock(2024, 1, 1))
        assert not importer.import_files(ImportKind(kind), [file], ImportOptions()).failures

    return run


@pytest.fixture
def held(load, store):
    """A store of daily bars, minutes and quotes around 2023-02-01."""
    load("bars", DAILY)
    load("bars", MINUTES)
    load("quotes", QUOTES)
    return store


def plan(store, calendar, **mock):
    return plan_world(MockConfig.model_validate(mock), store, calendar)


def test_by_default_a_world_begins_after_the_newest_tick_as_well(load, store, calendar):
    load("quotes", QUOTES)
    found = plan(store, calendar)
    assert (found.start, found.behind, dict(found.replayed)) == (date(2023, 2, 3), False, {})
    assert found.shelf(store, Clock(2023, 2, 3)) is store


def test_a_replay_begins_on_the_first_recorded_day_and_lasts_while_none_is_missing(held, calendar):
    found = plan(held, calendar, liquidity="replay")
    assert (found.start, found.behind) == (date(2023, 2, 1), True)
    assert found.replayed == {SYMBOL: date(2023, 2, 2)}
    assert "1 symbols are replayed from 2023-02-01" in found.note
    later = plan(held, calendar, liquidity="replay", start=date(2023, 2, 2))
    assert later.replayed == {SYMBOL: date(2023, 2, 2)}
    assert plan(held, calendar, liquidity="replay", start=date(2023, 2, 3)).replayed == {}


def test_a_replay_of_nothing_says_so(store, calendar):
    found = plan(store, calendar, liquidity="replay")
    assert "nothing is replayed" in found.note
    assert found.start == date(2023, 2, 1)


def test_a_start_on_a_holiday_moves_on_and_one_beyond_the_calendar_is_refused(store, calendar):
    assert plan(store, calendar, start="2023-01-28").start == date(2023, 1, 30)
    assert plan(store, calendar, start="").start == date(2023, 2, 1)
    with pytest.raises(StartupError) as refused:
        plan(store, calendar, start=date(2099, 1, 1))
    assert refused.value.reason is Reason.CONFIG_INVALID


def curtained(store, *when, replayed=None):
    until = {SYMBOL: replayed} if replayed else {}
    return CurtainedShelf(store, View(Clock(*when), date(2023, 2, 1), until.get))


def bars(shelf, symbol, period, window=None):
    found = shelf.read_bars(BarRequest((symbol,), period, window or Window(), fields=("time",)))[0]
    return None if found is None else found.columns.values["time"].tolist()


def days(*numbers):
    return [day_start(date(2023, month, day)) for month, day in numbers]


def test_of_days_that_are_lived_otherwise_no_imported_bar_shows(held):
    shelf = curtained(held, 2023, 2, 3, 14)
    assert bars(shelf, "000001.SZ", Period.DAY_1) == days((1, 30), (1, 31))
    assert bars(shelf, SYMBOL, Period.MIN_1) is None
    late = Window(start=day_start(date(2023, 2, 2)))
    assert bars(shelf, "000001.SZ", Period.DAY_1, late) == []
    found = shelf.read_bars(BarRequest((SYMBOL,), Period.DAY_1, Window(), fields=("time",)))[0]
    assert found.last == day_start(date(2023, 1, 31))


def minutes(day, *numbers):
    return [day_start(date(2023, 2, day)) + (9 * 60 + 30 + n) * 60_000 for n in numbers]


def test_of_replayed_days_a_bar_shows_once_it_is_over(held):
    until = date(2023, 2, 2)
    early = curtained(held, 2023, 2, 1, 9, 32, 59, replayed=until)
    assert bars(early, SYMBOL, Period.MIN_1) == minutes(1, 1)
    assert (
        bars(curtained(held, 2023, 2, 1, 9, 31, 59, replayed=until), SYMBOL, Period.MIN_1) is None
    )
    assert bars(early, SYMBOL, Period.DAY_1) == days((1, 30), (1, 31))
    assert bars(early, "000001.SZ", Period.DAY_1) == days((1, 30), (1, 31))
    next_day = curtained(held, 2023, 2, 2, 9, 30, replayed=until)
    assert bars(next_day, SYMBOL, Period.DAY_1) == days((1, 30), (1, 31), (2, 1))
    after = curtained(held, 2023, 2, 6, 9, 30, replayed=until)
    assert bars(after, SYMBOL, Period.DAY_1) == days((1, 30), (1, 31), (2, 1), (2, 2))


def test_one_request_may_mix_replayed_symbols_and_others(held):
    shelf = curtained(held, 2023, 2, 2, 9, 30, replayed=date(2023, 2, 2))
    request = BarRequest(("000001.SZ", SYMBOL, "1.SH"), Period.DAY_1, Window(), fields=("time",))
    found = shelf.read_bars(request)
    assert [each and each.columns.length for each in found] == [2, 3, None]


def test_ticks_show_up_to_the_clock_and_never_its_second(held):
    until = date(2023, 2, 1)
    columns = ("time",)
    request = TickRequest(SYMBOL, TickKind.SNAPSHOT, None, None, columns, 100)

    def count(*when, replayed=until):
        return curtained(held, *when, replayed=replayed).read_ticks(request).length

    assert count(2023, 2, 1, 9, 31, 0) == 1
    assert count(2023, 2, 1, 9, 31, 1) == 2
    assert count(2023, 2, 6, 9, 31, 1) == 5
    assert count(2023, 2, 6, 9, 31, 1, replayed=None) == 0


def test_reports_show_from_the_day_after_their_announcement_on(load, store):
    load(
        "financials",
        "symbol,report_date,announce_date,total_assets\n"
        f"{SYMBOL},2022-09-30,2022-10-17,1\n{SYMBOL},2022-12-31,2023-03-31,2\n",
    )
    request = FinancialRequest((SYMBOL,), {Statement.BALANCE: ("total_assets",)})

    def totals(*when):
        found = curtained(store, *when).financials(request)
        return [report.values["total_assets"] for report in found[SYMBOL][Statement.BALANCE]]

    assert totals(2023, 2, 1) == [1]
    assert totals(2023, 4, 3) == [1, 2]


def test_dividends_lists_and_names_show_when_their_day_has_come(load, store):
    load("bars", DAILY)
    load(
        "dividends",
        "symbol,ex_date,cash\n"
        + "".join(f"{SYMBOL},{day},1\n" for day in ("2022-06-30", "2023-02-02")),
    )
    load(
        "sectors",
        f"sector,symbol,date\nold,{SYMBOL},2022-01-01\nnew,{SYMBOL},2023-02-02\n"
        f"old,000001.SZ,2023-02-02\n",
    )
    load("weights", f"index_symbol,symbol,weight,date\n000300.SH,{SYMBOL},100,2023-02-02\n")
    load(
        "instruments",
        f"symbol,name,list_date,delist_date\n{SYMBOL},a,2001-08-27,2023-06-01\n"
        "601136.SH,b,2023-12-11,\n",
    )
    shelf = curtained(store, 2023, 2, 1, 10, replayed=date(2023, 2, 1))
    dividends = shelf.dividends([SYMBOL], Period.DAY_1)[SYMBOL]
    assert [event.ex_date for event in dividends] == [date(2022, 6, 30)]
    assert {s.name: s.symbols for s in shelf.sectors()} == {"old": (SYMBOL,)}
    assert shelf.sector("new") is None
    assert shelf.sector("old").dates == (date(2022, 1, 1),)
    assert shelf.sector_names() == {"old"}
    assert shelf.sectors_of(["000001.SZ"]) == []
    assert shelf.weights("000300.SH") == ()
    assert shelf.instruments([SYMBOL, "601136.SH"])[SYMBOL].delist_date is None
    assert "601136.SH" not in shelf.instruments(["601136.SH"])
    assert [i.symbol for i in shelf.search(InstrumentSearch(), 1, "600519.SH")] == []
    later = curtained(store, 2023, 12, 12, 10, replayed=date(2023, 2, 1))
    assert {s.name for s in later.sectors()} == {"old", "new"}
    assert "601136.SH" in later.instruments(["601136.SH"])
    assert later.weights("000300.SH")
