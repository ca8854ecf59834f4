"""Scalars that every message shares: decimals, dates, instants, symbols; strict both ways.

Every `…_from_proto` here takes the field's name, so that a refusal can say which field is wrong:
it raises BAD_REQUEST with `field` among its details.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from quantgraph.domain.bars import TimeBound
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import GatewayError, InvalidRequest, bad_request
from quantgraph.domain.instruments import checked_symbol
from quantgraph.v1 import types_pb2

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# datetime holds microseconds and the years 1 to 9999; so do our instants.
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799


def invalid_field(field: str, text: str) -> InvalidRequest:
    """Return the refusal of one field of a request."""
    return bad_request(f"{field}: {text}", field=field)


def name_field(field: str, error: GatewayError) -> GatewayError:
    """Return the same refusal, saying in which field of the request its cause is."""
    details = {**error.details, "field": field}
    zh = error.message_zh
    return type(error)(error.reason, f"{field}: {error.message}", zh=zh, details=details)


def nest_field(outer: str, error: GatewayError) -> GatewayError:
    """Return the same refusal of a field, saying in which part of the request the field is."""
    details = {**error.details, "field": f"{outer}.{error.details['field']}"}
    zh = error.message_zh
    return type(error)(error.reason, f"{outer}.{error.message}", zh=zh, details=details)


def decimal_to_proto(value: Decimal) -> types_pb2.Decimal:
    """Write a number plainly. ValueError where it is not finite or too long: our own fault."""
    text = format(value, "f")
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(f"{value} does not fit 15 digits before and 9 after the point")
    return types_pb2.Decimal(value=text)


def decimal_from_proto(message: types_pb2.Decimal, field: str) -> Decimal:
    """Read a number of the strict form -?digits[.digits]."""
    if _DECIMAL.fullmatch(message.value) is None:
        expected = "a plain number, at most 15 digits before and 9 after the point"
        raise invalid_field(field, f"{message.value[:40]!r} is not {expected}.")
    return Decimal(message.value)


def maybe_decimal(message: Message, name: str) -> Decimal | None:
    """Read a number that a message may leave out."""
    return decimal_from_proto(getattr(message, name), name) if message.HasField(name) else None


def date_to_proto(value: date) -> types_pb2.Date:
    """Write a date."""
    return types_pb2.Date(year=value.year, month=value.month, day=value.day)


def date_from_proto(message: types_pb2.Date, field: str) -> date:
    """Read a date of the calendar."""
    try:
        return date(message.year, message.month, message.day)
    except ValueError:
        text = f"{message.year}-{message.month}-{message.day} is not a date."
        raise invalid_field(field, text) from None


def instant_to_proto(value: datetime) -> Timestamp:
    """Write an aware instant, exactly to the microsecond."""
    since = value - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def instant_from_proto(message: Timestamp, field: str) -> datetime:
    """Read an aware UTC instant; anything below a microsecond is cut off."""
    _check_instant(message, field)
    return _EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def _check_instant(message: Timestamp, field: str) -> None:
    valid = _FIRST_SECOND <= message.seconds <= _LAST_SECOND and 0 <= message.nanos < 10**9
    if not valid:
        text = f"{message.seconds} s and {message.nanos} ns are not an instant of the years 1-9999."
        raise invalid_field(field, text)


def ms_to_proto(value: int) -> Timestamp:
    """Write epoch milliseconds as an instant."""
    seconds, rest = divmod(value, 1000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000_000)


def ms_from_proto(message: Timestamp, field: str) -> int:
    """Read an instant as epoch milliseconds, anything below cut off."""
    _check_instant(message, field)
    return message.seconds * 1000 + message.nanos // 1_000_000


def bound_to_proto(value: int) -> types_pb2.TimeBound:
    """Write one end of a window, epoch ms."""
    return types_pb2.TimeBound(time=ms_to_proto(value))


def bound_from_proto(message: types_pb2.TimeBound, field: str) -> TimeBound:
    """Read one end of a span: a whole trading day, or an instant."""
    match message.WhichOneof("bound"):
        case "date":
            return date_from_proto(message.date, f"{field}.date")
        case "time":
            return from_ms(ms_from_proto(message.time, f"{field}.time"))
        case _:
            raise invalid_field(field, "give a date or a time.")


def symbol_from_proto(text: str, field: str) -> str:
    """Read a symbol like 600519.SH."""
    try:
        return checked_symbol(text)
    except GatewayError as error:
        raise name_field(field, error) from None


def symbols_from_proto(texts: Iterable[str], field: str) -> tuple[str, ...]:
    """Read one symbol or more; the refusal says which one is wrong."""
    symbols = tuple(symbol_from_proto(text, f"{field}[{i}]") for i, text in enumerate(texts))
    if not symbols:
        raise invalid_field(field, "name one symbol at least.")
    return symbols


def text_from_proto(text: str, field: str) -> str:
    """Read a text that must not be empty."""
    if not text:
        raise invalid_field(field, "is empty; give a value.")
    return text
