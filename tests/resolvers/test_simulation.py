"""The operator of a simulated world, over HTTP and gRPC against a whole gateway."""

import json
import threading
from decimal import ROUND_CEILING, Decimal

import grpc
import httpx
import pytest

from quantgraph.v1 import (
    accounts_pb2,
    accounts_pb2_grpc,
    orders_pb2,
    orders_pb2_grpc,
    simulation_pb2,
    simulation_pb2_grpc,
    streams_pb2,
    types_pb2,
)

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
        refused = "" if mutation == "setClock" else REFUSED  # nothing refuses it
        document = (
            f"mutation {{ {mutation}(input: {given}) "
            f"{{ ... on {kind} {{ {wanted} }} {refused} }} }}"
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


def test_a_jump_is_answered_when_the_order_books_have_followed_it(world):
    order = (
        'mutation { submitOrder(input: { accountId: "sim-1", clientOrderId: "k1", '
        'symbol: "000001.SZ", side: BUY, quantity: 100, limitPrice: "%s" }) { __typename } }'
    )
    read = '{ quote(symbol: "000001.SZ") { time previousClose lastPrice bids { price quantity } } }'
    close = world.ask(read)["quote"]["previousClose"]
    assert world.ask(order % f"{close * 0.91:.2f}") == {
        "submitOrder": {"__typename": "SubmitOrderSuccess"}
    }
    world.act("jumpClock", '{ time: "10:30" }', CLOCK)
    at_once = world.ask(read)
    world.ask("{ accounts { asset { cash } } }")  # waits for the order books
    assert world.ask(read) == at_once


def test_nobody_waits_for_a_jump_that_is_under_way(world):
    order = (
        'mutation { submitOrder(input: { accountId: "sim-1", clientOrderId: "%s", '
        'symbol: "%s", side: BUY, quantity: 100, limitPrice: "%s" }) { __typename } }'
    )
    symbols = ["000001.SZ", "600000.SH", "000858.SZ", "600036.SH"]
    asked = world.ask(f"{{ quotes(symbols: {json.dumps(symbols)}) {{ symbol previousClose }} }}")
    for number, each in enumerate(asked["quotes"]):
        price = f"{each['previousClose'] * 0.91:.2f}"
        placed = world.ask(order % (f"k{number}", each["symbol"], price))
        assert placed == {"submitOrder": {"__typename": "SubmitOrderSuccess"}}
    jump = threading.Thread(target=world.act, args=("jumpClock", '{ time: "11:00" }', CLOCK))
    read = (
        '{ serverInfo { clock { now speed lagging effectiveSpeed } } quote(symbol: "000001.SZ") '
        "{ time } accounts { asset { frozenCash } } }"
    )
    jump.start()
    seen = [world.ask(read)]
    while jump.is_alive() or seen[-1]["serverInfo"]["clock"]["lagging"]:
        seen.append(world.ask(read))
    jump.join()
    clocks = [each["serverInfo"]["clock"] for each in [*seen, world.ask(read)]]
    assert [each["now"] for each in clocks] == sorted(each["now"] for each in clocks)
    under_way = [each for each in clocks if each["lagging"]]
    assert len({each["now"] for each in under_way}) > 1
    assert all(each["now"] < "2023-02-01T11:00:00+08:00" for each in under_way)
    assert max(each["effectiveSpeed"] for each in under_way) > 1
    times = [each["quote"]["time"] for each in seen]
    assert times == sorted(times)
    assert len({each["accounts"][0]["asset"]["frozenCash"] for each in seen}) == 1
    assert clocks[-1] == {
        "now": "2023-02-01T11:00:00+08:00",
        "speed": 1.0,
        "lagging": False,
        "effectiveSpeed": 0.0,
    }


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
    assert taken["cash"] == "0.00"
    assert world.act("depositCash", paid % "7.5000", cash)["account"]["asset"]["cash"] == "7.50"
    assert world.act("withdrawCash", paid % "7.5", cash)["account"]["asset"]["cash"] == "0.00"
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


def test_an_account_buys_half_a_million_warned_shares_a_day(world):
    warned = "600518.SH"
    paid = '{ accountId: "sim-1", amount: "9000000" }'
    world.act("depositCash", paid, "account { asset { cash } }")
    band = world.ask(
        f'{{ instrument(symbol: "{warned}") {{ rules {{ band {{ lowerLimit }} }} }} }}'
    )
    low = band["instrument"]["rules"]["band"]["lowerLimit"]

    def buy(key, quantity):
        done = world.ask(
            f'mutation {{ submitOrder(input: {{ accountId: "sim-1", clientOrderId: "{key}", '
            f'symbol: "{warned}", side: BUY, quantity: {quantity}, limitPrice: "{low}" }}) '
            "{ ... on SubmitOrderSuccess { order { state } } ... on Problem { code } } }"
        )["submitOrder"]
        return done.get("code") or done["order"]["state"]

    assert buy("over", 500_100) == "PURCHASE_LIMIT"
    assert buy("most", 499_900) == "WORKING"
    assert buy("more", 200) == "PURCHASE_LIMIT"
    assert buy("rest", 100) == "WORKING"
    assert buy("one", 100) == "PURCHASE_LIMIT"
    # what was taken back was not bought
    gone = '{ accountId: "sim-1", clientOrderId: "rest" }'
    world.ask(f"mutation {{ cancelOrder(input: {gone}) {{ __typename }} }}")
    assert buy("again", 100) == "WORKING"


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
    price = resting_price(world)
    assert market(world, "haltSymbol", symbol) == changed
    shown = world.ask('{ quote(symbol: "600000.SH") { halted bids { price } asks { price } } }')
    assert shown["quote"] == {"halted": True, "bids": [], "asks": []}
    trade = f'{{ symbol: "600000.SH", price: "{price}", quantity: 100 }}'
    assert market(world, "injectTrade", trade)["code"] == "SUSPENDED"
    assert market(world, "resumeSymbol", symbol) == changed
    assert market(world, "injectTrade", trade) == changed
    assert not world.ask('{ quote(symbol: "600000.SH") { halted } }')["quote"]["halted"]


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


PLAYED = {
    "SEALED_LIMIT_UP": "600000.SH",
    "SEALED_LIMIT_DOWN": "600519.SH",
    "HALT": "000001.SZ",
    "GAP_OPEN": "600036.SH",
    "ONE_PRICE_DAY": "601318.SH",
    "THIN_BOOK": "000858.SZ",
    "FLASH_CRASH": "000333.SZ",
}
NUMBERS = {"GAP_OPEN": "percent: 3", "ONE_PRICE_DAY": "percent: 2", "HALT": "minutes: 10"}


def screens(world):
    symbols = ", ".join(f'"{each}"' for each in PLAYED.values())
    levels = "{ price quantity }"
    found = world.ask(
        f"{{ quotes(symbols: [{symbols}]) {{ symbol lastPrice previousClose volume "
        f"bids {levels} asks {levels} }} }}"
    )["quotes"]
    return {name: next(q for q in found if q["symbol"] == PLAYED[name]) for name in PLAYED}


def go(world, *times):
    """Return what the played symbols show at those times, one after the other."""
    found = []
    for time in times:
        world.act("jumpClock", f'{{ time: "{time}" }}', CLOCK)
        found.append(screens(world))
    return found


def load(world, number, name):
    """Load a scenario, each wire in turn."""
    text = NUMBERS.get(name)
    if number % 2:
        given = f'{{ name: "{text.split(":")[0]}", value: "{text.split()[1]}" }}' if text else ""
        given = f'{{ symbol: "{PLAYED[name]}", name: "{name}", parameters: [{given}] }}'
        assert market(world, "loadScenario", given)["change"]["symbol"] == PLAYED[name]
        return
    request = simulation_pb2.LoadScenarioRequest(symbol=PLAYED[name], name=name)
    if text:
        argument = request.parameters.add(name=text.split(":")[0])
        argument.value.value = text.split()[1]
    change = world.rpc(lambda stub: stub.LoadScenario(request)).change
    assert change.symbol == PLAYED[name]


def prices(quote, side="bids"):
    return [each["price"] for each in quote[side]]


def check_played(usual, shown):
    """Check what is shown at once, a minute later and after eleven, against the usual day."""
    begun, minute, later = shown
    up, down = begun["SEALED_LIMIT_UP"], begun["SEALED_LIMIT_DOWN"]
    assert (up["asks"], down["bids"]) == ([], [])
    assert prices(up)[0] == pytest.approx(up["previousClose"] * 1.1, abs=0.006)
    assert prices(down, "asks")[0] == pytest.approx(down["previousClose"] * 0.9, abs=0.006)
    assert later["SEALED_LIMIT_UP"]["volume"] == up["volume"]
    for found in (begun["HALT"], minute["HALT"]):
        assert (found["bids"], found["asks"]) == ([], [])
    assert later["HALT"]["bids"] == usual[2]["HALT"]["bids"] != []
    for found, known in zip(shown, usual, strict=True):
        moved = prices(found["GAP_OPEN"])[0] - prices(known["GAP_OPEN"])[0]
        assert moved == pytest.approx(found["GAP_OPEN"]["previousClose"] * 0.03, abs=0.011)
        assert {each["quantity"] for each in found["THIN_BOOK"]["bids"]} == {100}
        assert len(found["THIN_BOOK"]["bids"]) <= 2
    only = later["ONE_PRICE_DAY"]
    assert only["lastPrice"] == pytest.approx(only["previousClose"] * 1.02, abs=0.011)
    assert only["volume"] > begun["ONE_PRICE_DAY"]["volume"]
    fallen, known = minute["FLASH_CRASH"], usual[1]["FLASH_CRASH"]
    fall = prices(known)[0] - prices(fallen)[0]
    assert fall == pytest.approx(known["previousClose"] * 0.08, rel=0.3)
    assert prices(later["FLASH_CRASH"]) == prices(usual[2]["FLASH_CRASH"])


def test_every_scenario_is_played_and_goes_on_after_a_restore(world):
    def save(name):
        world.rpc(lambda stub: stub.SaveSnapshot(simulation_pb2.SaveSnapshotRequest(name=name)))

    def restore(name):
        request = simulation_pb2.RestoreSnapshotRequest(name=name)
        world.rpc(lambda stub: stub.RestoreSnapshot(request))

    known = world.ask("{ simulation { scenarios { name } } }")["simulation"]["scenarios"]
    names = [each["name"] for each in known]
    assert sorted(names) == sorted(PLAYED)
    times = ("10:01", "10:11")
    world.act("jumpClock", '{ time: "10:00" }', CLOCK)
    save("usual")
    usual = [screens(world), *go(world, *times)]
    restore("usual")
    for number, name in enumerate(PLAYED):
        load(world, number, name)
    begun = screens(world)
    save("played")
    shown = go(world, *times)
    check_played(usual, [begun, *shown])
    mark = world.ask("{ fingerprint { hash events } }")
    restore("played")
    assert screens(world) == begun
    assert go(world, *times) == shown
    assert world.ask("{ fingerprint { hash events } }") == mark


def test_a_created_account_trades_at_once_on_both_wires(world):
    world.act("createAccount", '{ accountId: "new-1", cash: "100000" }', "account { id }")
    asks = world.ask('{ quote(symbol: "600000.SH") { asks { price } } }')["quote"]["asks"]
    ask = asks[0]["price"]
    ticket = (
        '{ accountId: "new-1", clientOrderId: "g", symbol: "600000.SH", side: BUY, quantity: 100, '
        f'limitPrice: "{ask:.2f}" }}'
    )
    done = world.ask(
        f"mutation {{ submitOrder(input: {ticket}) {{ ... on SubmitOrderSuccess "
        "{ order { id } } ... on Problem { code message } } }"
    )["submitOrder"]
    assert "order" in done, done
    with grpc.insecure_channel(world.addresses.grpc) as channel:
        request = orders_pb2.SubmitOrderRequest(
            account_id="new-1",
            client_order_id="r",
            symbol="600000.SH",
            side=orders_pb2.SIDE_BUY,
            quantity=100,
            limit_price=types_pb2.Decimal(value=f"{ask:.2f}"),
        )
        assert orders_pb2_grpc.OrderServiceStub(channel).SubmitOrder(request).order.id
        stub = accounts_pb2_grpc.AccountServiceStub(channel)
        stream = stub.StreamAccountEvents(
            accounts_pb2.StreamAccountEventsRequest(account_id="new-1"), timeout=20
        )
        told = next(iter(stream)).event
        stream.cancel()
    assert told.kind == streams_pb2.STREAM_KIND_SNAPSHOT
    account = told.account
    assert (account.id, account.status) == ("new-1", accounts_pb2.ACCOUNT_STATUS_CONNECTED)
    held = world.ask("{ accounts { id positions { quantity sellable } } }")["accounts"]
    new = next(each for each in held if each["id"] == "new-1")
    assert new["positions"] == [{"quantity": 200, "sellable": 0}]


def test_a_jump_over_the_end_of_a_day_is_over_when_it_is_answered(world):
    price = resting_price(world)
    assert submit(world, "k1", price)["state"] == "WORKING"
    world.act("jumpClock", '{ day: "2023-02-06" }', CLOCK)
    assert seen(world, "k1")["order"] == {"state": "EXPIRED", "filledQuantity": 0}
    account = world.ask("{ accounts { asset { cash frozenCash } } }")["accounts"][0]
    assert account["asset"] == {"cash": "1000000.00", "frozenCash": "0.00"}
