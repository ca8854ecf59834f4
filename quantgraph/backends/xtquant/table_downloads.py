"""A download of one of the terminal's tables: begun by one verb, asked after by another.

The SDK's own function asks for ever, and draws a bar on the screen of whoever runs it.
"""

from collections.abc import Mapping
from typing import Any

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import day_digits
from quantgraph.domain.downloads import DownloadProgress, DownloadWish
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.tables import unknown_table

VERB = "downloadtabulardata"
_ASK = "getdownloadworkprogress"
# What the SDK's function asks for where its caller does not say.
_MANNER = "validationbypage"
_SHOWN = 200


def begin(data: Data, wish: DownloadWish) -> int:
    """Let the terminal begin, and return the number to ask after it by. Errors: UNKNOWN_TABLE."""
    table = wish.table or ""
    if table not in data.call("get_metatable_list"):
        raise unknown_table(table)
    number = data.call("get_metatable_config", table)["I"]
    told = data.control(
        VERB,
        {
            "stocklist": [to_vendor(each) for each in wish.symbols],
            "period": "",
            "metaid": number,
            # Of the table's own rows, not of bars made of them.
            "periodNum": 0,
            "starttime": day_digits(wish.start),
            "endtime": day_digits(wish.end),
            "incrementally": wish.start is None,
            "type": _MANNER,
            "source": "",
        },
    )
    if not isinstance(told.get("seq"), int):
        raise _refused(told)
    return int(told["seq"])


def ask_after(data: Data, number: int) -> tuple[DownloadProgress, bool]:
    """Return how far it is, and whether it has ended. Errors: DOWNLOAD_REFUSED."""
    told = data.control(_ASK, {"seq": number})
    if told.get("errormsg"):
        raise _refused(told)
    total = max(int(told.get("totalcount") or 0), 1)
    if told.get("done", True):
        return DownloadProgress(total, total), True
    return DownloadProgress(min(int(told.get("finishedcount") or 0), total), total), False


def _refused(told: Mapping[str, Any]) -> Unavailable:
    text = f"The terminal could not download: {str(told.get('errormsg') or told)[:_SHOWN]}."
    return Unavailable(Reason.DOWNLOAD_REFUSED, text)
