"""A root field called and written without graphql-core: what is left of an operation made ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

from graphql import GraphQLError, GraphQLObjectType
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Path
from strawberry import Info, Schema

from api.cells import NotPlain
from api.executor import PlainExecutor
from api.inputs import compile_arguments
from api.projection import plain_field, writer

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A root field as the operation picks it: the root type, its key there, and its nodes."""

    root: GraphQLObjectType
    key: str
    details: Any


class RootCall:
    """Calls one root field and writes what it returns.

    Whatever is not plain in a value, and every error, is completed by graphql-core, so that
    messages, paths and nulls are its own.
    """

    def __init__(self, executor: PlainExecutor, schema: Schema, place: Place) -> None:
        """Compile the field. Raises NotPlain."""
        node = place.details[0].node
        name: str = node.name.value
        self.place = place
        self._node = node
        self._field = plain_field(place.root, name)
        self._definition: Any = place.root.fields[name]
        self._convert = compile_arguments(schema, self._field)
        resolver = cast("Any", self._field).base_resolver
        if resolver is None or self._field.extensions or self._field.permission_classes:
            raise NotPlain(f"{place.root.name}.{name}", "has no resolver of its own")
        self._call: Callable[..., Any] = resolver.wrapped_func
        self._info_name = resolver.info_parameter and resolver.info_parameter.name
        self._own = (None,) if resolver.self_parameter else ()
        where = f"{place.root.name}.{name}"
        self._write = writer(executor, self._definition.type, place.details, where)
        self._path = Path(None, place.key, place.root.name)
        nodes = [each.node for each in place.details]
        maker = cast("Any", executor)
        self._info = maker.build_resolve_info(self._definition, nodes, place.root, self._path)
        # The two that are each run's own: `_replace` costs four times as much as knowing where.
        self._context_at = self._info._fields.index("context")
        self._variables_at = self._info._fields.index("variable_values")

    def arguments(self, variables: VariableValues) -> Arguments | None:
        """Return the resolver's arguments, or None where graphql-core has to refuse them."""
        try:
            given = get_argument_values(self._definition, self._node, variables)
            return self._convert(given)
        except (GraphQLError, ValueError, TypeError):
            return None

    async def run(self, arguments: Arguments, variables: VariableValues, context: object) -> Any:  # noqa: ANN401 whatever the field returns
        """Return the field's value. Raises whatever its resolver raises."""
        if self._info_name is None:
            value = self._call(*self._own, **arguments)
        else:
            fields = [*self._info]
            fields[self._context_at], fields[self._variables_at] = context, variables.coerced
            raw = self._info._make(fields)
            info = {self._info_name: Info(_raw_info=raw, _field=self._field)}
            value = self._call(*self._own, **info, **arguments)
        return await value if isawaitable(value) else value

    def write(self, value: object) -> Any:  # noqa: ANN401 ready for the response
        """Return what is picked of the value. Raises NotPlain, and whatever a field raises."""
        return self._write(value)

    async def complete(self, executor: Any, value: object) -> dict[str, Any]:  # noqa: ANN401 untyped there
        """Let graphql-core complete a value or an error. Raises GraphQLError where data ends."""
        kind, details = self._definition.type, self.place.details
        try:
            nodes = [each.node for each in details]
            info = executor.build_resolve_info(self._definition, nodes, self.place.root, self._path)
            done = executor.complete_value(kind, details, info, self._path, value, None)
            done = await done if isawaitable(done) else done
        except Exception as error:
            executor.handle_field_error(error, kind, details, self._path)
            done = None
        return {self.place.key: done}
