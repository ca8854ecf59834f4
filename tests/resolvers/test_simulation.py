"""The operator of a simulated world, over HTTP and gRPC against a whole gateway."""

from decimal import ROUND_CEILING, Decimal

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


def submit(world, key, price, quantity=100):
    ticket = (
        f'{{ accountId: "sim-1", clientOrderId: "{key}", symbol: "600000.SH", side: BUY, '
        f'quantity: {quantity}, limitPrice: "{price}" }}'
    )
    done = world.ask(
        f"mutation {{ submitOrder(input: {ticket}) {{ ... on SubmitOrderSuccess "
        "{ order { id state filledQuantity } } ... on Problem { code message } } }"
    )["submitOrder"]
    return done["order"]


def seen(world, key):
    return world.ask(
        f'{{ order(accountId: "sim-1", clientOrderId: "{key}") {{ state filledQuantity }}'
        ' fingerprint(symbol: "600000.SH") { hash events } serverInfo { clock { now epoch } } }'
    )


def resting_price(world):
    bids = world.ask('{ quote(symbol: "600000.SH") { bids { price } } }')["quote"]["bids"]
    return f"{bids[-1]['price'] - 0.05:.2f}"


def test_a_snapshot_brings_orders_books_and_time_back(world):
    price = resting_price(world)
    assert submit(world, "k1", price)["state"] == "WORKING"
    kept = seen(world, "k1")
    save = simulation_pb2.SaveSnapshotRequest(name="begun")
    world.rpc(lambda stub: stub.SaveSnapshot(save))
    world.act("jumpClock", '{ time: "14:30" }', CLOCK)
    assert submit(world, "k2", price)
    assert seen(world, "k1")["fingerprint"] != kept["fingerprint"]
    restore = simulation_pb2.RestoreSnapshotRequest(name="begun")
    assert world.rpc(lambda stub: stub.RestoreSnapshot(restore)).snapshot.name == "begun"
    again = seen(world, "k1")
    assert again["serverInfo"]["clock"]["now"] == kept["serverInfo"]["clock"]["now"]
    assert again["serverInfo"]["clock"]["epoch"] != kept["serverInfo"]["clock"]["epoch"]
    assert (again["order"], again["fingerprint"]) == (kept["order"], kept["fingerprint"])
    assert seen(world, "k2")["order"] is None
    # the order is open at the exchange as well: strangers fill it
    world.ask(
        f'mutation {{ injectTrade(input: {{ symbol: "600000.SH", price: "{price}", '
        "quantity: 1000000 }) { ... on Problem { code message } } }"
    )
    for _ in range(200):
        if seen(world, "k1")["order"]["state"] == "FILLED":
            break
    assert seen(world, "k1")["order"] == {"state": "FILLED", "filledQuantity": 100}


def market(world, mutation, given):
    return world.ask(
        f"mutation {{ {mutation}(input: {given}) {{ ... on ChangeMarketSuccess "
        f"{{ change {{ symbol time }} }} {REFUSED} }} }}"
    )[mutation]


def test_a_halted_symbol_trades_again_when_it_is_resumed(world):
    symbol = '{ symbol: "600000.SH" }'
    changed = {"change": {"symbol": "600000.SH", "time": "2023-02-01T09:30:00+08:00"}}
    world.act("jumpClock", '{ time: "10:00" }', CLOCK)
    changed["change"]["time"] = "2023-02-01T10:00:00+08:00"
    assert market(world, "haltSymbol", symbol) == changed
    price = resting_price(world)
    trade = f'{{ symbol: "600000.SH", price: "{price}", quantity: 100 }}'
    assert market(world, "injectTrade", trade)["code"] == "SUSPENDED"
    assert market(world, "resumeSymbol", symbol) == changed
    assert market(world, "injectTrade", trade) == changed


def test_a_new_share_that_moves_too_far_stops_for_ten_minutes(world):
    fresh, bid = "302901.SZ", '{ submitOrder(input: { accountId: "sim-1", side: BUY,'
    world.act("jumpClock", "{ nextDay: true }", CLOCK)
    world.act("jumpClock", "{ nextDay: true }", CLOCK)  # 2023-02-03, its first day
    world.act("jumpClock", '{ time: "10:00" }', CLOCK)
    rules = f'instrument(symbol: "{fresh}") {{ rules {{ halts {{ moveRatio minutes }} }} }}'
    found = world.ask(f'{{ quote(symbol: "{fresh}") {{ open }} {rules} }}')
    assert found["instrument"]["rules"]["halts"][0] == {"moveRatio": "0.30", "minutes": 10}
    open_ = Decimal(str(found["quote"]["open"]))
    far = (open_ * Decimal("1.3")).quantize(Decimal("0.01"), ROUND_CEILING)
    trade = f'{{ symbol: "{fresh}", price: "{far}", quantity: 100 }}'
    assert "change" in market(world, "injectTrade", trade)
    assert market(world, "injectTrade", trade)["code"] == "SUSPENDED"
    waits = world.ask(
        f'mutation {bid} clientOrderId: "k", symbol: "{fresh}", quantity: 100, '
        f'limitPrice: "{open_}" }}) {{ ... on SubmitOrderSuccess {{ order {{ state }} }} '
        "... on Problem { code message } } }"
    )["submitOrder"]
    assert waits == {"order": {"state": "WORKING"}}
    world.act("jumpClock", '{ time: "10:09" }', CLOCK)
    assert market(world, "injectTrade", trade)["code"] == "SUSPENDED"
    world.act("jumpClock", '{ time: "10:10" }', CLOCK)
    assert "change" in market(world, "injectTrade", trade)


def test_a_sealed_limit_up_fills_no_buyer(world):
    given = '{ symbol: "600000.SH", name: "SEALED_LIMIT_UP" }'
    assert market(world, "loadScenario", given)["change"]["symbol"] == "600000.SH"
    quote = world.ask('{ quote(symbol: "600000.SH") { bids { price } asks { price } } }')["quote"]
    top = f"{quote['bids'][0]['price']:.2f}"
    assert quote["asks"] == []
    assert submit(world, "k1", top)["filledQuantity"] == 0
    world.act("jumpClock", '{ time: "11:00" }', CLOCK)
    assert seen(world, "k1")["order"]["filledQuantity"] == 0


def test_an_announced_dividend_is_paid_on_its_ex_day(world):
    given = '{ symbol: "600519.SH", exDate: "2023-02-02", cash: "10", bonus: "5" }'
    assert market(world, "announceCorporateAction", given)["change"]["symbol"] == "600519.SH"
    read = "{ accounts { asset { cash } positions { symbol quantity } } }"
    world.act("jumpClock", "{ nextDay: true }", CLOCK)
    [account] = world.ask(read)["accounts"]
    assert account["asset"]["cash"] == "1000200.00"
    assert {"symbol": "600519.SH", "quantity": 300} in account["positions"]
