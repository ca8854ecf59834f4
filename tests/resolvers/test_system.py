"""`serverInfo` through the wire."""

from dataclasses import fields, replace
from datetime import datetime, time

from strawberry.utils.str_converters import to_camel_case

from quantgraph.config import LimitsConfig
from quantgraph.domain.operations import operations
from quantgraph.domain.system import PARTS, Limits
from resolvers.root import graphql_schema
from schema.system import ServerInfo, parts_of


def test_the_clock_is_simulated_and_in_session(ask_mock):
    info = ask_mock(
        "{ serverInfo { mode tradingState clock { now simulated speed tradingDay epoch } } }"
    )
    clock = info["serverInfo"]["clock"]
    now = datetime.fromisoformat(clock["now"])
    assert clock["simulated"] is True
    assert clock["tradingDay"] == clock["now"][:10] == "2023-02-01"
    assert time(9, 30) <= now.time() < time(11, 30)
    assert info["serverInfo"]["mode"] == "MOCK"
    assert info["serverInfo"]["tradingState"] == "ACTIVE"


def test_capabilities_say_why_not(ask_mock):
    query = """{ serverInfo { backends { name kind connected
      capabilities { operation available reason } } } }"""
    [backend] = ask_mock(query)["serverInfo"]["backends"]
    assert (backend["name"], backend["kind"], backend["connected"]) == ("sim", "sim", True)
    for each in backend["capabilities"]:
        assert each["available"] is (each["reason"] is None)
    named = {each["operation"] for each in backend["capabilities"]}
    assert named >= set(operations())
    assert {"bars", "trading.submit", "accounts.positions", "orders.LIMIT"} <= named


def test_every_limit_that_a_client_can_meet_is_told(ask_mock):
    names = [each.name for each in fields(Limits)]
    shown = {each: to_camel_case(each) for each in names}
    told = ask_mock(f"{{ serverInfo {{ limits {{ {' '.join(shown.values())} }} }} }}")
    limits = {each: told["serverInfo"]["limits"][shown[each]] for each in names}
    set_by = LimitsConfig()
    met = set(LimitsConfig.model_fields) - {"worker_threads", "worker_backlog", "key_check_seconds"}
    assert {each: limits[each] for each in met} == {each: getattr(set_by, each) for each in met}
    others = {each: limits[each] for each in names if each not in met}
    assert others == {"body_bytes": 262_144, "page_items": 500, "message_bytes": 4_194_304}


def test_the_data_that_is_served_is_named(ask, ask_mock):
    assert ask_mock("{ serverInfo { data } }")["serverInfo"]["data"].startswith("simulated")
    assert "4 symbols until 2024-08-20" in ask("{ serverInfo { data } }")["serverInfo"]["data"]


def test_without_a_bus_nothing_is_said_of_one(ask_mock):
    assert ask_mock("{ serverInfo { busConnected } }")["serverInfo"] == {"busConnected": None}


async def test_limits_are_shown_once_as_long_as_they_are_the_same(gateway):
    info = await gateway.assembly.gateway.system.info()
    shown = ServerInfo.from_domain(info).limits()
    assert ServerInfo.from_domain(info).limits() is shown
    fewer = replace(info, limits=replace(info.limits, bar_rows=7))
    assert ServerInfo.from_domain(fewer).limits().bar_rows == 7


def test_every_field_of_the_server_that_changes_has_its_part():
    names = graphql_schema._schema.get_type("ServerInfo").fields
    found = {name: parts_of((name,)) for name in names}
    steady = {"version", "mode", "rowEncoder", "matchingCore", "startedAt"}
    assert {name for name, parts in found.items() if not parts} == steady
    assert found["tradingState"] == {"trading"}
    assert found["terminalStatus"] == {"terminals"}
    assert found["busConnected"] == {"bus_connected"}
    assert set().union(*found.values()) == PARTS
