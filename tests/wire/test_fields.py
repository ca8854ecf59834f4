"""Scalars are strict: what is not exactly meant is refused with the name of the field."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from quantgraph.domain.calendar import to_ms
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import bars_pb2, orders_pb2, types_pb2
from quantgraph.wire import enums, fields, pages
from quantgraph.wire.bars import download_from_proto, request_from_proto
from quantgraph.wire.batches import batch_from_proto
from quantgraph.wire.enums import EnumCodec
from quantgraph.wire.orders import ticket_from_proto
from tests.wire.strategies import INSTANTS, MILLISECONDS, decimals


@given(decimals())
def test_decimals_keep_every_digit(value: Decimal):
    read = fields.decimal_from_proto(fields.decimal_to_proto(value), "price")
    assert format(read, "f") == format(value, "f")


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "Infinity", "-inf", "1e5", "1E+2", "+1", "01", "1.", ".5", "1_000", "１", " 1",
     "1\n", "1234567890123456", "0.1234567890", "--1", "0x1"],
)  # fmt: skip
def test_anything_but_a_plain_number_is_refused(text: str):
    with pytest.raises(InvalidRequest) as refused:
        fields.decimal_from_proto(types_pb2.Decimal(value=text), "limit_price")
    assert refused.value.details["field"] == "limit_price"


@pytest.mark.parametrize("value", ["NaN", "1e16", "1e-10", "Infinity"])
def test_a_number_that_does_not_fit_is_never_written(value: str):
    with pytest.raises(ValueError, match="does not fit"):
        fields.decimal_to_proto(Decimal(value))


@given(INSTANTS)
def test_instants_are_exact_to_the_microsecond(value: datetime):
    assert fields.instant_from_proto(fields.instant_to_proto(value), "time") == value


@given(MILLISECONDS)
def test_milliseconds_are_exact(value: int):
    assert fields.ms_from_proto(fields.ms_to_proto(value), "time") == value


@given(INSTANTS)
def test_a_millisecond_stamp_and_an_instant_agree(value: datetime):
    assert fields.ms_from_proto(fields.instant_to_proto(value), "time") == to_ms(value)


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**31), 2**31 - 1))
def test_a_timestamp_is_read_or_refused_never_worse(seconds: int, nanos: int):
    try:
        found = fields.instant_from_proto(Timestamp(seconds=seconds, nanos=nanos), "as_of")
    except InvalidRequest as refused:
        assert refused.details["field"] == "as_of"
    else:
        assert found.tzinfo is UTC


@given(*(st.integers(-(2**31), 2**31 - 1) for _ in range(3)))
def test_a_date_is_read_or_refused_never_worse(year: int, month: int, day: int):
    try:
        found = fields.date_from_proto(types_pb2.Date(year=year, month=month, day=day), "start")
    except InvalidRequest as refused:
        assert refused.details["field"] == "start"
    else:
        assert found == date(year, month, day)


@pytest.mark.parametrize("text", ["600519", "600519.sh", "60051.SH", "600519.HK", "", "600519.SH "])
def test_a_symbol_is_refused_with_its_place(text: str):
    with pytest.raises(InvalidRequest) as refused:
        fields.symbols_from_proto(["000001.SZ", text], "symbols")
    assert refused.value.details["field"] == "symbols[1]"
    assert refused.value.message.startswith("symbols[1]: ")


def test_a_bound_without_date_and_time_is_refused():
    with pytest.raises(InvalidRequest, match="start: give a date or a time"):
        fields.bound_from_proto(types_pb2.TimeBound(), "start")


def test_an_end_date_means_that_whole_day():
    message = bars_pb2.DownloadBarsRequest(symbols=["600519.SH"], period=bars_pb2.PERIOD_DAY_1)
    message.start.date.CopyFrom(types_pb2.Date(year=2023, month=2, day=1))
    message.end.date.CopyFrom(types_pb2.Date(year=2023, month=2, day=1))
    window = download_from_proto(message).window
    assert window.start == to_ms(datetime(2023, 1, 31, 16, tzinfo=UTC))
    assert window.end == to_ms(datetime(2023, 2, 1, 15, 59, 59, 999_000, tzinfo=UTC))


def test_a_bound_beyond_any_market_means_its_first_or_last_year():
    message = bars_pb2.DownloadBarsRequest(symbols=["600519.SH"], period=bars_pb2.PERIOD_YEAR_1)
    message.start.date.CopyFrom(types_pb2.Date(year=1, month=1, day=1))
    message.end.time.seconds = 253_402_300_799
    window = download_from_proto(message).window
    assert window.start == to_ms(datetime(1899, 12, 31, 16, tzinfo=UTC))
    assert window.end == to_ms(datetime(2199, 12, 31, 15, 59, 59, 999_000, tzinfo=UTC))


CODECS = {name: each for name, each in vars(enums).items() if isinstance(each, EnumCodec)}


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
@pytest.mark.parametrize("number", [0, -1, 999])
def test_zero_and_unknown_enum_values_are_refused(codec: EnumCodec, number: int):
    with pytest.raises(InvalidRequest) as refused:
        codec.from_proto(number, "some_field")
    assert refused.value.details["field"] == "some_field"


def test_a_zero_enum_is_refused_even_where_the_field_is_optional():
    asked = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
    request_from_proto(asked)
    asked.adjustment = bars_pb2.ADJUSTMENT_UNSPECIFIED
    with pytest.raises(InvalidRequest, match="adjustment: ADJUSTMENT_UNSPECIFIED is not one of"):
        request_from_proto(asked)
    ticket = orders_pb2.SubmitOrderRequest(
        account_id="a", client_order_id="c", symbol="600519.SH", side=orders_pb2.SIDE_BUY
    )
    ticket_from_proto(ticket)
    ticket.price_type = orders_pb2.PRICE_TYPE_UNSPECIFIED
    with pytest.raises(InvalidRequest, match="price_type: PRICE_TYPE_UNSPECIFIED"):
        ticket_from_proto(ticket)


def test_a_symbol_named_twice_in_a_download_is_refused():
    symbols = ["600519.SH", "000001.SZ", "600519.SH"]
    message = bars_pb2.DownloadBarsRequest(symbols=symbols, period=bars_pb2.PERIOD_DAY_1)
    with pytest.raises(InvalidRequest, match=r"symbols\[2\]: 600519.SH is named twice"):
        download_from_proto(message)


def test_a_download_of_nothing_is_refused():
    with pytest.raises(InvalidRequest, match="symbols: name one symbol at least"):
        download_from_proto(bars_pb2.DownloadBarsRequest(period=bars_pb2.PERIOD_DAY_1))


def test_an_unknown_column_is_refused_with_the_known_ones():
    message = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
    message.read_mask.paths.append("settle")
    with pytest.raises(InvalidRequest, match="read_mask: 'settle' is not one of time, open"):
        request_from_proto(message)


def test_columns_are_read_in_the_tables_order_whatever_the_masks():
    message = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
    message.read_mask.paths.extend(["close", "time", "close"])
    assert request_from_proto(message).fields == ("time", "close")


@given(st.text(), st.text(min_size=1))
def test_a_page_token_names_the_last_item_of_its_own_list(scope: str, last: str):
    assert pages.after_token(scope, pages.token_of(scope, last)) == last


@given(st.text(max_size=40).filter(bool))
def test_a_foreign_page_token_is_an_invalid_cursor(token: str):
    with pytest.raises(InvalidRequest) as refused:
        pages.after_token("orders", token)
    assert refused.value.reason is Reason.INVALID_CURSOR


def test_a_page_token_is_not_good_for_another_filter():
    token = pages.token_of("orders sim-1 FILLED", "order_9")
    with pytest.raises(InvalidRequest, match="repeat its other arguments"):
        pages.after_token("orders sim-1 CANCELED", token)


def test_page_sizes_have_a_default_and_a_most():
    assert [pages.page_size(size, 50, 500) for size in (0, 7, 9_999)] == [50, 7, 500]
    with pytest.raises(InvalidRequest, match="page_size: -1 is negative"):
        pages.page_size(-1, 50, 500)


GOOD = {"account_id": "sim-1", "client_order_id": "k", "symbol": "600519.SH", "side": 1}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("side", 0),
        ("account_id", ""),
        ("client_order_id", ""),
        ("symbol", "600519"),
        ("price_type", 99),
        ("limit_price", types_pb2.Decimal(value="1e5")),
        ("expires_at", Timestamp(nanos=-1)),
    ],
)
def test_what_is_wrong_with_an_order_of_a_batch_names_the_order(field: str, wrong: object):
    orders = [GOOD, GOOD | {field: wrong}]
    with pytest.raises(InvalidRequest) as refused:
        batch_from_proto(orders_pb2.SubmitOrdersRequest(account_id="sim-1", orders=orders))
    assert refused.value.details["field"] == f"orders[1].{field}"
    assert refused.value.message.startswith(f"orders[1].{field}: ")
    with pytest.raises(InvalidRequest) as alone:
        ticket_from_proto(orders_pb2.SubmitOrderRequest(**orders[1]))
    assert refused.value.message == f"orders[1].{alone.value.message}"
    assert refused.value.message_zh == alone.value.message_zh
