"""Random domain objects: everything that the domain may say, as hypothesis strategies."""

import dataclasses
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from hypothesis import strategies as st

SYMBOLS = st.from_regex(r"[0-9]{6}\.(SH|SZ|BJ)", fullmatch=True)
MILLISECONDS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
INSTANTS = st.datetimes(timezones=st.just(UTC))
# What the gateway tells itself of an order: neither contract has it.
INNER = {("Order", "tag"), ("OrderTicket", "held")}


@st.composite
def decimals(draw: st.DrawFn) -> Decimal:
    """Numbers of the strict form: 15 digits before and 9 after the point at most."""
    whole = draw(st.integers(0, 10**15 - 1))
    places = draw(st.integers(0, 9))
    part = f".{draw(st.integers(0, 10**places - 1)):0{places}d}" if places else ""
    return Decimal(f"{draw(st.sampled_from(('', '-')))}{whole}{part}")


def fitting(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """Values of a type as the domain means a field of that name."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        inner, none = typing.get_args(kind)
        assert none is type(None)
        return st.none() | fitting(inner, name)
    if typing.get_origin(kind) is frozenset:
        return st.frozensets(fitting(typing.get_args(kind)[0], name), max_size=3)
    if typing.get_origin(kind) is tuple:
        return st.lists(fitting(typing.get_args(kind)[0], name), max_size=3).map(tuple)
    if dataclasses.is_dataclass(kind):
        return domain(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if name in ("start", "end") and kind is int:
        return MILLISECONDS
    if name in ("time", "last_event_time", "held_from", "held_to", "anchor"):
        return INSTANTS if kind is datetime else MILLISECONDS
    return {
        str: SYMBOLS if "symbol" in name else st.text(max_size=12),
        int: st.integers(-(2**31), 2**31 - 1),
        float: st.floats(allow_nan=False),
        bool: st.booleans(),
        Decimal: decimals(),
        date: st.dates(),
        datetime: INSTANTS,
    }[kind]


def domain(kind: type[Any], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects of a domain dataclass, field by field from its annotations."""
    hints = typing.get_type_hints(kind)
    fields = {
        each.name: fixed[each.name] if each.name in fixed else fitting(hints[each.name], each.name)
        for each in dataclasses.fields(kind)
        # what is no part of an object's equality travels on no wire
        if each.compare and (kind.__name__, each.name) not in INNER
    }
    return st.builds(kind, **fields)
