"""A preview says what a submit would be answered with, by both wires, and does nothing."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.guarded import OWN, SYMBOL, Wires, guarded
from tests.grpc_bridge.calls import Refusal

HALT = """mutation($halt: Boolean!, $id: ID) {
  haltTrading(input: { accountId: $id }) @include(if: $halt) { __typename }
  resumeTrading(input: { accountId: $id }) @skip(if: $halt) { __typename } }"""
LIMITS = "query($id: ID!) { tradingLimits(accountId: $id) { used { actionsToday openValue } } }"
ORDERS = "query($id: ID!) { orders(accountId: $id, first: 500) { nodes { id } } }"
PAUSE = "mutation($on: Boolean!) { setClock(input: { paused: $on }) { __typename } }"


@pytest.fixture(scope="module")
def wires(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    with guarded(start_gateway, tmp_path_factory.mktemp("previews")) as wires:
        wires.ask(PAUSE, on=True)  # between a preview and its submit no price moves
        yield wires


def codes(preview: dict[str, Any]) -> list[str]:
    return [each["code"] for each in preview["refusals"]]


def answer_of(told: Any) -> str | None:
    """The code that a submit was refused with, by either wire; None where it was taken."""
    if isinstance(told, Refusal):
        return told.reason.value
    return told.get("code") if isinstance(told, dict) else None


# Accounts that other tests here need untouched.
SPARED = {"quiet", "large"}
orders = st.fixed_dictionaries(
    {
        "accountId": st.sampled_from(["free", "free", "sim-1", *sorted(OWN.keys() - SPARED)]),
        "symbol": st.sampled_from([*[SYMBOL] * 6, "300750.SZ", "999999.SH", "000300.SH"]),
        "side": st.sampled_from(["BUY", "SELL"]),
        "quantity": st.sampled_from([100, 200, 1_100, 5_000, 0, -100, 150, 900_000, 2_000_000,
                                     9_007_199_254_740_900]),
        "at": st.sampled_from(["1", "1", "0.99", "1.01", "1.5", "0.5"]),
    },
    optional={
        "priceType": st.sampled_from(["LIMIT", "BEST_FIVE_CANCEL", "FILL_OR_KILL", "AFTER_HOURS"]),
        "limitPrice": st.sampled_from([None, None, "12.34567", "999999999999999.99"]),
        "expiresAt": st.just("2020-01-01T09:30:00+08:00"),
    },
)  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(changes=orders, by_rpc=st.booleans())
def test_a_preview_tells_first_what_a_submit_is_answered_with(
    wires: Wires, changes: dict[str, Any], by_rpc: bool
) -> None:
    order = wires.ticket(**changes)
    seen, same = wires.preview(order), wires.preview_rpc(order)
    assert codes(seen) == [each.code for each in same.refusals]
    assert seen["passes"] is same.passes is (not codes(seen))
    told = (wires.submit_rpc if by_rpc else wires.submit)(order)
    assert answer_of(told) == next(iter(codes(seen)), None), (seen, told)


def test_a_preview_lists_every_refusal_in_the_order_of_the_pipeline(wires: Wires) -> None:
    changes = {"side": "SELL", "quantity": 900_050, "limitPrice": "1.005", "accountId": "blocked"}
    order = wires.ticket(**changes, expiresAt="2020-01-01T09:30:00+08:00")
    wires.ask(HALT, halt=True, id="blocked")
    try:
        seen = codes(wires.preview(order))
    finally:
        wires.ask(HALT, halt=False, id="blocked")
    assert seen == [
        "ORDER_EXPIRED", "LOT_SIZE", "TICK_SIZE", "PRICE_BAND",
        "INSUFFICIENT_SHARES", "SYMBOL_BLOCKED", "TRADING_HALTED",
    ]  # fmt: skip


def test_a_preview_tells_what_a_buy_costs_and_what_there_is(wires: Wires) -> None:
    seen = wires.preview(wires.ticket(accountId="daily", limitPrice="12.00", quantity=100))
    found = seen["estimate"]
    assert (found["price"], found["amount"]) == ("12.00", "1200.00")
    parts = ("commission", "stampDuty", "transferFee", "handlingFee", "regulatoryFee")
    # The least commission, no stamp duty on a buy, 0.01 per mille, the rest within the commission.
    assert [found[each] for each in parts] == ["5.00", "0.00", "0.01", "0.00", "0.00"]
    assert (found["fees"], seen["cashNeeded"]) == ("5.01", "1205.01")
    assert (seen["cash"], seen["sharesNeeded"], seen["sellable"]) == ("1000000.00", None, 5_000)
    assert {"lots.main", "band.main", "fees.transfer.undated"} <= {
        each["name"] for each in seen["rules"]
    }
    assert all(each["rule"] for each in seen["rules"])


def test_a_preview_of_a_sell_is_of_the_lowest_price_of_the_day(wires: Wires) -> None:
    kind = {"side": "SELL", "priceType": "BEST_FIVE_CANCEL", "limitPrice": None}
    seen = wires.preview(wires.ticket(accountId="daily", quantity=100, **kind))
    assert seen["estimate"]["price"] == seen["lowerLimit"]
    assert float(seen["estimate"]["stampDuty"]) > 0
    assert (seen["cashNeeded"], seen["sharesNeeded"], seen["sellable"]) == (None, 100, 5_000)
    assert float(seen["lowerLimit"]) < float(seen["upperLimit"])


def test_both_wires_preview_the_same_figures(wires: Wires) -> None:
    order = wires.ticket(accountId="daily", quantity=200, at="0.99")
    shown, sent = wires.preview(order), MessageToDict(wires.preview_rpc(order))
    for name, value in shown["estimate"].items():
        assert sent["estimate"][name] == {"value": value}
    for name in ("cash", "cashNeeded", "lowerLimit", "upperLimit"):
        assert sent[name] == {"value": shown[name]}
    assert [{"verified": False, **each} for each in sent["rules"]] == shown["rules"]
    assert sent["sellable"] == str(shown["sellable"])


def test_previews_count_and_journal_nothing(wires: Wires) -> None:
    before = [wires.ask(each, id="quiet") for each in (LIMITS, ORDERS)]
    for _ in range(12):
        assert wires.preview(wires.ticket(accountId="quiet", at="0.99"))["passes"]
        assert wires.preview_rpc(wires.ticket(accountId="quiet", at="0.99")).passes
    assert [wires.ask(each, id="quiet") for each in (LIMITS, ORDERS)] == before
    assert wires.submit(wires.ticket(accountId="quiet", at="0.99"))["order"]


def test_a_preview_tells_whether_another_key_has_to_approve(wires: Wires) -> None:
    small = wires.ticket(accountId="large", limitPrice="12.00")
    large = wires.ticket(accountId="large", limitPrice="12.00", quantity=200)
    for order, needed, state in ((small, False, "WORKING"), (large, True, "PENDING_APPROVAL")):
        assert wires.preview(order)["needsApproval"] is needed
        assert wires.preview_rpc(order).needs_approval is needed
        assert wires.submit(order)["order"]["state"] == state


def test_a_known_key_is_previewed_as_its_order_whatever_the_rules_say_by_now(wires: Wires) -> None:
    order = wires.ticket(accountId="free", at="0.99")
    sent = wires.submit(order)["order"]["id"]
    wires.ask(HALT, halt=True, id="free")
    try:
        seen, same = wires.preview(order), wires.preview_rpc(order)
        other = wires.preview({**order, "quantity": 200})
    finally:
        wires.ask(HALT, halt=False, id="free")
    assert (seen["passes"], seen["earlier"], same.earlier.id) == (True, {"id": sent}, sent)
    assert codes(other) == ["IDEMPOTENCY_CONFLICT", "TRADING_HALTED"]


def test_a_preview_for_no_account_and_of_no_order_is_an_error_by_both_wires(wires: Wires) -> None:
    for changes, code in (
        ({"accountId": "nobody"}, "UNKNOWN_ACCOUNT"),
        ({"clientOrderId": " "}, "BAD_REQUEST"),
    ):
        order = wires.ticket(**changes)
        with pytest.raises(AssertionError, match=code):
            wires.preview(order)
        with pytest.raises(grpc.RpcError) as caught:
            wires.preview_rpc(order)
        assert Refusal(caught.value).reason.value == code
