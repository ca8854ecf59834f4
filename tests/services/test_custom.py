"""Custom sectors: names, repeats, limits, and memory that never differs from the disk."""

import asyncio
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.services.custom import CustomSectors, SectorLimits
from quantgraph.services.sectors import AllSectors
from quantgraph.services.workers import Workers
from quantgraph.store.custom import CustomSectorStore

from .conftest import KNOWN, SmallMarket

LIMITS = SectorLimits(sectors=3, members=2, batch=5)
FIRST, SECOND = KNOWN[:2]


@pytest.fixture
def workers():
    workers = Workers(2, 16)
    yield workers
    workers.close()


@pytest.fixture
def opened(tmp_path, workers):
    """Open the sectors of the same file, as often as asked."""

    def run():
        shelf = CustomSectorStore(tmp_path / "sectors.sqlite")
        return CustomSectors(SmallMarket(), shelf, workers, LIMITS)

    return run


@pytest.fixture
def custom(opened):
    return opened()


async def reason(change) -> Reason:
    with pytest.raises(GatewayError) as caught:
        await change
    return caught.value.reason


async def test_a_sector_is_made_renamed_changed_and_deleted(custom, opened):
    made = await custom.create("我的", [FIRST, FIRST])
    assert made.changed
    assert (made.sector.symbols, made.sector.category) == ((FIRST,), "自定义")
    assert made.sector.source is Source.USER
    assert (await custom.add("我的", [SECOND, FIRST])).sector.symbols == (FIRST, SECOND)
    assert (await custom.rename("我的", "你的")).sector.name == "你的"
    assert (await custom.remove("你的", [FIRST])).sector.symbols == (SECOND,)
    assert opened().all() == custom.all()
    assert (await custom.delete("你的")).sector is None
    assert opened().all() == custom.all() == []


async def test_every_act_may_be_repeated(custom):
    acts = [
        lambda: custom.create("我的", [FIRST]),
        lambda: custom.add("我的", [SECOND]),
        lambda: custom.remove("我的", [FIRST]),
        lambda: custom.rename("我的", "你的"),
        lambda: custom.delete("你的"),
    ]
    for act in acts:
        first, again = await act(), await act()
        assert (first.changed, again.changed) == (True, False)
        assert first.sector == again.sector


async def test_names_are_unique_among_all_sectors(custom):
    await custom.create("我的", [FIRST])
    taken = Reason.SECTOR_NAME_TAKEN
    assert await reason(custom.create("我的", [SECOND])) is taken
    assert await reason(custom.create("银行", [SECOND])) is taken
    assert await reason(custom.rename("我的", "银行")) is taken
    await custom.create("你的", [])
    assert await reason(custom.rename("你的", "我的")) is taken


async def test_sectors_of_the_market_are_not_changed(custom):
    for change in (
        custom.add("银行", [FIRST]),
        custom.remove("银行", [FIRST]),
        custom.rename("银行", "金融"),
        custom.delete("银行"),
    ):
        assert await reason(change) is Reason.SECTOR_READ_ONLY


async def test_what_does_not_exist_is_not_changed(custom):
    for change in (custom.add("无", []), custom.remove("无", []), custom.rename("无", "有")):
        assert await reason(change) is Reason.UNKNOWN_SECTOR
    assert not (await custom.delete("无")).changed
    assert await reason(custom.create("我的", ["999999.SH"])) is Reason.UNKNOWN_SYMBOL
    await custom.create("我的", [])
    assert await reason(custom.add("我的", ["999999.SH"])) is Reason.UNKNOWN_SYMBOL
    assert custom.find("我的").symbols == ()


@pytest.mark.parametrize("name", ["", " 我的", "我的 ", "a/b", 'a"b', "a\nb", "x" * 65])
async def test_a_name_that_a_terminal_would_change_is_refused(custom, name):
    assert await reason(custom.create(name, [])) is Reason.BAD_REQUEST
    await custom.create("我的", [])
    assert await reason(custom.rename("我的", name)) is Reason.BAD_REQUEST
    assert await reason(custom.create("新的", [], category=name)) is Reason.BAD_REQUEST


async def test_sectors_and_members_are_bounded(custom):
    for name in "abc":
        await custom.create(name, [])
    assert await reason(custom.create("d", [])) is Reason.SECTOR_LIMIT
    assert await reason(custom.add("a", [FIRST] * 6)) is Reason.BAD_REQUEST
    assert await reason(custom.add("a", KNOWN[:3])) is Reason.SECTOR_LIMIT
    assert custom.find("a").symbols == ()


async def test_a_caller_that_goes_away_leaves_memory_and_disk_alike(custom, opened):
    calls = [asyncio.create_task(custom.create(name, [FIRST])) for name in "ab"]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await custom.create("c", [])  # waits for its turn behind them
    assert opened().all() == custom.all()
    assert [each.name for each in custom.all()] == ["a", "b", "c"]


async def test_a_disk_that_fails_changes_nothing(custom, monkeypatch):
    await custom.create("我的", [FIRST])

    def fail(*_):
        raise Unavailable(Reason.STORE_UNAVAILABLE, "The disk is full.")

    monkeypatch.setattr(custom._shelf, "replace", fail)
    for change in (custom.add("我的", [SECOND]), custom.create("b", []), custom.delete("我的")):
        assert await reason(change) is Reason.STORE_UNAVAILABLE
    assert [(each.name, each.symbols) for each in custom.all()] == [("我的", (FIRST,))]


async def test_custom_sectors_stand_among_those_of_the_market(custom):
    sectors = AllSectors(SmallMarket(), custom)
    await custom.create("我的", ["600036.SH"])
    assert [each.name for each in await sectors.sectors()] == ["我的", "银行"]
    held = await sectors.sectors_of(["600036.SH", FIRST])
    assert [each.name for each in held[0]] == ["我的", "银行"]
    assert (await sectors.sector("我的")).source is Source.USER
    assert (await sectors.sector("银行")).source is Source.SIMULATED
    assert await sectors.sector("无") is None
    assert await reason(sectors.sector("我的", date(2024, 1, 2))) is Reason.DATE_NOT_HELD


async def test_an_import_of_the_same_name_takes_nothing_from_a_user(custom, monkeypatch):
    await custom.create("券商", [FIRST])
    market = SmallMarket()
    theirs = (await market.sectors())[0]

    async def imported():
        return [type(theirs)("券商", None, (SECOND,), Source.IMPORTED)]

    monkeypatch.setattr(market, "sectors", imported)
    sectors = AllSectors(market, custom)
    assert [each.symbols for each in await sectors.sectors()] == [(FIRST,)]
    assert (await sectors.sector("券商")).symbols == (FIRST,)
    assert [len(each) for each in await sectors.sectors_of([FIRST, SECOND])] == [1, 0]
    custom._market = market
    assert (await custom.rename("券商", "我的券商")).changed
    assert (await sectors.sector("券商")).symbols == (SECOND,)


NAMES, MEMBERS = st.sampled_from("abcd"), st.lists(st.sampled_from(KNOWN[:3]), max_size=3)
ACTS = st.one_of(
    st.tuples(st.just("create"), NAMES, MEMBERS),
    st.tuples(st.just("add"), NAMES, MEMBERS),
    st.tuples(st.just("remove"), NAMES, MEMBERS),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("delete"), NAMES),
)


@settings(max_examples=25)
@given(st.lists(ACTS, max_size=12))
def test_any_acts_leave_the_disk_as_memory_has_it(tmp_path_factory, acts):
    """And a model of plain dicts tells what is held after them."""
    shelf = CustomSectorStore(tmp_path_factory.mktemp("custom") / "sectors.sqlite")
    model: dict[str, list[str]] = {}
    workers = Workers(1, 8)

    async def run():
        custom = CustomSectors(SmallMarket(), shelf, workers, LIMITS)
        for act, name, *more in acts:
            try:
                await getattr(custom, act)(name, *more)
            except GatewayError:
                continue
            apply(model, act, name, *more)
        return custom

    def apply(held, act, name, more=()):
        if act in ("create", "add"):
            held[name] = list(dict.fromkeys([*held.get(name, []), *more]))
        elif act == "remove":
            held[name] = [each for each in held[name] if each not in more]
        elif act == "delete":
            held.pop(name, None)
        elif name in held:
            held[more] = held.pop(name)

    try:
        custom = asyncio.run(run())
    finally:
        workers.close()
    assert {each.name: list(each.symbols) for each in custom.all()} == model
    again = CustomSectors(SmallMarket(), shelf, workers, LIMITS)
    assert sorted(again.all(), key=str) == sorted(custom.all(), key=str)
