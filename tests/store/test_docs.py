"""docs/imports.md names what there is."""

import re
from pathlib import Path

import pytest

from quantgraph.domain.level2 import QUOTE_TABLE, TRANSACTION_TABLE
from quantgraph.domain.ticks import SNAPSHOT_FIELDS, TRADE_FIELDS
from quantgraph.store.imports.layouts import LAYOUTS, ImportKind

LEVEL2 = {*QUOTE_TABLE, *TRANSACTION_TABLE} - {*SNAPSHOT_FIELDS, *TRADE_FIELDS}
PLAIN = {name for one in LAYOUTS for name in (*one.columns, *one.optional)} - LEVEL2
TEXT = (Path(__file__).parents[2] / "docs" / "imports.md").read_text(encoding="utf-8")


def rows(kind):
    return "\n".join(line for line in TEXT.splitlines() if line.startswith(f"| {kind} |"))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda one: f"{one.kind}-{one.name}")
def test_every_layout_is_documented_under_its_kind(layout):
    assert f"`{layout.name}`" in rows(layout.kind.value)


@pytest.mark.parametrize(
    "layout",
    [one for one in LAYOUTS if not one.exact and one.statement is None],
    ids=lambda one: one.name,
)
def test_the_columns_of_our_own_layouts_are_documented(layout):
    own = re.search(rf"\| `{layout.name}` \| (.*) \|", rows(layout.kind.value))
    if layout.name.startswith(("sse-", "csi-")):
        return
    told = re.sub(r"_1…5", "", own.group(1))
    for name in (*layout.columns, *layout.optional):
        # level 2 has a section of its own, which sends the reader to the schema
        if name in PLAIN:
            assert re.sub(r"_\d$", "", name) in told


def test_the_names_of_level_2_columns_are_documented_where_they_have_a_pattern():
    for pattern in ("bid_price_1…10", "bid_quantity_1…10", "bid_orders_1…10", "buy_order_number"):
        assert pattern in TEXT


def test_no_layout_is_documented_that_does_not_exist():
    told = {
        name for kind in ImportKind for name in re.findall(r"`([a-z][a-z0-9-]+)`", rows(kind.value))
    }
    assert told == {layout.name for layout in LAYOUTS}


def test_the_three_line_file_of_the_docs_is_imported_without_an_option(load, store):
    text = re.search(r"```\n(symbol,date.*?)```", TEXT, re.DOTALL).group(1)
    assert load("bars", text).outcome.rows == 2
    assert store.last_closes(["600519.SH"])["600519.SH"].close == 1821.0
