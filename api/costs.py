"""What an operation may cost at most, told before anything of it is executed.

A point is about one object of the answer: an object costs 1, a list what its items cost as often
as its arguments ask for, a hundred rows or values of columns 1. Whether a list turns out shorter is
not known yet, so a cost is what is asked for, not what was found.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, TypeAlias, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from api.cells import unwrapped
from quantgraph.config import LimitsConfig
from quantgraph.domain.system import PAGE_ITEMS

# Everything is counted in hundredths of a point, so that a row is a whole number.
_POINT = 100
# The schema about itself is as long whoever asks, and made apart from the loop.
_INTROSPECTION = 1_000 * _POINT
# What lists hold whose arguments do not say: about what the market makes them, by type and field.
_USUAL = {
    "Account.positions": 50,
    "Backend.capabilities": 50,
    "Query.convertibleBonds": 500,
    "Query.hongKongBrokers": 1_000,
    "Query.indexWeights": 300,
    "Query.ipos": 100,
    "Query.positions": 50,
    "Query.sectors": 30,
    "Query.terminalSubscriptions": 1_000,
    "Sector.members": 100,
}
_OTHERS = 10
# Rows of a series that says neither; `bars` itself answers as many.
_ROWS = 250
# The arguments that say how long a list is, the narrowest first; they hand it on to what a page or
# a series holds.
_SIZING = ("symbols", "ids", "stocks", "first", "last")
_PAGED = frozenset({"nodes", "edges", "rows"})


@dataclass(frozen=True, slots=True)
class Sizer:
    """The length of a list that a variable says; `otherwise` where it is null, at most `most`."""

    variable: str
    otherwise: int
    most: int

    def size(self, variables: Mapping[str, Any]) -> int:
        """Return the length. Whatever does not fit is refused elsewhere, and counts as one."""
        value = variables.get(self.variable)
        if value is None:
            return self.otherwise
        if isinstance(value, list):
            return min(len(cast("list[object]", value)), self.most)
        return max(0, min(value, self.most)) if isinstance(value, int) else 1


_Factors: TypeAlias = tuple[Sizer, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How often something may come: a number times what variables say."""

    number: int = 1
    factors: _Factors = ()

    def times(self, other: "Size") -> "Size":
        """Return both together."""
        return Size(self.number * other.number, self.factors + other.factors)


class Cost:
    """The cost of one operation, whatever its variables are."""

    def __init__(self, terms: Mapping[_Factors, int]) -> None:
        """Keep hundredths of points by what they are multiplied with."""
        self._fixed = terms.get((), 0)
        self._least = max(1, -(-self._fixed // _POINT))
        self._terms = [(weight, factors) for factors, weight in terms.items() if factors]

    def points(self, variables: Mapping[str, Any]) -> int:
        """Return the whole points that an execution with these variables is counted for."""
        if not self._terms:
            return self._least
        total = self._fixed
        for weight, factors in self._terms:
            total += reduce(lambda cost, each: cost * each.size(variables), factors, weight)
        return max(1, -(-total // _POINT))


@dataclass(frozen=True, slots=True)
class _Visit:
    """A selection of a type: how often it comes, and the length that was said above it."""

    selections: SelectionSetNode
    kind: Any
    often: Size
    said: Size | None


class Costs:
    """Reckons the operations of one valid document; its fragments may not lead to themselves."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: LimitsConfig) -> None:
        """Use the schema's types; a length beyond its limit is refused later, and counts as it."""
        self._schema = schema
        self._fragments = {
            each.name.value: each
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        self._most = {"first": PAGE_ITEMS, "last": limits.bar_rows}
        self._longest = limits.batch_symbols
        self._defaults: Mapping[str, Any] = {}

    def of(self, operation: OperationDefinitionNode) -> Cost:
        """Return the cost of an operation."""
        self._defaults = {
            each.variable.name.value: each.default_value
            for each in operation.variable_definitions or ()
        }
        terms: Counter[_Factors] = Counter()
        root = self._schema.get_root_type(operation.operation)
        stack = [_Visit(operation.selection_set, root, Size(), None)]
        while stack:
            visit = stack.pop()
            for node in visit.selections.selections:
                below = self._below(node, visit, terms)
                if below is not None:
                    stack.append(below)
        return Cost(terms)

    def _below(self, node: SelectionNode, visit: _Visit, terms: Counter[_Factors]) -> _Visit | None:
        """Count a selection and return what lies below it."""
        if isinstance(node, FieldNode):
            return self._field(node, visit, terms)
        if isinstance(node, InlineFragmentNode):
            named = node.type_condition
            kind = visit.kind if named is None else self._schema.get_type(named.name.value)
            return replace(visit, selections=node.selection_set, kind=kind)
        found = self._fragments[cast("FragmentSpreadNode", node).name.value]
        kind = self._schema.get_type(found.type_condition.name.value)
        return replace(visit, selections=found.selection_set, kind=kind)

    def _field(self, node: FieldNode, visit: _Visit, terms: Counter[_Factors]) -> _Visit | None:
        name = node.name.value
        if name.startswith("__"):
            terms[()] += 0 if name == "__typename" else _INTROSPECTION
            return None
        field: GraphQLField = visit.kind.fields[name]
        said = self._said(node, field)
        columns = visit.kind.name.endswith("Columns")
        size = self._size(f"{visit.kind.name}.{name}", field, said, visit.said)
        often = visit.often.times(size)
        if node.selection_set is None:
            # A list of plain values is read with its object; columns are as long as their rows.
            terms[often.factors] += often.number if columns else 0
            return None
        terms[often.factors] += often.number * (1 if name == "rows" else _POINT)
        return _Visit(node.selection_set, get_named_type(_type(field)), often, said or visit.said)

    def _size(self, place: str, field: GraphQLField, said: Size | None, above: Size | None) -> Size:
        """Return how often a field's value comes for each object that has it."""
        inner, _ = unwrapped(_type(field))
        if not isinstance(inner, GraphQLList):
            return Size()
        kind, _, name = place.partition(".")
        if said is not None:
            return said
        if name in _PAGED or kind.endswith("Columns"):
            return above or Size(_ROWS)
        return Size(_USUAL.get(place, _OTHERS))

    def _said(self, node: FieldNode, field: GraphQLField) -> Size | None:
        """Return the length that a field's arguments ask for, None where none does."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        for name in _SIZING:
            argument = field.args.get(name)
            if argument is not None:
                value = given.get(name)
                size = self._length(name, argument.default_value, value)
                if size is not None:
                    return size
        return None

    def _length(self, name: str, default: object, value: ValueNode | None) -> Size | None:
        most = self._most.get(name, self._longest)
        otherwise = default if isinstance(default, int) else None
        if isinstance(value, VariableNode):
            variable = value.name.value
            stated = self._length(name, default, self._defaults.get(variable))
            return Size(1, (Sizer(variable, stated.number if stated else _ROWS, most),))
        if isinstance(value, IntValueNode):
            return Size(min(int(value.value), most))
        if isinstance(value, ListValueNode):
            return Size(min(len(value.values), most))
        if value is not None and not isinstance(value, NullValueNode):
            return Size()
        return None if otherwise is None else Size(otherwise)


def _type(field: GraphQLField) -> Any:  # noqa: ANN401 graphql-core's own are generic
    return cast("Any", field).type
