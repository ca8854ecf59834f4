"""Figures of risk against a reckoning of every single share."""

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.orders import Side
from quantgraph.domain.portfolio import Concentration
from quantgraph.domain.sectors import Sector
from quantgraph.domain.sources import Source
from quantgraph.services.books import Book, DayTrades
from quantgraph.services.prices import Price, no_price
from quantgraph.services.risk import concentrate, profit_of_day, weigh, weigh_sectors
from tests.services.trades import MONEY, NOW, SYMBOLS, each_share_of_day, trades

DAY = day_of(to_ms(NOW))
CENT = Decimal("0.01")
PRICES = st.fixed_dictionaries(dict.fromkeys(SYMBOLS, st.builds(Price, MONEY, MONEY)))
HOLDINGS = st.dictionaries(
    st.sampled_from([f"60000{n}.SH" for n in range(6)]), st.integers(1, 10**6)
)


@given(trades(), st.tuples(st.integers(0, 60), st.integers(0, 60)), PRICES)
def test_the_days_profit_is_what_every_share_says(made, began, prices):
    book, held = Book("e"), {}
    book.take(made)
    fills = {s: [t.fill for t in made if t.fill.symbol == s] for s in SYMBOLS}
    realized = unrealized = 0.0
    for symbol, count in zip(SYMBOLS, began, strict=True):
        left = count
        for each in fills[symbol]:
            left += each.quantity if each.side is Side.BUY else -each.quantity
            assume(left >= 0)
        price = prices[symbol]
        gained, base, shares = each_share_of_day(count, price.before, fills[symbol])
        realized += float(gained)
        unrealized += float(shares * price.newest) - float(base)
        if shares:
            held[symbol] = shares
    profit, hidden = profit_of_day(DAY, held, book.of_day(DAY), prices)
    assert hidden == ()
    assert profit.total == profit.realized + profit.unrealized
    assert abs(float(profit.realized) - realized) <= 0.02
    assert abs(float(profit.unrealized) - unrealized) <= 0.03


def test_nothing_held_and_nothing_traded_is_no_profit():
    profit, hidden = profit_of_day(DAY, {}, {}, {})
    assert (profit.realized, profit.unrealized, profit.total, hidden) == (0, 0, 0, ())


def test_a_missing_price_hides_what_needs_it_and_nothing_else():
    one, two = SYMBOLS
    prices = {one: no_price(one), two: Price(Decimal("10.00"), Decimal("9.00"))}
    profit, hidden = profit_of_day(DAY, {one: 100, two: 100}, {}, prices)
    assert (profit.realized, profit.unrealized, profit.total) == (0, None, None)
    assert [(each.symbol, each.code) for each in hidden] == [(one, "PRICE_UNKNOWN")]
    sold = DayTrades(sold=100, received=Decimal("990.00"))
    profit, hidden = profit_of_day(DAY, {}, {one: sold}, prices)
    assert (profit.realized, profit.total) == (None, None)
    assert len(hidden) == 1


def test_a_missing_previous_close_matters_only_to_shares_of_yesterday():
    one = SYMBOLS[0]
    prices = {one: Price(Decimal("10.00"), None)}
    bought = DayTrades(bought=100, paid=Decimal("905.00"))
    profit, hidden = profit_of_day(DAY, {one: 100}, {one: bought}, prices)
    assert (profit.total, hidden) == (Decimal("95.00"), ())
    profit, hidden = profit_of_day(DAY, {one: 200}, {one: bought}, prices)
    assert (profit.realized, profit.total) == (0, None)
    assert [each.code for each in hidden] == ["PRICE_UNKNOWN"]


def test_more_bought_today_than_is_held_is_told_not_guessed():
    one = SYMBOLS[0]
    prices = {one: Price(Decimal("10.00"), Decimal("9.00"))}
    bought = DayTrades(bought=200, paid=Decimal("1805.00"))
    profit, hidden = profit_of_day(DAY, {one: 100}, {one: bought}, prices)
    assert (profit.realized, profit.unrealized, profit.total) == (None, None, None)
    assert [each.code for each in hidden] == ["FILLS_MISMATCH"]


@given(HOLDINGS, st.data())
def test_weights_and_hhi_are_those_of_the_values(holdings, data):
    prices = {symbol: Price(data.draw(MONEY), None) for symbol in holdings}
    exposures, gross = weigh(holdings, prices)
    values = {s: prices[s].newest * holdings[s] for s in holdings}
    assert {each.symbol: each.market_value for each in exposures} == values
    assert gross == sum(values.values())
    assert [each.market_value for each in exposures] == sorted(values.values(), reverse=True)
    few = concentrate(exposures, gross)
    if not holdings:
        assert few == Concentration()
        return
    weights = [float(value / gross) for value in values.values()]
    assert abs(sum(float(each.weight) for each in exposures) - 1) < 1e-5
    assert abs(float(few.hhi) - sum(weight**2 for weight in weights)) < 1e-5
    assert few.largest_symbol == exposures[0].symbol
    assert abs(float(few.largest_weight) - max(weights)) < 1e-5


@given(HOLDINGS, st.data())
def test_one_missing_price_hides_the_whole_and_every_weight(holdings, data):
    assume(holdings)
    lost = data.draw(st.sampled_from(sorted(holdings)))
    prices = {s: Price(Decimal("10.00"), None) for s in holdings} | {lost: no_price(lost)}
    exposures, gross = weigh(holdings, prices)
    assert gross is None
    assert {each.weight for each in exposures} == {None}
    assert concentrate(exposures, gross) == Concentration()
    known = {each.symbol: each.market_value for each in exposures}
    assert known.pop(lost) is None
    assert known == {s: Decimal(10 * holdings[s]) for s in known}


SECTORS = st.lists(st.frozensets(st.sampled_from([f"60000{n}.SH" for n in range(8)])), max_size=4)


@given(HOLDINGS, SECTORS)
def test_every_holding_is_in_each_of_its_sectors_or_in_none(holdings, members):
    sectors = [
        Sector(f"s{n}", "kind", tuple(sorted(of)), Source.IMPORTED) for n, of in enumerate(members)
    ]
    prices = {symbol: Price(Decimal("2.00"), None) for symbol in holdings}
    exposures, gross = weigh(holdings, prices)
    found = {each.sector: each for each in weigh_sectors(exposures, gross, sectors)}
    for sector in sectors:
        inside = sorted(set(sector.symbols) & holdings.keys())
        assert (sector.name in found) is bool(inside)
        if inside:
            assert list(found[sector.name].symbols) == inside
            assert found[sector.name].market_value == sum(2 * holdings[s] for s in inside)
    outside = sorted(holdings.keys() - {s for sector in sectors for s in sector.symbols})
    assert (None in found) is bool(outside)
    if outside:
        assert list(found[None].symbols) == outside


def test_a_sector_with_a_holding_of_no_price_has_no_value():
    one, two = SYMBOLS
    prices = {one: no_price(one), two: Price(Decimal("1.00"), None)}
    exposures, gross = weigh({one: 1, two: 1}, prices)
    sectors = [Sector(s, None, (s,), Source.IMPORTED) for s in SYMBOLS]
    found = {each.sector: each.market_value for each in weigh_sectors(exposures, gross, sectors)}
    assert found == {one: None, two: Decimal("1.00")}
    assert prices[one].message_zh == "没有可用的价格"
