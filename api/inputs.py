"""Arguments as resolvers take them, by converters that are compiled with the operation.

Strawberry resolves every field's annotation and name anew for every value: a fifth of what one
order costs. What is not plain here is left to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from strawberry import UNSET, Schema
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

_Convert = Callable[[Any], Any]


def compile_arguments(schema: Schema, field: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:  # noqa: ANN401 untyped there
    """Return what turns graphql-core's coerced arguments of a field into the resolver's."""
    names = schema.config.name_converter
    compiler = _Compiler(schema)
    arguments = [
        (names.from_argument(each), each.python_name, compiler.argument(each.type))
        for each in field.arguments
    ]

    def convert(given: Mapping[str, Any]) -> dict[str, Any]:
        return {own: turn(given[name]) for name, own, turn in arguments if name in given}

    return convert


class _Compiler:
    """Makes the converter of a type."""

    def __init__(self, schema: Schema) -> None:
        self._config = schema.config
        self._registry = schema.schema_converter.scalar_registry

    def argument(self, kind: Any) -> _Convert:  # noqa: ANN401 untyped there
        """Return the converter of an argument: one input object deep, Strawberry's below."""
        inner = _required(kind)
        if not has_object_definition(inner):
            return self._value(kind)
        definition = inner.__strawberry_definition__
        if not definition.is_input or definition.from_input is not None:
            return self._value(kind)
        return self._object(inner, definition)

    def _value(self, kind: Any) -> _Convert:  # noqa: ANN401 untyped there
        inner = _required(kind)
        if inner is not GlobalID and self._is_leaf(inner):
            return _same
        config, registry = self._config, self._registry
        return lambda value: convert_argument(value, kind, registry, config)

    def _is_leaf(self, kind: Any) -> bool:  # noqa: ANN401 untyped there
        if isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
            return True
        return is_scalar(kind, self._registry)

    def _object(self, made: Callable[..., Any], definition: Any) -> _Convert:  # noqa: ANN401 untyped there
        names = self._config.name_converter
        fields = [
            (
                names.from_field(each),
                each.python_name,
                self._value(each.resolve_type(type_definition=definition)),
            )
            for each in definition.fields
        ]
        # As Strawberry does: null where a nullable field has no default of its own.
        absent = {
            each.python_name: None
            for each in definition.fields
            if each.default_value is MISSING and each.default_factory is MISSING
        }

        def convert(value: Any) -> Any:  # noqa: ANN401 a coerced input object
            if value is None or value is UNSET:
                return value
            given = {own: turn(value[name]) for name, own, turn in fields if name in value}
            return made(**{**absent, **given})

        return convert


def _required(kind: Any) -> Any:  # noqa: ANN401 untyped there
    """Return the type without its null; a Maybe tells null from absent, and stays whole."""
    plain = isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe)
    return kind.of_type if plain else kind


def _same(value: Any) -> Any:  # noqa: ANN401 a coerced leaf
    return value
