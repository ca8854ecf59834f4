"""Numbers as parts of a row: digits from tables, or what orjson writes, cut at its commas.

Digits are looked up three or four at a time; a leading zero is a NUL.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from quantgraph.rows.matrix import Part, Texts
from quantgraph.rows.texts import SAFE_INTEGER

Numbers = npt.NDArray[Any]

_GROUP = 10_000
_WIDEST = 32  # of orjson's numbers, rounded up to words; -2.2250738585072014e-308 has 24
_COMMA = ord(",")
_DIGIT = np.frombuffer(b"0123456789", np.uint8)
# As orjson writes: a point always, and no zero behind the first decimal.
_UNITS = np.array([b"%d." % unit for unit in range(10)], "S2").view("u2")
# Decimals of at most 15 digits are all different doubles, so such a text is also the shortest.
_CENTS_END, _PARTS_END = np.array([1e13, 1e11]).view(np.uint64).tolist()


def integers(values: Numbers) -> list[Part] | None:
    """Return int64 as parts; None where one is negative or beyond 2^53 - 1."""
    top = int(_highest(values))
    if top > SAFE_INTEGER:
        return None
    rest = values // 10
    return [*_leading(rest, top // 10), _DIGIT[values - rest * 10]]


def cents(block: Numbers) -> list[list[Part]] | None:
    """Return each row of float64 as parts; None where a number has more than two decimals."""
    whole = _scaled(block, 100, _CENTS_END)
    return None if whole is None else _cent_parts(whole)


def floats(block: Numbers) -> list[list[Part]]:
    """Return each row of finite float64 as parts, the shortest text of every number."""
    found: list[list[Part] | None] = [_decimals(values) for values in block]
    left = [at for at, parts in enumerate(found) if parts is None]
    texts = iter(written(block[left]) if left else ())
    return [[next(texts)] if parts is None else parts for parts in found]


def written(block: Numbers) -> list[Texts]:
    """Return each row of finite float64 or int64 as orjson writes it."""
    text = orjson.dumps(block.ravel(), option=orjson.OPT_SERIALIZE_NUMPY)
    buffer = np.frombuffer(text + bytes(_WIDEST), np.uint8)
    ends = np.append(np.flatnonzero(buffer[: len(text)] == _COMMA), len(text) - 1)
    starts = np.concatenate(([1], ends[:-1] + 1))
    sizes = ends - starts
    width = -(-int(sizes.max()) // 8) * 8
    windows = np.ndarray(len(text), f"V{width}", buffer, strides=(1,))
    found = windows[starts]
    words = found.view(np.uint64)  # a view: what follows the comma is wiped in place
    words &= _shown(width)[sizes].view(np.uint64)
    return list(found.reshape(block.shape))


def _decimals(values: Numbers) -> list[Part] | None:
    # Of adjusted prices the first one tells already that they have all digits.
    if _scaled(values[:1], _GROUP, _PARTS_END) is None:
        return None
    whole = _scaled(values, 100, _CENTS_END)
    if whole is not None:
        return _cent_parts(whole[None])[0]
    whole = _scaled(values, _GROUP, _PARTS_END)
    if whole is None:
        return None
    units = whole // _GROUP
    rest = units // 10
    unit, fraction = units - rest * 10, whole - units * _GROUP
    return [*_leading(rest, int(rest.max())), _UNITS[unit], _fractions()[fraction]]


def _cent_parts(whole: Numbers) -> list[list[Part]]:
    rest = whole // 1000
    last = _cents()[whole - rest * 1000]
    tops = np.maximum.reduce(rest, axis=1).tolist()
    return [[*_leading(each, top), low] for each, top, low in zip(rest, tops, last, strict=True)]


def _scaled(values: Numbers, scale: int, end: int) -> Numbers | None:
    """Return the numbers times `scale`; None where one is not whole then, or too large."""
    if _highest(values) >= end:  # or negative, or no number: those have higher bits
        return None
    whole = (values * scale + 0.5).astype(np.int64)
    return None if np.count_nonzero(whole / scale != values) else whole


def _highest(values: Numbers) -> np.uint64:
    """Return the highest bits; those of a negative number are higher than any positive one's."""
    return np.maximum.reduce(values.view(np.uint64), axis=None)


def _leading(values: Numbers, top: int) -> list[Part]:
    """Return the digits of integers from 0 to `top`, none for 0."""
    if top < _GROUP:
        return [_left(len(str(top)))[values]] if top else []
    rest = values // _GROUP
    behind = values - rest * _GROUP + _GROUP * (rest > 0)
    return [*_leading(rest, top // _GROUP), _groups()[behind]]


@cache
def _left(digits: int) -> Texts:
    """Return the texts of the integers of so many digits at most, and none for 0."""
    texts = b"".join(b"%*d" % (digits, number) for number in range(1, 10**digits))
    table = bytes(digits) + texts.replace(b" ", b"\0")
    return np.frombuffer(table, ("u1", "u2", "V3", "u4")[digits - 1])


@cache
def _groups() -> Texts:
    """Return four digits each: first without leading zeros, then, 10,000 further on, with them."""
    texts = b"".join(b"%04d" % number for number in range(_GROUP))
    return np.concatenate([_left(4), np.frombuffer(texts, "u4")])


@cache
def _cents() -> Texts:
    """Return the last digit before the point and the decimals of 0 to 999 cents."""
    texts = [b"%d.%02d" % divmod(number, 100) for number in range(1000)]
    return np.array([_trimmed(text) for text in texts], "S4").view("u4")


@cache
def _fractions() -> Texts:
    """Return four decimals without the zeros at their end, but for the first one."""
    texts = [b".%04d" % number for number in range(_GROUP)]
    return np.array([_trimmed(text)[1:] for text in texts], "S4").view("u4")


def _trimmed(text: bytes) -> bytes:
    short = text.rstrip(b"0")
    return short + b"0" if short.endswith(b".") else short


@cache
def _shown(width: int) -> Texts:
    """Return a mask by the number of bytes that are to stay."""
    mask = np.arange(width) < np.arange(width + 1)[:, None]
    return (mask * np.uint8(255)).view(f"V{width}").ravel()
