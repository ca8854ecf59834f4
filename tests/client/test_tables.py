"""Series become tables with market times and honest gaps."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from quantgraph.client import Client, Download
from quantgraph.client.tables import write_parquet
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, BarColumns, BarSeries, Coverage, Period
from quantgraph.domain.sources import Source
from tests.grpc_bridge.memory.bars import day

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNKNOWN = Coverage(None, None, None, None)


def series(symbol: str, rows: int = 2) -> BarSeries:
    values = {
        "time": np.array([day(2023, 2, 1), day(2023, 2, 2)])[:rows],
        "close": np.array([1.5, 2.5])[:rows],
        "volume": np.array([2**60, 100])[:rows],
        "suspended": np.array([True, False])[:rows],
    }
    gap = np.array([True, False])[:rows]
    valid = {"close": gap, "volume": gap, "suspended": gap} if symbol == "600519.SH" else {}
    columns = BarColumns(rows, values, valid)
    return BarSeries(symbol, Period.DAY_1, Adjustment.NONE, Source.IMPORTED, columns, UNKNOWN)


@pytest.fixture
def download() -> Download:
    held = [series("600519.SH"), series("000001.SZ"), series("600000.SH", 0)]
    return Download({each.symbol: each for each in held})


def test_a_polars_frame_has_market_times_and_nulls(download: Download):
    frame = download.to_polars()
    assert frame.columns == ["symbol", "time", "close", "volume", "suspended"]
    assert frame["symbol"].to_list() == ["600519.SH"] * 2 + ["000001.SZ"] * 2
    assert frame["time"][0] == datetime(2023, 2, 1, tzinfo=SHANGHAI)
    assert str(frame["time"][0]) == "2023-02-01 00:00:00+08:00"
    assert frame["close"].to_list() == [1.5, None, 1.5, 2.5]
    assert frame["volume"].to_list() == [2**60, None, 2**60, 100]
    assert frame["suspended"].to_list() == [True, None, True, False]


def test_a_pandas_frame_has_market_times_and_gaps(download: Download):
    frame = download.to_pandas()
    assert list(frame.columns) == ["symbol", "time", "close", "volume", "suspended"]
    assert str(frame["time"].iloc[0]) == "2023-02-01 00:00:00+08:00"
    assert np.isnan(frame["close"].iloc[1])
    # A large integer keeps every digit beside a gap.
    assert frame["volume"].iloc[0] == 2**60
    assert frame["volume"].isna().tolist() == [False, True, False, False]
    assert frame["suspended"].isna().tolist() == [False, True, False, False]


def test_an_empty_download_is_an_empty_frame():
    assert Download({}).to_polars().shape == (0, 1)
    assert Download({}).to_pandas().shape == (0, 1)


@pytest.mark.parametrize(("library", "way"), [("pandas", "to_pandas"), ("pyarrow", "to_arrow")])
def test_an_absent_library_is_named_with_what_to_do(
    download: Download, monkeypatch: pytest.MonkeyPatch, library: str, way: str
):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"pip install {library}"):
        getattr(download, way)()


def test_an_arrow_table_has_market_times_and_nulls(download: Download):
    arrow: Any = pytest.importorskip("pyarrow")
    table = download.to_arrow()
    assert table.schema.field("time").type == arrow.timestamp("ms", "Etc/GMT-8")
    assert table["close"].to_pylist() == [1.5, None, 1.5, 2.5]
    assert table["volume"].to_pylist() == [2**60, None, 2**60, 100]


def test_a_parquet_file_holds_the_same_frame(tmp_path: Path):
    path = write_parquet(series("600519.SH"), tmp_path)
    assert path.name == "600519.SH.parquet"
    assert pl.read_parquet(path).equals(Download({"600519.SH": series("600519.SH")}).to_polars())
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_parquet(series("600519.SH"), tmp_path)
    before = path.read_bytes()

    def fail(frame: pl.DataFrame, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    with pytest.raises(OSError, match="No space"):
        write_parquet(series("600519.SH", 1), tmp_path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_real_download_becomes_a_frame(client: Client):
    frame = client.download_bars(["600519.SH", "000001.SZ"]).to_polars()
    assert frame.columns == ["symbol", *BAR_FIELDS]
    assert frame["amount"].null_count() > 0
    assert frame["close"].null_count() == 0


def test_a_day_in_the_summer_of_1991_begins_at_midnight():
    stamps = np.array([day(1991, 7, 1)])
    columns = BarColumns(1, {"time": stamps})
    held = BarSeries("000001.SH", Period.DAY_1, Adjustment.NONE, Source.IMPORTED, columns, UNKNOWN)
    begin = Download({"000001.SH": held}).to_polars()["time"][0]
    assert begin.isoformat() == "1991-07-01T00:00:00+08:00"
