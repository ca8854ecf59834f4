"""Accounts, assets and positions through the wire."""

from decimal import Decimal

from tests.grpc_bridge.world import World
from tests.resolvers.asking import ask_world


def test_accounts_show_money_that_adds_up(ask_mock):
    query = """{ accounts { id name terminal status
      asset { cash frozenCash marketValue total source }
      positions { symbol quantity sellable costPrice lastPrice marketValue profit source } } }"""
    [account] = ask_mock(query)["accounts"]
    assert (account["id"], account["terminal"], account["status"]) == ("sim-1", "sim", "CONNECTED")
    asset = {name: Decimal(value) for name, value in account["asset"].items() if name != "source"}
    assert asset["total"] == asset["cash"] + asset["frozenCash"] + asset["marketValue"]
    assert account["asset"]["source"] == "SIMULATED"
    for held in account["positions"]:
        value = Decimal(held["lastPrice"]) * held["quantity"]
        assert Decimal(held["marketValue"]) == value
        assert 0 <= held["sellable"] <= held["quantity"]


def test_positions_pick_fields_and_join_instruments(ask_mock):
    found = ask_mock(
        '{ positions(accountId: "sim-1") { symbol instrument { name quote { lastPrice } } } }'
    )
    names = {each["symbol"]: each["instrument"]["name"] for each in found["positions"]}
    assert names["600519.SH"] == "贵州茅台"


def test_an_unknown_account_is_an_error_with_a_code(ask_mock):
    for field in ("positions", "orders"):
        picked = "symbol" if field == "positions" else "nodes { id }"
        answer = ask_mock(f'{{ {field}(accountId: "x") {{ {picked} }} }}', fails=True)
        assert answer["data"] == {field: None}
        assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ACCOUNT"


def test_what_may_be_subscribed_follows_from_what_was_held(ask_mock):
    found = ask_mock("""{ ipoQuotas(accountId: "sim-1") { market board quantity source }
      positions(accountId: "sim-1") { symbol quantity }
      bars(symbol: "600519.SH", last: 22) { rows { time close } }
      serverInfo { clock { tradingDay } } }""")
    quotas = {(each["market"], each["board"]): each["quantity"] for each in found["ipoQuotas"]}
    assert {each["source"] for each in found["ipoQuotas"]} == {"SIMULATED"}
    (held,) = [each for each in found["positions"] if each["symbol"] == "600519.SH"]
    today = found["serverInfo"]["clock"]["tradingDay"]
    # The present day and the one before count for nothing.
    rows = [each for each in found["bars"]["rows"] if each["time"][:10] < today]
    closes = [each["close"] for each in rows][-21:-1]
    worth = sum(closes) / len(closes) * held["quantity"]
    assert len(closes) == 20
    assert quotas["SH", "MAIN"] == worth // 10_000 * 1_000
    assert quotas["SH", "STAR"] == worth // 5_000 * 500
    assert 0 < quotas["SZ", None] < quotas["SH", "STAR"]
    answer = ask_mock('{ ipoQuotas(accountId: "x") { quantity } }', fails=True)
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_ACCOUNT"


def test_pages_of_holdings_join_to_all_of_them(ask_mock):
    whole = ask_mock('{ positions(accountId: "sim-1") { symbol quantity } }')["positions"]
    query = """query($after: String) { positionsPage(accountId: "sim-1", first: 1, after: $after) {
      nodes { symbol quantity } edges { cursor } pageInfo { hasNextPage endCursor } } }"""
    seen, after, more = [], None, True
    while more:
        page = ask_mock(query, after=after)["positionsPage"]
        seen += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == whole
    only = ask_mock(
        '{ positionsPage(accountId: "sim-1", symbols: ["600519.SH"]) { nodes { symbol } } }'
    )
    assert only["positionsPage"]["nodes"] == [{"symbol": "600519.SH"}]


async def test_accounts_are_filtered_and_paged():
    world = World()
    query = """query($ids: [ID!], $terminal: String, $status: AccountStatus, $after: String) {
      accounts(ids: $ids, terminal: $terminal, status: $status) { id }
      accountsPage(ids: $ids, terminal: $terminal, status: $status, first: 1, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }"""

    async def asked(**variables):
        found = (await ask_world(world, query, **variables))["data"]
        page = found["accountsPage"]
        first = [each["id"] for each in page["nodes"]]
        return [each["id"] for each in found["accounts"]], first, page["pageInfo"]

    whole, first, place = await asked()
    assert (whole, first, place["hasNextPage"]) == (["sim-1", "sim-2"], ["sim-1"], True)
    _, second, last = await asked(after=place["endCursor"])
    assert (second, last["hasNextPage"]) == (["sim-2"], False)
    assert (await asked(ids=["sim-2", "nobody"]))[:2] == (["sim-2"], ["sim-2"])
    assert (await asked(terminal="sim", status="CONNECTED"))[0] == whole
    for none in ({"ids": []}, {"terminal": "other"}, {"status": "DISCONNECTED"}):
        assert (await asked(**none))[:2] == ([], [])
    other = await ask_world(world, query, ids=["sim-2"], after=place["endCursor"])
    assert other["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"
