"""Kept texts answer for their own columns alone, and cost what they are said to cost."""

import asyncio
import gc
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.asgi import Gone
from api.deadlines import Deadlines
from api.forms import Forms
from api.reply import Reply
from api.slots import KeptTexts, Rows, Slot
from quantgraph.domain.bars import BarColumns
from quantgraph.rows.plan import Cell, Kind

CELLS = (Cell("c", "close", Kind.FLOAT),)


def columns(value: float, length: int = 3) -> BarColumns:
    return BarColumns(length, {"close": np.full(length, value)}, kept=True)


def ask(texts: KeptTexts, found: BarColumns) -> bytes:
    return Slot(Rows(CELLS, found), texts).text(0, found.length)


def test_what_is_asked_twice_is_written_twice_at_most(monkeypatch):
    texts, found, written = KeptTexts(1_000_000), columns(1.5), []
    make = Slot._make
    monkeypatch.setattr(Slot, "_make", lambda *args: written.append(1) or make(*args))
    assert {ask(texts, found) for _ in range(5)} == {b'{"c":1.5},{"c":1.5},{"c":1.5}'}
    assert len(written) == 2


def test_a_kept_text_does_not_keep_its_columns():
    texts, found = KeptTexts(1_000_000), columns(1.5, 2_000)
    ask(texts, found), ask(texts, found)
    gone = weakref.ref(found)
    del found
    gc.collect()
    assert gone() is None


def test_what_was_found_out_of_columns_ends_with_them():
    forms, found = Forms(), columns(1.5)
    array = weakref.ref(found.values["close"])
    assert forms.keep(found, CELLS) is forms.find(found, CELLS)
    assert forms.find(found, ()) is None
    assert forms.find(columns(1.5), CELLS) is None
    del found
    gc.collect()
    assert array() is None
    assert not forms._known


def test_of_columns_that_do_not_answer_again_nothing_is_remembered():
    forms, found = Forms(), BarColumns(1, {"close": np.array([1.5])})
    forms.keep(found, CELLS)
    assert forms.find(found, CELLS) is None


def test_of_one_columns_object_a_few_selections_are_remembered():
    forms, found = Forms(), columns(1.5)
    for number in range(50):
        forms.keep(found, number)
    kept = [forms.find(found, number) for number in range(50)]
    assert 1 <= sum(each is not None for each in kept) <= 8


@given(st.lists(st.integers(0, 3), max_size=60))
@settings(max_examples=60, deadline=None)
def test_columns_at_a_place_used_again_never_answer_with_what_was_there(values):
    texts = KeptTexts(1_000_000)
    for value in values:
        found = columns(float(value), 1)
        for _ in range(3):
            assert ask(texts, found) == b'{"c":%d.0}' % value
        del found  # the next columns are likely to get this one's id


def test_tiny_texts_are_not_kept_without_end():
    texts, held = KeptTexts(100_000), [columns(float(n), 1) for n in range(500)]
    for found in held:
        ask(texts, found), ask(texts, found)
    assert len(texts._kept) < 100


async def test_a_reader_that_stops_is_let_go_in_the_midst_of_an_answer():
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) == 3:
            await asyncio.Event().wait()

    reply = Reply(send, "application/json", "id", Deadlines(0.05))
    with pytest.raises(Gone):
        await reply._pieces(200, iter([b"x" * 200_000] * 9), [])
    assert len(sent) == 3
    assert all(each.get("more_body", True) for each in sent)
