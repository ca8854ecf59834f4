"""Which fields an operation picks below a field, so that only those are read."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, cast

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
    VariableNode,
)
from strawberry.utils.str_converters import to_camel_case

from schema.context import Context, Info

Raw: TypeAlias = GraphQLResolveInfo[Context]
Choice: TypeAlias = Callable[[Raw, tuple[str, ...]], tuple[str, ...]]


def picked(info: Info, *path: str) -> tuple[str, ...]:
    """Return the GraphQL names picked at `path` below the current field, each once.

    Fragments are followed and @skip/@include obeyed; `__typename` is left out.
    """
    return remembered(info, path, names_below)


def remembered(info: Info, path: tuple[str, ...], choose: Choice) -> tuple[str, ...]:
    """Return what is chosen at `path`, chosen once for all runs of an operation made ready."""
    raw = cast("Raw", info._raw_info)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage, reportUnknownMemberType] no public name
    # Nodes live as long as their operation, and so longer than what is remembered of them.
    place = (*map(id, raw.field_nodes), path, choose)
    known = raw.context.picks.get(place)
    if known is None:
        known = raw.context.picks[place] = choose(raw, path)
    return known


def names_below(raw: Raw, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return what `picked` does, for those who choose by it."""
    nodes: list[FieldNode] = list(raw.field_nodes)
    for name in path:
        nodes = [node for node in _below(raw, nodes) if node.name.value == name]
    names = (node.name.value for node in _below(raw, nodes))
    return tuple(dict.fromkeys(name for name in names if not name.startswith("__")))


def _below(raw: Raw, nodes: list[FieldNode]) -> Iterator[FieldNode]:
    for node in nodes:
        if node.selection_set is not None:
            yield from _fields(raw, node.selection_set.selections)


def _fields(raw: Raw, selections: tuple[SelectionNode, ...]) -> Iterator[FieldNode]:
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


def _included(raw: Raw, node: SelectionNode) -> bool:
    """Obey @skip and @include; both may stand on one node."""
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include") and _condition(raw, directive) is (name == "skip"):
            return False
    return True


def _condition(raw: Raw, directive: DirectiveNode) -> bool:
    """Return the value of a directive's `if`; validation has made sure that there is one."""
    value = next(iter(directive.arguments or ())).value
    if isinstance(value, VariableNode):
        # Strawberry gives resolvers the plain coerced values, defaults filled in.
        variables = cast("dict[str, bool]", raw.variable_values)
        return variables[value.name.value]
    return isinstance(value, BooleanValueNode) and value.value


def camel(name: str) -> str:
    """Return the GraphQL name of a domain field, by the same rule as Strawberry's converter."""
    return to_camel_case(name)
