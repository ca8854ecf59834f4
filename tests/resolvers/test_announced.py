"""Announced corporate actions, on both wires against a whole gateway: prices and money follow."""

from decimal import ROUND_HALF_UP, Decimal

import grpc
import httpx
import pytest

from quantgraph.v1 import (
    dividends_pb2,
    dividends_pb2_grpc,
    quotes_pb2,
    quotes_pb2_grpc,
    simulation_pb2,
    simulation_pb2_grpc,
    types_pb2,
)

SYMBOL = "000001.SZ"
ANNOUNCE = (
    "mutation {{ announceCorporateAction(input: {{ {} }}) {{ ... on ChangeMarketSuccess "
    "{{ change {{ symbol }} }} ... on SimulationRefused {{ code message }} }} }}"
)
# Ten yuan and five shares for ten, told in two parts.
FIRST = f'symbol: "{SYMBOL}", exDate: "2023-02-02", cash: "6", conversion: "5"'
HOLDER = "{ accounts { asset { cash } positions { symbol quantity costPrice } } }"


class World:
    def __init__(self, running):
        self.addresses = running.addresses
        self.ask("mutation { setClock(input: { paused: true }) { __typename } }")

    def ask(self, document):
        answer = httpx.post(
            f"{self.addresses.http}/graphql", json={"query": document}, timeout=30
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def announce(self, given):
        return self.ask(ANNOUNCE.format(given))["announceCorporateAction"]

    def jump(self, given):
        self.ask(f"mutation {{ jumpClock(input: {{ {given} }}) {{ __typename }} }}")

    def rpc(self, call):
        with grpc.insecure_channel(self.addresses.grpc) as channel:
            return call(channel)

    def snapshot(self, act, name):
        stub, request = f"{act}Snapshot", getattr(simulation_pb2, f"{act}SnapshotRequest")
        service = simulation_pb2_grpc.SimulationServiceStub
        self.rpc(lambda channel: getattr(service(channel), stub)(request(name=name)))

    def quote(self):
        wanted = "lastPrice previousClose open"
        return self.ask(f'{{ quote(symbol: "{SYMBOL}") {{ {wanted} }} }}')["quote"]

    def holder(self):
        [account] = self.ask(HOLDER)["accounts"]
        [held] = [each for each in account["positions"] if each["symbol"] == SYMBOL]
        return account["asset"]["cash"], held["quantity"]


@pytest.fixture
def world(start_gateway, tmp_path):
    with start_gateway(tmp_path) as running:
        yield World(running)


def announce_both(world):
    """Announce one half on each wire; return the reference price that is due."""
    world.jump('time: "15:10"')
    close = world.quote()["lastPrice"]
    assert world.announce(FIRST) == {"change": {"symbol": SYMBOL}}
    request = simulation_pb2.AnnounceCorporateActionRequest(
        symbol=SYMBOL, ex_date=types_pb2.Date(year=2023, month=2, day=2)
    )
    request.cash.value = "4"
    world.rpc(
        lambda channel: simulation_pb2_grpc.SimulationServiceStub(channel).AnnounceCorporateAction(
            request
        )
    )
    exact = (Decimal(str(close)) - 1) / Decimal("1.5")
    return close, float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


def test_prices_events_and_money_follow_an_announced_event(world):
    close, reference = announce_both(world)
    history = (
        f'{{ dividends(symbols: ["{SYMBOL}"], start: "2023-01-01") {{ events {{ exDate }} }} }}'
    )
    assert world.ask(history) == {"dividends": [{"events": []}]}
    assert world.holder() == ("1000000.00", 5_000)

    world.jump("nextDay: true")
    world.jump('time: "10:00"')
    quote = world.quote()
    assert quote["previousClose"] == reference
    assert 0.9 * reference < quote["lastPrice"] < 1.1 * reference
    asked = quotes_pb2.GetQuotesRequest(symbols=[SYMBOL])
    told = world.rpc(lambda channel: quotes_pb2_grpc.QuoteServiceStub(channel).GetQuotes(asked))
    assert told.results[0].quote.previous_close == reference
    band = world.ask(
        f'{{ instrument(symbol: "{SYMBOL}") '
        "{ rules { band { previousClose lowerLimit } } } }"
    )["instrument"]["rules"]["band"]
    lowest = (Decimal(str(reference)) * Decimal("0.9")).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(band["previousClose"]) == Decimal(str(reference))
    assert Decimal(band["lowerLimit"]) == lowest

    asked = dividends_pb2.ListDividendsRequest(symbols=[SYMBOL])
    listed = world.rpc(
        lambda channel: dividends_pb2_grpc.DividendServiceStub(channel).ListDividends(asked)
    )
    event = listed.results[0].history.events[-1]
    assert (event.cash, event.bonus, event.conversion) == (1.0, 0.0, 0.5)
    assert event.ratio == pytest.approx(close / reference)
    assert world.ask(history)["dividends"][0]["events"] == [{"exDate": "2023-02-02"}]
    assert world.holder() == ("1005000.00", 7_500)

    world.jump("nextDay: true")
    read = (
        '{{ bars(symbol: "000001.SZ", start: "2023-02-01", adjustment: {}) '
        "{{ rows {{ close previousClose }} }} }}"
    )
    raw = world.ask(read.format("NONE"))["bars"]["rows"]
    assert (raw[0]["close"], raw[1]["previousClose"]) == (close, reference)
    front = world.ask(read.format("FRONT"))["bars"]["rows"]
    assert front[0]["close"] == pytest.approx((close - 1) / 1.5)
    assert front[1]["close"] == raw[1]["close"]
    minutes = world.ask(
        '{ bars(symbol: "000001.SZ", period: MIN_1, start: "2023-02-01", '
        "adjustment: FRONT_RATIO) { rows { close } } }"
    )["bars"]["rows"]
    assert minutes[239]["close"] == pytest.approx(reference)
    assert world.holder() == ("1005000.00", 7_500)


@pytest.mark.parametrize("process", [False, True], ids=["own", "apart"])
def test_a_snapshot_keeps_announced_events(start_gateway, tmp_path, process):
    order = (
        'mutation {{ submitOrder(input: {{ accountId: "sim-1", clientOrderId: "{}", '
        'symbol: "000001.SZ", side: SELL, quantity: 100, limitPrice: "{:.2f}" }}) '
        "{{ __typename ... on OrderRejected {{ code }} }} }}"
    )
    taken = {"submitOrder": {"__typename": "SubmitOrderSuccess"}}
    with start_gateway(tmp_path, mock={"process": process}) as running:
        world = World(running)
        world.snapshot("Save", "unannounced")
        _, reference = announce_both(world)
        world.snapshot("Save", "before")
        world.jump('day: "2023-02-02", time: "10:00"')
        # At a price that only the ex-day's band allows: the exchange lists by the new prices.
        assert world.ask(order.format("a", reference * 1.09)) == taken
        world.snapshot("Save", "after")
        shown = world.quote(), world.holder()
        assert shown[1] == ("1005000.00", 7_500)

        world.snapshot("Restore", "unannounced")
        world.jump('day: "2023-02-02", time: "10:00"')
        assert world.quote()["previousClose"] > 1.3 * reference
        assert world.holder() == ("1000000.00", 5_000)
        for name in ("before", "after"):
            world.snapshot("Restore", name)
            if name == "before":
                world.jump('day: "2023-02-02", time: "10:00"')
                assert world.ask(order.format("a", reference * 1.09)) == taken
            assert (world.quote(), world.holder()) == shown
        world.jump("nextDay: true")
        assert world.holder() == ("1005000.00", 7_500)


def test_what_cannot_be_announced_is_refused(world):
    def code(symbol, day="2023-02-02", cash="1"):
        return world.announce(f'symbol: "{symbol}", exDate: "{day}", cash: "{cash}"')["code"]

    assert code("999999.SH") == "UNKNOWN_SYMBOL"
    for wrong in (("000300.SH",), ("110059.SH",), (SYMBOL, "2023-02-02", "200")):
        document = ANNOUNCE.format(
            f'symbol: "{wrong[0]}", exDate: "2023-02-02", cash: "{(*wrong, 1, 1)[2]}"'
        )
        url = f"{world.addresses.http}/graphql"
        [error] = httpx.post(url, json={"query": document}, timeout=30).json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
