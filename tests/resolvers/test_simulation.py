"""The operator of a simulated world, over HTTP and gRPC against a whole gateway."""

import grpc
import httpx
import pytest

from quantgraph.v1 import accounts_pb2, accounts_pb2_grpc, simulation_pb2, simulation_pb2_grpc

CLOCK = "clock { now speed paused phase tradingDay epoch }"
REFUSED = "... on SimulationRefused { code message messageZh }"


@pytest.fixture
def world(start_gateway, tmp_path):
    """A gateway of its own, whose clock the test may turn; it stands still."""
    with start_gateway(tmp_path, mock={"account_limit": 3}) as running:
        yield World(running)


class World:
    def __init__(self, running):
        self.addresses = running.addresses
        self.act("setClock", "{ paused: true }", CLOCK)

    def ask(self, document):
        answer = httpx.post(
            f"{self.addresses.http}/graphql", json={"query": document}, timeout=30
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def act(self, mutation, given, wanted):
        kind = {"C": "ChangeClockSuccess", "A": "ChangeAccountSuccess"}[
            "C" if "Clock" in mutation else "A"
        ]
        document = (
            f"mutation {{ {mutation}(input: {given}) "
            f"{{ ... on {kind} {{ {wanted} }} {REFUSED} }} }}"
        )
        return self.ask(document)[mutation]

    def rpc(self, call):
        with grpc.insecure_channel(self.addresses.grpc) as channel:
            return call(simulation_pb2_grpc.SimulationServiceStub(channel))


def test_the_clock_is_turned_on_one_wire_and_seen_on_the_other(world):
    world.act("jumpClock", '{ time: "14:30" }', CLOCK)
    seen = world.rpc(lambda stub: stub.GetSimulation(simulation_pb2.GetSimulationRequest()))
    assert seen.simulation.clock.now.ToJsonString() == "2023-02-01T06:30:00Z"
    assert seen.simulation.clock.paused
    request = simulation_pb2.JumpClockRequest(time="14:58")
    world.rpc(lambda stub: stub.JumpClock(request))
    world.rpc(lambda stub: stub.SetClock(simulation_pb2.SetClockRequest(speed=250)))
    shown = world.ask(f"{{ serverInfo {{ {CLOCK} }} }}")["serverInfo"]["clock"]
    assert shown["now"] == "2023-02-01T14:58:00+08:00"
    assert (shown["speed"], shown["paused"], shown["phase"]) == (250.0, True, "CLOSE_AUCTION")


def test_quotes_and_bars_follow_a_jump_at_once(world):
    read = (
        '{ quote(symbol: "600519.SH") { time volume }'
        ' bars(symbol: "600519.SH", period: MIN_1, last: 1) { rows { time } } }'
    )
    before = world.ask(read)
    world.act("jumpClock", '{ time: "10:00" }', CLOCK)
    after = world.ask(read)
    assert after["quote"]["time"] == "2023-02-01T10:00:00+08:00"
    assert after["quote"]["volume"] > before["quote"]["volume"]
    assert after["bars"]["rows"] == [{"time": "2023-02-01T09:59:00+08:00"}]


def test_a_jump_into_an_auction_shows_nothing_traded(world):
    world.act("jumpClock", "{ nextDay: true }", CLOCK)
    found = world.ask('{ quote(symbol: "600519.SH") { time lastPrice suspended } }')["quote"]
    shown = {"time": "2023-02-02T09:15:00+08:00", "lastPrice": None, "suspended": False}
    assert found == shown


def test_a_jump_back_is_refused_as_data(world):
    refused = world.act("jumpClock", '{ day: "2023-01-31" }', CLOCK)
    assert refused["code"] == "CLOCK_BACKWARD"
    assert refused["messageZh"]


def test_an_account_is_opened_funded_and_emptied(world):
    made = world.act(
        "createAccount",
        '{ accountId: "train-1", cash: "5000.50", positions: '
        '[{ symbol: "600000.SH", quantity: 300, costPrice: "9.90" }] }',
        "account { id name status positions { symbol quantity sellable } }",
    )["account"]
    held = [{"symbol": "600000.SH", "quantity": 300, "sellable": 300}]
    assert (made["id"], made["name"], made["status"]) == ("train-1", "train-1", "CONNECTED")
    assert made["positions"] == held
    paid = '{ accountId: "train-1", amount: "%s" }'
    cash = "account { asset { cash } }"
    assert world.act("depositCash", paid % "99.50", cash)["account"]["asset"] == {"cash": "5100.00"}
    taken = world.act("withdrawCash", paid % "5100", cash)["account"]["asset"]
    assert float(taken["cash"]) == 0
    assert world.act("withdrawCash", paid % "0.01", cash)["code"] == "INSUFFICIENT_CASH"
    with grpc.insecure_channel(world.addresses.grpc) as channel:
        stub = accounts_pb2_grpc.AccountServiceStub(channel)
        ids = [each.id for each in stub.ListAccounts(accounts_pb2.ListAccountsRequest()).accounts]
    assert ids == ["sim-1", "train-1"]


def test_incidents_are_switched_on_and_off_as_they_are_written(world):
    def switch(*settings):
        request = simulation_pb2.SetFaultsRequest(settings=settings)
        faults = world.rpc(lambda stub: stub.SetFaults(request)).faults
        return {each.name: each.setting for each in faults if each.HasField("setting")}

    shown = {"LOST_CALLBACK": "LOST_CALLBACK probability=0.05 times=3 delay_ms=0",
             "SLOW_LIST": "SLOW_LIST probability=1 delay_ms=3000"}  # fmt: skip
    assert switch("LOST_CALLBACK times=3 probability=0.05", "SLOW_LIST") == shown
    assert switch(*shown.values()) == shown
    with pytest.raises(grpc.RpcError):
        switch("NOTHING")
    found = world.ask("{ simulation { faults { name setting descriptionZh } } }")["simulation"]
    assert {each["name"]: each["setting"] for each in found["faults"] if each["setting"]} == shown
    assert switch() == {}


def test_accounts_have_ids_of_their_own_and_are_not_without_end(world):
    def make(name):
        given = f'{{ accountId: "{name}", cash: "1" }}'
        return world.act("createAccount", given, "account { id }")

    assert make("sim-1")["code"] == "ACCOUNT_TAKEN"
    assert [make(name)["account"]["id"] for name in ("a", "b")] == ["a", "b"]
    assert make("c")["code"] == "ACCOUNT_LIMIT"
