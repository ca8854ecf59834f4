"""Sectors and their members, and what a deep query costs."""

import asyncio
import shutil
from dataclasses import replace

import httpx
import pytest

from quantgraph.domain.sectors import Sector
from quantgraph.domain.sources import Source

DEEP = """query($name: String!) { sector(name: $name) { members { instrument {
  name sectors { name }
  rules { isTradable } quote { lastPrice } bars(last: 5) { rows { close } } } } } }"""


def test_imported_sectors_have_their_category_and_members(ask):
    sector = ask('{ sector(name: "股权激励") { category source memberCount symbols } }')["sector"]
    assert sector["category"] == "概念"
    assert sector["source"] == "IMPORTED"
    assert sector["memberCount"] == len(sector["symbols"]) > 10
    assert len(set(sector["symbols"])) == len(sector["symbols"])


def test_an_index_with_weights_is_a_sector(ask):
    data = ask(
        '{ sector(name: "沪深300") { memberCount category } '
        'indexWeights(indexSymbol: "000300.SH") { symbol weight date source } }'
    )
    assert data["sector"] == {"memberCount": 300, "category": "INDEX"}
    weights = data["indexWeights"]
    assert len(weights) == 300
    assert sum(each["weight"] for each in weights) == pytest.approx(100.003, abs=1e-9)
    assert [each["weight"] for each in weights] == sorted(e["weight"] for e in weights)[::-1]
    assert {each["date"] for each in weights} == {"2026-04-30"}


def test_every_sector_is_listed_once(ask):
    names = [each["name"] for each in ask("{ sectors { name } }")["sectors"]]
    assert "沪深300" in names
    assert len(names) == len(set(names)) > 150


def test_an_unknown_sector_is_an_error_with_a_code(ask):
    answer = ask('{ sector(name: "没有") { name } }', fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_SECTOR"


def test_sectors_of_a_category_are_listed_alone(ask):
    found = ask('{ sectors(category: "INDEX") { name category } }')["sectors"]
    assert [each["name"] for each in found] == ["沪深300"]
    assert ask('{ sectors(category: "无") { name } }')["sectors"] == []


def test_a_sector_and_its_weights_are_asked_for_as_of_a_day(ask):
    query = """query($date: Date) { sector(name: "沪深300", date: $date) { date dates memberCount }
      indexWeights(indexSymbol: "000300.SH", date: $date) { date } }"""
    found = ask(query, date="2026-05-01")
    assert found["sector"] == {"date": "2026-04-30", "dates": ["2026-04-30"], "memberCount": 300}
    assert {each["date"] for each in found["indexWeights"]} == {"2026-04-30"}
    answer = ask(query, date="2026-04-29", fails=True)
    codes = [each["extensions"]["code"] for each in answer["errors"]]
    assert codes == ["DATE_NOT_HELD", "DATE_NOT_HELD"]


def test_a_simulated_sector_grows_with_its_listings(ask_mock):
    query = 'query($date: Date) { sector(name: "半导体", date: $date) { date symbols } }'
    found = ask_mock(query, date="2018-01-02")["sector"]
    assert found == {"date": "2017-05-04", "symbols": ["603501.SH"]}
    assert len(ask_mock(query)["sector"]["symbols"]) == 3


def test_an_instrument_knows_its_sectors(ask, ask_mock):
    query = '{ instrument(symbol: "600519.SH") { sectors { name category } } }'
    names = [each["name"] for each in ask_mock(query)["instrument"]["sectors"]]
    assert names == ["沪深300", "白酒"]
    held = [each["name"] for each in ask(query)["instrument"]["sectors"]]
    assert "沪深300" in held
    assert held == sorted(held)


def test_members_join_instruments_quotes_and_bars(ask):
    members = ask(DEEP, name="沪深300")["sector"]["members"]
    assert len(members) == 300
    moutai = next(each for each in members if each["instrument"]["name"] == "贵州茅台")
    assert moutai["instrument"]["quote"]["lastPrice"] > 0
    assert len(moutai["instrument"]["bars"]["rows"]) == 5


class Counting:
    """Passes every call on and counts it."""

    def __init__(self, inner, counts):
        self._inner, self._counts = inner, counts

    def __getattr__(self, name):
        method = getattr(self._inner, name)

        def counted(*args):
            self._counts[name] = self._counts.get(name, 0) + 1
            return method(*args)

        return counted


@pytest.mark.parametrize("size", [1, 30, 300])
def test_members_cost_the_same_number_of_calls_however_many_they_are(imported, tmp_path, size):
    """Counted at the ports, below loaders, over a sector of any size."""
    from api.app import build_app
    from api.assembly import open_assembly
    from quantgraph.loading import load_config
    from resolvers.root import graphql_schema

    async def run():
        # A copy: another gateway holds the folder itself.
        shutil.copytree(imported, tmp_path / "copy", ignore=shutil.ignore_patterns("journal*"))
        settings = {"data_dir": str(tmp_path / "copy"), "mode": "mock"}
        config = load_config(None, settings)
        async with open_assembly(config) as assembly:
            counts = {}
            whole = assembly.gateway
            members = (await whole.reference.sector("沪深300")).symbols[:size]

            class OneSector(Counting):
                async def sector(self, name, day=None):
                    counts["sector"] = counts.get("sector", 0) + 1
                    return Sector(name, None, members, Source.IMPORTED)

            counted = replace(
                whole,
                reference=OneSector(whole.reference, counts),
                bars=Counting(whole.bars, counts),
                quotes=Counting(whole.quotes, counts),
                rules=Counting(whole.rules, counts),
            )
            transactions = assembly.store.counter.transactions
            app = build_app(graphql_schema, counted, config)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                body = {"query": DEEP, "variables": {"name": "any"}}
                answer = (await http.post("/graphql", json=body)).json()
            assert len(answer["data"]["sector"]["members"]) == size
            assert "errors" not in answer
            return counts, assembly.store.counter.transactions - transactions

    counts, transactions = asyncio.run(run())
    assert counts == {
        "sector": 1,
        "instruments": 1,
        "sectors_of": 1,
        "rules": 1,
        "quotes": 1,
        "bars": 1,
    }
    # Threads that look first each read what the simulator begins from; none reads per member.
    assert transactions <= 18
