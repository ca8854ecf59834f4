"""Accounts as their owner sees them: money and holdings at the prices of the moment."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from quantgraph.backends.sim.ledger import Holding, Ledger, cents
from quantgraph.domain.accounts import Asset, Position
from quantgraph.domain.quotes import Quote
from quantgraph.domain.rules.ticks import in_ticks
from quantgraph.domain.sources import Source

_COST = Decimal("0.0001")


def value_asset(ledger: Ledger, quotes: Mapping[str, Quote]) -> Asset:
    """Return the money of an account; a holding without a price counts at its cost."""
    worths = [
        (_worth(held, _price(quotes.get(symbol))), held.cost)
        for symbol, held in ledger.holdings.items()
        if held.quantity
    ]
    # Worth nothing is a worth: only one that is not known falls back to the cost.
    market = sum((cost if worth is None else worth for worth, cost in worths), Decimal("0.00"))
    return Asset(
        account_id=ledger.account_id,
        cash=ledger.cash,
        frozen_cash=ledger.frozen,
        market_value=market,
        total=ledger.cash + ledger.frozen + market,
        source=Source.SIMULATED,
    )


def value_positions(ledger: Ledger, quotes: Mapping[str, Quote]) -> list[Position]:
    """Return the holdings by symbol; without a quote their value is not known."""
    return [
        _position(ledger.account_id, symbol, held, _price(quotes.get(symbol)))
        for symbol, held in sorted(ledger.holdings.items())
        if held.quantity
    ]


def _position(account_id: str, symbol: str, held: Holding, price: Decimal | None) -> Position:
    worth = _worth(held, price)
    return Position(
        account_id=account_id,
        symbol=symbol,
        quantity=held.quantity,
        sellable=held.sellable,
        cost_price=(held.cost / held.quantity).quantize(_COST, ROUND_HALF_UP),
        last_price=price,
        market_value=worth,
        profit=None if worth is None else worth - held.cost,
        source=Source.SIMULATED,
    )


def _price(quote: Quote | None) -> Decimal | None:
    """Return the last price; before the first trade of the day, the previous close."""
    if quote is None:
        return None
    price = quote.previous_close if quote.last_price is None else quote.last_price
    return None if price is None else in_ticks(quote.symbol, price)


def _worth(held: Holding, price: Decimal | None) -> Decimal | None:
    return None if price is None else cents(price * held.quantity)
