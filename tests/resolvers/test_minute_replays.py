"""Orders on a day that is played of imported minute bars, on both wires of a whole gateway."""

import csv
from datetime import date, time
from decimal import Decimal

import grpc
import httpx
import pytest

from quantgraph.config import CalendarConfig
from quantgraph.domain.calendar import at, shown_instant
from quantgraph.services.calendar import load_calendar
from quantgraph.store.imports.draft import ImportOptions
from quantgraph.store.imports.importer import Importer
from quantgraph.store.imports.layouts import ImportKind
from quantgraph.store.market import MarketStore
from quantgraph.v1 import (
    bars_pb2,
    bars_pb2_grpc,
    orders_pb2,
    orders_pb2_grpc,
    quotes_pb2,
    quotes_pb2_grpc,
    types_pb2,
)
from tests.backends.sim.flow.recorded import FixedClock

SYMBOL, DAY = "000001.SZ", date(2018, 1, 2)
FILE = "minute/000001.SZ_1m_201801.csv"


@pytest.fixture(scope="module")
def folder(shared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    store = MarketStore(folder / "mock")
    importer = Importer(store, load_calendar(CalendarConfig(), folder), FixedClock())
    files = [shared / FILE]
    assert not importer.import_files(ImportKind.BARS, files, ImportOptions()).failures
    store.close()
    return folder


@pytest.fixture(scope="module")
def minutes(shared):
    """The day's minutes after ten: the second each ends at, its low and its high."""
    with (shared / FILE).open() as file:
        rows = [row for row in csv.DictReader(file) if row["date"] == f"{DAY:%Y%m%d}"]
    found = []
    for row in rows:
        hour, minute = divmod(int(row["time"]) // 100_000, 100)
        end = at(DAY, time(hour, minute))
        if end > at(DAY, time(10)):
            found.append((end, Decimal(row["low"]), Decimal(row["high"])))
    return found


@pytest.fixture
def world(start_gateway, folder):
    with start_gateway(folder, mock={"liquidity": "replay"}) as running:
        yield World(running)


class World:
    def __init__(self, running):
        self.addresses = running.addresses
        self.ask("mutation { setClock(input: { paused: true }) { __typename } }")

    def ask(self, document):
        url = f"{self.addresses.http}/graphql"
        answer = httpx.post(url, json={"query": document}, timeout=30).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def rpc(self, service, method, request):
        with grpc.insecure_channel(self.addresses.grpc) as channel:
            return getattr(service(channel), method)(request)

    def jump(self, instant):
        clock = shown_instant(instant).time()
        self.ask(f'mutation {{ jumpClock(input: {{ time: "{clock}" }}) {{ __typename }} }}')

    def filled(self, key):
        """Return what an order has filled, as both wires say."""
        given = f'accountId: "sim-1", clientOrderId: "{key}"'
        told = self.ask(f"{{ order({given}) {{ filledQuantity averagePrice }} }}")["order"]
        request = orders_pb2.GetOrderRequest(account_id="sim-1", client_order_id=key)
        order = self.rpc(orders_pb2_grpc.OrderServiceStub, "GetOrder", request).order
        assert order.filled_quantity == told["filledQuantity"]
        if told["averagePrice"] is not None:
            assert order.average_price.value == told["averagePrice"]
        return told["filledQuantity"], told["averagePrice"]


def crossing(minutes, side):
    """Return a price that is first traded through in some minute, and that minute's end.

    `side` 1: the price is below all that traded since ten until then; 2: above.
    """
    best = minutes[0][side]
    for end, *prices in minutes[1:]:
        price = prices[side - 1]
        step = Decimal("0.02") if side == 1 else Decimal("-0.02")
        if (best - price) * (1 if side == 1 else -1) >= abs(step):
            return price + step / 2, end
        best = min(best, price) if side == 1 else max(best, price)
    raise AssertionError("the day's price never moved")


def test_orders_fill_in_the_minute_in_which_their_price_is_traded_through(world, minutes):
    (low, falls), (high, rises) = crossing(minutes, 1), crossing(minutes, 2)
    world.jump(at(DAY, time(10)))
    sent = world.ask(
        'mutation { submitOrder(input: { accountId: "sim-1", clientOrderId: "buy", symbol: '
        f'"{SYMBOL}", side: BUY, quantity: 300, limitPrice: "{low}" }}) {{ __typename }} }}'
    )
    assert sent == {"submitOrder": {"__typename": "SubmitOrderSuccess"}}
    request = orders_pb2.SubmitOrderRequest(
        account_id="sim-1", client_order_id="sell", symbol=SYMBOL, quantity=500
    )
    request.side, request.limit_price.value = orders_pb2.SIDE_SELL, str(high)
    world.rpc(orders_pb2_grpc.OrderServiceStub, "SubmitOrder", request)
    told = world.ask(f'{{ quote(symbol: "{SYMBOL}") {{ source lastPrice }} }}')["quote"]
    asked = quotes_pb2.GetQuotesRequest(symbols=[SYMBOL])
    shown = world.rpc(quotes_pb2_grpc.QuoteServiceStub, "GetQuotes", asked).results[0].quote
    assert told == {"source": "REPLAY", "lastPrice": shown.last_price}
    assert shown.source == types_pb2.SOURCE_REPLAY
    wanted = {"buy": (falls, 300, low), "sell": (rises, 500, high)}
    for key, (end, quantity, price) in sorted(wanted.items(), key=lambda each: each[1][0]):
        world.jump(end - 60_000)
        assert world.filled(key) == (0, None)
        world.jump(end)
        filled, average = world.filled(key)
        assert (filled, Decimal(average)) == (quantity, price)


def test_bars_of_days_that_were_lived_are_replayed_ones_and_none_is_announced(world):
    world.ask('mutation { jumpClock(input: { day: "2018-01-04" }) { __typename } }')

    def sources(start):
        given = f'symbol: "{SYMBOL}", start: "{start}", end: "2018-01-03"'
        year, month, day = map(int, start.split("-"))
        told = world.ask(f"{{ bars({given}) {{ source rows {{ close }} }} }}")["bars"]
        request = bars_pb2.ListBarsRequest(symbol=SYMBOL, period=bars_pb2.PERIOD_DAY_1)
        request.start.date.CopyFrom(types_pb2.Date(year=year, month=month, day=day))
        request.end.date.CopyFrom(types_pb2.Date(year=2018, month=1, day=3))
        series = world.rpc(bars_pb2_grpc.BarServiceStub, "ListBars", request).series
        assert types_pb2.Source.Name(series.source) == f"SOURCE_{told['source']}"
        return told["source"], len(told["rows"])

    assert sources("2018-01-02") == ("REPLAY", 2)
    assert sources("2017-12-29") == ("SIMULATED", 3)
    refused = world.ask(
        f'mutation {{ announceCorporateAction(input: {{ symbol: "{SYMBOL}", exDate: "2018-01-05", '
        'cash: "1" }) { ... on SimulationRefused { code } } }'
    )
    assert refused == {"announceCorporateAction": {"code": "PRICES_RECORDED"}}
