"""`serverInfo` through the wire."""

from datetime import datetime, time

from quantgraph.domain.operations import operations


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


def test_limits_are_told(ask_mock):
    limits = ask_mock("{ serverInfo { limits { barRows batchSymbols bodyBytes queryTokens } } }")
    assert limits["serverInfo"]["limits"]["barRows"] == 100_000


def test_the_data_that_is_served_is_named(ask, ask_mock):
    assert ask_mock("{ serverInfo { data } }")["serverInfo"]["data"].startswith("simulated")
    assert "4 symbols until 2024-08-20" in ask("{ serverInfo { data } }")["serverInfo"]["data"]
