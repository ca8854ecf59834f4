"""What would become of an order that is not sent."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Order
from quantgraph.domain.rules.bands import Band
from quantgraph.domain.rules.daily import Basis
from quantgraph.domain.rules.fees import Fees


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an order costs where all of it trades at its worst price. Money in yuan.

    `price`: the highest of a buy, the lowest of a sell.
    """

    price: Decimal
    amount: Decimal
    fees: Fees


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What a submit would meet at an instant of the gateway's clock. Money in yuan.

    `refusals`: every one, the first that a submit would be answered with ahead. `earlier`: the
    order that a submit of this key would be answered with; then nothing else was judged.
    `cash_needed`: of a buy, fees included; `shares_needed`: of a sell; `cash` and `sellable`: what
    there is. `needs_approval`: it would wait for another key. `estimate`, `band` and what is
    needed are None where nothing bounds them.
    """

    time: datetime
    refusals: tuple[GatewayError, ...] = ()
    earlier: Order | None = None
    estimate: Estimate | None = None
    cash_needed: Decimal | None = None
    cash: Decimal | None = None
    shares_needed: int | None = None
    sellable: int | None = None
    band: Band | None = None
    rules: tuple[Basis, ...] = ()
    needs_approval: bool = False

    @property
    def passes(self) -> bool:
        """Whether a submit would be taken."""
        return not self.refusals
