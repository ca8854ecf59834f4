"""The scalars take what they promise, and nothing else."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema import scalars

WHOLE = st.integers(0, 10**15 - 1)
FRACTION = st.text("0123456789", max_size=9)


@given(WHOLE, FRACTION, st.booleans())
def test_every_plain_decimal_comes_back_as_it_was_written(whole, fraction, negative):
    text = f"{'-' if negative else ''}{whole}{'.' if fraction else ''}{fraction}"
    assert scalars.write_decimal(scalars.parse_decimal(text)) == text


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "-inf",
        "1e5",
        "1E+2",
        "1_000",
        " 1",
        "1 ",
        "+1",
        "01",
        ".5",
        "1.",
        "",
        "1.0000000001",
        "1234567890123456",
        "１",
        "1,5",
        1,
        1.5,
        True,
        None,
        [],
        {},
    ],
)
def test_a_decimal_is_a_plain_string(value):
    with pytest.raises(GraphQLError):
        scalars.parse_decimal(value)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_no_decimal_without_a_value_is_written(value):
    with pytest.raises(GraphQLError):
        scalars.write_decimal(value)


def test_a_decimal_is_written_without_exponent():
    assert scalars.write_decimal(Decimal("1E+2")) == "100"
    assert scalars.write_decimal(Decimal("1E-7")) == "0.0000001"


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**63, 1.0, math.nan, "1", True, None])
def test_a_long_is_an_integer_that_json_readers_keep(value):
    with pytest.raises(GraphQLError):
        scalars.parse_long(value)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_safe_integer_is_a_long(value):
    assert scalars.write_long(scalars.parse_long(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-01T09:30:00",
        "2023-02-01 09:30:00+08:00",
        "2023-02-01",
        "20230201T093000Z",
        "2023-02-30T09:30:00Z",
        "2023-02-01T25:00:00Z",
        "2023-02-01T09:30:00+8",
        "now",
        5,
        None,
    ],
)
def test_an_instant_needs_an_offset_and_must_exist(text):
    with pytest.raises(GraphQLError):
        scalars.parse_instant(text)


@given(
    st.datetimes(datetime(1990, 12, 19), datetime(2100, 1, 1)),  # noqa: DTZ001 hypothesis adds none
    st.integers(-14 * 60, 14 * 60),
)
def test_an_instant_is_written_in_market_time(naive, minutes):
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000).replace(
        tzinfo=timezone(timedelta(minutes=minutes))
    )
    written = scalars.write_instant(moment)
    assert written.endswith("+08:00") or moment < datetime(1992, 1, 1, tzinfo=UTC)
    assert datetime.fromisoformat(written) == moment


@pytest.mark.parametrize("text", ["2023-2-1", "2023-02-30", "20230201", "", 20230201, None])
def test_a_date_is_a_day_that_exists(text):
    with pytest.raises(GraphQLError):
        scalars.parse_date(text)


def test_a_bound_is_a_day_or_an_instant():
    assert scalars.parse_bound("2023-02-01") == date(2023, 2, 1)
    instant = scalars.parse_bound("2023-02-01T09:30:00+08:00")
    assert instant == datetime(2023, 2, 1, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["600519", "600519.sh", "60051.SH", "600519.US", "", 600519, None])
def test_a_symbol_has_six_digits_and_its_market(text):
    with pytest.raises(GraphQLError):
        scalars.parse_symbol(text)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.binary()))
def test_no_scalar_fails_with_anything_but_a_clear_error(value):
    for parse in (
        scalars.parse_decimal,
        scalars.parse_long,
        scalars.parse_date,
        scalars.parse_instant,
        scalars.parse_bound,
        scalars.parse_symbol,
    ):
        try:
            parse(value)
        except GraphQLError as error:
            assert error.message


@pytest.mark.parametrize(
    "text",
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"],
)
def test_an_instant_that_could_not_be_written_back_is_not_read(text):
    with pytest.raises(GraphQLError, match="is not a DateTime"):
        scalars.parse_instant(text)


def test_an_instant_beyond_market_time_is_written_as_it_stands():
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert scalars.write_instant(last) == "9999-12-31T23:59:59+00:00"
