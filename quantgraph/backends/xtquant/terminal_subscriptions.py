"""What the terminal says that it follows, and for whom."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from quantgraph.backends.xtquant.codes import from_vendor
from quantgraph.backends.xtquant.data import Data, rows_of
from quantgraph.domain.bars import Period
from quantgraph.domain.terminal_subscriptions import TerminalSubscription

# The number of bars among the vendor's kinds of data, and the periods that its own table names.
_BARS = 3001
_PERIODS: Mapping[int, Period] = {
    60_000: Period.MIN_1,
    300_000: Period.MIN_5,
    900_000: Period.MIN_15,
    1_800_000: Period.MIN_30,
    3_600_000: Period.HOUR_1,
    86_400_000: Period.DAY_1,
}


def read_subscriptions(data: Data) -> Sequence[TerminalSubscription]:
    """Return all of them by program and code. Errors: as `Data.call`."""
    rows: Sequence[Any] = rows_of(data.call("get_all_sub_info"))
    found = [_read(cast("Mapping[str, Any]", row)) for row in rows if isinstance(row, Mapping)]
    return sorted(
        (each for each in found if each is not None),
        key=lambda each: (each.client, each.code, each.dataset, each.interval_ms),
    )


def _read(row: Mapping[str, Any]) -> TerminalSubscription | None:
    """Return a row; None for one that does not say what is followed."""
    code, dataset, interval = str(row.get("stockCode") or ""), row.get("metaId"), row.get("period")
    if not code or not isinstance(dataset, int) or not isinstance(interval, int):
        return None
    return TerminalSubscription(
        client=str(row.get("addr") or ""),
        code=code,
        symbol=from_vendor(code),
        period=_PERIODS.get(interval) if dataset == _BARS else None,
        dataset=dataset,
        interval_ms=interval,
    )
