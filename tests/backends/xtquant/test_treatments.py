"""Days of special treatment come from the terminal's file, whatever its encoding and line ends."""

from datetime import date
from pathlib import Path

import pytest

from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.treatments import SpecialTreatment, TreatmentKind

from .conftest import Pair

_NAME = "SH_XXXXXX_2011_86400000.csv"
# Code, name, day, mark: out of order, one mark told twice, one of an unknown kind, and other lines.
_ROWS = """600518.SH,康美,20200703,2
600518.SH,康美,20190521,1
600518.SH,康美,20190601,1
600518.SH,康美,20220606,0
600518.SH,康美,20230101,1
000001.SZ,平安,19990504,3
000001.SZ,平安,20020101,9
600519.SH,茅台,somewhen,1
what is this
"""


@pytest.fixture
def file(pair: Pair, tmp_path: Path) -> Path:
    """Return where the terminal would have the list."""
    pair.exchange.data_dir = str(tmp_path / "userdata_mini" / "datadir")
    folder = tmp_path / "userdata_mini" / "data"
    for each in (folder, Path(pair.exchange.data_dir)):
        each.mkdir(parents=True)
    return folder / _NAME


def _span(symbol: str, kind: TreatmentKind, start: date, end: date | None) -> SpecialTreatment:
    return SpecialTreatment(symbol, kind, start, end, Source.TERMINAL)


async def test_spans_go_from_each_change_of_the_mark_to_the_next(pair: Pair, file: Path) -> None:
    file.write_bytes(_ROWS.replace("\n", "\r\n").encode("gb18030"))
    asked = ["600519.SH", "600518.SH", "000001.SZ", "600518.SH"]
    assert await pair.terminal.catalog.special_treatments(asked) == [
        _span("600518.SH", TreatmentKind.ST, date(2019, 5, 21), date(2020, 7, 3)),
        _span("600518.SH", TreatmentKind.STAR_ST, date(2020, 7, 3), date(2022, 6, 6)),
        _span("600518.SH", TreatmentKind.ST, date(2023, 1, 1), None),
        _span("000001.SZ", TreatmentKind.PT, date(1999, 5, 4), date(2002, 1, 1)),
    ]


async def test_the_spans_are_those_of_the_sdk_where_it_can_read_the_file(
    pair: Pair, file: Path
) -> None:
    rows = ["600518.SH,A,20190521,1,", "600518.SH,A,20200703,2,", "600518.SH,A,20220606,1,"]
    file.write_text("\n".join(rows), "ascii")
    told = await pair.client.ask("get_his_st_data", "600518.SH")
    names = {TreatmentKind.ST: "ST", TreatmentKind.STAR_ST: "*ST", TreatmentKind.PT: "PT"}
    ours: dict[str, list[list[str]]] = {}
    for each in await pair.terminal.catalog.special_treatments(["600518.SH"]):
        days = (each.start, each.end or date(2038, 1, 19))
        ours.setdefault(names[each.kind], []).append([f"{day:%Y%m%d}" for day in days if day])
    assert ours == told


async def test_a_list_that_was_not_downloaded_is_an_error_and_no_capability_until_it_is(
    pair: Pair, file: Path
) -> None:
    def reason() -> str | None:
        rows = capabilities(Told(empty=pair.client.empty))
        return {each.operation: each.reason for each in rows}["lists.specialTreatments"]

    assert reason() is None
    with pytest.raises(GatewayError) as told:
        await pair.terminal.catalog.special_treatments(["600518.SH"])
    assert told.value.reason is Reason.NOT_DOWNLOADED
    assert "downloaded" in (reason() or "")
    file.write_text(_ROWS, "utf-8")
    assert await pair.terminal.catalog.special_treatments(["600519.SH"]) == []
    assert reason() is None


async def test_a_file_that_cannot_be_read_is_no_answer(pair: Pair, file: Path) -> None:
    file.mkdir()
    with pytest.raises(GatewayError) as told:
        await pair.terminal.catalog.special_treatments(["600518.SH"])
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
