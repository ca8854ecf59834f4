"""What the terminal says it can do, and that it says so of every operation."""

import asyncio

import pytest

from quantgraph.backends.xtquant.capability import capabilities
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.operations import operations
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TickKind

from .conftest import Pair

_TRADING = dict.fromkeys(
    (
        *("accounts", "connections", "controls", "trading", "batches", "previews"),
        *("allowances", "fills", "portfolio"),
    )
)


def _rows(lacking: frozenset[str] = frozenset()) -> dict[str, str | None]:
    rows = capabilities(lacking, _TRADING)
    assert all(row.available == (row.reason is None) for row in rows)
    return {row.operation: row.reason for row in rows}


def test_every_operation_is_spoken_of() -> None:
    rows = _rows()
    assert {*operations(), *(f"ticks.{kind}" for kind in TickKind)} == rows.keys()
    absent = {name for name, reason in rows.items() if reason is not None}
    of_ticks = {f"ticks.{kind}" for kind in TickKind if kind is not TickKind.SNAPSHOT}
    assert absent == of_ticks | {name for name in rows if name.startswith("simulation.")}


async def test_a_function_that_the_terminal_has_not_is_an_error_and_then_no_capability(
    pair: Pair,
) -> None:
    pair.exchange.unrealized.add("getdatafilepath")
    assert pair.client.lacking == frozenset()
    with pytest.raises(GatewayError) as told:
        await pair.terminal.catalog.etf_basket("510300.SH")
    assert told.value.reason is Reason.TERMINAL_LACKS
    assert pair.client.lacking == {"get_etf_info"}
    rows = _rows(pair.client.lacking)
    assert "get_etf_info" in (rows["lists.etfBasket"] or "")
    assert rows["lists.bonds"] is None


async def test_a_function_that_an_older_sdk_has_not_is_told_the_same_way(pair: Pair) -> None:
    with pytest.raises(GatewayError) as told:
        await pair.client.ask("get_something_newer")
    assert told.value.reason is Reason.TERMINAL_LACKS
    assert pair.client.lacking == {"get_something_newer"}


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        ("get_full_tick", "quotes"),
        ("subscribe_quote", "quoteStream.watch"),
        ("get_l2_order", "ticks.LEVEL2_ORDER"),
        ("get_divid_factors", "dividends.histories"),
    ],
)
def test_what_needs_it_is_not_available(function: str, operation: str) -> None:
    assert function in (_rows(frozenset({function}))[operation] or "")


async def test_whatever_else_fails_there_is_a_source_that_is_away(pair: Pair) -> None:
    pair.exchange.drop()
    with pytest.raises(GatewayError) as told:
        await pair.terminal.quotes(["600519.SH"])
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    assert told.value.retryable
    pair.exchange.connected = True
    assert len(await pair.terminal.quotes(["600519.SH"])) == 1


async def test_an_error_never_shows_what_was_given_to_the_call(pair: Pair) -> None:
    with pytest.raises(GatewayError) as told:
        await pair.client.ask("get_stock_list_in_sector", b"secret-password", [])
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    assert "secret" not in f"{told.value.message} {told.value.details}"


async def test_a_call_that_hangs_in_the_terminal_is_answered_and_the_others_go_on(
    pair: Pair,
) -> None:
    await pair.terminal.quotes(["600519.SH"])
    pair.exchange.hang.add("get_full_tick")
    with pytest.raises(GatewayError) as told:
        await pair.client.thread.run(
            lambda: pair.client._data.call("get_full_tick", ["600519.SH"]), 0.2
        )
    assert told.value.reason is Reason.TIMED_OUT
    with pytest.raises(GatewayError) as told:
        await pair.terminal.reference.sectors()
    assert told.value.reason is Reason.SOURCE_UNAVAILABLE
    pair.exchange.hang.clear()
    pair.exchange.free.set()
    async with asyncio.timeout(20):
        while pair.client.thread.state.hanging:
            await asyncio.sleep(0.002)
    assert len(await pair.terminal.quotes(["600519.SH"])) == 1


async def test_a_terminal_says_which_edition_it_is(pair: Pair) -> None:
    assert await pair.client.edition() == "edition=mini version=1.0.0"
