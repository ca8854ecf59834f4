"""What an account is worth: holdings at the price of the moment, at their cost without one."""

from decimal import Decimal

from quantgraph.backends.sim.ledger import Ledger
from quantgraph.backends.sim.valuation import value_asset, value_positions
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.ticks import in_ticks
from quantgraph.domain.sources import Source
from quantgraph.seeds import SeedAccount, SeedPosition

SYMBOL = "600000.SH"
SEED = SeedAccount(
    id="sim-1",
    name="one",
    cash=Decimal("1000.00"),
    positions=(SeedPosition(symbol=SYMBOL, quantity=100, cost_price=Decimal("9.00")),),
)


def quote(last: float | None, close: float | None = 10.0) -> Quote:
    return Quote(
        symbol=SYMBOL, time=0, last_price=last, open=last, high=last, low=last,
        previous_close=close, volume=0, amount=0.0, bids=(), asks=(), suspended=False,
        source=Source.SIMULATED,
    )  # fmt: skip


def total(*quotes: Quote) -> str:
    ledger, shown = Ledger.open(SEED), {each.symbol: each for each in quotes}
    asset = value_asset(ledger, shown)
    known = [each.market_value for each in value_positions(ledger, shown)]
    assert known in ([None], [asset.market_value])
    assert asset.total == asset.cash + asset.frozen_cash + asset.market_value
    return f"{asset.total:f}"


def test_a_holding_counts_at_its_last_price_and_before_a_trade_at_the_previous_close():
    assert total(quote(9.5)) == "1950.00"
    assert total(quote(None)) == "2000.00"


def test_a_holding_without_a_price_counts_at_its_cost():
    assert total() == "1900.00"
    assert total(quote(None, None)) == "1900.00"


def test_a_holding_that_is_worth_nothing_counts_nothing():
    assert total(quote(0.0)) == "1000.00"


def test_prices_have_the_decimals_of_their_step():
    ledger = Ledger.open(SEED)
    (held,) = value_positions(ledger, {SYMBOL: quote(11.0)})
    assert (f"{held.last_price:f}", f"{held.market_value:f}") == ("11.00", "1100.00")
    assert [f"{in_ticks(*each):f}" for each in PRICED] == ["1500.10", "4.100", "120.000", "11.005"]


PRICED = (("600519.SH", 1500.1), ("510300.SH", 4.1), ("113053.SH", 120.0), ("600000.SH", 11.005))
