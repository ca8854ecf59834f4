"""The terminal's tables: its list through the REAL SDK, their rows from files as it writes them."""

import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.backends.xtquant.downloads import TerminalDownloads
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.calendar import day_start
from quantgraph.domain.downloads import DownloadKind, DownloadProgress, DownloadWish
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tables import CellKind, TableField, TablePage, TableRequest, TableSearch
from quantgraph.services.catalog import ListedMarket, PricedCatalog

from .conftest import Pair

_NAME = "bond_call_info"


def _column(name: str, kind: str, title: str = "", unit: str = "") -> dict[str, str]:
    return {"modelName": name, "type": kind, "fieldNameCn": title, "unit": unit}


_CALLS = {
    "I": 4100,
    "modelName": _NAME,
    "tableNameCn": "可转债赎回信息",
    "desc": "",
    "fields": {
        "G": _column("call_time", "long", "时间"),
        "S": _column("bond_code", "string", "代码"),
        "1": _column("price", "double", "赎回价格", "元"),
        "2": _column("days", "int", "天数"),
        "3": _column("words", "string"),
        "4": _column("blob", "binary"),
        "5": _column("later", "double"),
        "6": _column("odd", "matrix"),
    },
}
_OTHERS = ({"I": 4101, "tableNameCn": "无名", "fields": {}}, {"I": 4102, "modelName": "../up"})
_DAYS = (date(2022, 3, 1), date(2022, 3, 2), date(2023, 3, 1))


@pytest.fixture
def lists(pair: Pair, tmp_path: Path) -> Iterator[PricedCatalog]:
    """What a gateway asks, of a terminal that lists tables and holds the rows of one."""
    forget = load_sdk().forget_tables
    forget()
    pair.exchange.tables = (_CALLS, *_OTHERS)
    pair.exchange.data_dir = str(tmp_path)
    market: Any = pair.terminal
    yield PricedCatalog(market.catalog, ListedMarket(market, market.reference), 1_000)
    forget()


def _write(folder: str, name: str = _NAME, **columns: Any) -> Path:
    file = Path(folder) / "EP" / f"{name}_Xdat2" / "data.fe"
    file.parent.mkdir(parents=True, exist_ok=True)
    given = {
        "_time": [float(day_start(day)) + 1_000 for day in _DAYS],
        "_stock": ["113052.SH", "123015.SZ", "113052.SH"],
        "price": [100.5, float("nan"), None],
        "days": [1, None, 2**60],
        "words": ["强赎", "", None],
        "blob": [b"\x00\xff", None, b""],
    }
    pl.DataFrame({**given, **columns}, strict=False).write_ipc(file, compression="lz4")
    return file


def _shown(page: TablePage) -> Mapping[str, tuple[Any, ...]]:
    return {each.name: each.values for each in page.columns}


async def test_the_list_says_what_each_column_is_and_leaves_out_what_none_can_ask_for(
    lists: PricedCatalog,
) -> None:
    (table,), more = await lists.tables(TableSearch(), 9, None)
    assert (table.name, table.title, table.description, more) == (
        _NAME, "可转债赎回信息", None, False,
    )  # fmt: skip
    assert table.fields == (
        TableField("call_time", CellKind.TIME, "时间"),
        TableField("bond_code", CellKind.TEXT, "代码"),
        TableField("price", CellKind.NUMBER, "赎回价格", "元"),
        TableField("days", CellKind.INTEGER, "天数"),
        TableField("words", CellKind.TEXT),
        TableField("blob", CellKind.TEXT),
        TableField("later", CellKind.NUMBER),
    )
    assert (await lists.tables(TableSearch("回售"), 9, None)) == ([], False)


async def test_rows_are_those_of_the_file_and_what_says_nothing_is_missing(
    lists: PricedCatalog, pair: Pair
) -> None:
    _write(pair.exchange.data_dir)
    page = await lists.table_rows(TableRequest(_NAME))
    assert _shown(page) == {
        "call_time": tuple(day_start(day) + 1_000 for day in _DAYS),
        "bond_code": ("113052.SH", "123015.SZ", "113052.SH"),
        "price": (100.5, None, None),
        # Beyond what every reader of JSON keeps.
        "days": (1, None, None),
        "words": ("强赎", None, None),
        "blob": ("AP8=", None, None),
        # The list knows the column, the file has none.
        "later": (None, None, None),
    }
    assert (page.rows, page.total, page.more, page.downloaded) == (3, 3, False, True)


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"symbols": ("113052.SH",)}, [0, 2]),
        ({"start": _DAYS[1]}, [1, 2]),
        ({"end": _DAYS[1]}, [0, 1]),
        ({"start": _DAYS[1], "end": _DAYS[1], "symbols": ("113052.SH",)}, []),
    ],
    ids=str,
)
async def test_rows_are_chosen_by_symbol_and_day(
    lists: PricedCatalog, pair: Pair, asked: dict[str, Any], days: list[int]
) -> None:
    _write(pair.exchange.data_dir)
    page = await lists.table_rows(TableRequest(_NAME, fields=("call_time",), **asked))
    assert _shown(page) == {"call_time": tuple(day_start(_DAYS[each]) + 1_000 for each in days)}
    assert page.total == len(days)


async def test_pages_follow_each_other_until_the_table_is_downloaded_anew(
    lists: PricedCatalog, pair: Pair
) -> None:
    _write(pair.exchange.data_dir)
    request = TableRequest(_NAME, fields=("bond_code",), first=2)
    first = await lists.table_rows(request)
    assert (first.rows, first.total, first.more) == (2, 3, True)
    behind = TableRequest(_NAME, fields=("bond_code",), first=2, after=first.next)
    last = await lists.table_rows(behind)
    assert (last.rows, last.total, last.more) == (1, 3, False)
    _write(pair.exchange.data_dir, words=["甲", "乙", "丙" * 40])
    assert await _refused(lists, behind) is Reason.INVALID_CURSOR
    assert await _refused(lists, TableRequest(_NAME, after="0:x")) is Reason.INVALID_CURSOR


async def _refused(lists: PricedCatalog, request: TableRequest) -> Reason:
    with pytest.raises(GatewayError) as told, OperationBudget():
        await lists.table_rows(request)
    return told.value.reason


async def test_what_is_not_downloaded_is_empty_and_says_so(lists: PricedCatalog) -> None:
    page = await lists.table_rows(TableRequest(_NAME))
    assert (page.rows, page.total, page.downloaded, page.next) == (0, 0, False, None)
    assert await _refused(lists, TableRequest("../up")) is Reason.UNKNOWN_TABLE
    assert await _refused(lists, TableRequest(_NAME, fields=("?",))) is Reason.BAD_REQUEST


async def test_a_broken_file_and_one_of_another_machine_say_what_is_wrong(
    lists: PricedCatalog, pair: Pair
) -> None:
    _write(pair.exchange.data_dir).write_bytes(b"no table")
    assert await _refused(lists, TableRequest(_NAME)) is Reason.SOURCE_UNAVAILABLE
    assert not pair.client.afar
    shutil.rmtree(pair.exchange.data_dir)
    assert await _refused(lists, TableRequest(_NAME)) is Reason.TERMINAL_LACKS
    rows = {row.operation: row.reason for row in capabilities(Told(afar=pair.client.afar))}
    assert "another machine" not in (rows["lists.tables"] or "")
    assert "run the gateway beside the terminal" in (rows["lists.tableRows"] or "")


async def test_a_list_that_is_not_downloaded_is_no_capability(
    lists: PricedCatalog, pair: Pair
) -> None:
    pair.exchange.tables = ()
    assert await lists.tables(TableSearch(), 9, None) == ([], False)
    told = capabilities(Told(empty=pair.client.empty))
    rows = {row.operation: row.reason for row in told}
    assert "downloaded" in (rows["lists.tableRows"] or "")
    assert await _refused(lists, TableRequest(_NAME)) is Reason.UNKNOWN_TABLE


async def test_rows_need_no_module_that_newer_pythons_lack(
    lists: PricedCatalog, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("distutils", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    _write(pair.exchange.data_dir)
    assert (await lists.table_rows(TableRequest(_NAME, first=1))).rows == 1


_WISH = DownloadWish(DownloadKind.TABLE, ("113052.SH",), _DAYS[0], _DAYS[1], _NAME)


async def _fetched(pair: Pair, wish: DownloadWish, quiet: float = 20.0) -> list[DownloadProgress]:
    told: list[DownloadProgress] = []
    downloads = TerminalDownloads(pair.client, quiet, look_seconds=0.001)
    assert await downloads.run(wish, told.append) == told[-1]
    return told


@pytest.mark.usefixtures("lists")
async def test_a_table_is_downloaded_by_its_number_and_asked_after_until_it_ends(
    pair: Pair,
) -> None:
    half = {"done": False, "finishedcount": 1.0, "totalcount": 2.0}
    pair.exchange.works = [half, {"done": True, "totalcount": 2.0, "errormsg": ""}]
    assert await _fetched(pair, _WISH) == [DownloadProgress(1, 2), DownloadProgress(2, 2)]
    (asked,) = [call[1] for call in pair.exchange.calls if call[0] == "table"]
    assert asked == {
        "stocklist": ["113052.SH"], "period": "", "metaid": 4100, "periodNum": 0,
        "starttime": "20220301", "endtime": "20220302", "incrementally": False,
        "type": "validationbypage", "source": "",
    }  # fmt: skip


@pytest.mark.usefixtures("lists")
@pytest.mark.parametrize(
    ("works", "reason"),
    [
        ([{"done": True, "errormsg": "无权限"}], Reason.DOWNLOAD_REFUSED),
        ([{"done": False, "finishedcount": 1, "totalcount": 2}] * 99, Reason.TIMED_OUT),
    ],
)
async def test_a_table_that_cannot_be_had_says_why(
    pair: Pair, works: list[dict[str, Any]], reason: Reason
) -> None:
    pair.exchange.works = works
    with pytest.raises(GatewayError) as told:
        await _fetched(pair, _WISH, quiet=0.005)
    assert told.value.reason is reason


@pytest.mark.usefixtures("lists")
async def test_a_table_that_is_not_listed_is_not_downloaded(pair: Pair) -> None:
    with pytest.raises(GatewayError) as told:
        await _fetched(pair, replace(_WISH, table="nothing"))
    assert told.value.reason is Reason.UNKNOWN_TABLE


async def test_a_list_that_was_downloaded_is_read_anew(lists: PricedCatalog, pair: Pair) -> None:
    pair.exchange.tables = (_CALLS,)
    assert len((await lists.tables(TableSearch(), 9, None))[0]) == 1
    pair.exchange.tables = (_CALLS, {**_CALLS, "I": 4103, "modelName": "bond_put_info"})
    assert len((await lists.tables(TableSearch(), 9, None))[0]) == 1
    await _fetched(pair, DownloadWish(DownloadKind.TABLE_LIST))
    assert len((await lists.tables(TableSearch(), 9, None))[0]) == 2
