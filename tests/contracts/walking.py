"""Walks a GraphQL type and a message side by side: what to select, and what both would say."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import numpy as np
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from graphql import get_named_type, is_leaf_type

from quantgraph.domain import level2
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.ticks import TRADE_SIDES
from schema.scalars import write_instant
from tests.contracts.pairs import NOT_TRAVELLING, ONLY_IN_MESSAGES, RENAMED

# The field of a message that holds the rows of a GraphQL type as columns.
COLUMNS = {
    "BarSeries": "columns",
    "TickSeries": "snapshots",
    "TradeSeries": "trades",
    "Level2QuoteSeries": "level2_quotes",
    "Level2OrderSeries": "level2_orders",
    "Level2TransactionSeries": "level2_transactions",
    "MarketSnapshot": "quotes",
}
# Columns of numbers that GraphQL shows as words.
WORDS: Mapping[str, Mapping[int, str]] = {
    "Trade.side": TRADE_SIDES,
    "Level2Transaction.side": TRADE_SIDES,
    "Level2Order.side": level2.ENTRUST_SIDES,
    "Level2Order.type": level2.ENTRUST_TYPES,
    "Level2Quote.phase": level2.PHASES,
}
# Lists beside the columns, by the rows' field.
BESIDE = {"SnapshotQuote.symbol": "symbols", "SnapshotQuote.name": "names"}


class Undecided(Exception):
    """A field of one wire that nobody has decided about."""


def partner(kind: str, name: str, message: Descriptor) -> FieldDescriptor | None:
    """Return the message's field for a field of a GraphQL type."""
    renamed = RENAMED.get(f"{kind}.{name}")
    if renamed is not None:
        return message.fields_by_name[renamed]
    return next((each for each in message.fields if each.json_name == name), None)


def shared(kind: Any, message: Descriptor) -> Iterator[tuple[str, Any, FieldDescriptor]]:
    """Yield what both have. Raises Undecided naming what only one has and nobody has listed."""
    met: set[str] = set()
    for name, field in kind.fields.items():
        found = partner(kind.name, name, message)
        if found is not None and not (name == "rows" or _is_columns(found)):
            met.add(found.name)
            yield name, field.type, found
        elif not _decided(kind, name, message):
            raise Undecided(f"{kind.name}.{name} has no field in {message.name}")
    for each in message.fields:
        place = f"{kind.name}.{each.name}"
        if each.name not in met and not _is_columns(each) and place not in ONLY_IN_MESSAGES:
            raise Undecided(f"{message.name}.{each.name} is no field of {kind.name}")


def _is_columns(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and "row_count" in kind.fields_by_name


def _decided(kind: Any, name: str, message: Descriptor) -> bool:
    """Whether it is listed, the edge that every symbol has, or what `_rows` reads from columns."""
    place = f"{kind.name}.{name}"
    if {place, f"{place} in {message.name}"} & NOT_TRAVELLING.keys():
        return True
    return name == "instrument" or (kind.name in COLUMNS and name in {"rows", "rowCount"})


def selection(kind: Any, message: Descriptor) -> str:
    """Return a selection of everything that travels on both wires."""
    kind = get_named_type(kind)
    parts: list[str] = []
    for name, inner, field in shared(kind, message):
        if is_leaf_type(get_named_type(inner)):
            parts.append(name)
        else:
            parts.append(f"{name} {{ {selection(inner, field.message_type)} }}")
    if kind.name in COLUMNS:
        rows = get_named_type(kind.fields["rows"].type)
        parts.append(f"rowCount rows {{ {' '.join(rows.fields)} }}")
    return " ".join(parts)


def plain(kind: Any, message: Any) -> dict[str, Any]:
    """Return a message as a GraphQL response would say it."""
    kind = get_named_type(kind)
    found: dict[str, Any] = {}
    for name, inner, field in shared(kind, message.DESCRIPTOR):
        value = getattr(message, field.name)
        if field.is_repeated:
            found[name] = [_single(inner, field, each) for each in value]
        elif field.has_presence and not message.HasField(field.name):
            found[name] = None
        else:
            found[name] = _single(inner, field, value)
    if kind.name == "DividendHistory" and not message.known:
        found["events"] = None
    if kind.name == "TableColumn":
        found |= _values(message, found)
    if kind.name in COLUMNS:
        columns = getattr(message, COLUMNS[kind.name])
        found["rowCount"] = columns.row_count
        found["rows"] = _rows(get_named_type(kind.fields["rows"].type), columns, message)
    return found


def _values(message: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Return the lists of a column: null but for that of its kind, and null where it says so."""
    kind = f"{enum_name(type(message).DESCRIPTOR.fields_by_name['kind'].enum_type, message.kind)}S"
    lists = ("integers", "numbers", "texts", "times")
    return {
        name: [None if row in message.missing else each for row, each in enumerate(found[name])]
        if name == kind.lower()
        else None
        for name in lists
    }


def _single(kind: Any, field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is None:
        return _leaf(field, value)
    known = _KNOWN.get(field.message_type.name)
    return plain(kind, value) if known is None else known(value)


def _leaf(field: FieldDescriptor, value: Any) -> Any:
    return value if field.enum_type is None else enum_name(field.enum_type, value)


def enum_name(kind: EnumDescriptor, number: int) -> str:
    """Return GraphQL's name of an enumeration's number."""
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return kind.values_by_number[number].name.removeprefix(prefix)


_KNOWN: Mapping[str, Any] = {
    "Decimal": lambda value: value.value,
    "Date": lambda value: date(value.year, value.month, value.day).isoformat(),
    "Timestamp": lambda value: write_instant(from_ms(value.ToMilliseconds())),
}


def _rows(kind: Any, columns: Any, message: Message) -> list[dict[str, Any]]:
    bitmaps = {each.column: np.unpackbits(np.frombuffer(each.bitmap, np.uint8), bitorder="little")
               for each in columns.validity}  # fmt: skip
    found: dict[str, list[Any]] = {}
    for name in kind.fields:
        place = f"{kind.name}.{name}"
        if place in BESIDE:
            found[name] = list(getattr(message, BESIDE[place]))
            continue
        field = partner(kind.name, name, columns.DESCRIPTOR)
        if field is None:
            raise Undecided(f"{place} is no column")
        values = [_cell(place, each) for each in getattr(columns, field.name)]
        valid = bitmaps.get(field.name)
        if valid is not None:
            values = [each if held else None for each, held in zip(values, valid, strict=False)]
        found[name] = values or [None] * columns.row_count
    return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]


def _cell(place: str, value: Any) -> Any:
    if place in WORDS:
        return WORDS[place].get(value)
    if place.endswith((".time", ".localTime")):
        return write_instant(from_ms(value))
    return value
