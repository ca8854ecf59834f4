"""When an exchange takes orders for trading after hours, at the closing price."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any, ClassVar

from quantgraph.domain.instruments import InstrumentKind, Market
from quantgraph.domain.rules.rows import EXCHANGE_TRADED, PRACTICE, TABLES, Row

# From this day on the text of 2026 gives trading at the close to all shares and to exchange-traded
# funds; what came before, on two boards, is told by practice.
REFORM = date(2026, 7, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRow(Row):
    """When orders for after-hours trading are taken and cancelled, on days that have it."""

    topic: ClassVar[str] = "Phases"

    start: time
    end: time


def _late(market: Market, kind: InstrumentKind, opening: time) -> tuple[LateRow, ...]:
    spans = ((opening, time(11, 30)), (time(13, 0), time(15, 30)))
    name = f"phases.after-hours-orders.{market}{kind}".lower()
    shares = kind is InstrumentKind.STOCK
    known = tuple(
        LateRow(
            name=name,
            effective_from=REFORM,
            market=market,
            kind=kind,
            codes=() if shares else tuple(c for c in EXCHANGE_TRADED if c.startswith(market)),
            start=start,
            end=end,
        )
        for start, end in spans
    )
    first = (replace(row, **_BEFORE, name=f"{name}.first") for row in known if shares)
    return (*first, *known)


_BEFORE: Mapping[str, Any] = {
    "effective_from": date(2019, 7, 22),
    "effective_to": REFORM - timedelta(days=1),
    "source": f"{TABLES}; the years before 2026 are {PRACTICE}",
    "verified": False,
}

LATE_ORDERS = (
    *_late(Market.SH, InstrumentKind.STOCK, time(9, 30)),
    *_late(Market.SZ, InstrumentKind.STOCK, time(9, 15)),
    *_late(Market.SH, InstrumentKind.FUND, time(9, 30)),
    *_late(Market.SZ, InstrumentKind.FUND, time(9, 15)),
)
