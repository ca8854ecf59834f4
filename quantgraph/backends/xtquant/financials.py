"""Financial statements as the terminal holds them: raw rows, whose dates are milliseconds.

The SDK's other function makes the dates by the machine's own zone, and fails at a row without one.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from quantgraph.backends.xtquant.codes import to_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import day_digits, ms_day
from quantgraph.domain.calendar import SHANGHAI
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    STATEMENTS,
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
    ReportBasis,
)
from quantgraph.domain.sources import Source

# The SDK's name of each table, in which it looks the native one up.
_TABLES: Mapping[Statement, str] = {
    Statement.BALANCE: "Balance",
    Statement.INCOME: "Income",
    Statement.CASH_FLOW: "CashFlow",
    Statement.CAPITAL: "Capital",
    Statement.HOLDERS: "HolderNum",
    Statement.TOP_HOLDERS: "Top10Holder",
    Statement.TOP_FLOAT_HOLDERS: "Top10FlowHolder",
    Statement.INDICATORS: "PershareIndex",
}
_BASIS = {ReportBasis.REPORT_DATE: "report_time", ReportBasis.ANNOUNCE_DATE: "announce_time"}
# Statements of holders spell their dates in another way.
_REPORT_DATES = ("m_timetag", "endDate")
_ANNOUNCE_DATES = ("m_anntime", "declareDate")
_RANK = "rank"


def read_financials(
    data: Data, symbols: Sequence[str], request: FinancialRequest
) -> dict[str, CompanyFinancials]:
    """Return the asked statements of symbols that exist; empty where nothing was downloaded."""
    codes = {to_vendor(symbol): symbol for symbol in symbols}
    told: Mapping[str, Mapping[str, Any]] = (
        data.call(
            "get_financial_data_ori",
            [*codes],
            [_TABLES[statement] for statement in request.fields],
            day_digits(request.start),
            day_digits(request.end),
            _BASIS[request.basis],
        )
        if codes and request.fields
        else {}
    )
    return {
        symbol: CompanyFinancials(
            symbol,
            {
                statement: _reports(
                    told.get(code, {}).get(STATEMENTS[statement].native) or (),
                    (symbol, statement),
                    request,
                )
                for statement in request.fields
            },
        )
        for code, symbol in codes.items()
    }


def _reports(
    rows: Iterable[Mapping[str, Any]], of: tuple[str, Statement], request: FinancialRequest
) -> tuple[FinancialReport, ...]:
    """Return the reports of a statement, oldest first; the newest announcement of each counts."""
    newest: dict[tuple[date, float], FinancialReport] = {}
    for row in rows:
        report = _read(row, of, request.fields[of[1]])
        if report is None or not _asked(report, request):
            continue
        key = (report.report_date, float(row.get(_RANK) or 0))
        held = newest.get(key)
        if held is None or _announced(held) <= _announced(report):
            newest[key] = report
    return tuple(newest[key] for key in sorted(newest))


def _read(
    row: Mapping[str, Any], of: tuple[str, Statement], fields: Sequence[str]
) -> FinancialReport | None:
    reported = _first_day(row, _REPORT_DATES)
    if reported is None:
        return None
    symbol, statement = of
    table = STATEMENTS[statement].fields
    values: dict[str, float | str] = {}
    for name in fields:
        value = row.get(table[name].native)
        if table[name].text and value not in (None, ""):
            values[name] = str(value)
        elif not table[name].text and isinstance(value, int | float) and math.isfinite(value):
            values[name] = float(value)
    announced = _first_day(row, _ANNOUNCE_DATES)
    return FinancialReport(symbol, statement, reported, announced, Source.TERMINAL, values)


def _first_day(row: Mapping[str, Any], names: Sequence[str]) -> date | None:
    return next((day for name in names if (day := ms_day(row.get(name))) is not None), None)


def _asked(report: FinancialReport, request: FinancialRequest) -> bool:
    """Return whether a report is within the bounds: the terminal's own filter is not relied on."""
    by_report = request.basis is ReportBasis.REPORT_DATE
    day = report.report_date if by_report else report.announce_date
    bounded = request.start is not None or request.end is not None
    if day is None:
        return not bounded and request.as_of is None
    if (request.start and day < request.start) or (request.end and day > request.end):
        return False
    if request.as_of is None:
        return True
    # Known at the end of its day: on that day itself, one must wait for midnight.
    announced = report.announce_date
    return announced is not None and announced < request.as_of.astimezone(SHANGHAI).date()


def _announced(report: FinancialReport) -> date:
    return report.announce_date or date.min
