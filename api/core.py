"""graphql-core's two entry points with the types that its generics leave open."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import graphql
from graphql import DocumentNode, ExecutionResult, GraphQLSchema
from strawberry import Schema


@dataclass(frozen=True, slots=True)
class Run:
    """What one execution needs."""

    document: DocumentNode
    operation_name: str | None
    variables: dict[str, Any]
    context: object


class Core:
    """A Strawberry schema below Strawberry's own wrapper, which parses every document anew."""

    def __init__(self, schema: Schema) -> None:
        """Take the graphql-core schema and Strawberry's executor from the wrapper."""
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        self._executor = cast("Any", schema.execution_context_class)  # pyright: ignore[reportUnknownMemberType]

    async def execute(self, run: Run) -> ExecutionResult:
        """Execute a query or mutation."""
        answer: Any = graphql.execute(self.schema, **self._arguments(run))  # pyright: ignore[reportUnknownMemberType]
        return cast("ExecutionResult", await answer if isawaitable(answer) else answer)

    async def subscribe(self, run: Run) -> ExecutionResult | AsyncGenerator[ExecutionResult, None]:
        """Start a subscription: its results, or one result with errors where it cannot start."""
        answer: Any = graphql.subscribe(self.schema, **self._arguments(run))  # pyright: ignore[reportUnknownMemberType]
        if isawaitable(answer):
            answer = await answer
        return cast("ExecutionResult | AsyncGenerator[ExecutionResult, None]", answer)

    def _arguments(self, run: Run) -> dict[str, Any]:
        return {
            "document": run.document,
            "context_value": run.context,
            "variable_values": run.variables,
            "operation_name": run.operation_name,
            "executor_class": self._executor,
        }
