"""What a trade costs besides its price."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from quantgraph.domain.instruments import Instrument, InstrumentKind, Market
from quantgraph.domain.orders import Side
from quantgraph.domain.rules.rows import LOOKED_UP, PRACTICE, TABLES, Row, find_rule, unknown_rule

CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


class Charge(StrEnum):
    """Who takes it: state, clearing house, exchange (经手费), supervisor (证管费)."""

    STAMP = "STAMP"
    TRANSFER = "TRANSFER"
    HANDLING = "HANDLING"
    REGULATORY = "REGULATORY"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRow(Row):
    """A charge as a share of the traded amount, by side."""

    topic: ClassVar[str] = "Fees"

    charge: Charge
    buy: Decimal
    sell: Decimal


_NONE = Decimal(0)
_MILLE, _HALF_MILLE = Decimal("0.001"), Decimal("0.0005")
_OLD_TRANSFER, _TRANSFER = Decimal("0.00002"), Decimal("0.00001")
_EVER = date(2006, 7, 1)
_UNDATED = f"{TABLES}; the first day is {PRACTICE}"

FEES = (
    FeeRow(
        name="fees.stamp.first",
        effective_from=date(2008, 9, 19),
        effective_to=date(2023, 8, 27),
        charge=Charge.STAMP,
        buy=_NONE,
        sell=_MILLE,
    ),
    FeeRow(
        name="fees.stamp",
        effective_from=date(2023, 8, 28),
        charge=Charge.STAMP,
        buy=_NONE,
        sell=_HALF_MILLE,
    ),
    # Until then Shanghai charged by face value, which no source here knows: no row, no guess.
    FeeRow(
        name="fees.transfer.sz-first",
        effective_from=_EVER,
        effective_to=date(2015, 7, 31),
        market=Market.SZ,
        charge=Charge.TRANSFER,
        buy=_NONE,
        sell=_NONE,
        source=PRACTICE,
        verified=False,
    ),
    FeeRow(
        name="fees.transfer.first",
        effective_from=date(2015, 8, 1),
        effective_to=date(2022, 4, 28),
        charge=Charge.TRANSFER,
        buy=_OLD_TRANSFER,
        sell=_OLD_TRANSFER,
        source=PRACTICE,
        verified=False,
    ),
    # The tables tell the rate as it stands beside the stamp duty of 2023, and not since when.
    FeeRow(
        name="fees.transfer.undated",
        effective_from=date(2022, 4, 29),
        effective_to=date(2023, 8, 27),
        charge=Charge.TRANSFER,
        buy=_TRANSFER,
        sell=_TRANSFER,
        source=_UNDATED,
        verified=False,
    ),
    FeeRow(
        name="fees.transfer",
        effective_from=date(2023, 8, 28),
        charge=Charge.TRANSFER,
        buy=_TRANSFER,
        sell=_TRANSFER,
    ),
    FeeRow(
        name="fees.stamp.fund",
        effective_from=_EVER,
        kind=InstrumentKind.FUND,
        charge=Charge.STAMP,
        buy=_NONE,
        sell=_NONE,
    ),
    FeeRow(
        name="fees.transfer.fund",
        effective_from=_EVER,
        kind=InstrumentKind.FUND,
        charge=Charge.TRANSFER,
        buy=_NONE,
        sell=_NONE,
        source=PRACTICE,
        verified=False,
    ),
    *(
        FeeRow(
            name=f"fees.{charge.lower()}.bond",
            effective_from=date(2022, 8, 1),
            kind=InstrumentKind.BOND,
            charge=charge,
            buy=_NONE,
            sell=_NONE,
            source=PRACTICE,
            verified=False,
        )
        for charge in (Charge.STAMP, Charge.TRANSFER)
    ),
)


def _passed_on(
    name: str, rate: str, since: date, until: date | None = None, market: Market | None = None
) -> FeeRow:
    """Return a charge on both sides that the exchange's members pay, by its name's last words."""
    _, charge, what, *_ = f"{name}.".replace("-", ".").split(".")
    kinds = {"fund": InstrumentKind.FUND, "bond": InstrumentKind.BOND}
    # The tables tell today's rates of shares, and no first day of any; all else is practice.
    told = not what
    return FeeRow(
        name=name,
        effective_from=since,
        effective_to=until,
        kind=kinds.get(what, InstrumentKind.STOCK),
        market=market,
        charge=Charge(charge.upper()),
        buy=Decimal(rate),
        sell=Decimal(rate),
        source=_UNDATED if told else PRACTICE,
        verified=False,
    )


_SH, _SZ, _BJ = Market.SH, Market.SZ, Market.BJ
_2015, _2021, _2022, _2023 = (
    date(2015, 8, 1),
    date(2021, 7, 19),
    date(2022, 8, 1),
    date(2023, 8, 28),
)
_DAY = timedelta(days=1)
# Usually inside the commission: charged apart only where the configuration says so.
PASSED_ON = (
    _passed_on("fees.handling.first", "0.0000487", _2015, _2023 - _DAY, _SH),
    _passed_on("fees.handling.first", "0.0000487", _2015, _2023 - _DAY, _SZ),
    _passed_on("fees.handling.bj", "0.00025", date(2021, 11, 15), _2023 - _DAY, _BJ),
    _passed_on("fees.handling.bj", "0.000125", _2023, None, _BJ),
    _passed_on("fees.handling", "0.0000341", _2023, None, _SH),
    _passed_on("fees.handling", "0.0000341", _2023, None, _SZ),
    _passed_on("fees.regulatory.first", "0.00002", date(2012, 9, 1), _2023 - _DAY),
    _passed_on("fees.regulatory", "0.00002", _2023),
    _passed_on("fees.handling.fund", "0.000045", _2015, _2021 - _DAY, _SH),
    _passed_on("fees.handling.fund", "0.0000487", _2015, _2021 - _DAY, _SZ),
    _passed_on("fees.handling.fund", "0.00004", _2021),
    _passed_on("fees.regulatory.fund", "0", _2015),
    _passed_on("fees.handling.bond", "0.00004", _2022),
    _passed_on("fees.regulatory.bond", "0", _2022),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionRow(Row):
    """The most that a broker may take, as a share of the traded amount."""

    topic: ClassVar[str] = "Fees"

    cap: Decimal


COMMISSIONS = (
    CommissionRow(name="fees.commission", effective_from=date(2002, 5, 1), cap=Decimal("0.003")),
)


@dataclass(frozen=True, slots=True)
class Commission:
    """The broker's share: a rate, and a minimum in yuan per order across all its fills."""

    rate: Decimal = Decimal("0.00025")
    minimum: Decimal = Decimal("5.00")

    def __post_init__(self) -> None:
        """Refuse a rate above every legal cap there was."""
        cap = max(row.cap for row in COMMISSIONS)
        if not 0 <= self.rate <= cap or self.minimum < 0:
            raise ValueError(
                f"commission {self.rate} with minimum {self.minimum} is not allowed; at most {cap}"
            )


@dataclass(frozen=True, slots=True)
class Fees:
    """The parts, in yuan, each rounded half up to the cent; 0 is what the commission includes."""

    commission: Decimal = _ZERO
    stamp: Decimal = _ZERO
    transfer: Decimal = _ZERO
    handling: Decimal = _ZERO
    regulatory: Decimal = _ZERO

    @property
    def total(self) -> Decimal:
        """All parts together."""
        return self.commission + self.stamp + self.transfer + self.handling + self.regulatory


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What orders cost on a day.

    `inclusive`: the broker pays handling and regulatory fees out of its commission, as most do;
    else they are charged besides.
    """

    commission: Commission = Commission()
    inclusive: bool = True

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What is charged besides the commission."""
        return (Charge.STAMP, Charge.TRANSFER) if self.inclusive else tuple(Charge)

    def order_fees(self, instrument: Instrument, side: Side, amount: Decimal, day: date) -> Fees:
        """Return the fees of one order whose fills add up to `amount` yuan.

        A fill costs the difference between after and before it: so the minimum is paid once per
        order, and the sum does not depend on how the order was cut. Raises RULE_UNKNOWN.
        """
        if amount == 0:
            return Fees()
        rows = _rows(self.charges, instrument, day)
        rates = (row.buy if side is Side.BUY else row.sell for row in rows)
        least = max(_cents(amount * self.commission.rate), self.commission.minimum)
        return Fees(_cents(least), *(_cents(amount * rate) for rate in rates))

    def rules(self, instrument: Instrument, day: date) -> Sequence[FeeRow]:
        """Return the rows that an order's fees follow, by charge. Raises RULE_UNKNOWN."""
        return _rows(self.charges, instrument, day)


@lru_cache(LOOKED_UP)  # every order asks twice for the charges of the same day
def _rows(charges: tuple[Charge, ...], instrument: Instrument, day: date) -> tuple[FeeRow, ...]:
    return tuple(_required(charge, instrument, day) for charge in charges)


def _required(charge: Charge, instrument: Instrument, day: date) -> FeeRow:
    rows = (row for row in (*FEES, *PASSED_ON) if row.charge is charge)
    row = find_rule(rows, instrument, day)
    if row is None:
        raise unknown_rule(instrument, day, f"{charge.lower()} charge")
    return row


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)
