"""graphql-core below Strawberry's own wrapper: operations made ready once, run many times."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from inspect import isawaitable
from typing import Any, TypeVar, cast

import graphql
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    VariableDefinitionNode,
)
from graphql.execution.collect_fields import collect_fields
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Schema

from api.bar_texts import BarTexts, compile_bars
from api.callers import new_request_id
from api.cells import NotPlain
from api.errors import show_result
from api.executor import PlainExecutor
from api.quote_texts import QuoteTexts, compile_quotes
from api.roots import Arguments, Place, RootCall
from api.slots import KeptTexts
from api.variables import PlainVariables

Texts = TypeVar("Texts")


@dataclass(frozen=True, slots=True)
class Run:
    """What one execution needs."""

    document: DocumentNode
    operation_name: str | None
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """Variables as the resolvers get them; `arguments` where the root field is called here."""

    variables: VariableValues
    arguments: Arguments | None


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """`ordinary_rows`: so many rows held as columns may take the ordinary path."""

    ordinary_rows: int
    texts: KeptTexts
    suggestions: bool = True


class Prepared:
    """An operation made ready once, for any number of runs by anyone with any variables.

    Nothing of a caller is in it: context and variables come with each run. `picks` is for the
    contexts of its runs.
    """

    def __init__(self, executor: PlainExecutor, schema: Schema) -> None:
        """Keep an executor that has not run, and its first fields. Raises VariablesRefused."""
        self._executor = executor
        self._schema, operation = executor.schema, executor.operation
        self._variables = operation.variable_definitions or ()
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 the document was validated
        # Collected once: graphql-core's memos hang on the identity of these lists.
        try:
            fields = collect_fields(
                self._schema,
                executor.fragments,
                executor.variable_values,
                root,
                operation,
                executor.hide_suggestions,
            )
        except GraphQLError as error:  # a null where @skip or @include need a boolean
            raise VariablesRefused([error]) from None
        serially = operation.operation is OperationType.MUTATION
        self._start = (root, None, fields.grouped_field_set, serially, fields.new_defer_usages)
        self._call = _call(executor, schema, root, fields.grouped_field_set)
        self._plain = _plain(self._schema, self._variables)
        self.picks: dict[Hashable, tuple[str, ...]] = {}

    @cached_property
    def quote_texts(self) -> QuoteTexts | None:
        """What writes the events of a plain `quotes` subscription; None for all else."""
        return self._compiled(compile_quotes)

    @cached_property
    def bar_texts(self) -> BarTexts | None:
        """What writes the events of a plain `bars` subscription; None for all else."""
        return self._compiled(compile_bars)

    def _compiled(self, compile_texts: Callable[..., Texts]) -> Texts | None:
        subscribes = self._executor.operation.operation is OperationType.SUBSCRIPTION
        if self._call is None or not subscribes:
            return None
        try:
            return compile_texts(self._executor, self._call.place, self._ordinary)
        except NotPlain:
            return None

    def _ordinary(self, value: object) -> dict[str, Any]:
        """Return the response of a plain selection's value that is not plain itself.

        Nothing in it asks who is told: its request id names the log's lines of this one event.
        """
        assert self._call is not None  # noqa: S101 asked before
        executor = self._fresh(Bound(self._executor.variable_values, None), None)
        result = run_at_once(_result(executor, self._call.complete(executor, value)))
        return show_result(result, new_request_id())

    def bind(self, variables: dict[str, Any]) -> Bound:
        """Return the variables as the resolvers get them. Raises VariablesRefused."""
        values = None if self._plain is None else self._plain.coerce(variables)
        if values is None:
            hidden = self._executor.hide_suggestions
            values = get_variable_values(
                self._schema, self._variables, variables, hide_suggestions=hidden
            )
        if isinstance(values, list):
            raise VariablesRefused(values)
        return Bound(values, None if self._call is None else self._call.arguments(values))

    async def run(self, bound: Bound, context: object) -> ExecutionResult:
        """Execute a query or mutation."""
        call = self._call
        if call is None or bound.arguments is None:
            executor = self._fresh(bound, context)
            return await _result(executor, executor.execute_collected_root_fields(*self._start))
        try:
            value = await call.run(bound.arguments, bound.variables, context)
        except Exception as error:
            value = error
        else:
            with suppress(Exception):  # whatever is wrong with the value, graphql-core finds it
                return ExecutionResult({call.place.key: call.write(value)}, None)
        executor = self._fresh(bound, context)
        return await _result(executor, call.complete(executor, value))

    def _fresh(self, bound: Bound, context: object) -> Any:  # noqa: ANN401 graphql-core's generics
        """Return an executor for one run: what it leaves behind must not meet another."""
        executor: Any = copy(self._executor)
        executor.variable_values, executor.context_value = bound.variables, context
        executor.collected_errors = CollectedErrors()
        executor.background_futures = set()
        executor.pending_incremental_futures = set()
        return executor


async def _result(executor: Any, data: Any) -> ExecutionResult:  # noqa: ANN401 untyped there
    """Return the result of an execution; an error that nothing below could hold ends its data."""
    try:
        done = await data if isawaitable(data) else data
    except GraphQLError as error:
        executor.collected_errors.add(error, None)
        done = None
    return cast("ExecutionResult", executor.build_response(done))


def _plain(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
) -> PlainVariables | None:
    try:
        return PlainVariables(schema, definitions)
    except NotPlain:
        return None


def _call(
    executor: PlainExecutor, schema: Schema, root: GraphQLObjectType, fields: Mapping[str, Any]
) -> RootCall | None:
    """Return the call of the only root field, None where graphql-core executes or refuses."""
    if len(fields) != 1:
        return None
    ((key, details),) = fields.items()
    try:
        return RootCall(executor, schema, Place(root, key, details))
    except (NotPlain, GraphQLError):
        return None


def run_at_once(work: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
    """Run what never waits, which is introspection, in any thread."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast("ExecutionResult", end.value)
    work.close()
    raise RuntimeError("introspection waited")


class VariablesRefused(Exception):
    """The variables do not fit the operation."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        """Carry graphql-core's own errors: they have locations."""
        super().__init__(errors)
        self.errors = errors


class Core:
    """A Strawberry schema's graphql-core schema and the executor that runs it."""

    def __init__(self, schema: Schema, settings: CoreSettings) -> None:
        """Execute against a schema."""
        self.schema: GraphQLSchema = schema._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] no public name
        self._strawberry = schema
        self._own: dict[str, Any] = {
            "ordinary_rows": settings.ordinary_rows,
            "texts": settings.texts,
            "hide_suggestions": not settings.suggestions,
        }

    def adopt(self, ordinary_rows: int) -> None:
        """Let so many rows take the ordinary path in what is made ready from now on."""
        self._own["ordinary_rows"] = ordinary_rows

    def prepare(self, run: Run) -> Prepared:
        """Make an operation ready, by the first variables it is run with.

        Where @skip or @include ask variables, it is ready for those alone. Raises
        VariablesRefused.
        """
        built: Any = cast("Any", PlainExecutor).build(
            self.schema,
            run.document,
            raw_variable_values=run.variables,
            operation_name=run.operation_name,
            **self._own,
        )
        if isinstance(built, list):
            raise VariablesRefused(cast("list[GraphQLError]", built))
        return Prepared(built, self._strawberry)

    async def subscribe(
        self, run: Run, context: object
    ) -> ExecutionResult | AsyncGenerator[ExecutionResult, None]:
        """Start a subscription: its results, or one result with errors where it cannot start."""
        answer: Any = graphql.subscribe(  # pyright: ignore[reportUnknownMemberType] its generics are open
            self.schema,
            run.document,
            context_value=context,
            variable_values=run.variables,
            operation_name=run.operation_name,
            executor_class=PlainExecutor,
            **self._own,
        )
        if isawaitable(answer):
            answer = await answer
        return cast("ExecutionResult | AsyncGenerator[ExecutionResult, None]", answer)
