"""Days of special treatment, read from the file that the terminal downloads them into.

The SDK's own function reads the whole file for each share, in whatever encoding the machine has,
and takes the end of a line for a part of the mark. What is needed of a line is plain digits.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import digits_day
from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.treatments import SpecialTreatment, TreatmentKind

# What the list is called where the terminal's lists are counted.
LIST = "special_treatments"
_FILE = ("..", "data", "SH_XXXXXX_2011_86400000.csv")
# Every other mark ends the treatment.
_KINDS: Mapping[bytes, TreatmentKind] = {
    b"1": TreatmentKind.ST,
    b"2": TreatmentKind.STAR_ST,
    b"3": TreatmentKind.PT,
}
_CELLS = 4
_Change = tuple[date, TreatmentKind | None]


def read_treatments(data: Data, symbols: Sequence[str]) -> list[SpecialTreatment] | None:
    """Return the spans of each share, oldest first; None where nothing was downloaded.

    Errors: SOURCE_UNAVAILABLE where there is a file that cannot be read.
    """
    path = Path(data.call("get_data_dir")).joinpath(*_FILE)
    try:
        with path.open("rb") as lines:
            changes = _changes(lines, {to_vendor(each).encode(): each for each in symbols})
    except FileNotFoundError:
        data.listed(LIST, anything=False)
        return None
    except OSError as error:
        text = f"The terminal's file {path.name} cannot be read ({error.strerror})."
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, text) from error
    data.listed(LIST, anything=True)
    asked = dict.fromkeys(symbols)
    return [span for symbol in asked for span in _spans(symbol, changes.get(symbol, ()))]


def _changes(lines: Iterable[bytes], symbols: Mapping[bytes, str]) -> dict[str, list[_Change]]:
    """Return from which day on which mark a share has had."""
    found: dict[str, list[_Change]] = defaultdict(list)
    for line in lines:
        cells = [cell.strip() for cell in line.split(b",")]
        symbol = symbols.get(cells[0])
        day = digits_day(cells[2].decode("ascii", "replace")) if len(cells) >= _CELLS else None
        if symbol is not None and day is not None:
            found[symbol].append((day, _KINDS.get(cells[3])))
    return found


def _spans(symbol: str, changes: Sequence[_Change]) -> list[SpecialTreatment]:
    ordered: list[_Change] = []
    for change in sorted(changes, key=lambda each: each[0]):
        # A mark that is told again goes on.
        if not ordered or ordered[-1][1] is not change[1]:
            ordered.append(change)
    ends = [*pairwise(ordered), *((last, None) for last in ordered[-1:])]
    return [
        SpecialTreatment(symbol, kind, start, after and after[0], Source.TERMINAL)
        for (start, kind), after in ends
        if kind is not None
    ]
