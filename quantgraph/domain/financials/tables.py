"""All statement tables, and what a request and a row look like."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from quantgraph.domain.financials.balance import BALANCE
from quantgraph.domain.financials.cash_flow import CASH_FLOW
from quantgraph.domain.financials.fields import Statement, StatementTable
from quantgraph.domain.financials.income import INCOME
from quantgraph.domain.financials.others import (
    CAPITAL,
    HOLDERS,
    INDICATORS,
    TOP_FLOAT_HOLDERS,
    TOP_HOLDERS,
)
from quantgraph.domain.sources import Source

STATEMENTS: Mapping[Statement, StatementTable] = {
    table.statement: table
    for table in (
        BALANCE,
        INCOME,
        CASH_FLOW,
        CAPITAL,
        HOLDERS,
        TOP_HOLDERS,
        TOP_FLOAT_HOLDERS,
        INDICATORS,
    )
}


class ReportBasis(StrEnum):
    """Which date start and end bound."""

    REPORT_DATE = "REPORT_DATE"
    ANNOUNCE_DATE = "ANNOUNCE_DATE"


@dataclass(frozen=True, slots=True)
class FinancialRequest:
    """Reports of some symbols, bounded by dates of the basis, both included.

    `as_of` hides every report announced after it: a day's report counts as known at the end of
    its announcement day in Asia/Shanghai. `fields` names the columns to read per statement.
    """

    symbols: tuple[str, ...]
    fields: Mapping[Statement, tuple[str, ...]]
    start: date | None = None
    end: date | None = None
    basis: ReportBasis = ReportBasis.REPORT_DATE
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class FinancialReport:
    """One row of one statement table. A field that was not asked for or is missing is absent."""

    symbol: str
    statement: Statement
    report_date: date
    announce_date: date | None
    source: Source
    values: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class CompanyFinancials:
    """All asked statements of one company, each by report date, oldest first."""

    symbol: str
    reports: Mapping[Statement, tuple[FinancialReport, ...]]
