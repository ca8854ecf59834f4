"""Reading files as tables: what is broken is refused by name, never read as something else."""

import gzip
import struct
from datetime import UTC, datetime

import polars as pl
import pytest

from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.store.imports import text
from quantgraph.store.imports.files import read_table
from quantgraph.store.imports.layouts import ImportKind

HEADER = "symbol,date,open,high,low,close,note\n"
ROW = "600519.SH,2023-02-0{},10,10,10,10,{}\n"


def refusal(report):
    assert report.failure.reason is Reason.IMPORT_FAILED
    return report.failure.message


def test_a_quote_that_is_never_closed_swallows_no_rows(load):
    broken = HEADER + ROW.format(1, "x") + ROW.format(2, '"abc') + ROW.format(3, "x")
    assert "line 3" in refusal(load("bars", broken))


def test_a_quote_closed_inside_a_later_row_is_refused(load):
    broken = HEADER + ROW.format(1, '"abc') + ROW.format(2, 'x"y"')
    assert "line 2" in refusal(load("bars", broken))


def test_a_long_quoted_cell_is_read(load):
    report = load("bars", HEADER + ROW.format(1, '"' + "a" * 200_000 + '"'))
    assert report.outcome.rows == 1


def test_a_long_cell_that_is_never_closed_is_refused(load):
    assert "line 2" in refusal(load("bars", HEADER + ROW.format(1, '"') + "x" * 200_000))


def test_padded_quotes_are_quotes(load):
    padded = (HEADER + ROW.format(1, "x")).replace(",", '", "').replace("\n", '"\n')
    padded = "\n".join('"' + line for line in padded.splitlines())
    assert load("bars", padded).outcome.rows == 1


def test_a_row_of_several_lines_is_named_by_its_first(load):
    rows = HEADER + ROW.format(1, "x") + ROW.format(2, '"a\nb, c"').replace("10", "-1")
    assert [row.line for row in load("bars", rows).bad.listed] == [3]


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_a_byte_order_mark_says_nothing_about_the_encoding(load, store, encoding):
    load("instruments", b"\xef\xbb\xbf" + "symbol,name\n600519.SH,贵州茅台\n".encode(encoding))
    assert store.instruments(["600519.SH"])["600519.SH"].name == "贵州茅台"


def test_rare_characters_of_gb18030_are_read(load, store):
    load("instruments", "symbol,name\n600519.SH,㐂州茅台\n".encode("gb18030"))
    assert store.instruments(["600519.SH"])["600519.SH"].name == "㐂州茅台"


@pytest.mark.parametrize("name", ["file.csv.GZ", "FILE.CSV.GZ", "FILE.CSV"])
def test_endings_may_be_capitals(load, name):
    content = (HEADER + ROW.format(1, "x")).encode()
    packed = gzip.compress(content) if name.endswith("GZ") else content
    assert load("bars", packed, name=name).outcome.rows == 1


def test_blank_lines_are_counted_but_are_no_rows(load):
    rows = HEADER + "\n  \n" + ROW.format(1, "x") + "\n" + "a,b\n" + ROW.format(4, "x")
    report = load("bars", rows)
    assert [(row.line, row.reason) for row in report.bad.listed] == [
        (6, "it has 2 cells, the header has 7"),
        (7, "date '2023-02-04' is not a trading day"),
    ]
    assert load("bars", rows, skip_bad_rows=True).outcome.rows == 1


@pytest.mark.parametrize("name", ["big.csv", "big.csv.gz"])
def test_a_file_that_unpacks_to_too_much_is_refused_by_its_size(load, monkeypatch, name):
    monkeypatch.setattr(text, "MOST_BYTES", 4096)
    content = (HEADER + ROW.format(1, "x" * 5000)).encode()
    packed = gzip.compress(content) if name.endswith("gz") else content
    assert "4,096 bytes" in refusal(load("bars", packed, name=name))


def test_lists_in_a_parquet_file_are_refused_by_column(importer, tmp_path):
    frame = pl.DataFrame({"symbol": ["600519.SH"], "name": [["a", "b"]]})
    frame.write_parquet(tmp_path / "lists.parquet")
    report = importer.import_files(ImportKind.INSTRUMENTS, [tmp_path / "lists.parquet"]).files[0]
    assert "name" in refusal(report)


def test_parquet_texts_may_be_padded(importer, store, tmp_path):
    frame = pl.DataFrame({" symbol ": ["600519.SH "], "name": [" 贵州茅台 "]})
    frame.write_parquet(tmp_path / "padded.parquet")
    assert not importer.import_files(ImportKind.INSTRUMENTS, [tmp_path / "padded.parquet"]).failures
    assert store.instruments(["600519.SH"])["600519.SH"].name == "贵州茅台"


def sheet(rows, formats=()):
    """A workbook of the oldest kind: records of opcode, size and body."""

    def record(opcode, body):
        return struct.pack("<HH", opcode, len(body)) + body

    def cell(row, column, value):
        place = struct.pack("<HH", row, column)
        if isinstance(value, datetime):
            days = (value - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400
            style = len(formats) and 1
            return record(3, place + bytes([0, style, 0]) + struct.pack("<d", days))
        plain = place + bytes(3)
        if isinstance(value, bool):
            return record(5, plain + bytes([value, 0]))
        if isinstance(value, bytes):
            return record(5, plain + value + b"\1")
        if isinstance(value, float):
            return record(3, plain + struct.pack("<d", value))
        return record(4, plain + bytes([len(value)]) + value.encode())

    body = record(9, struct.pack("<HH", 2, 16))
    for text_of in ("General", *formats):
        body += record(0x1E, bytes([len(text_of)]) + text_of.encode())
    for row, values in enumerate(rows):
        body += b"".join(cell(row, column, value) for column, value in enumerate(values))
    return body + record(10, b"")


def read_sheet(folder, rows, formats=()):
    file = folder / "sheet.XLS"
    file.write_bytes(sheet(rows, formats))
    return read_table(file).frame.rows()


def test_cells_of_a_sheet_are_read_as_what_they_show(tmp_path):
    head = ("a", "b", "c", "d")
    row = (True, 12.0, 1.5, "x")
    assert read_sheet(tmp_path, [head, row]) == [("TRUE", "12", "1.5", "x")]


def test_a_date_cell_is_its_date(tmp_path):
    rows = [
        ("day", "instant"),
        (datetime(2023, 2, 1, tzinfo=UTC), datetime(2023, 2, 1, 9, 30, tzinfo=UTC)),
    ]
    found = read_sheet(tmp_path, rows, formats=("yyyy-mm-dd",))
    assert found == [("2023-02-01", "2023-02-01 09:30:00")]


def test_an_error_cell_is_a_bad_row_not_a_number(load):
    head = ("symbol", "date", "open", "high", "low", "close")
    row = ("600519.SH", "2023-02-01", 10.0, 10.0, 10.0, b"\x2a")
    report = load("bars", sheet([head, row]), name="bars.xls")
    assert [one.reason for one in report.bad.listed] == ["close '#N/A' is not a number"]


def test_a_broken_sheet_is_refused(tmp_path):
    file = tmp_path / "broken.xls"
    whole = sheet([("a", "b"), ("c", "d")])
    for stop in range(1, len(whole)):
        file.write_bytes(whole[:stop])
        try:
            read_table(file)
        except StartupError as error:
            assert error.reason is Reason.IMPORT_FAILED
