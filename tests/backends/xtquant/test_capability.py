"""What the terminal says it can do, and that it says so of every operation."""

from datetime import timedelta
from typing import Any

import pytest

from quantgraph.backends.xtquant.capability import Told, capabilities
from quantgraph.domain.bars import BarRequest, BarSeries, Period, window
from quantgraph.domain.downloads import DownloadKind
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.operations import operations
from quantgraph.domain.orders import PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TickKind
from tests.backends.sim.conftest import START
from tests.waiting import until

from .conftest import Pair


def _rows(lacking: frozenset[str] = frozenset(), **told: Any) -> dict[str, str | None]:
    rows = capabilities(Told(lacking, **told))
    assert all(row.available == (row.reason is None) for row in rows)
    return {row.operation: row.reason for row in rows}


def test_every_operation_is_spoken_of() -> None:
    rows = _rows()
    kinds = {
        *(f"ticks.{kind}" for kind in TickKind),
        *(f"orders.{kind}" for kind in PriceType),
        *(f"downloads.{kind}" for kind in DownloadKind),
    }
    assert {*operations(), *kinds} == rows.keys()
    absent = {name for name, reason in rows.items() if reason is not None}
    of_ticks = {f"ticks.{kind}" for kind in TickKind if kind is not TickKind.SNAPSHOT}
    simulated = {name for name in rows if name.startswith("simulation.")}
    assert absent == of_ticks | simulated | {"orders.AFTER_HOURS"}


def test_a_login_without_an_account_for_shares_trades_nothing_and_says_what_it_has() -> None:
    rows = _rows(accounts=0, unserved={3: 1, 1: 2})
    for name in ("trading.submit", "accounts.positions", "ipoQuotas", "orders.LIMIT"):
        assert "2 of futures, 1 of margin" in (rows[name] or "")
    assert (rows["bars"], rows["accounts"]) == (None, None)
    # Before the login nobody knows.
    assert _rows(accounts=None, unserved={3: 1}) == _rows()
    assert _rows(accounts=1, unserved={3: 1, 1: 1}) == _rows()


def test_positions_of_futures_need_an_account_of_futures() -> None:
    def told(**logins: Any) -> str | None:
        return _rows(**logins)["futuresPositionStatistics"]

    assert told(accounts=1, unserved={3: 1}) == "This login has no account of futures."
    assert told(accounts=0, unserved={1: 1}) is None
    lacking = frozenset({"query_position_statistics_async"})
    assert "version or edition" in (told(lacking=lacking, accounts=1, unserved={1: 1}) or "")


async def test_what_was_not_downloaded_is_no_capability_until_it_is(pair: Pair) -> None:
    def told() -> str | None:
        return _rows(empty=pair.client.empty)["lists.etfBasket"]

    pair.exchange.funds = ()
    await pair.terminal.catalog.etf_basket("510300.SH")
    assert "downloaded" in (told() or "")
    assert _rows(empty=pair.client.empty)["reference.sectors"] is None
    pair.exchange.funds = ("510300.SH",)
    await pair.terminal.catalog.etf_basket("510300.SH")
    assert told() is None


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


async def test_a_terminal_without_files_lacks_its_lists_of_days_and_not_its_bars(
    pair: Pair,
) -> None:
    pair.exchange.unrealized.add("getdatafilepath")
    catalog, past = pair.terminal.catalog, START - timedelta(days=30)
    for asked in (
        catalog.main_contracts(MainRequest("IF", past, past)),
        catalog.option_chain("510300.SH", past),
    ):
        with pytest.raises(GatewayError) as told:
            await asked
        assert told.value.reason is Reason.TERMINAL_LACKS
    rows = _rows(pair.client.lacking)
    # Today's are told by other functions, and bars by no file.
    for name in ("bars", "lists.mainContracts", "lists.optionChain"):
        assert rows[name] is None
    assert await catalog.main_contracts(MainRequest("IF"))
    (series,) = await pair.terminal.bars(
        BarRequest(("600519.SH",), Period.DAY_1, window(last=3), fields=("close",))
    )
    assert isinstance(series, BarSeries)
    assert series.columns.length == 3


def test_a_terminal_that_downloads_no_history_says_so_by_kind() -> None:
    rows = _rows(frozenset({"supply_history_data2"}))
    without = {kind for kind in DownloadKind if rows[f"downloads.{kind}"] is None}
    assert without == {
        DownloadKind.WEIGHTS, DownloadKind.BONDS, DownloadKind.HOLIDAYS,
        DownloadKind.EXPIRED_CONTRACTS, DownloadKind.SPECIAL_TREATMENTS,
        DownloadKind.TABLE_LIST, DownloadKind.TABLE,
    }  # fmt: skip
    assert _rows(frozenset({"download_cb_data"}))["downloads.BONDS"] is not None


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
        ("query_stock_asset_async", "accounts.assets"),
        ("query_stock_orders_async", "trading.submit"),
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
    await until(lambda: not pair.client.thread.state.hanging)
    assert len(await pair.terminal.quotes(["600519.SH"])) == 1


async def test_a_terminal_says_which_edition_it_is(pair: Pair) -> None:
    assert await pair.client.edition() == "edition=mini version=1.0.0"
