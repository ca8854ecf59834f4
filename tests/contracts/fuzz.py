"""Operations of the GraphQL contract to try with generated values, and what may not come back."""

import os
import random
import re
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_enum_type,
    is_object_type,
    is_required_argument,
    is_union_type,
)
from hypothesis import HealthCheck, Phase, seed, settings

from quantgraph.domain.reasons import Kind
from tests.contracts.variables import SCALARS, numbers, texts
from tools.sdl import FILE

SEED = int(os.environ.get("QUANTGRAPH_SEED", random.randrange(2**32)))
CASES = int(os.environ.get("QUANTGRAPH_CASES", "8"))
NEVER = {Kind.INTERNAL, Kind.STARTUP}
LEAK = re.compile(
    r"Traceback \(|File \"|object at 0x|\b[A-Z]\w*(?:Error|Exception)\b|site-packages|\.py\b"
    r"|<class |sqlite3|NoneType|quantgraph\.(?:domain|services|store|backends|wire)"
)
SCHEMA: GraphQLSchema = build_schema(FILE.read_text("utf-8"))


def leaks(message: str, given: str) -> list[str]:
    """Return what a message tells of our insides. What the caller sent may be quoted in it.

    Hypothesis sends texts that it reads in our sources, names of exceptions among them.
    """
    return [each for each in LEAK.findall(message) if each not in given]


def root_fields(*roots: GraphQLObjectType | None) -> list[str]:
    """Return `Query.bars` and so on."""
    return sorted(f"{root.name}.{name}" for root in roots if root for name in root.fields)


EXECUTED = root_fields(SCHEMA.query_type, SCHEMA.mutation_type)
STREAMED = root_fields(SCHEMA.subscription_type)


def document(label: str) -> tuple[str, Any]:
    """Return an operation over one root field with a variable per argument, and the arguments."""
    root, name = label.split(".")
    field = SCHEMA.type_map[root].fields[name]
    given = ", ".join(f"{each}: ${each}" for each in field.args)
    declared = ", ".join(f"${each}: {_declared(argument)}" for each, argument in field.args.items())
    call = f"{name}({given})" if given else name
    operation = f"{root.lower()} ({declared})" if declared else root.lower()
    chosen = _plain(get_named_type(field.type))
    return f"{operation} {{ {call} {{ {chosen} }} }}", field.args


def _declared(argument: GraphQLArgument) -> str:
    """Return the type of its variable: one that may be left out where the argument may."""
    shown = str(argument.type)
    return shown if is_required_argument(argument) else shown.removesuffix("!")


def refusable(union: Any) -> bool:
    """Return whether a fragment on Problem can match any member."""
    return any(each.interfaces for each in union.types)


def _plain(kind: Any) -> str:
    """Return a selection of every field that has neither arguments nor fields of its own."""
    if is_union_type(kind):
        refusal = "... on Problem { code message messageZh retryable }"
        return f"__typename {refusal}" if refusable(kind) else "__typename"
    if not is_object_type(kind):
        return "__typename"
    leaves = [name for name, each in kind.fields.items() if not _inner(each) and not each.args]
    return " ".join(["__typename", *leaves])


def _inner(field: Any) -> bool:
    named = get_named_type(field.type)
    return not (is_enum_type(named) or hasattr(named, "parse_value"))


def use_scalars() -> None:
    """Tell schemathesis what literals our scalars have."""
    from schemathesis.graphql import nodes, scalar

    for name in SCALARS:
        scalar(name, texts(name).map(nodes.String))
    scalar("Long", numbers().map(nodes.Int))


def repeatable(cases: int) -> Callable[[Any], Any]:
    """Run a property so often, from the seed that conftest.py prints."""

    def wrap(test: Any) -> Any:
        options = {"phases": [Phase.generate], "database": None, "deadline": None}
        silent = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        silent += [HealthCheck.function_scoped_fixture, HealthCheck.large_base_example]
        return seed(SEED)(
            settings(max_examples=cases, suppress_health_check=silent, **options)(test)
        )

    return wrap
