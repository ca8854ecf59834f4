"""Financial statements: one type per table, made from the domain's declaration of its fields."""

from datetime import date
from typing import Any

import strawberry

from quantgraph.domain.financials.fields import Statement, StatementTable
from quantgraph.domain.financials.tables import (
    STATEMENTS,
    CompanyFinancials,
    FinancialReport,
)
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.instruments import Instrument, load_instrument
from schema.scalars import Symbol
from schema.selection import camel, picked

_TYPE_NAMES = {
    Statement.BALANCE: "BalanceSheet",
    Statement.INCOME: "IncomeStatement",
    Statement.CASH_FLOW: "CashFlowStatement",
    Statement.CAPITAL: "CapitalStructure",
    Statement.HOLDERS: "HolderCount",
    Statement.TOP_HOLDERS: "TopHolder",
    Statement.TOP_FLOAT_HOLDERS: "TopFloatHolder",
    Statement.INDICATORS: "FinancialIndicators",
}
# The field of `Financials` that holds each statement.
EDGES = {
    Statement.BALANCE: "balance",
    Statement.INCOME: "income",
    Statement.CASH_FLOW: "cashFlow",
    Statement.CAPITAL: "capital",
    Statement.HOLDERS: "holders",
    Statement.TOP_HOLDERS: "topHolders",
    Statement.TOP_FLOAT_HOLDERS: "topFloatHolders",
    Statement.INDICATORS: "indicators",
}


def _row_type(table: StatementTable) -> type[Any]:
    """Make the GraphQL type of one statement row from its declaration."""
    annotations: dict[str, Any] = {"report_date": date, "announce_date": date | None}
    namespace: dict[str, Any] = {
        "report_date": strawberry.field(description="End of the reported period (截止日期)."),
        "announce_date": strawberry.field(
            description="Day of announcement (披露日期); null if unknown."
        ),
        "source": strawberry.field(description="Where the row comes from."),
    }
    annotations["source"] = Source
    for field in table.fields.values():
        annotations[field.name] = (str if field.text else float) | None
        namespace[field.name] = strawberry.field(description=field.description, default=None)
    namespace["__annotations__"] = annotations
    name = _TYPE_NAMES[table.statement]
    made = type(name, (), namespace)
    return strawberry.type(
        made, description=f"One row of the {table.title.lower()} ({table.chinese})."
    )


ROW_TYPES: dict[Statement, type[Any]] = {
    statement: _row_type(table) for statement, table in STATEMENTS.items()
}
_DOMAIN_NAMES = {
    statement: {camel(name): name for name in table.fields}
    for statement, table in STATEMENTS.items()
}


def _rows(statement: Statement) -> Any:  # noqa: ANN401 strawberry.field stands in for the value
    table = STATEMENTS[statement]
    return strawberry.field(
        graphql_type=list[ROW_TYPES[statement]],
        description=f"{table.title} ({table.chinese}), oldest report first.",
    )


@strawberry.type(description="The statements of one company; pick fields one by one.")
class Financials:
    symbol: Symbol = strawberry.field(description="The company's symbol.")
    balance: list[Any] = _rows(Statement.BALANCE)
    income: list[Any] = _rows(Statement.INCOME)
    cash_flow: list[Any] = _rows(Statement.CASH_FLOW)
    capital: list[Any] = _rows(Statement.CAPITAL)
    holders: list[Any] = _rows(Statement.HOLDERS)
    top_holders: list[Any] = _rows(Statement.TOP_HOLDERS)
    top_float_holders: list[Any] = _rows(Statement.TOP_FLOAT_HOLDERS)
    indicators: list[Any] = _rows(Statement.INDICATORS)

    @strawberry.field(description="The company's share; null where nothing is known of it.")
    async def instrument(self, info: Info) -> Instrument | None:
        return await load_instrument(info, self.symbol)

    @classmethod
    def from_domain(cls, company: CompanyFinancials) -> "Financials":
        """Show a domain company."""
        rows = {
            statement.value.lower(): [_row(report) for report in company.reports.get(statement, ())]
            for statement in Statement
        }
        return cls(symbol=Symbol(company.symbol), **rows)


def statement_fields(info: Info) -> dict[Statement, tuple[str, ...]]:
    """Return the domain fields that the operation picks, for each statement it picks at all."""
    chosen = set(picked(info))
    return {
        statement: tuple(
            _DOMAIN_NAMES[statement][name]
            for name in picked(info, edge)
            if name in _DOMAIN_NAMES[statement]
        )
        for statement, edge in EDGES.items()
        if edge in chosen
    }


def _row(report: FinancialReport) -> object:
    return ROW_TYPES[report.statement](
        report_date=report.report_date,
        announce_date=report.announce_date,
        source=report.source,
        **report.values,
    )
