"""Every guard and every limit, from one table by every way in: the same order, the same refusal."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.guarded import CANCEL, Wires, guarded
from tests.grpc_bridge.calls import Refusal

NUMBER = re.compile(r"[\d.]+")


def limits(code: str, account: str, **changes: Any) -> Any:
    return pytest.param(code, {"accountId": account, **changes}, id=f"{account}-{code}")


def rule(code: str, **changes: Any) -> Any:
    return pytest.param(code, changes, id=f"rule-{code}")


# `at`: the price as a share of the last one.
CASES = [
    rule("UNKNOWN_SYMBOL", symbol="999999.SH"),
    rule("UNKNOWN_ACCOUNT", accountId="nobody"),
    rule("NOT_TRADABLE", symbol="000300.SH"),
    rule("QUANTITY_INVALID", quantity=0),
    rule("QUANTITY_INVALID", quantity=-100),
    rule("QUANTITY_LIMIT", quantity=2_000_000),
    rule("QUANTITY_LIMIT", quantity=9_007_199_254_740_900),
    rule("LOT_SIZE", quantity=150),
    rule("PRICE_REQUIRED", limitPrice=None),
    rule("PRICE_NOT_ALLOWED", priceType="BEST_FIVE_CANCEL"),
    rule("SESSION_CLOSED", priceType="AFTER_HOURS"),
    rule("PRICE_TYPE_UNSUPPORTED", symbol="600519.SH", priceType="FILL_OR_KILL", limitPrice=None),
    rule("TICK_SIZE", limitPrice="12.34567"),
    rule("PRICE_BAND", at="1.5"),
    rule("PRICE_CAGE", symbol="300750.SZ", at="1.08"),
    rule("ORDER_EXPIRED", expiresAt="2020-01-01T09:30:00+08:00"),
    rule("INSUFFICIENT_CASH", quantity=900_000),
    rule("INSUFFICIENT_SHARES", side="SELL", quantity=900_000),
    limits("ORDER_QUANTITY_LIMIT", "quantity", quantity=1_100),
    limits("ORDER_VALUE_LIMIT", "value", quantity=1_000),
    limits("ORDER_VALUE_LIMIT", "value", quantity=1_000, priceType="OPPOSITE_BEST",
           limitPrice=None),
    limits("POSITION_QUANTITY_LIMIT", "shares"),
    limits("POSITION_VALUE_LIMIT", "worth"),
    limits("DAILY_VALUE_LIMIT", "daily"),
    limits("PRICE_DISTANCE_LIMIT", "near", at="1.01"),
    limits("SYMBOL_BLOCKED", "allowed"),
    limits("SYMBOL_BLOCKED", "blocked", side="SELL"),
]  # fmt: skip


@pytest.fixture(scope="module")
def wires(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wires]:
    with guarded(start_gateway, tmp_path_factory.mktemp("guards")) as wires:
        yield wires


@pytest.mark.parametrize(("code", "changes"), CASES)
def test_a_rule_refuses_the_same_order_by_every_way_in(
    wires: Wires, code: str, changes: dict[str, Any]
) -> None:
    order = wires.ticket(**changes)
    told, refused = wires.submit(order), wires.submit_rpc(order)
    assert (told["__typename"], told["code"]) == ("OrderRejected", code), told
    for way in (wires.submit_alias, wires.submit_socket):
        assert _told(way(order)) == _told(told)
    assert refused.reason.value == code
    assert refused.error.retryable is told["retryable"]
    for text, same in ((refused.error.message, "message"), (refused.error.message_zh, "messageZh")):
        assert NUMBER.sub("#", text) == NUMBER.sub("#", told[same])
    check_batches(wires, order, told)
    # Nothing was journalled, and the key is free.
    assert wires.submit({**wires.ticket(), "clientOrderId": order["clientOrderId"]})["order"]


def check_batches(wires: Wires, order: dict[str, Any], told: dict[str, Any]) -> None:
    """A batch is no way around: each of its orders is refused as it would be alone."""
    problem, same = wires.submit_batch(order), wires.submit_batch_rpc(order)
    assert _told(problem) == _told({name: told[name] for name in problem})
    assert (same.code, same.retryable) == (told["code"], told["retryable"])
    for text, name in ((same.message, "message"), (same.message_zh, "messageZh")):
        assert NUMBER.sub("#", text) == NUMBER.sub("#", told[name])


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer but for its numbers: prices and the clock go on between two of them."""
    return {name: NUMBER.sub("#", text) if isinstance(text, str) else text
            for name, text in answer.items()}  # fmt: skip


def test_acts_within_a_second_are_counted_across_both_wires(wires: Wires) -> None:
    for first, second in ((wires.submit, wires.submit_rpc), (wires.submit_rpc, wires.submit)):
        while isinstance(told := first(wires.ticket(accountId="second")), Refusal) or (
            isinstance(told, dict) and "order" not in told
        ):
            pass  # the second of the test before has not passed yet
        refused = second(wires.ticket(accountId="second"))
        if isinstance(refused, Refusal):
            assert refused.reason == "RATE_LIMITED"
            assert refused.error.retryable
            assert refused.retry_seconds == 0
            assert refused.error.retry_at is not None
        else:
            assert (refused["__typename"], refused["code"]) == ("RateLimited", "RATE_LIMITED")
            assert datetime.fromisoformat(refused["retryAt"]).year == 2023


def test_a_used_up_day_still_lets_an_order_be_canceled(wires: Wires) -> None:
    done = wires.submit(wires.ticket(accountId="day", at="0.99"))
    told, refused = (act(wires.ticket(accountId="day")) for act in (wires.submit, wires.submit_rpc))
    assert (told["__typename"], told["code"]) == ("RateLimited", "DAILY_COUNT_LIMIT")
    assert datetime.fromisoformat(told["retryAt"]).hour == 0
    assert refused.reason == "DAILY_COUNT_LIMIT"
    assert refused.retry_seconds > 3_600
    canceled = wires.ask(CANCEL, input={"accountId": "day", "id": done["order"]["id"]})
    assert canceled["cancelOrder"]["__typename"] == "CancelOrderSuccess"


@pytest.mark.parametrize("written", ["10.1", "10.10", "10.100"])
def test_a_limit_price_has_one_text_on_both_wires_however_it_was_written(
    wires: Wires, written: str
) -> None:
    low = wires.ticket(accountId="free")
    price = written.replace("10", low["limitPrice"].partition(".")[0], 1)
    expected = f"{Decimal(price):.2f}"
    order = {**low, "limitPrice": price}
    shown = 'query($id: ID!) { order(accountId: "free", clientOrderId: $id) { limitPrice } }'
    for submit in (wires.submit, wires.submit_rpc):
        order["clientOrderId"] += "x"
        submit(order)
        told = wires.ask(shown, id=order["clientOrderId"])["order"]
        assert told["limitPrice"] == expected
        assert wires.submit_rpc(order).order.limit_price.value == expected
