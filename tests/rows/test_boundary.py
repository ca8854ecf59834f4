"""The compiled part under arguments that no caller of ours would pass: errors, never a crash."""

import sys
from array import array
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip("quantgraph.rows._encoder", reason="no compiled encoder here")

_FLOATS = np.arange(4.0)
_BUFFERS = [
    _FLOATS,
    _FLOATS[::2],
    _FLOATS[::-1],
    np.broadcast_to(np.float64(1.5), 4),
    np.zeros((2, 2)),
    np.float64(1.0).reshape(()),
    np.zeros(4, ">f8"),
    np.zeros(4, "float32"),
    np.zeros(4, "complex128"),
    np.zeros(4, "int64"),
    np.zeros(4, "uint64"),
    np.zeros(4, "int32"),
    np.zeros(4, "bool"),
    np.zeros(4, "S8"),
    np.zeros(4, [("a", "f8"), ("b", "i1")]),
    np.zeros(4, [("a", "i1"), ("b", "f8")])["b"],
    np.zeros(4, object),
    np.zeros(0),
    array("d", [1.0, 2.0, 3.0, 4.0]),
    array("q", [1, 2, 3, 4]),
    b"12345678" * 4,
    bytearray(32),
    memoryview(b"1234"),
    memoryview(bytearray(32)).cast("d"),
]
# By number: hypothesis would hash the values, which memoryviews refuse.
buffers = st.integers(0, len(_BUFFERS) - 1).map(_BUFFERS.__getitem__)
junk = st.none() | st.integers() | st.text(max_size=3) | st.binary(max_size=3) | st.just(())
texts = st.lists(st.binary(max_size=40) | st.none(), max_size=5).map(tuple)
anything = buffers | junk | texts
sizes = st.integers(-3, 6) | st.sampled_from([-sys.maxsize - 1, sys.maxsize, 2**63])
prefixes = st.binary(max_size=70) | st.just(b"k" * 5000)
likely = st.tuples(prefixes, st.sampled_from("fibtdsc"), st.just("a"), anything, anything)
unlikely = st.tuples(anything, anything, anything, anything, anything) | st.lists(junk).map(tuple)


calls = st.tuples(
    st.lists(likely | likely | likely | unlikely | junk, max_size=4).map(tuple) | junk,
    sizes | st.just(4),
    sizes | st.just(0),
    sizes | st.just(4),
    st.just(b"}") | st.binary(max_size=99) | junk,
)


@given(calls)
@settings(max_examples=3000)
def test_any_arguments_end_in_bytes_or_a_clear_error(arguments: tuple[Any, ...]) -> None:
    try:
        answer = native.encode(*arguments)
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        assert not isinstance(error, MemoryError) or sys.maxsize in arguments
    else:
        assert type(answer) is bytes


def _cell(kind: str, values: Any, mask: Any = None, prefix: bytes = b"") -> tuple[Any, ...]:
    return (prefix, kind, "a", values, mask)


@pytest.mark.parametrize(
    ("kind", "values", "mask", "error"),
    [
        ("f", np.zeros(4, "float32"), None, TypeError),
        ("f", np.zeros(4, ">f8"), None, TypeError),
        ("f", np.zeros(4, "int64"), None, TypeError),
        ("i", np.zeros(4), None, TypeError),
        ("i", np.zeros(4, "uint64"), None, TypeError),
        ("b", np.zeros(4, "int8"), None, TypeError),
        ("t", [1, 2, 3, 4], None, TypeError),
        ("f", np.zeros(3), None, ValueError),
        ("f", np.zeros(5), None, ValueError),
        ("f", np.zeros((4, 1)), None, ValueError),
        ("f", np.zeros(()), None, ValueError),
        ("f", np.zeros(4), np.ones(3, bool), ValueError),
        ("f", np.zeros(4), np.ones(4, "int8"), TypeError),
        ("s", (b"1",) * 3, None, ValueError),
        ("s", [b"1"] * 4, None, TypeError),
        ("s", ("1",) * 4, None, TypeError),
        ("x", np.zeros(4), None, ValueError),
    ],
)
def test_a_buffer_of_another_shape_is_refused(
    kind: str, values: Any, mask: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        native.encode((_cell(kind, values, mask),), 4, 0, 4, b"")


def test_readonly_strided_and_unaligned_buffers_are_read() -> None:
    frozen = np.array([1.5, 2.5, 3.5, 4.5])
    frozen.flags.writeable = False
    packed = np.zeros(4, [("a", "i1"), ("b", "f8")])
    packed["b"] = frozen
    for values in (frozen, packed["b"], frozen[::-1][::-1], memoryview(array("d", frozen))):
        assert native.encode((_cell("f", values),), 4, 1, 3, b"") == b"2.5,3.5"
    assert native.encode((_cell("f", frozen[::-1]),), 4, 0, 2, b"") == b"4.5,3.5"
    assert native.encode((_cell("f", np.broadcast_to(1.5, 4)),), 4, 0, 2, b"") == b"1.5,1.5"


def test_an_answer_that_cannot_fit_is_a_memory_error() -> None:
    one = np.broadcast_to(np.float64(1.0), sys.maxsize // 8)
    with pytest.raises(MemoryError):
        native.encode((_cell("f", one),), len(one), 0, len(one), b"")


def test_buffers_are_let_go_whatever_happens() -> None:
    bad = _cell("f", np.full(4, np.nan))
    view, mask = memoryview(bytearray(32)).cast("d"), memoryview(bytearray(4)).cast("?")
    for rest in ((bad,), (3, bad), ((b"", "f", "a", view), bad), (_cell("x", view, mask),)):
        with pytest.raises((TypeError, ValueError)):
            native.encode((_cell("f", view), *rest), 4, 0, 4, b"")
    native.encode((_cell("f", view, mask),), 4, 0, 4, b"")
    view.release()  # BufferError if anybody still held it
    mask.release()


def test_nothing_leaks() -> None:
    name, column = "a name of this test", np.arange(4.0)
    cell, before = (b"x", "f", name, column, None), 0
    for _ in range(2):
        before = sys.getrefcount(name), sys.getrefcount(column), sys.getrefcount(cell)
        for _ in range(50):
            native.encode((cell,), 4, 0, 4, b"")
    assert (sys.getrefcount(name), sys.getrefcount(column), sys.getrefcount(cell)) == before


@pytest.mark.parametrize("where", [(-1, 2), (2, 1), (0, 5), (5, 5), (4, 5)])
def test_rows_outside_the_buffers_are_refused(where: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="of 4"):
        native.encode((_cell("f", _FLOATS),), 4, *where, b"")
