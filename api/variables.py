"""Variables as graphql-core coerces them, by converters that are compiled with the operation.

graphql-core finds out anew for every value of what kind its type is. Here it is found out once;
whatever is wrong with a value, or not plain in a type, is left to it, whose messages are its own.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, cast

import graphql
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_required_input_field,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from api.cells import NotPlain

_coerced = cast("Callable[..., Any]", graphql.coerce_input_value)  # pyright: ignore[reportUnknownMemberType] its generics are open
# Raises where the value is none of the type.
_Turn: TypeAlias = Callable[[Any], Any]


class _NoValue(Exception):
    """What graphql-core is to find words for."""


class PlainVariables:
    """Coerces the variables of one operation. It keeps nothing of them."""

    def __init__(
        self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]
    ) -> None:
        """Compile. Raises NotPlain."""
        self._each = [_variable(schema, each) for each in definitions]

    def coerce(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Return what `get_variable_values` does; None where that is to be asked."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        try:
            for signature, turn, needed in self._each:
                name = signature.name
                value = given.get(name, Undefined)
                if value is not Undefined:
                    coerced[name] = turn(value)
                    sources[name] = VariableValueSource(signature, value)
                elif needed:
                    return None
                else:
                    sources[name] = VariableValueSource(signature)
        except Exception:  # a scalar may raise anything
            return None
        return VariableValues(sources, coerced)


def _variable(
    schema: GraphQLSchema, node: VariableDefinitionNode
) -> tuple[GraphQLVariableSignature, _Turn, bool]:
    signature = get_variable_signature(schema, node)
    if isinstance(signature, GraphQLError) or node.default_value is not None:
        raise NotPlain(node.variable.name.value, "is not of a type of input, or has a default")
    kind = cast("Any", signature).type
    return signature, _value(kind, _object), isinstance(kind, GraphQLNonNull)


def _value(kind: Any, object_: Callable[[GraphQLInputObjectType], _Turn]) -> _Turn:  # noqa: ANN401 untyped there
    """Return what coerces a value; `object_` what does an input object, where one may be here."""
    if not isinstance(kind, GraphQLNonNull):
        inner = _inner(kind, object_)
        return lambda value: None if value is None else inner(value)
    needed = _inner(cast("Any", kind).of_type, object_)

    def required(value: Any) -> Any:  # noqa: ANN401 of JSON
        if value is None:
            raise _NoValue
        return needed(value)

    return required


def _inner(kind: Any, object_: Callable[[GraphQLInputObjectType], _Turn]) -> _Turn:  # noqa: ANN401 untyped there
    """Return what coerces a value that is not null."""
    named = cast("Any", get_named_type(kind))
    if isinstance(kind, GraphQLInputObjectType):
        return object_(kind)
    if not is_leaf_type(named):
        raise NotPlain(str(kind), "is a list of objects")
    return partial(_listed, kind) if isinstance(kind, GraphQLList) else kind.coerce_input_value


def _listed(kind: Any, value: object) -> Any:  # noqa: ANN401 a list of leaves
    found = _coerced(value, kind)
    if found is Undefined:
        raise _NoValue
    return found


def _nested(kind: GraphQLInputObjectType) -> _Turn:
    raise NotPlain(str(kind), "is an object within another")


def _object(kind: GraphQLInputObjectType) -> _Turn:
    """Return what coerces an input object whose fields are leaves, or lists of them."""
    if kind.is_one_of:
        raise NotPlain(str(kind), "takes one of its fields")
    fields = [
        (name, each.out_name or name, _value(each.type, _nested), coerce_default_value(each))
        for name, each in kind.fields.items()
    ]
    names = kind.fields.keys()
    required = {name for name, each in kind.fields.items() if is_required_input_field(each)}

    def turn(value: Any) -> Any:  # noqa: ANN401 of JSON
        if not (isinstance(value, dict) and required <= value.keys() <= names):
            raise _NoValue
        given, made = cast("dict[str, Any]", value), dict[str, Any]()
        for name, own, each, default in fields:
            if name in given:
                made[own] = each(given[name])
            elif default is not Undefined:
                made[own] = default
        return kind.out_type(made)

    return turn
