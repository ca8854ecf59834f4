"""Ex-right events as the terminal tells them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import digits_day, ms_day
from quantgraph.domain.dividends import Dividend
from quantgraph.domain.instruments import InstrumentKind, classify
from quantgraph.domain.sources import Source

# A factor outside is of another scale than the documented one: prices are then not adjusted.
_RATIOS = (0.01, 100.0)


def read_dividends(data: Data, symbols: Sequence[str]) -> list[Sequence[Dividend] | None]:
    """Return the events per symbol, oldest first. An index has none."""
    return [
        () if classify(symbol)[1] is InstrumentKind.INDEX else _events(data, symbol)
        for symbol in symbols
    ]


def _events(data: Data, symbol: str) -> list[Dividend]:
    frame = data.call("get_divid_factors", to_vendor(symbol))
    rows: Mapping[Any, Mapping[str, Any]] = frame.T.to_dict() if len(frame) else {}
    events = [_read(symbol, key, row) for key, row in rows.items()]
    return sorted((each for each in events if each is not None), key=lambda each: each.ex_date)


def _read(symbol: str, key: object, row: Mapping[str, Any]) -> Dividend | None:
    day = ms_day(row.get("time")) or digits_day(key)
    if day is None:
        return None
    ratio = float(row.get("dr") or 0.0)
    return Dividend(
        symbol=symbol,
        ex_date=day,
        ratio=ratio if _RATIOS[0] < ratio < _RATIOS[1] else None,
        cash=_number(row, "interest"),
        bonus=_number(row, "stockBonus"),
        conversion=_number(row, "stockGift"),
        rights=_number(row, "allotNum"),
        rights_price=_number(row, "allotPrice"),
        source=Source.TERMINAL,
    )


def _number(row: Mapping[str, Any], name: str) -> float:
    value = float(row.get(name) or 0.0)
    return value if math.isfinite(value) else 0.0
