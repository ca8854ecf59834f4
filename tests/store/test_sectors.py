"""What files say about sectors and instruments over what is held: nothing unsaid is forgotten."""

from datetime import date

import pytest

from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.layouts import ImportKind

EDGES = ":START_ID,:END_ID,:TYPE\n"
NODES = "概念名称,ConceptId:ID,:LABEL\n"


@pytest.fixture
def graph(importer, tmp_path):
    """Import graph files of these texts together."""

    def run(*texts):
        files = [tmp_path / f"{place}.csv" for place in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        return importer.import_files(ImportKind.SECTORS, files).files[0].outcome

    return run


def names(store):
    return {(one.name, one.category): one.symbols for one in store.sectors()}


def test_edges_alone_keep_the_held_name_and_category(store, graph):
    edges = EDGES + "600519,77,belong_to\n"
    graph(NODES + "白酒,77,概念\n", edges)
    assert not graph(edges).changed
    assert graph(edges + "000858,77,belong_to\n").changed
    assert names(store) == {("白酒", "概念"): ("600519.SH", "000858.SZ")}


def test_a_node_that_was_renamed_renames_its_sector(store, graph):
    edges = EDGES + "600519,77,belong_to\n"
    graph(NODES + "白酒,77,概念\n", edges)
    graph(NODES + "酒,77,行业\n", edges)
    assert names(store) == {("酒", "行业"): ("600519.SH",)}


TWINS = (
    NODES + "军工,1,概念\n军工,2,行业\n军工,3,行业\n",
    EDGES + "600519,1,belong_to\n000858,2,belong_to\n000001,3,belong_to\n",
)
STORED = {
    ("军工", "概念"): ("600519.SH",),
    ("军工 (行业)", "行业"): ("000858.SZ",),
    ("军工 (3)", "行业"): ("000001.SZ",),
}


def test_nodes_of_one_name_are_sectors_of_their_own(store, graph):
    graph(*TWINS)
    assert names(store) == STORED


def test_nodes_of_one_name_imported_again_change_nothing(store, graph):
    graph(*TWINS)
    turned = EDGES + "".join(reversed(TWINS[1].splitlines(keepends=True)[1:]))
    for texts in (TWINS, (TWINS[0], turned), (TWINS[1],)):
        assert not graph(*texts).changed
    assert names(store) == STORED


def test_a_list_of_ones_own_keeps_the_category_and_the_id_it_does_not_state(store, graph, load):
    graph(NODES + "白酒,77,概念\n", EDGES + "600519,77,belong_to\n")
    load("sectors", "sector,symbol\n白酒,000858\n")
    assert names(store) == {("白酒", "概念"): ("000858.SZ",)}
    graph(EDGES + "600519,77,belong_to\n")
    assert names(store) == {("白酒", "概念"): ("600519.SH",)}


def test_weights_do_not_take_the_name_of_another_sector(store, graph, load):
    graph(NODES + "沪深300,77,概念\n", EDGES + "000858,77,belong_to\n")
    load(
        "weights",
        "index_symbol,symbol,weight,date,index_name\n000300.SH,600519,5.5,2023-02-01,沪深300\n",
    )
    assert names(store) == {
        ("沪深300", "概念"): ("000858.SZ",),
        ("沪深300 (INDEX)", "INDEX"): ("600519.SH",),
    }


FULL = "symbol,name,list_date,delist_date,is_st\n600519.SH,{},2001-08-27,2026-01-05,{}\n"
NAMES = "symbol,name\n600519.SH,{}\n"


def test_a_file_of_names_wipes_no_dates(store, load):
    load("instruments", FULL.format("贵州茅台", 0))
    assert load("instruments", NAMES.format("茅台")).outcome.changed
    held = store.instruments(["600519.SH"])["600519.SH"]
    assert (held.name, held.list_date, held.delist_date) == (
        "茅台",
        date(2001, 8, 27),
        date(2026, 1, 5),
    )
    assert [one.name for one in store.search(InstrumentSearch("茅台"), 5, None)] == ["茅台"]
    assert not load("instruments", NAMES.format("茅台")).outcome.changed


@pytest.mark.parametrize(
    ("stated", "name", "is_warned"),
    [
        (("贵州茅台", 1), "茅台", True),
        (("*ST茅台", 0), "*ST贵州", False),
        (("*ST茅台", ""), "贵州茅台", False),
        (("*ST茅台", 1), "贵州茅台", False),
        (("贵州茅台", 0), "*ST茅台", True),
    ],
)
def test_a_warning_that_no_name_told_is_kept_and_others_follow_the_name(
    store, load, stated, name, is_warned
):
    load("instruments", FULL.format(*stated))
    load("instruments", NAMES.format(name))
    assert store.instruments(["600519.SH"])["600519.SH"].is_st is is_warned


def test_a_stated_date_replaces_the_held_one(store, load):
    load("instruments", FULL.format("贵州茅台", 0))
    load("instruments", "symbol,name,list_date\n600519.SH,贵州茅台,2001-08-28\n")
    assert store.instruments(["600519.SH"])["600519.SH"].list_date == date(2001, 8, 28)


DATED = (
    "sector,symbol,date\n白酒,600519,2022-01-04\n白酒,600519,2023-01-03\n白酒,000858,2023-01-03\n"
)


@pytest.mark.parametrize(
    ("day", "stated", "members"),
    [
        (None, date(2023, 1, 3), ("600519.SH", "000858.SZ")),
        (date(2024, 5, 1), date(2023, 1, 3), ("600519.SH", "000858.SZ")),
        (date(2023, 1, 3), date(2023, 1, 3), ("600519.SH", "000858.SZ")),
        (date(2023, 1, 2), date(2022, 1, 4), ("600519.SH",)),
        (date(2022, 1, 4), date(2022, 1, 4), ("600519.SH",)),
    ],
)
def test_members_of_a_day_are_those_of_the_newest_list_before_it(store, load, day, stated, members):
    load("sectors", DATED)
    found = store.sector("白酒", day)
    assert (found.day, found.symbols) == (stated, members)
    assert found.dates == (date(2022, 1, 4), date(2023, 1, 3))


def test_a_day_before_every_list_is_not_guessed(store, load):
    load("sectors", DATED)
    with pytest.raises(Unsupported) as caught:
        store.sector("白酒", date(2022, 1, 3))
    assert caught.value.reason is Reason.DATE_NOT_HELD
    assert "2022-01-04" in caught.value.message


def test_a_list_without_a_date_tells_no_day(store, load):
    load("sectors", "sector,symbol\n白酒,600519\n")
    assert store.sector("白酒").dates == ()
    with pytest.raises(Unsupported) as caught:
        store.sector("白酒", date(2024, 1, 2))
    assert caught.value.reason is Reason.DATE_NOT_HELD


def test_a_list_without_a_date_hides_no_dated_one(store, load):
    load("sectors", DATED)
    assert load("sectors", "sector,symbol\n白酒,000001\n").outcome.changed
    assert store.sector("白酒").day == date(2023, 1, 3)
    assert store.sectors()[0].symbols == ("600519.SH", "000858.SZ")


def test_a_list_replaces_that_of_its_own_date_alone(store, load):
    load("sectors", DATED)
    corrected = "sector,symbol,date\n白酒,000568,2022-01-04\n"
    assert load("sectors", corrected).outcome.changed
    assert not load("sectors", corrected).outcome.changed
    assert store.sector("白酒", date(2022, 6, 1)).symbols == ("000568.SZ",)
    assert len(store.sector("白酒").symbols) == 2


def test_the_caller_may_say_of_which_day_a_file_is(store, load, importer, tmp_path):
    load("sectors", "sector,symbol\n白酒,600519\n", day=date(2020, 1, 2))
    assert store.sector("白酒").dates == (date(2020, 1, 2),)
    files = [tmp_path / name for name in ("nodes.csv", "edges.csv")]
    files[0].write_text(NODES + "银行,8,概念\n")
    files[1].write_text(EDGES + "600036,8,belong_to\n")
    importer.import_files(ImportKind.SECTORS, files, ImportOptions(day=date(2018, 5, 4)))
    assert store.sector("银行").dates == (date(2018, 5, 4),)


def test_a_renamed_sector_keeps_its_older_lists(store, load):
    index = "index_symbol,symbol,weight,date,index_name\n000300.SH,600519,5.5,{},{}\n"
    load("weights", index.format("2023-02-01", "沪深300"))
    load("weights", index.format("2024-02-01", "沪深三百"))
    assert store.sector("沪深300") is None
    assert store.sector("沪深三百").dates == (date(2023, 2, 1), date(2024, 2, 1))


def test_weights_of_several_dates_are_sectors_of_those_dates(store, load):
    load(
        "weights",
        "index_symbol,symbol,weight,date,index_name\n000300.SH,600519,5.5,2023-02-01,沪深300\n"
        "000300.SH,000858,7.5,2024-02-01,沪深300\n",
    )
    assert store.sector("沪深300", date(2023, 12, 29)).symbols == ("600519.SH",)
    assert store.sector("沪深300").symbols == ("000858.SZ",)
    assert [each.weight for each in store.weights("000300.SH", date(2024, 1, 31))] == [5.5]
    for day in (None, date(2024, 2, 1)):
        assert [each.weight for each in store.weights("000300.SH", day)] == [7.5]
    assert store.weights("000905.SH", date(2020, 1, 2)) == []
    with pytest.raises(Unsupported) as caught:
        store.weights("000300.SH", date(2023, 1, 31))
    assert caught.value.reason is Reason.DATE_NOT_HELD


def test_sectors_of_symbols_are_those_of_their_newest_lists(store, load):
    load("sectors", DATED.replace("600519,2023", "000568,2023") + "酒,600519,2021-01-04\n")
    assert [each.name for each in store.sectors_of(["600519.SH"])] == ["酒"]
    assert [each.name for each in store.sectors_of(["000858.SZ", "600519.SH"])] == ["白酒", "酒"]
    assert store.sectors_of(["999999.SH"]) == []
    assert store.sector_names() == {"白酒", "酒"}
