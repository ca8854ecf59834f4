"""Which fields an operation picks below a field, so that only those are read."""

from collections.abc import Iterator
from typing import cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    get_directive_values,
)
from strawberry.utils.str_converters import to_camel_case

from schema.context import Context, Info


def picked(info: Info, *path: str) -> tuple[str, ...]:
    """Return the GraphQL names picked at `path` below the current field, each once.

    Fragments are followed and @skip/@include obeyed; `__typename` is left out.
    """
    raw = cast("GraphQLResolveInfo[Context]", info._raw_info)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    nodes: list[FieldNode] = list(raw.field_nodes)
    for name in path:
        nodes = [node for node in _below(raw, nodes) if node.name.value == name]
    names = (node.name.value for node in _below(raw, nodes))
    return tuple(dict.fromkeys(name for name in names if not name.startswith("__")))


def _below(raw: GraphQLResolveInfo[Context], nodes: list[FieldNode]) -> Iterator[FieldNode]:
    for node in nodes:
        if node.selection_set is not None:
            yield from _fields(raw, node.selection_set.selections)


def _fields(
    raw: GraphQLResolveInfo[Context], selections: tuple[SelectionNode, ...]
) -> Iterator[FieldNode]:
    for selection in selections:
        if not _included(raw, selection):
            continue
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            yield from _fields(raw, selection.selection_set.selections)
        elif isinstance(selection, FragmentSpreadNode):
            fragment = raw.fragments[selection.name.value]
            yield from _fields(raw, fragment.selection_set.selections)


def _included(raw: GraphQLResolveInfo[Context], node: SelectionNode) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, node, raw.variable_values)
    include = get_directive_values(GraphQLIncludeDirective, node, raw.variable_values)
    return not (skip and skip["if"]) and (include is None or bool(include["if"]))


def camel(name: str) -> str:
    """Return the GraphQL name of a domain field, by the same rule as Strawberry's converter."""
    return to_camel_case(name)
