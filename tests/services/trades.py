"""Random trades, and what they come to when every share is followed by itself."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from quantgraph.domain.orders import Fill, Side
from quantgraph.domain.portfolio import Trade

NOW = datetime(2023, 2, 1, 2, 0, tzinfo=UTC)
SYMBOLS = ("000001.SZ", "600519.SH")
MONEY = st.decimals("0.01", "2000", places=2)


def fill(number, symbol, side, quantity, price, fee="5.00", time=NOW):
    price = Decimal(price)
    return Fill(
        f"f{number}", f"o{number}", "sim-1", symbol, side, quantity, price,
        (price * quantity).quantize(Decimal("0.01")), Decimal(fee), time,
    )  # fmt: skip


@st.composite
def trades(draw, labels=(None, "a", ""), days=1):
    """Trades in the order of a log, on up to so many days."""
    found, day = [], 0
    for number in range(draw(st.integers(0, 14))):
        day += draw(st.integers(0, 1)) if day < days - 1 else 0
        one = fill(
            number,
            draw(st.sampled_from(SYMBOLS)),
            draw(st.sampled_from(Side)),
            draw(st.integers(1, 40)),
            draw(MONEY),
            draw(st.decimals("0", "9", places=2)),
            NOW + timedelta(days=day),
        )
        found.append(Trade(number + 1, draw(st.sampled_from(labels)), one))
    return found


def each_share(fills):
    """Moving average cost share by share: (realised, cost left, shares left, unmatched)."""
    held, realized, unmatched = [], Fraction(0), 0
    for each in fills:
        if each.side is Side.BUY:
            held += [Fraction(each.amount + each.fee) / each.quantity] * each.quantity
            held = [sum(held) / len(held)] * len(held)
            continue
        received = Fraction(each.amount - each.fee) / each.quantity
        for _ in range(each.quantity):
            if held:
                realized += received - held.pop()
            else:
                unmatched += 1
    return realized, sum(held), len(held), unmatched


def each_share_of_day(began, before, fills):
    """A day share by share, old shares sold first: (realised, base of what is left, shares)."""
    bought = [each for each in fills if each.side is Side.BUY]
    paid = sum((Fraction(each.amount + each.fee) for each in bought), Fraction(0))
    count = sum(each.quantity for each in bought)
    held = [Fraction(before)] * began + [paid / count if count else Fraction(0)] * count
    realized = Fraction(0)
    for each in fills:
        if each.side is Side.SELL:
            received = Fraction(each.amount - each.fee) / each.quantity
            for _ in range(each.quantity):
                realized += received - held.pop(0)
    return realized, sum(held), len(held)
