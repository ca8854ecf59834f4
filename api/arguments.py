"""Which arguments of an operation may be told: those whose names are on a list, and no other."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from graphql import OperationDefinitionNode, value_from_ast_untyped

from api.documents import Operation, roots_of
from api.fragments import fragments_of

# Root fields that are looked at, and members of a list that are told.
_ROOTS, _MEMBERS = 10, 5


def arguments_of(
    operation: Operation, variables: Mapping[str, Any], allowed: frozenset[str]
) -> dict[str, str]:
    """Return the values of root fields' arguments, and of their inputs' fields, by name.

    Of a name that comes more than once, the first.
    """
    found: dict[str, str] = {}
    for name, value in _given(operation, variables) if allowed else ():
        for member, each in _flat(name, value):
            if member in allowed and member not in found:
                found[member] = _text(each)
    return found


def _given(operation: Operation, variables: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for node in operation.document.definitions:
        if not isinstance(node, OperationDefinitionNode) or _name(node) != operation.name:
            continue
        fragments = fragments_of(operation.document)
        roots = roots_of(node.selection_set, fragments)
        for field, _ in zip(roots, range(_ROOTS), strict=False):
            for argument in field.arguments or ():
                given = cast("dict[str, Any]", variables)
                yield argument.name.value, value_from_ast_untyped(argument.value, given)


def _name(node: OperationDefinitionNode) -> str | None:
    return None if node.name is None else node.name.value


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield an argument, or the fields of an input; inputs in lists are left out."""
    if isinstance(value, dict):
        for member, each in cast("Mapping[str, object]", value).items():
            yield from _flat(member, each)
    else:
        yield name, value


def _text(value: object) -> str:
    if not isinstance(value, list):
        return str(value)
    members = cast("list[object]", value)
    plain = [str(each) for each in members[:_MEMBERS] if not isinstance(each, (dict, list))]
    return ", ".join(plain) + (", …" if len(members) > _MEMBERS else "")
