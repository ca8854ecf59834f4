"""Which kinds of order an exchange takes, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Board, Instrument, InstrumentKind, Market
from quantgraph.domain.orders import PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import LOOKED_UP, PRACTICE, TABLES, Row, unknown_rule
from quantgraph.domain.rules.sessions import Phase, late_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTypeRow(Row):
    """Price types that are taken in these phases; no phases: whenever orders are."""

    topic: ClassVar[str] = "Price types"

    types: tuple[PriceType, ...]
    phases: tuple[Phase, ...] = ()

    def takes(self, phase: Phase) -> bool:
        """Return whether they are taken in a phase that takes orders."""
        return not self.phases or phase in self.phases


_DAYTIME = (Phase.CONTINUOUS,)
_FIVE = (PriceType.BEST_FIVE_CANCEL, PriceType.BEST_FIVE_LIMIT)
_BEST = (PriceType.OWN_BEST, PriceType.OPPOSITE_BEST)
_SZ = (*_BEST, PriceType.BEST_FIVE_CANCEL, PriceType.FILL_OR_KILL)
_DOCS = "the terminal vendor's table of price types"
_DATED = f"{_DOCS}; the first day is {PRACTICE}"
_FUND, _BOND = InstrumentKind.FUND, InstrumentKind.BOND


def _limit(kind: InstrumentKind, first: date, verified: bool) -> PriceTypeRow:
    return PriceTypeRow(
        name=f"price-types.limit.{kind.lower()}",
        effective_from=first,
        kind=kind,
        types=(PriceType.LIMIT,),
        source=TABLES if verified else PRACTICE,
        verified=verified,
    )


def _market(name: str, first: date, types: tuple[PriceType, ...], whom: Row) -> PriceTypeRow:
    return PriceTypeRow(
        name=f"price-types.{name}",
        effective_from=first,
        kind=whom.kind,
        market=whom.market,
        board=whom.board,
        types=types,
        phases=_DAYTIME,
        source=whom.source,
        verified=whom.verified,
    )


def _whom(
    market: Market,
    board: Board | None = None,
    kind: InstrumentKind = InstrumentKind.STOCK,
    verified: bool = True,
) -> Row:
    source = _DATED if verified else PRACTICE
    return Row(
        name="", effective_from=date.min, market=market, board=board, kind=kind,
        source=source, verified=verified,
    )  # fmt: skip


_OPENED, _REFORM = date(2006, 7, 1), date(2023, 4, 10)

# All rows in force count together. Convertible bonds are matched by limit orders alone.
PRICE_TYPES = (
    _limit(InstrumentKind.STOCK, date(1990, 12, 19), verified=True),
    _limit(_FUND, date(1998, 4, 7), verified=False),
    _limit(_BOND, date(2022, 8, 1), verified=False),
    _market("five.sh", _OPENED, _FIVE, _whom(Market.SH, Board.MAIN)),
    _market("best.sh", _REFORM, _BEST, _whom(Market.SH, Board.MAIN)),
    _market("star", date(2019, 7, 22), (*_FIVE, *_BEST), _whom(Market.SH, Board.STAR)),
    _market("sz", _OPENED, _SZ, _whom(Market.SZ)),
    _market("bse", date(2021, 11, 15), (*_FIVE, *_BEST), _whom(Market.BJ)),
    _market("five.fund", _OPENED, _FIVE, _whom(Market.SH, kind=_FUND, verified=False)),
    _market("sz.fund", _OPENED, _SZ, _whom(Market.SZ, kind=_FUND, verified=False)),
)


@lru_cache(LOOKED_UP)
def price_types(instrument: Instrument, day: date) -> Sequence[PriceTypeRow]:
    """Return all rows in force. Raises OrderRefused RULE_UNKNOWN where there is none."""
    rows = tuple(row for row in PRICE_TYPES if row.concerns(instrument) and row.holds(day))
    if not rows:
        raise unknown_rule(instrument, day, "price types")
    return rows


@dataclass(frozen=True, slots=True)
class Taken:
    """A price type, the row that says so, and whether call auctions take it as well."""

    price_type: PriceType
    row: Row
    in_auctions: bool


def taken_types(instrument: Instrument, day: date) -> Sequence[Taken]:
    """Return the price types that the exchange takes at some time of a day with a band.

    Raises OrderRefused RULE_UNKNOWN.
    """
    rows = price_types(instrument, day)
    found = {kind: Taken(kind, row, not row.phases) for row in rows for kind in row.types}
    late = late_rule(instrument, day)
    if late is not None:
        found[PriceType.AFTER_HOURS] = Taken(PriceType.AFTER_HOURS, late, in_auctions=False)
    return [found[kind] for kind in PriceType if kind in found]


def check_price_type(
    instrument: Instrument, price_type: PriceType, phase: Phase, day: date
) -> PriceTypeRow | None:
    """Return the row that allows the price type in a phase that takes orders.

    None for AFTER_HOURS: the session's rows have judged it. Raises OrderRefused:
    PRICE_TYPE_UNSUPPORTED, RULE_UNKNOWN.
    """
    rows = price_types(instrument, day)
    if price_type is PriceType.AFTER_HOURS:
        return None
    having = [row for row in rows if price_type in row.types]
    row = next((row for row in having if row.takes(phase)), None)
    if row is None:
        text = f"{instrument.symbol} never takes {price_type} orders."
        if having:
            phases = ", ".join(having[0].phases)
            text = f"{instrument.symbol} takes {price_type} orders in {phases} only; it is {phase}."
        raise OrderRefused(Reason.PRICE_TYPE_UNSUPPORTED, text, price_type=price_type, phase=phase)
    return row
