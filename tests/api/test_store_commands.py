"""`quantgraph store` and `quantgraph export` as a user runs them, beside a gateway too."""

import json
import sqlite3
from contextlib import closing
from datetime import date

import httpx
import polars as pl
import pytest
from typer.testing import CliRunner

from api.cli import app
from quantgraph.config import CalendarConfig
from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.services.calendar import load_calendar
from quantgraph.store.market import MarketStore

NAMES = ("600000.SH", "600519.SH")
HEADER = "symbol,date,open,high,low,close,volume,amount,previous_close\n"


def volume(place):
    return place**7 % 1_000_003 * 100 + 100


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two years of two symbols, one of which lacks two days and goes ex once."""
    monkeypatch.delenv("APP_MODE", raising=False)
    days = load_calendar(CalendarConfig(), tmp_path).between(date(2022, 1, 4), date(2023, 12, 29))
    rows = [
        f"{symbol},{day},10,11,9,10,{volume(place)},{volume(place)}0,"
        f"{9.5 if (symbol, place) == (NAMES[0], 9) else 10}\n"
        for symbol in NAMES
        for place, day in enumerate(days.tolist())
        if (symbol, str(day)) not in {(NAMES[1], "2022-03-01"), (NAMES[1], "2022-03-02")}
    ]
    (tmp_path / "bars.csv").write_text(HEADER + "".join(rows))
    minutes = "symbol,time,open,high,low,close\n600000.SH,2023-02-01T09:30:00+08:00,9,9,9,9\n"
    (tmp_path / "minutes.csv").write_text(minutes)
    for name in ("bars.csv", "minutes.csv"):
        done = run(tmp_path / "data", "import", "bars", str(tmp_path / name))
        assert done.exit_code == 0, done.output
    return tmp_path / "data"


def run(folder, *words, **options):
    return CliRunner().invoke(app, [*words, "--data-dir", str(folder)], **options)


def reason(result):
    assert isinstance(result.exception, GatewayError), result.output
    return result.exception.reason


def held(folder, *words):
    done = run(folder, "store", "list", "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_list_tells_span_source_and_gaps(folder):
    daily, minutes = held(folder)["held"]
    size = daily.pop("bytes")
    assert 0 < size < 25 * daily["rows"]
    assert daily == {
        "kind": "BAR",
        "period": "DAY_1",
        "symbols": 2,
        "rows": 2 * 484 - 2,
        "from": "2022-01-04",
        "to": "2023-12-29",
        "sources": ["IMPORTED"],
        "complete": False,
        "missing": 2,
        "incomplete": ["600519.SH"],
    }
    assert (minutes["period"], minutes["rows"], minutes["complete"]) == ("MIN_1", 1, True)
    text = run(folder, "store", "list").stdout
    assert "2 days missing in 1 symbols: 600519.SH\n" in text


def test_list_names_the_missing_days_of_a_symbol(folder):
    [found] = held(folder, "--symbols", "600519.SH")["held"]
    assert found["symbol"] == "600519.SH"
    assert found["missing_dates"] == ["2022-03-01", "2022-03-02"]
    text = run(folder, "store", "list", "--symbols", "600519.SH").stdout
    assert text.endswith("2 days missing: 2022-03-01, 2022-03-02\n")


def test_nothing_is_made_where_nothing_is_held(tmp_path):
    assert "Nothing is held" in run(tmp_path / "none", "store", "list").stdout
    assert held(tmp_path / "none")["held"] == []
    assert run(tmp_path / "none", "store", "verify").exit_code == 0
    assert run(tmp_path / "none", "store", "prune", "--period", "DAY_1").exit_code == 0
    done = run(tmp_path / "none", "export", "--all", "--out", str(tmp_path / "out"))
    assert reason(done) is Reason.BAD_REQUEST
    assert not (tmp_path / "none").exists()


def damage(folder, statement):
    with closing(sqlite3.connect(folder / "mock" / "market.sqlite")) as connection, connection:
        connection.execute(statement)


def test_verify_is_content_with_a_sound_store(folder):
    done = run(folder, "store", "verify")
    assert (done.exit_code, "967 rows" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("statement", "told", "count"),
    [
        ("UPDATE columns SET data = x'00ff' WHERE name = 'close'", "not a column block", 3),
        ("UPDATE columns SET hash = hash + 1 WHERE name = 'low'", "does not match its hash", 3),
        ("UPDATE chunks SET last = last + 1 WHERE id = 2", "its times run from", 1),
        ("UPDATE chunks SET first = first - 60000", "its times run from", 3),
        ("UPDATE chunks SET rows = rows + 1 WHERE id = 2", "rows, not 483", 8),
        ("DELETE FROM columns WHERE name = 'time'", "no column time", 3),
    ],
)
def test_verify_shows_each_fault_and_fails(folder, statement, told, count):
    damage(folder, statement)
    done = run(folder, "store", "verify")
    assert done.exit_code == 1
    assert done.stdout.count(told) == len(done.stdout.splitlines()) == count, done.stdout


def test_prune_asks_first(folder):
    before = held(folder)
    done = run(folder, "store", "prune", "--period", "DAY_1", input="n\n")
    assert done.exit_code == 1
    assert "Take 966 rows of 2 series (2 of them whole)" in done.output
    assert held(folder) == before


def test_prune_takes_older_days_and_all_that_was_told_by_them(folder):
    done = run(folder, "store", "prune", "--before", "2023-01-01", "--yes")
    assert done.exit_code == 0, done.output
    after = held(folder)
    assert after["held"][0]["from"] == "2023-01-03"
    assert (after["held"][0]["rows"], after["held"][0]["missing"]) == (484, 0)
    assert after["held"][1]["rows"] == 1
    store = MarketStore(folder / "mock")
    assert store.verify() == []
    assert store.dividends(NAMES) == {name: [] for name in NAMES}  # the ex-day was in 2022
    store.close()
    assert run(folder, "store", "prune", "--before", "2023-01-01", "--yes").stdout.startswith(
        "Noth"
    )


def test_prune_takes_only_what_all_options_select(folder):
    words = ["--symbols", "600519.SH", "--period", "DAY_1", "--before", "2022-02-01", "--yes"]
    assert run(folder, "store", "prune", *words).exit_code == 0
    found = held(folder, "--symbols", ",".join(NAMES))["held"]
    firsts = {(each["symbol"], each["period"]): each["from"] for each in found}
    assert firsts == {
        ("600000.SH", "DAY_1"): "2022-01-04",
        ("600519.SH", "DAY_1"): "2022-02-07",
        ("600000.SH", "MIN_1"): "2023-02-01",
    }


def test_prune_gives_the_room_back(folder, tmp_path):
    file = folder / "mock" / "market.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    size = file.stat().st_size
    assert run(folder, "store", "prune", "--period", "DAY_1", "--yes").exit_code == 0
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] == 0
    assert file.stat().st_size < size


@pytest.mark.parametrize("words", [(), ("--period", "WEEK_1"), ("--symbols", "600519")])
def test_prune_refuses_what_selects_nothing_that_is_stored(folder, words):
    assert reason(run(folder, "store", "prune", *words, "--yes")) is Reason.BAD_REQUEST


def test_a_gateway_follows_a_prune_and_goes_on(folder, start_gateway):
    query = '{ bars(symbol: "600519.SH", last: 500) { source rows { time close } } }'
    with start_gateway(folder) as running:

        def rows():
            answer = httpx.post(running.addresses.http + "/graphql", json={"query": query})
            return answer.json()["data"]["bars"]["rows"]

        assert len(rows()) == 482
        assert run(folder, "store", "verify").exit_code == 0
        done = run(folder, "store", "prune", "--before", "2023-01-01", "--yes")
        assert done.exit_code == 0, done.output
        assert len(rows()) == 242
        out = folder / "out"
        assert run(folder, "export", "--all", "--out", str(out)).exit_code == 0
        assert pl.read_parquet(out / "600519.SH.parquet").height == 242


def test_export_writes_what_was_imported(folder, tmp_path):
    out = tmp_path / "out"
    done = run(folder, "export", "--symbols", "600519.SH,600000.SH", "--out", str(out))
    assert done.stdout == f"2 of 2 symbols, 966 bars, in {out}\n"
    assert sorted(file.name for file in out.iterdir()) == [f"{name}.parquet" for name in NAMES]
    store = MarketStore(folder / "mock")
    request = BarRequest(("600000.SH",), Period.DAY_1, Window(start=0))
    columns = store.read_bars(request)[0].columns
    store.close()
    frame = pl.read_parquet(out / "600000.SH.parquet")
    assert frame["time"].dt.epoch("ms").to_list() == columns.values["time"].tolist()
    assert frame["close"].to_list() == columns.values["close"].tolist()
    assert frame["previous_close"].to_list() == columns.values["previous_close"].tolist()
    assert frame["suspended"].null_count() == frame.height
    told = pl.read_parquet_metadata(out / "600000.SH.parquet")
    assert (told["source"], told["period"], told["adjustment"]) == ("IMPORTED", "DAY_1", "NONE")
    assert json.loads(told["units"])["volume"] == "shares"


def test_export_into_one_file_and_between_bounds(folder, tmp_path):
    out = tmp_path / "new" / "all.parquet"
    bounds = ["--start", "2022-03-01", "--end", "2022-03-03"]
    assert run(folder, "export", "--all", *bounds, "--out", str(out)).exit_code == 0
    frame = pl.read_parquet(out)
    days = frame["time"].dt.strftime("%Y-%m-%d").to_list()
    assert list(zip(frame["symbol"], days, strict=True)) == [
        ("600000.SH", "2022-03-01"),
        ("600000.SH", "2022-03-02"),
        ("600000.SH", "2022-03-03"),
        ("600519.SH", "2022-03-03"),
    ]
    assert [file.name for file in out.parent.iterdir()] == ["all.parquet"]
    assert pl.read_parquet_metadata(out)["source"] == "IMPORTED"


def test_export_says_which_symbols_it_has_not_and_writes_the_rest(folder, tmp_path):
    damage(folder, "UPDATE columns SET hash = hash + 1 WHERE chunk = 1 AND name = 'open'")
    out = tmp_path / "out"
    done = run(folder, "export", "--symbols", "600000.SH,600519.SH,000001.SZ", "--out", str(out))
    assert done.exit_code == 1
    assert "000001.SZ: UNKNOWN_SYMBOL" in done.stderr
    assert "600000.SH: STORE_UNAVAILABLE" in done.stderr
    assert [file.name for file in out.iterdir()] == ["600519.SH.parquet"]


@pytest.mark.parametrize(
    "words",
    [
        ("--out", "out"),
        ("--all", "--symbols", "600519.SH", "--out", "out"),
        ("--all", "--period", "WEEK_1", "--out", "out"),
        ("--all", "--adjustment", "FRONT", "--out", "out"),
        ("--all", "--start", "yesterday", "--out", "out"),
    ],
)
def test_export_refuses_what_it_cannot_do(folder, words):
    assert reason(run(folder, "export", *words)) is Reason.BAD_REQUEST


def test_export_into_a_place_that_is_no_folder_is_an_error_by_name(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for out in ("file/out", "file/out.parquet"):
        done = run(folder, "export", "--all", "--out", str(tmp_path / out))
        assert reason(done) is Reason.DATA_DIR_UNUSABLE
