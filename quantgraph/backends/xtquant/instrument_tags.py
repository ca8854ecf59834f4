"""Which of the vendor's tags an instrument has: one question for each tag."""

from collections.abc import Mapping

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.domain.instrument_tags import InstrumentTags
from quantgraph.domain.sources import Source


def read_tags(data: Data, symbol: str, wanted: Mapping[str, int]) -> InstrumentTags:
    """Return those of the wanted tags that a symbol has. Errors: as `Data.call`."""
    code = to_vendor(symbol)
    held = (name for name, number in wanted.items() if data.call("is_stock_type", code, number))
    return InstrumentTags(symbol, tuple(held), Source.TERMINAL)
