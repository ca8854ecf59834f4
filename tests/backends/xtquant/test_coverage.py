"""docs/sdk-coverage.md holds against the REAL SDK, both contracts and the back-end's source."""

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from graphql import build_schema

from tests.doubles.native import sdk
from tests.grpc_bridge.calls import methods
from tests.grpc_bridge.test_parity import RPCS
from tools.sdk_coverage import FILE, REACHED, read, render

ROOT = Path(__file__).parents[3]
BACKEND = ROOT / "quantgraph" / "backends" / "xtquant"
# Groups that are whole: nothing of them waits.
FINISHED = (
    "Data: connection", "Data: bars and ticks", "Data: level 2", "Data: live", "Data: downloads",
    "Data: financial statements", "Data: instruments and markets",
    "Data: calendars and sessions", "Data: weights, dividends, funds, bonds, options",
    "Data: sectors", "Trading: session", "Trading: subscription of accounts", "Trading: orders",
    "Trading: cancels", "Trading: questions", "Trading: new issues", "Trading: callbacks",
)  # fmt: skip
# Found by running them on the double; one more is in a module that is no part of the core.
BROKEN = {
    "push_custom_data", "getDividFactors", "get_trading_contract_list", "query_com_position",
    "smt_appointment_cancel_async", "smt_compact_renewal_async", "smt_compact_return_async",
    "sleep", "create_view", "close_view", "push_view_data", "shutdown",
}  # fmt: skip


def public(owner):
    """The callables that an object shows, besides modules that it imports."""
    names = (name for name in dir(owner) if not name.startswith("_"))
    return {name for name in names if callable(getattr(owner, name))}


def tabled(owner):
    return [row.name for group in read().groups if group.owner == owner for row in group.rows]


@pytest.mark.parametrize("owner", ["xtdatacenter", "xtview"])
def test_each_callable_of_a_module_has_one_row(owner):
    assert sorted(tabled(owner)) == sorted(public(sdk(owner)))


def test_each_callable_of_the_data_module_has_one_row_and_second_names_are_told():
    data, aliases = sdk("xtdata"), read().aliases
    methods_of = {f"QuoteServer.{name}" for name in public(data.QuoteServer)}
    assert sorted(tabled("xtdata")) == sorted((public(data) - set(aliases)) | methods_of)
    assert all(getattr(data, name) is getattr(data, of) for name, of in aliases.items())


def test_each_method_of_the_trader_and_its_callbacks_has_one_row():
    module = sdk("xttrader")
    trader, callback = module.XtQuantTrader, module.XtQuantTraderCallback
    assert trader.query_account_info is trader.query_account_infos
    known = (public(trader) - {"query_account_info"}) | {"__init__"}
    assert sorted(tabled("XtQuantTrader")) == sorted(known)
    assert sorted(tabled("XtQuantTraderCallback")) == sorted(public(callback))


def test_the_table_is_of_the_installed_version_and_counts_270():
    sdk("xtdata")
    assert read().version == version("xtquant")
    assert len(read().rows()) == 270


def test_each_named_field_and_rpc_is_in_the_contracts():
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text("utf-8"))
    for field in read().rpcs:
        owner, name = field.split(".")
        assert name in schema.type_map[owner].fields, field
    rpcs = {f"{each.containing_service.name}.{each.name}" for each in methods()}
    assert set(read().rpcs.values()) <= rpcs
    assert dict(read().rpcs) == {field: RPCS[field] for field in read().rpcs}


def test_what_is_reached_names_a_field_and_what_is_not_names_none():
    named = {field for row in read().rows() for field in row.fields}
    assert named == set(read().rpcs)
    assert [row.name for row in read().rows() if (row.state in REACHED) != bool(row.fields)] == []
    # By which other means, or why a caller has no use for it, is always said.
    unsaid = [r.name for r in read().rows() if r.state in {"instead", "inside"} and not r.words]
    assert unsaid == []


def test_what_is_said_to_be_called_is_named_by_the_back_end_and_nothing_else_is():
    source = "\n".join(file.read_text("utf-8") for file in sorted(BACKEND.glob("*.py")))
    rows = [row for group in read().groups if group.owner != "xtview"
            for row in group.rows if row.name != "__init__"]  # fmt: skip
    shown = {row.name: re.search(rf'"{row.name}"|\.{row.name}\b|def {row.name}\(', source)
             for row in rows}  # fmt: skip
    assert [row.name for row in rows if row.state == "called" and not shown[row.name]] == []
    # The other way round by quoted names alone: `.connect` and its like are words of many.
    quoted = {row.name for row in rows if f'"{row.name}"' in source and "_" in row.name}
    called = {row.name for row in rows if row.state == "called"}
    # What no wire asks for yet, and what the gateway puts in the place of the SDK's own.
    waiting = {"query_ipo_data_async",
               "common_op_sync_with_seq", "common_op_async_with_seq"}  # fmt: skip
    # What `quantgraph doctor` alone shows.
    waiting |= {"get_data_dir", "get_authorized_market_list",
                "get_wp_market_list", "get_period_list"}  # fmt: skip
    assert quoted - called == waiting


def test_nothing_is_missing_in_the_groups_of_reading_and_orders():
    groups = {group.title: group for group in read().groups}
    missing = [row.name for title in FINISHED for row in groups[title].rows if row.state == "later"]
    assert missing == []


def test_the_broken_ones_are_those_that_were_found_broken():
    assert {row.name for row in read().rows() if row.state == "broken"} == BROKEN
    # Nothing that is broken is waited for: the one whose answer nobody hears has no binding.
    source = inspect.getsource(sdk("xttrader"))
    assert "bindOnBankTransferRespCallback" in source
    assert "bindOnQueryComPositionRespCallback" not in source


def test_the_page_is_current():
    assert FILE.read_text("utf-8") == render()
