"""The contract follows the domain, and what was once published keeps its number."""

import dataclasses

import pytest

from quantgraph.domain.financials.fields import FinancialField, Statement
from quantgraph.domain.financials.tables import STATEMENTS
from quantgraph.v1 import accounts_pb2, financials_pb2, orders_pb2, portfolio_pb2, types_pb2
from quantgraph.wire.financials import MESSAGES
from tools import proto


def test_stubs_and_statements_are_current():
    assert proto.stale() == []


def test_the_contract_is_lint_clean():
    assert proto.lint() == 0


def test_every_statement_field_is_in_its_message():
    rows = financials_pb2.Financials.DESCRIPTOR.fields_by_name
    for statement, table in STATEMENTS.items():
        message = MESSAGES[statement].DESCRIPTOR
        assert rows[statement.value.lower()].message_type is message
        assert message.name == proto.MESSAGES[statement]
        for name, field in table.fields.items():
            found = message.fields_by_name[name]
            assert found.has_presence
            assert found.type == (found.TYPE_STRING if field.text else found.TYPE_DOUBLE)


def test_published_numbers_are_the_numbers_of_the_list():
    for name, numbers in proto.read_numbers().items():
        message = next(each for each in MESSAGES.values() if each.DESCRIPTOR.name == name)
        fields = message.DESCRIPTOR.fields_by_name
        assert {each: fields[each].number for each in numbers if each in fields} == {
            each: number for each, number in numbers.items() if each in fields
        }


# The numbers of the first release; whoever changes one breaks every client built against it.
@pytest.mark.parametrize(
    ("message", "field", "number"),
    [
        ("BalanceSheet", "internal_receivables", 16),
        ("IncomeStatement", "operating_revenue", 16),
        ("TopHolder", "holder_name", 17),
        ("FinancialIndicators", "inventory_turnover", 41),
    ],
)
def test_a_number_never_changes(message: str, field: str, number: int):
    assert proto.read_numbers()[message][field] == number


def test_a_new_field_anywhere_gets_the_next_number_and_moves_no_other():
    table = STATEMENTS[Statement.CAPITAL]
    new = FinancialField("pledged_shares", "native", "质押股份", "shares")
    fields = {"pledged_shares": new, **table.fields}
    tables = {**STATEMENTS, Statement.CAPITAL: dataclasses.replace(table, fields=fields)}
    before = proto.read_numbers()
    after = proto.grown(before, tables)
    assert after["CapitalStructure"].pop("pledged_shares") == 20
    assert after == before


def test_a_field_that_is_gone_stays_reserved():
    table = STATEMENTS[Statement.CAPITAL]
    fields = {name: each for name, each in table.fields.items() if name != "total_shares"}
    tables = {**STATEMENTS, Statement.CAPITAL: dataclasses.replace(table, fields=fields)}
    numbers = proto.grown(proto.read_numbers(), tables)
    text = proto.statements_proto(numbers, tables)
    assert '  reserved 16;\n  reserved "total_shares";\n' in text
    assert numbers["CapitalStructure"]["total_shares"] == 16


def test_money_and_shares_never_travel_as_floating_point():
    for message in (
        *accounts_pb2.DESCRIPTOR.message_types_by_name.values(),
        *orders_pb2.DESCRIPTOR.message_types_by_name.values(),
        *portfolio_pb2.DESCRIPTOR.message_types_by_name.values(),
    ):
        for field in message.fields:
            assert field.type not in (field.TYPE_DOUBLE, field.TYPE_FLOAT), field.full_name
            if (
                field.name.endswith(
                    ("price", "cash", "fee", "amount", "profit", "value", "weight", "hhi")
                )
                and field.name != "day_profit"
            ):
                assert field.message_type is types_pb2.Decimal.DESCRIPTOR
            if field.name.endswith("quantity") or field.name == "sellable":
                assert field.type == field.TYPE_INT64
