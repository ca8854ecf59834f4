"""Fills through the wire, and lists whose cursors are good for one list only."""

import uuid

import pytest

from tests.resolvers.test_orders import SUBMIT, high_price

FILLS = """query($symbol: Symbol, $order: ID, $start: TimeBound, $end: TimeBound, $first: Int! = 50,
    $after: String) {
  fills(accountId: "sim-1", symbol: $symbol, orderId: $order, start: $start, end: $end,
      first: $first, after: $after) {
    nodes { id orderId symbol side quantity price amount fee time instrument { name } }
    edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture
def bought(ask_mock):
    """An order that traded, by its id."""

    def buy(symbol="000001.SZ", strategy=None):
        order = {"accountId": "sim-1", "clientOrderId": uuid.uuid4().hex, "symbol": symbol}
        order |= {"side": "BUY", "quantity": 100, "limitPrice": high_price(ask_mock)}
        done = ask_mock(SUBMIT, input={**order, "strategy": strategy})["submitOrder"]["order"]["id"]
        while (
            ask_mock(f'{{ order(accountId: "sim-1", id: "{done}") {{ state }} }}')["order"]["state"]
            != "FILLED"
        ):
            pass
        return done

    return buy


def test_the_fills_of_an_order_add_up_to_it(ask_mock, bought):
    done = bought()
    found = ask_mock(FILLS, order=done)["fills"]["nodes"]
    assert sum(each["quantity"] for each in found) == 100
    assert {each["orderId"] for each in found} == {done}
    assert {each["instrument"]["name"] for each in found} == {"平安银行"}
    edge = ask_mock(
        f'{{ order(accountId: "sim-1", id: "{done}") {{ filledQuantity fills {{ id }} }} }}'
    )["order"]
    assert edge["filledQuantity"] == 100
    assert [each["id"] for each in edge["fills"]] == [each["id"] for each in found[::-1]]


def test_pages_of_fills_join_and_stay_when_others_come(ask_mock, bought):
    for _ in range(3):
        bought()
    whole = [each["id"] for each in ask_mock(FILLS, first=500)["fills"]["nodes"]]
    first = ask_mock(FILLS, first=2)["fills"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["edges"][-1]["cursor"] == first["pageInfo"]["endCursor"]
    bought()
    rest = ask_mock(FILLS, first=500, after=first["pageInfo"]["endCursor"])["fills"]
    assert [each["id"] for each in first["nodes"] + rest["nodes"]] == whole
    assert rest["pageInfo"]["hasNextPage"] is False


def test_fills_are_chosen_by_symbol_and_time(ask_mock, bought):
    bought()
    assert ask_mock(FILLS, symbol="600519.SH")["fills"]["nodes"] == []
    newest = ask_mock(FILLS, first=1)["fills"]["nodes"][0]
    day = newest["time"][:10]
    same = ask_mock(FILLS, start=day, end=day, symbol="000001.SZ", first=500)["fills"]["nodes"]
    assert newest["id"] in {each["id"] for each in same}
    assert ask_mock(FILLS, end="2020-01-01")["fills"]["nodes"] == []


@pytest.mark.parametrize("field", ["fills", "orders"])
def test_a_span_the_wrong_way_round_is_refused(ask_mock, field):
    query = f"""{{ {field}(accountId: "sim-1", start: "2023-02-02", end: "2023-02-01") {{
      nodes {{ id }} }} }}"""
    answer = ask_mock(query, fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "START_AFTER_END"


LISTS = {
    "fills": ("", 'symbol: "000001.SZ"'),
    "orders": ("states: [FILLED]", "states: [FILLED], side: BUY"),
    "positionsPage": ("", 'symbols: ["000001.SZ", "600519.SH"]'),
}


@pytest.mark.parametrize("field", LISTS)
def test_a_cursor_is_good_for_its_own_list_only(ask_mock, bought, field):
    bought()
    bought()

    def ask(after, filters="", account="sim-1", **how):
        cursor = "" if after is None else f', after: "{after}"'
        more = f", {filters}" if filters else ""
        query = f"""{{ {field}(accountId: "{account}", first: 1{cursor}{more}) {{
          nodes {{ symbol }} pageInfo {{ endCursor }} }} }}"""
        return ask_mock(query, **how)

    plain, other = LISTS[field]
    cursor = ask(None, plain)[field]["pageInfo"]["endCursor"]
    assert len(ask(cursor, plain)[field]["nodes"]) == 1
    for wrong, filters in ((cursor, other), (cursor[:-2], plain), ("b3JkZXI6eA", plain), ("", "")):
        answer = ask(wrong, filters, fails=True)
        assert answer["data"] == {field: None}
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR", wrong


@pytest.mark.parametrize("first", [0, -1, 501])
def test_a_page_has_1_to_500_items(ask_mock, first):
    answer = ask_mock(FILLS, fails=True, first=first)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_orders_are_chosen_by_every_filter_together(ask_mock, bought):
    label = uuid.uuid4().hex
    done = bought(strategy=label)
    query = """query($strategy: String, $side: Side, $symbol: Symbol, $start: TimeBound) {
      orders(accountId: "sim-1", strategy: $strategy, side: $side, symbol: $symbol, start: $start) {
        nodes { id } } }"""
    for filters, wanted in (
        ({"strategy": label}, [done]),
        ({"strategy": label, "side": "BUY", "symbol": "000001.SZ", "start": "2023-01-01"}, [done]),
        ({"strategy": label, "side": "SELL"}, []),
        ({"strategy": label, "symbol": "600519.SH"}, []),
        ({"strategy": label, "start": "2150-01-01"}, []),
    ):
        found = ask_mock(query, **filters)["orders"]["nodes"]
        assert [each["id"] for each in found] == wanted, filters


def test_fills_of_many_orders_cost_one_call(tmp_path):
    """Counted at the port, whatever the number of orders."""
    import asyncio
    from dataclasses import replace

    from tests.grpc_bridge.world import World
    from tests.resolvers.asking import ask_world

    world, calls = World(), []
    inner = world.fills.order_fills

    async def counted(account_id, order_ids):
        calls.append(len(order_ids))
        return await inner(account_id, order_ids)

    async def run():
        for n in range(30):
            await world.submit(client_order_id=f"c{n}")
        world.fills.order_fills = counted
        world.gateway = replace(world.gateway, fills=world.fills)
        return await ask_world(
            world, '{ orders(accountId: "sim-1", first: 30) { nodes { id fills { id } } } }'
        )

    answer = asyncio.run(run())
    assert len(answer["data"]["orders"]["nodes"]) == 30
    assert calls == [30]
