"""Protobuf messages of any content, and the rpcs to send them to."""

from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_TEXTS = [
    "600519.SH", "000001.SZ", "999999.SH", "600519", "sim-1", "sim-2", "c-1", "mock_order_1",
    "白酒", "time", "close", "balance", "1700.00", "1e5", "NaN", "MTIz", "", " ", "\x00", "x" * 300,
]  # fmt: skip
_NUMBERS = {
    32: [0, 1, -1, 2, 5, 12, 28, 31, 59, 100, 1990, 2023, 9999, 10_000, 2**31 - 1, -(2**31)],
    64: [0, 1, -1, 100, 200, 500, 501, 1_675_216_200, 2**53, 2**63 - 1, -(2**63)],
}
# By a part of a field's name, the first that fits.
_SENSIBLE: dict[str, list[Any]] = {
    "symbol": ["600519.SH", "000001.SZ", "999999.SH"],
    "account_id": ["sim-1"],
    "client_order_id": ["c-1", "c-2"],
    "page_token": [""],
    "paths": ["time"],
    "year": [2022, 2023],
    "month": [1, 12],
    "day": [1, 28],
    "seconds": [1_672_500_000, 1_675_216_200],
    "nanos": [0],
    "units": [1700, 12],
    "quantity": [100, 200],
    "page_size": [1, 5],
    "interval": [0, 100],
    "epoch": [""],
    "value": ["1700.00", "12.34"],
}


def messages(kind: Descriptor) -> SearchStrategy[Message]:
    """Return messages of a type: half of them with anything, half with mostly sensible content."""
    return _messages(kind, 0, sensible=False) | _messages(kind, 0, sensible=True)


def _messages(kind: Descriptor, depth: int, *, sensible: bool) -> SearchStrategy[Message]:
    made = message_factory.GetMessageClass(kind)
    fields = {field.name: _content(field, depth, sensible) for field in kind.fields}
    # Of a oneof the last one set stands: all at once would only ever test that one.
    single = [each for each in kind.fields if each.containing_oneof is None]
    needed = [each.name for each in single if sensible and not each.is_repeated]
    required = {name: fields.pop(name) for name in needed}
    return st.fixed_dictionaries(required, optional=fields).map(lambda given: made(**given))


def _content(field: FieldDescriptor, depth: int, sensible: bool) -> SearchStrategy[Any]:
    single = _single(field, depth, sensible)
    if not field.is_repeated:
        return single
    return st.lists(single, min_size=1 if sensible else 0, max_size=3)


def _single(field: FieldDescriptor, depth: int, sensible: bool) -> SearchStrategy[Any]:
    if field.message_type is not None:
        if depth > 4:
            return st.nothing()
        return st.deferred(lambda: _messages(field.message_type, depth + 1, sensible=sensible))
    if sensible:
        return _known(field)
    if field.enum_type is not None:
        known = [each.number for each in field.enum_type.values]
        return st.sampled_from([*known, *known, -1, 99, 2**31 - 1])
    if field.type == field.TYPE_STRING:
        return st.sampled_from(_TEXTS) | st.text(max_size=40)
    if field.type == field.TYPE_BYTES:
        return st.binary(max_size=80)
    if field.type == field.TYPE_BOOL:
        return st.booleans()
    if field.cpp_type in {field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE}:
        return st.floats()
    return _integers(field)


def _known(field: FieldDescriptor) -> SearchStrategy[Any]:
    """Return what the field's name or type suggests."""
    if field.enum_type is not None:
        return st.sampled_from([each.number for each in field.enum_type.values if each.number])
    if field.type == field.TYPE_BOOL:
        return st.booleans()
    for part, known in _SENSIBLE.items():
        if part in field.name and isinstance(known[0], str) is _is_text(field):
            return st.sampled_from(known)
    if field.type == field.TYPE_BYTES:
        return st.just(b"")
    if field.type == field.TYPE_STRING:
        return st.sampled_from(["600519.SH", "sim-1", "白酒", ""])
    if field.cpp_type in {field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE}:
        return st.sampled_from([0.0, 1.5])
    return st.sampled_from([0, 1, 5, 100])


def _is_text(field: FieldDescriptor) -> bool:
    return field.type == field.TYPE_STRING


def _integers(field: FieldDescriptor) -> SearchStrategy[int]:
    wide = field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_UINT64}
    signed = field.cpp_type in {field.CPPTYPE_INT64, field.CPPTYPE_INT32}
    known = [each for each in _NUMBERS[64 if wide else 32] if signed or each >= 0]
    return st.sampled_from(known)
