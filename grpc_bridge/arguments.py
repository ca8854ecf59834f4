"""Which fields of a request may be told: those whose names are on a list, and no other."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

# Members of a list that are told, and messages within messages that are looked into.
_MEMBERS, _DEEPEST = 5, 3


def fields_of(request: Message, allowed: frozenset[str]) -> dict[str, str]:
    """Return the values of a request's fields by their JSON name, as the other wire calls them.

    Of a name that comes more than once, the first.
    """
    found: dict[str, str] = {}
    for field, value in _flat(request, _DEEPEST) if allowed else ():
        if field.json_name in allowed and field.json_name not in found:
            found[field.json_name] = _text(field, value)
    return found


def _flat(message: Message, deep: int) -> Iterator[tuple[FieldDescriptor, Any]]:
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            yield field, value
        elif deep and not field.is_repeated:
            yield from _flat(value, deep - 1)


def _text(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401 whatever a field holds
    if not field.is_repeated:
        return _scalar(field, value)
    members: Iterable[Any] = value[:_MEMBERS]
    more = ", …" if len(value) > _MEMBERS else ""
    return ", ".join(_scalar(field, each) for each in members) + more


def _scalar(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401 whatever a field holds
    if field.enum_type is None:
        return str(value)
    known = field.enum_type.values_by_number.get(value)
    return str(value) if known is None else known.name
