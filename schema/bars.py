"""Bars: rows as objects, columns as arrays, and what is held of the series."""

from datetime import date, datetime
from typing import Any, cast

import strawberry

from quantgraph.domain import bars as domain
from quantgraph.domain.bars import BAR_FIELDS, Adjustment, Period
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.rows import ColumnList, RowList
from schema.scalars import Long, Symbol
from schema.selection import Raw, camel, names_below, remembered

_TIME = "Start of the bar; a day and longer: 00:00 of its first trading day."
_MISSING = "null where the source has no value."


@strawberry.type(description="One period of trading, stamped at its start.")
class Bar:
    time: datetime = strawberry.field(description=_TIME)
    open: float | None = strawberry.field(description=f"First price, yuan; {_MISSING}")
    high: float | None = strawberry.field(description=f"Highest price, yuan; {_MISSING}")
    low: float | None = strawberry.field(description=f"Lowest price, yuan; {_MISSING}")
    close: float | None = strawberry.field(description=f"Last price, yuan; {_MISSING}")
    volume: Long | None = strawberry.field(description=f"Traded quantity, shares; {_MISSING}")
    amount: float | None = strawberry.field(description=f"Traded money, yuan; {_MISSING}")
    previous_close: float | None = strawberry.field(
        description=f"Reference price before the bar, after ex-right adjustment, yuan; {_MISSING}"
    )
    suspended: bool | None = strawberry.field(
        description="Whether the instrument did not trade that day; null where nobody says."
    )


@strawberry.type(description="The same bars as arrays of equal length, one per field.")
class BarColumns:
    time: list[datetime] = strawberry.field(description=_TIME)
    open: list[float | None] = strawberry.field(description="First prices, yuan.")
    high: list[float | None] = strawberry.field(description="Highest prices, yuan.")
    low: list[float | None] = strawberry.field(description="Lowest prices, yuan.")
    close: list[float | None] = strawberry.field(description="Last prices, yuan.")
    volume: list[Long | None] = strawberry.field(description="Traded quantities, shares.")
    amount: list[float | None] = strawberry.field(description="Traded money, yuan.")
    previous_close: list[float | None] = strawberry.field(
        description="Reference prices before the bars, yuan."
    )
    suspended: list[bool | None] = strawberry.field(
        description="Whether the instrument did not trade."
    )


@strawberry.type(description="What the source holds of the series, so that a gap is visible.")
class Coverage:
    held_from: datetime | None = strawberry.field(
        description="Stamp of the oldest bar held, whether asked for or not; null if none is."
    )
    held_to: datetime | None = strawberry.field(description="Stamp of the newest bar held.")
    complete: bool | None = strawberry.field(
        description="Whether every session of the asked span has its bars; null where the trading "
        "calendar does not cover the span."
    )
    missing: int | None = strawberry.field(
        description="Number of sessions of the asked span without any bar."
    )
    missing_dates: list[date] = strawberry.field(
        description="The first of these sessions, at most 20."
    )
    download_id: strawberry.ID | None = strawberry.field(
        description="The download that `ensure` found under way or lately ended, or has started "
        "for what is missing; see `downloadJob`. null where nothing is, where nobody asked, and of "
        "imported series, which no download completes."
    )


@strawberry.type(description="Bars of one symbol, oldest first.")
class BarSeries:
    symbol: Symbol = strawberry.field(description="Whose bars these are.")
    period: Period = strawberry.field(description="Length of each bar.")
    adjustment: Adjustment = strawberry.field(description="How the prices are adjusted.")
    source: Source = strawberry.field(description="Where all of these bars come from.")
    row_count: int = strawberry.field(description="Number of bars.")
    anchor: datetime | None = strawberry.field(
        description="Stamp of the bar whose adjusted prices equal its traded ones; null if "
        "unadjusted."
    )
    coverage: Coverage = strawberry.field(description="What is held, and what is missing.")
    bars: strawberry.Private[domain.BarColumns]

    @strawberry.field(description="The bars as objects; pick the fields you need, no more is read.")
    def rows(self) -> list[Bar]:
        return cast("list[Bar]", RowList(_bar, self.bars))

    @strawberry.field(description="The bars as arrays; pick the fields you need, no more is read.")
    def columns(self) -> BarColumns:
        lists: dict[str, Any] = {name: ColumnList(self.bars, name) for name in BAR_FIELDS}
        return BarColumns(**lists)

    @classmethod
    def from_domain(cls, series: domain.BarSeries) -> "BarSeries":
        """Show a domain series."""
        return cls(
            symbol=Symbol(series.symbol),
            period=series.period,
            adjustment=series.adjustment,
            source=series.source,
            row_count=series.columns.length,
            anchor=_instant(series.anchor),
            coverage=_coverage(series.coverage),
            bars=series.columns,
        )


def bar_fields(info: Info, *path: str) -> tuple[str, ...]:
    """Return the domain columns that the operation picks below `path`, in domain order."""
    return remembered(info, path, _columns)


def _columns(raw: Raw, path: tuple[str, ...]) -> tuple[str, ...]:
    chosen = {*names_below(raw, (*path, "rows")), *names_below(raw, (*path, "columns"))}
    return tuple(name for name, shown in _SHOWN.items() if shown in chosen)


def _bar(**values: Any) -> Bar:  # noqa: ANN401 every field has its own type
    return Bar(**(_NOTHING | values))


_SHOWN = {name: camel(name) for name in BAR_FIELDS}
_NOTHING: dict[str, Any] = dict.fromkeys(BAR_FIELDS)


def _instant(stamp: int | None) -> datetime | None:
    return None if stamp is None else from_ms(stamp)


def _coverage(held: domain.Coverage) -> Coverage:
    return Coverage(
        held_from=_instant(held.held_from),
        held_to=_instant(held.held_to),
        complete=held.complete,
        missing=held.missing,
        missing_dates=list(held.missing_dates),
        download_id=None if held.download_id is None else strawberry.ID(held.download_id),
    )
