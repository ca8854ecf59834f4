"""Flat records: a dataclass and a message whose fields have the same names and meanings.

What is None is absent, what is absent is None; dates, enumerations and lists of records are
followed, and so are decimals. A field that only one side has fails at once, not in silence.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from google.protobuf.message import Message

from quantgraph.v1 import types_pb2
from quantgraph.wire.enums import EnumCodec
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    decimal_from_proto,
    decimal_to_proto,
)

D = TypeVar("D")
M = TypeVar("M", bound=Message)
Codecs = Mapping[type[Enum], EnumCodec[Any, Any]]


def record_to_proto(record: object, message: M, codecs: Codecs) -> M:
    """Fill a message from a dataclass, and return it."""
    for name in _hints(type(record)):
        value = getattr(record, name)
        if isinstance(value, tuple):
            _write_list(cast("Sequence[object]", value), getattr(message, name), codecs)
        elif dataclasses.is_dataclass(value):
            record_to_proto(value, getattr(message, name), codecs)
        elif isinstance(value, date):
            getattr(message, name).CopyFrom(date_to_proto(value))
        elif isinstance(value, Decimal):
            getattr(message, name).CopyFrom(decimal_to_proto(value))
        elif isinstance(value, Enum):
            setattr(message, name, codecs[type(value)].to_proto(value))
        elif value is not None:
            setattr(message, name, value)
    return message


def record_from_proto(message: Message, kind: type[D], codecs: Codecs) -> D:
    """Read a dataclass from a message. BAD_REQUEST names a field that makes no sense."""
    return kind(**{name: _read(message, name, hint, codecs) for name, hint in _hints(kind).items()})


def _write_list(values: Sequence[object], held: Any, codecs: Codecs) -> None:  # noqa: ANN401 a repeated field
    for each in values:
        if dataclasses.is_dataclass(each):
            record_to_proto(each, held.add(), codecs)
        else:
            held.append(each)


def _read(message: Message, name: str, hint: Any, codecs: Codecs) -> Any:  # noqa: ANN401 a type expression, a value
    value = getattr(message, name)
    if isinstance(hint, types.UnionType):
        if not cast("Any", message).HasField(name):
            return None
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        if dataclasses.is_dataclass(inner):
            kind = cast("type[object]", inner)
            return tuple(record_from_proto(each, kind, codecs) for each in value)
        return tuple(value)
    if dataclasses.is_dataclass(hint):
        return record_from_proto(value, cast("type[object]", hint), codecs)
    return _read_plain(value, name, codecs.get(hint))


def _read_plain(value: Any, name: str, codec: EnumCodec[Any, Any] | None) -> Any:  # noqa: ANN401 a value
    if isinstance(value, types_pb2.Date):
        return date_from_proto(value, name)
    if isinstance(value, types_pb2.Decimal):
        return decimal_from_proto(value, name)
    return value if codec is None else codec.from_proto(value, name)


@cache
def _hints(kind: type[object]) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {each.name: hints[each.name] for each in dataclasses.fields(cast("Any", kind))}
