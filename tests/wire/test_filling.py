"""Chunks copied as they come are what joining them at the end would give."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.bars import BAR_FIELDS, BarColumns
from quantgraph.wire.filling import Filling

FIELDS = ("time", "close", "suspended")


@st.composite
def chunks(draw: st.DrawFn) -> BarColumns:
    """A few rows of two columns with or without masks."""
    length = draw(st.integers(0, 9))
    rows = st.lists(st.integers(-99, 99), min_size=length, max_size=length)
    masks = st.lists(st.booleans(), min_size=length, max_size=length)
    values = {
        "time": np.array(draw(rows), np.int64),
        "close": np.array(draw(rows), np.float64),
        "suspended": np.array(draw(masks), np.bool_),
    }
    masked = draw(st.sets(st.sampled_from(FIELDS)))
    return BarColumns(length, values, {name: np.array(draw(masks), np.bool_) for name in masked})


def _joined(parts: list[BarColumns], name: str) -> Any:
    return [value for part in parts for value in part.values[name].tolist()]


def _shown(parts: list[BarColumns], name: str) -> Any:
    whole = (part.valid.get(name, np.ones(part.length, np.bool_)).tolist() for part in parts)
    return [each for mask in whole for each in mask]


@given(st.lists(chunks(), max_size=6), st.integers(0, 60))
def test_whatever_room_there_was_the_rows_are_those_of_the_chunks(
    parts: list[BarColumns], room: int
) -> None:
    filling = Filling(FIELDS, room)
    for part in parts:
        filling.add(part)
    whole = filling.whole()
    assert whole.length == sum(part.length for part in parts)
    assert whole.valid.keys() == {name for part in parts for name in part.valid}
    for name in FIELDS:
        assert whole.values[name].tolist() == _joined(parts, name)
        assert whole.values[name].dtype == BAR_FIELDS[name].dtype
    for name, mask in whole.valid.items():
        assert mask.tolist() == _shown(parts, name)


def test_a_symbol_shorter_than_the_one_before_holds_no_room_for_it() -> None:
    filling = Filling(("time",), 1_000)
    filling.add(BarColumns(10, {"time": np.arange(10)}))
    assert filling.whole().values["time"].base is None
