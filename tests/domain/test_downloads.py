"""A download as a job: what may be wished, what follows what, and what a series lacks."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgraph.domain.bars import Adjustment, BarColumns, BarSeries, Coverage, Period
from quantgraph.domain.downloads import (
    DownloadFailure,
    DownloadJob,
    DownloadKind,
    DownloadState,
    DownloadWish,
    missing_of,
)
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

NOW = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
SYMBOLS = ("600519.SH", "000001.SZ", "000858.SZ")
ACTS = ("begin", "step", "failing", "pause", "end", "fail", "cancel")


def act(job: DownloadJob, name: str, number: int, now: datetime) -> DownloadJob:
    given: dict[str, tuple[Any, ...]] = {
        "step": (number, 3),
        "failing": (DownloadFailure(SYMBOLS[number % 3], Reason.DOWNLOAD_REFUSED, "no"),),
        "pause": (number, "away"),
        "fail": (now, Reason.TIMED_OUT, "silent"),
    }
    return getattr(job, name)(*given.get(name, (now,)))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5)), max_size=20), st.booleans())
def test_a_job_ends_once_and_never_says_more_than_there_is(
    acts: list[tuple[str, int]], begun: bool
) -> None:
    job = DownloadJob("download_1", DownloadWish(DownloadKind.DAYS, SYMBOLS), Source.TERMINAL, NOW)
    first = [("begin", 0), ("step", 5)] if begun else []
    for number, (name, size) in enumerate([*first, *acts]):
        now, before = NOW + timedelta(seconds=number), job
        try:
            job = act(job, name, size, now)
        except ValueError:
            # Refused: an end is final, and only what runs makes steps or ends by itself.
            assert before.state.ended or (
                before.state is not DownloadState.RUNNING or name == "begin"
            )
            continue
        assert not before.state.ended
        assert 0 <= job.done <= (job.total or 0)
        assert (job.ended_at is not None) == job.state.ended
        assert (job.code is not None) == (job.state is DownloadState.FAILED)
        assert job.state is DownloadState.QUEUED or job.started_at or name == "cancel"
        assert job.started_at in (before.started_at or now, None)


def test_a_job_of_which_nothing_could_be_had_has_failed_as_its_first_symbol() -> None:
    wish = DownloadWish(DownloadKind.DAYS, SYMBOLS[:2])
    job = DownloadJob("download_1", wish, Source.TERMINAL, NOW).begin(NOW)
    one = job.failing(DownloadFailure(SYMBOLS[0], Reason.DOWNLOAD_REFUSED, "无权限"))
    assert one.end(NOW).state is DownloadState.DONE
    both = one.failing(DownloadFailure(SYMBOLS[1], Reason.TIMED_OUT, "silent")).end(NOW)
    assert (both.state, both.code, both.message) == (
        DownloadState.FAILED, Reason.DOWNLOAD_REFUSED, "无权限",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wish", "reason", "field"),
    [
        (DownloadWish(DownloadKind.DAYS), Reason.BAD_REQUEST, "symbols"),
        (DownloadWish(DownloadKind.TABLE, SYMBOLS[:1]), Reason.BAD_REQUEST, "table"),
        (DownloadWish(DownloadKind.DAYS, SYMBOLS[:1], table="t"), Reason.BAD_REQUEST, "table"),
        (DownloadWish(DownloadKind.TABLE, SYMBOLS, table="t" * 81), Reason.BAD_REQUEST, "table"),
        (DownloadWish(DownloadKind.TABLE, table="t"), Reason.BAD_REQUEST, "symbols"),
        (DownloadWish(DownloadKind.SECTORS, SYMBOLS), Reason.BAD_REQUEST, "symbols"),
        (DownloadWish(DownloadKind.DAYS, (*SYMBOLS, "600000.SH")), Reason.BAD_REQUEST, "symbols"),
        (DownloadWish(DownloadKind.BONDS, (), date(2024, 1, 2)), Reason.BAD_REQUEST, "start"),
        (DownloadWish(DownloadKind.BONDS, end=date(2024, 1, 2)), Reason.BAD_REQUEST, "end"),
        (
            DownloadWish(DownloadKind.DAYS, SYMBOLS, date(2024, 1, 3), date(2024, 1, 2)),
            Reason.START_AFTER_END,
            "start",
        ),
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_refused_and_its_field_named(
    wish: DownloadWish, reason: Reason, field: str
) -> None:
    with pytest.raises(GatewayError) as told:
        wish.check(3)
    assert (told.value.reason, told.value.details["field"]) == (reason, field)


def test_the_same_wish_may_name_its_symbols_in_any_order_and_twice() -> None:
    wish = DownloadWish(DownloadKind.DAYS, (*SYMBOLS, SYMBOLS[0])).check(4)
    assert wish.symbols == SYMBOLS
    assert wish.same(DownloadWish(DownloadKind.DAYS, SYMBOLS[::-1]))
    assert not wish.same(DownloadWish(DownloadKind.DAYS, SYMBOLS[:2]))
    assert not wish.same(DownloadWish(DownloadKind.MINUTES, SYMBOLS))
    assert not wish.same(DownloadWish(DownloadKind.DAYS, SYMBOLS, date(2024, 1, 2)))


def series(source: Source, coverage: Coverage, period: Period = Period.WEEK_1) -> BarSeries:
    return BarSeries(SYMBOLS[0], period, Adjustment.NONE, source, BarColumns(0, {}), coverage)


def gaps(*days: str) -> Coverage:
    return Coverage.of(1, 2, np.array(days, "datetime64[D]"))


NOTHING = Coverage(None, None, complete=None, missing=None)


@pytest.mark.parametrize(
    ("given", "wish"),
    [
        (
            series(Source.TERMINAL, gaps("2024-01-02", "2024-01-05", "2024-01-09")),
            DownloadWish(DownloadKind.DAYS, SYMBOLS[:1], date(2024, 1, 2), date(2024, 1, 9)),
        ),
        (
            series(Source.TERMINAL, gaps("2024-01-02"), Period.HOUR_1),
            DownloadWish(DownloadKind.MINUTES, SYMBOLS[:1], date(2024, 1, 2), date(2024, 1, 2)),
        ),
        (series(Source.TERMINAL, NOTHING), DownloadWish(DownloadKind.DAYS, SYMBOLS[:1])),
        (series(Source.TERMINAL, gaps()), None),
        (series(Source.TERMINAL, Coverage(1, 2, complete=None, missing=None)), None),
        # What a terminal has never shows in an imported series.
        (series(Source.IMPORTED, gaps("2024-01-02")), None),
    ],
)
def test_what_a_series_lacks_is_wished_for_where_it_would_show(
    given: BarSeries, wish: DownloadWish | None
) -> None:
    assert missing_of(given) == wish
