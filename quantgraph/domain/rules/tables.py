"""Every row of every table, for those who ask for rules by name."""

from collections.abc import Mapping

from quantgraph.domain.rules.allotments import ALLOTMENTS
from quantgraph.domain.rules.auctions import AUCTIONS
from quantgraph.domain.rules.bands import BANDS, LISTINGS
from quantgraph.domain.rules.cages import CAGES, HALTED_CAGES
from quantgraph.domain.rules.fees import COMMISSIONS, FEES, PASSED_ON
from quantgraph.domain.rules.halts import HALTS
from quantgraph.domain.rules.late_orders import LATE_ORDERS
from quantgraph.domain.rules.lots import LOTS
from quantgraph.domain.rules.price_types import PRICE_TYPES
from quantgraph.domain.rules.quotas import QUOTAS
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.rules.sessions import PHASES
from quantgraph.domain.rules.settlement import SETTLEMENTS
from quantgraph.domain.rules.ticks import TICKS

ALL_TABLES: Mapping[str, tuple[Row, ...]] = {
    "sessions": PHASES,
    "late_orders": LATE_ORDERS,
    "auctions": AUCTIONS,
    "bands": BANDS,
    "listings": LISTINGS,
    "halts": HALTS,
    "cages": CAGES,
    "halted_cages": HALTED_CAGES,
    "ticks": TICKS,
    "lots": LOTS,
    "quotas": QUOTAS,
    "allotments": ALLOTMENTS,
    "price_types": PRICE_TYPES,
    "settlement": SETTLEMENTS,
    "fees": FEES,
    "exchange_fees": PASSED_ON,
    "commissions": COMMISSIONS,
}


def unverified_names() -> frozenset[str]:
    """Return the names of all rules that nobody has checked against an official text."""
    rows = (row for table in ALL_TABLES.values() for row in table)
    return frozenset(row.name for row in rows if not row.verified)
