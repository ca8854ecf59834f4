"""What orders cost, as the second checker has it."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Side
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.fees import FeeSchedule

from . import oracle

SYMBOLS = (
    "600519.SH", "000001.SZ", "300750.SZ", "688981.SH", "835185.BJ", "510300.SH", "588000.SH",
    "113053.SH", "123001.SZ",
)  # fmt: skip
CHANGES = (
    date(2008, 9, 19), date(2012, 9, 1), date(2015, 8, 1), date(2021, 7, 19), date(2021, 11, 15),
    date(2022, 4, 29), date(2022, 8, 1), date(2023, 8, 28),
)  # fmt: skip
# Yuan at which a part rounds up, the minimum commission ends, and everything is large.
AMOUNTS = (1, 49_999, 50_000, 146_627, 146_628, 2_000_000, 2_002_000, 123_456_789_01)


def told(schedule, share, side, cents, day):
    try:
        fees = schedule.order_fees(share, Side(side), Decimal(cents) / 100, day)
    except OrderRefused as error:
        assert error.reason is Reason.RULE_UNKNOWN
        return None
    parts = (fees.commission, fees.stamp, fees.transfer, fees.handling, fees.regulatory)
    assert fees.total == sum(parts)
    return tuple(int(each * 100) for each in parts)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("apart", [False, True])
def test_both_agree_on_fees_on_both_sides_of_every_change(symbol, apart, make_instrument):
    share, schedule = make_instrument(symbol), FeeSchedule(inclusive=not apart)
    for change in CHANGES:
        for day in (change - timedelta(days=1), change):
            for side, cents in product(("BUY", "SELL"), AMOUNTS):
                wanted = oracle.charges(symbol, day, side, cents, apart=apart)
                found = told(schedule, share, side, cents, day)
                assert found == wanted, (symbol, day, side, cents)
