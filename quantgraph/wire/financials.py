"""Financial statements: each table of the domain has its message, field by field of one name."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from quantgraph.domain.errors import start_after_end
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    STATEMENTS,
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
    ReportBasis,
)
from quantgraph.v1 import financials_pb2, statements_pb2
from quantgraph.wire.enums import REPORT_BASIS, SOURCE
from quantgraph.wire.fields import (
    date_from_proto,
    date_to_proto,
    instant_from_proto,
    instant_to_proto,
    invalid_field,
    symbols_from_proto,
)

MESSAGES: Mapping[Statement, type[Message]] = {
    Statement.BALANCE: statements_pb2.BalanceSheet,
    Statement.INCOME: statements_pb2.IncomeStatement,
    Statement.CASH_FLOW: statements_pb2.CashFlowStatement,
    Statement.CAPITAL: statements_pb2.CapitalStructure,
    Statement.HOLDERS: statements_pb2.HolderCount,
    Statement.TOP_HOLDERS: statements_pb2.TopHolder,
    Statement.TOP_FLOAT_HOLDERS: statements_pb2.TopFloatHolder,
    Statement.INDICATORS: statements_pb2.FinancialIndicators,
}
# The field of `Financials` that holds a statement's rows is the statement's name in small letters.
_FIELDS = {statement.value.lower(): statement for statement in Statement}


def request_to_proto(request: FinancialRequest) -> financials_pb2.ListFinancialsRequest:
    """Write a request."""
    start, end, known = request.start, request.end, request.as_of
    return financials_pb2.ListFinancialsRequest(
        symbols=request.symbols,
        start=None if start is None else date_to_proto(start),
        end=None if end is None else date_to_proto(end),
        basis=REPORT_BASIS.to_proto(request.basis),
        as_of=None if known is None else instant_to_proto(known),
        read_mask=_mask_to_proto(request.fields),
    )


def request_from_proto(message: financials_pb2.ListFinancialsRequest) -> FinancialRequest:
    """Read a request. START_AFTER_END where the dates are the wrong way round."""
    start = date_from_proto(message.start, "start") if message.HasField("start") else None
    end = date_from_proto(message.end, "end") if message.HasField("end") else None
    if start is not None and end is not None and start > end:
        raise start_after_end(start, end)
    basis = ReportBasis.REPORT_DATE
    if message.HasField("basis"):
        basis = REPORT_BASIS.from_proto(message.basis, "basis")
    return FinancialRequest(
        symbols_from_proto(message.symbols, "symbols"),
        _mask_from_proto(message.read_mask.paths),
        start,
        end,
        basis,
        instant_from_proto(message.as_of, "as_of") if message.HasField("as_of") else None,
    )


def company_to_proto(company: CompanyFinancials) -> financials_pb2.Financials:
    """Write the statements of one company."""
    rows: dict[str, Any] = {
        statement.value.lower(): [_row(report) for report in reports]
        for statement, reports in company.reports.items()
    }
    return financials_pb2.Financials(symbol=company.symbol, **rows)


def company_from_proto(
    message: financials_pb2.Financials, asked: Iterable[Statement] = tuple(Statement)
) -> CompanyFinancials:
    """Read the asked statements of one company."""
    reports = {
        statement: tuple(
            _report(message.symbol, statement, row)
            for row in getattr(message, statement.value.lower())
        )
        for statement in asked
    }
    return CompanyFinancials(message.symbol, reports)


def _row(report: FinancialReport) -> Message:
    announced = report.announce_date
    kind = cast("type[statements_pb2.BalanceSheet]", MESSAGES[report.statement])
    values: dict[str, Any] = dict(report.values)
    return kind(
        report_date=date_to_proto(report.report_date),
        announce_date=None if announced is None else date_to_proto(announced),
        source=SOURCE.to_proto(report.source),
        **values,
    )


def _report(symbol: str, statement: Statement, row: statements_pb2.BalanceSheet) -> FinancialReport:
    announced = row.HasField("announce_date")
    known = STATEMENTS[statement].fields
    values: dict[str, float | str] = {
        field.name: value for field, value in row.ListFields() if field.name in known
    }
    return FinancialReport(
        symbol,
        statement,
        date_from_proto(row.report_date, "report_date"),
        date_from_proto(row.announce_date, "announce_date") if announced else None,
        SOURCE.from_proto(row.source, "source"),
        values,
    )


def _mask_to_proto(fields: Mapping[Statement, tuple[str, ...]]) -> FieldMask:
    paths = [
        f"{statement.value.lower()}.{name}" for statement, names in fields.items() for name in names
    ]
    return FieldMask(paths=paths)


def _mask_from_proto(paths: Iterable[str]) -> Mapping[Statement, tuple[str, ...]]:
    asked: dict[Statement, set[str]] = {}
    for path in paths:
        edge, dot, name = path.partition(".")
        statement = _FIELDS.get(edge)
        if statement is None:
            text = f"{path[:60]!r} is not one of {', '.join(_FIELDS)}, or a field of one."
            raise invalid_field("read_mask", text)
        known = STATEMENTS[statement].fields
        if dot and name not in known:
            raise invalid_field("read_mask", f"{edge} has no field {name[:60]!r}.")
        asked.setdefault(statement, set()).update([name] if dot else known)
    chosen = asked or {statement: set(table.fields) for statement, table in STATEMENTS.items()}
    return {
        statement: tuple(name for name in STATEMENTS[statement].fields if name in names)
        for statement, names in chosen.items()
    }
