"""Custom sectors through the wire: made, changed, deleted, and there after a restart."""

import pytest

RESULT = """{ __typename ... on ChangeSectorSuccess { changed sector { name category symbols source
  date } } ... on Problem { code message messageZh retryable } }"""


@pytest.fixture
def change(ask_mock):
    """Run one mutation; its result without the type's name."""

    def run(field, **values):
        kind = {"addSectorMembers": "SectorMembers", "removeSectorMembers": "SectorMembers"}.get(
            field, field[0].upper() + field[1:]
        )
        query = f"mutation($input: {kind}Input!) {{ {field}(input: $input) {RESULT} }}"
        return ask_mock(query, input=values)[field]

    return run


def test_a_custom_sector_lives_until_it_is_deleted(ask_mock, change):
    made = change("createSector", name="自选一", symbols=["600519.SH"])
    assert made == {
        "__typename": "ChangeSectorSuccess",
        "changed": True,
        "sector": {
            "name": "自选一",
            "category": "自定义",
            "symbols": ["600519.SH"],
            "source": "USER",
            "date": None,
        },
    }
    assert not change("createSector", name="自选一", symbols=["600519.SH"])["changed"]
    more = change("addSectorMembers", name="自选一", symbols=["000001.SZ", "600519.SH"])
    assert more["sector"]["symbols"] == ["600519.SH", "000001.SZ"]
    assert change("renameSector", name="自选一", newName="自选二")["changed"]
    less = change("removeSectorMembers", name="自选二", symbols=["600519.SH"])
    assert less["sector"]["symbols"] == ["000001.SZ"]
    query = """{ sectors(category: "自定义") { name } sector(name: "自选二") { members {
      instrument { name sectors { name } } } } }"""
    found = ask_mock(query)
    assert found["sectors"] == [{"name": "自选二"}]
    names = found["sector"]["members"][0]["instrument"]["sectors"]
    assert {"name": "自选二"} in names
    gone = change("deleteSector", name="自选二")
    assert (gone["changed"], gone["sector"]) == (True, None)
    assert not change("deleteSector", name="自选二")["changed"]


@pytest.mark.parametrize(
    ("field", "values", "code"),
    [
        ("createSector", {"name": "白酒", "symbols": []}, "SECTOR_NAME_TAKEN"),
        ("createSector", {"name": "自选三", "symbols": ["999999.SH"]}, "UNKNOWN_SYMBOL"),
        ("addSectorMembers", {"name": "白酒", "symbols": ["600519.SH"]}, "SECTOR_READ_ONLY"),
        ("removeSectorMembers", {"name": "没有", "symbols": []}, "UNKNOWN_SECTOR"),
        ("renameSector", {"name": "没有", "newName": "有"}, "UNKNOWN_SECTOR"),
        ("deleteSector", {"name": "银行"}, "SECTOR_READ_ONLY"),
    ],
)
def test_a_refusal_is_a_member_of_the_result(change, field, values, code):
    refused = change(field, **values)
    assert (refused["__typename"], refused["code"]) == ("SectorRefused", code)
    assert refused["messageZh"]


def test_a_wrong_name_is_a_bad_request(ask_mock):
    query = f'mutation {{ createSector(input: {{ name: "a/b" }}) {RESULT} }}'
    answer = ask_mock(query, fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_custom_sectors_are_there_after_a_restart(start_gateway, tmp_path):
    import httpx

    def ask(running, query):
        url = f"{running.addresses.http}/graphql"
        return httpx.post(url, json={"query": query}).json()["data"]

    made = 'createSector(input: { name: "自选", symbols: ["600519.SH"] })'
    make = f"mutation {{ {made} {RESULT} }}"
    with start_gateway(tmp_path) as running:
        assert ask(running, make)["createSector"]["changed"]
    with start_gateway(tmp_path) as running:
        held = ask(running, '{ sector(name: "自选") { symbols source } }')["sector"]
    assert held == {"symbols": ["600519.SH"], "source": "USER"}
