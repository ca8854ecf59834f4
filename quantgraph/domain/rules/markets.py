"""Since when an exchange has been trading."""

from collections.abc import Mapping
from datetime import date

from quantgraph.domain.instruments import Market

# Their official openings; Shenzhen had traded on trial for seven months before.
OPENED: Mapping[Market, date] = {
    Market.SH: date(1990, 12, 19),
    Market.SZ: date(1991, 7, 3),
    Market.BJ: date(2021, 11, 15),
    Market.CFFEX: date(2010, 4, 16),
}
