"""What was found out about columns that answer again: that they can be written, and how."""

import weakref
from collections.abc import Hashable

from quantgraph.domain.bars import BarColumns
from quantgraph.rows.plan import Batch

# Selections that are remembered of the same columns.
_SELECTIONS = 8


class Forms:
    """By columns object and selection, no longer than the object lives.

    Nobody writes into columns that are `kept`, so what was found stays true of them.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._known: dict[int, tuple[weakref.ref[BarColumns], dict[Hashable, Batch]]] = {}

    def find(self, columns: BarColumns, selection: Hashable) -> Batch | None:
        """Return what was kept of these columns for a selection."""
        found = self._known.get(id(columns))
        return found[1].get(selection) if found is not None and found[0]() is columns else None

    def keep(self, columns: BarColumns, selection: Hashable) -> Batch:
        """Return the batch of checked columns, remembered where they answer again."""
        batch = Batch(columns.length, columns.values, columns.valid)
        if columns.kept:
            self._forms(columns)[selection] = batch
        return batch

    def _forms(self, columns: BarColumns) -> dict[Hashable, Batch]:
        place = id(columns)
        found = self._known.get(place)
        if found is None or found[0]() is not columns or len(found[1]) >= _SELECTIONS:
            # Its end takes the arrays along, which this would keep otherwise.
            gone = weakref.ref(columns, lambda _: self._known.pop(place, None))
            found = self._known[place] = gone, {}
        return found[1]
