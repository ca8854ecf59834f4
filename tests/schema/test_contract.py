"""The contract is described to the last value, and the checked-in SDL is the one served."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
)

from quantgraph.domain.financials.tables import STATEMENTS
from resolvers.access import SCOPES
from resolvers.root import graphql_schema

ROOT = Path(__file__).parents[2]
CORE = graphql_schema._schema
TYPES = [
    each
    for name, each in CORE.type_map.items()
    if not name.startswith("__") and name not in {"String", "Boolean", "Int", "Float", "ID"}
]


def test_the_checked_in_sdl_is_current():
    assert (ROOT / "schema/schema.graphql").read_text("utf-8").strip() == str(
        graphql_schema
    ).strip()


def test_everything_in_the_contract_is_described():
    silent = [each.name for each in TYPES if not each.description]
    for each in CORE.directives:
        silent += [] if each.description else [f"@{each.name}"]
        silent += [f"@{each.name}({name})" for name, a in each.args.items() if not a.description]
    for each in TYPES:
        if isinstance(each, GraphQLEnumType):
            silent += [
                f"{each.name}.{name}" for name, v in each.values.items() if not v.description
            ]
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            silent += [
                f"{each.name}.{name}" for name, f in each.fields.items() if not f.description
            ]
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType):
            silent += [
                f"{each.name}.{name}({argument})"
                for name, field in each.fields.items()
                for argument, a in field.args.items()
                if not a.description
            ]
    assert silent == []


def test_every_root_field_has_a_scope_and_no_scope_is_left_over():
    roots = (CORE.query_type, CORE.mutation_type, CORE.subscription_type)
    assert {f"{root.name}.{field}" for root in roots for field in root.fields} == set(SCOPES)


def test_every_financial_field_of_the_domain_is_in_the_contract():
    company = CORE.type_map["Financials"].fields
    edges = ["balance", "income", "cashFlow", "capital", "holders", "topHolders"]
    edges += ["topFloatHolders", "indicators"]
    for table, edge in zip(STATEMENTS.values(), edges, strict=True):
        row = company[edge].type.of_type.of_type.of_type
        assert set(row.fields) >= {"reportDate", "announceDate", "source"}
        assert len(row.fields) == len(table.fields) + 3
        for field in table.fields.values():
            assert any(field.chinese in (f.description or "") for f in row.fields.values())
