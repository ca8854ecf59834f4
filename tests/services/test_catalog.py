"""Lists with prices: asked for once, and only where they are needed."""

from dataclasses import replace
from datetime import date

import pytest

from quantgraph.backends.sim.bonds import list_bonds
from quantgraph.domain.bonds import BondRequest, BondValue, value_bond
from quantgraph.domain.budget import OperationBudget
from quantgraph.domain.errors import GatewayError, unknown_symbol
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.ipos import IpoRequest
from quantgraph.domain.reasons import Reason
from quantgraph.services.catalog import ListedMarket, PricedCatalog
from tests.grpc_bridge.memory.quotes import quote
from tests.grpc_bridge.memory.system import NOW

BONDS = list_bonds(BondRequest(), NOW.date(), lambda stock: ())


class Listed:
    def __init__(self):
        self.asked = []

    async def bonds(self, request):
        return BONDS

    async def etf_basket(self, symbol):
        return None

    async def main_contracts(self, request):
        count = {"IF": 6, "IH": 0}.get(request.product)
        return None if count is None else [None] * count

    async def ipos(self, request):
        return [None] * 6

    async def instruments(self, symbols):
        return [object() if each == "600519.SH" else None for each in symbols]

    async def quotes(self, symbols):
        self.asked.append(list(symbols))
        return [
            unknown_symbol(each) if each == "601166.SH" else quote(each, 20.0) for each in symbols
        ]


def catalog_of(listed, rows=10):
    return PricedCatalog(listed, ListedMarket(listed, listed), rows)


async def test_prices_of_all_bonds_and_shares_are_asked_for_at_once():
    listed = Listed()
    found = await catalog_of(listed).bonds(BondRequest(valued=True))
    (symbols,) = listed.asked
    assert sorted(symbols) == sorted({s for b in BONDS for s in (b.symbol, b.stock_symbol)})
    by_stock = {each.bond.stock_symbol: each for each in found}
    without = by_stock["601166.SH"]
    assert (without.price, without.conversion_value, without.premium) == (20.0, None, None)
    other = by_stock["600000.SH"]
    assert other.conversion_value == pytest.approx(100 / 13.57 * 20)
    assert other.premium == pytest.approx(20 / other.conversion_value - 1)


async def test_terms_alone_cost_no_quotes():
    listed = Listed()
    found = await catalog_of(listed).bonds(BondRequest())
    assert listed.asked == []
    assert found == [BondValue(bond) for bond in BONDS]


@pytest.mark.parametrize("price", [None, 0.0])
def test_a_bond_without_a_conversion_price_has_no_value(price):
    value = value_bond(replace(BONDS[0], conversion_price=price), 100.0, 10.0)
    assert (value.price, value.conversion_value, value.premium) == (100.0, None, None)


def test_a_share_of_no_price_makes_no_premium():
    value = value_bond(BONDS[0], 100.0, 0.0)
    assert (value.conversion_value, value.premium) == (0.0, None)


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [("600519.SH", Reason.NO_ETF_LIST), ("999999.SH", Reason.UNKNOWN_SYMBOL)],
)
async def test_no_list_and_no_symbol_are_two_refusals(symbol, reason):
    listed = Listed()
    with pytest.raises(GatewayError) as caught:
        await catalog_of(listed).etf_basket(symbol)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (MainRequest("XX"), Reason.UNKNOWN_PRODUCT),
        (MainRequest("IF", date(2023, 1, 2), date(2023, 1, 1)), Reason.START_AFTER_END),
    ],
)
async def test_main_contracts_that_make_no_sense_are_refused(request_, reason):
    with pytest.raises(GatewayError) as caught:
        await catalog_of(Listed()).main_contracts(request_)
    assert caught.value.reason is reason


async def test_main_contracts_count_against_the_operations_limit():
    catalog = catalog_of(Listed())
    assert await catalog.main_contracts(MainRequest("IH")) == []
    with OperationBudget():
        assert len(await catalog.main_contracts(MainRequest("IF"))) == 6
        with pytest.raises(GatewayError) as caught:
            await catalog.main_contracts(MainRequest("IF"))
    assert caught.value.reason is Reason.ROW_LIMIT


async def test_new_issues_are_bounded_and_their_days_in_order():
    catalog = catalog_of(Listed())
    with pytest.raises(GatewayError) as caught:
        await catalog.ipos(IpoRequest(date(2023, 1, 2), date(2023, 1, 1)))
    assert caught.value.reason is Reason.START_AFTER_END
    with OperationBudget():
        await catalog.ipos(IpoRequest())
        with pytest.raises(GatewayError) as caught:
            await catalog.ipos(IpoRequest())
    assert caught.value.reason is Reason.ROW_LIMIT
