"""Plain selections compiled once: what they pick is read without graphql-core visiting it.

A selection is plain where every field is an attribute, or a resolver without arguments that only
looks at its own object. Everything else is the ordinary path's: the answer is the same.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from api.cells import (
    NotPlain,
    OutputType,
    check_column,
    column_cell,
    field_cell,
    make_slot,
    unwrapped,
)
from api.slots import KeptTexts, Rows, Slot
from quantgraph.domain.bars import BarColumns
from quantgraph.rows.plan import Cell, Kind, Layout
from schema.rows import ColumnList, RowList
from schema.scalars import SAFE_INTEGER

# Values that their scalar would write as they are; any other goes through the scalar.
_AS_THEY_ARE = {"String": str, "ID": str, "Symbol": str, "Boolean": bool}
Writer: TypeAlias = Callable[[Any], Any]


class Selections(Protocol):
    """What graphql-core's executor knows of a selection, and where written rows are kept.

    `readings` by `Type.field`: how those fields are read that their objects do not have as such.
    """

    texts: KeptTexts

    @property
    def readings(self) -> Mapping[str, Writer]: ...

    def collect_subfields(self, return_type: GraphQLObjectType, field_details_list: Any) -> Any:  # noqa: ANN401 untyped there
        """Return the fields picked below, fragments and @skip/@include resolved."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a plain selection under its key: how it is read and how written."""

    key: str
    name: str
    read: Writer
    write: Writer


class Projection:
    """A plain selection of one object type. `cells` where columns can answer it as well."""

    def __init__(
        self, name: str, members: Sequence[Member], cells: Sequence[tuple[Cell, bool]] | None
    ) -> None:
        """Keep the members; each cell says whether its field may be null."""
        self.name = name
        self.members = tuple(members)
        self._members = [(each.key, each.read, each.write) for each in members]
        self._nullable = cells
        self.cells = None if cells is None else Layout(cell for cell, _ in cells)
        self._selection = (self.cells, None if cells is None else tuple(null for _, null in cells))

    def object(self, source: object) -> dict[str, Any]:
        """Return what is picked of an object. Raises NotPlain, and whatever a field raises."""
        return {key: write(read(source)) for key, read, write in self._members}

    def slot(self, columns: BarColumns, texts: KeptTexts) -> Slot:
        """Return the place of these rows in the response. Raises NotPlain."""
        if self._nullable is None or self.cells is None:
            raise NotPlain(self.name, "has fields that are no columns")
        batch = texts.forms.find(columns, self._selection)
        if batch is None:
            for cell, nullable in self._nullable:
                check_column(f"{self.name}.{cell.key}", cell, columns, nullable=nullable)
            batch = texts.forms.keep(columns, self._selection)
        return make_slot(self.name, Rows(self.cells, columns, batch), texts)


def project(executor: Selections, kind: GraphQLObjectType, details: object) -> Projection:
    """Return the projection of a selection. Raises NotPlain, naming the field that is not."""
    picked: Mapping[str, Any]
    try:
        picked, deferred, _ = executor.collect_subfields(kind, details)
    except GraphQLError as error:  # graphql-core finds it again where a value needs the selection
        raise NotPlain(kind.name, "has a condition that is null") from error
    if deferred:
        raise NotPlain(kind.name, "is deferred")
    members: list[Member] = []
    cells: list[tuple[Cell, bool]] | None = []
    for key, below in picked.items():
        name: str = below[0].node.name.value
        if name == "__typename":
            members.append(Member(key, name, _constant(kind.name), _same))
            cell, nullable = Cell(key, "", Kind.CONSTANT, b'"%s"' % kind.name.encode()), True
        else:
            column, where = plain_field(kind, name), f"{kind.name}.{name}"
            type_: OutputType = kind.fields[name].type
            write = writer(executor, type_, below, where)
            read = executor.readings.get(where) or _reader(column, where)
            members.append(Member(key, name, read, write))
            cell, nullable = field_cell(key, column, type_)
        if cells is not None and cell is not None:
            cells.append((cell, nullable))
        else:
            cells = None
    return Projection(kind.name, members, cells)


def plain_field(kind: GraphQLObjectType, name: str) -> StrawberryField:
    """Return Strawberry's definition of a field. Raises NotPlain."""
    found = kind.fields[name].extensions.get("strawberry-definition") if name in kind.fields else 0
    if not isinstance(found, StrawberryField):
        raise NotPlain(f"{kind.name}.{name}", "is answered by graphql-core itself")
    return found


def _reader(field: StrawberryField, where: str) -> Writer:
    """Return what reads the field from its object."""
    if field.is_basic_field and not field.permission_classes:
        name = field.python_name
        return lambda source: getattr(source, name)
    resolver = cast("Any", field).base_resolver
    if (
        resolver is None
        or field.is_async
        or field.arguments
        or field.extensions
        or field.permission_classes
        or resolver.info_parameter is not None
        or resolver.self_parameter is None
    ):
        raise NotPlain(where, "has a resolver")
    return cast("Writer", resolver.wrapped_func)


def writer(executor: Selections, kind: OutputType, details: object, where: str) -> Writer:
    """Return what writes a value of this type as the ordinary path would.

    Raises NotPlain; what it returns raises that too, and whatever a field or a scalar raises.
    """
    inner, nullable = unwrapped(kind)
    if not nullable:
        return _required(writer(executor, inner, details, where), where)
    if isinstance(kind, GraphQLList):
        return _optional(_list_writer(executor, kind, details, where))
    if isinstance(kind, GraphQLObjectType):
        return _optional(_plain_object(executor, kind, details, where).object)
    if isinstance(kind, GraphQLUnionType):
        return _optional(_member_writer(executor, kind, details, where))
    if is_leaf_type(kind):
        return _leaf_writer(kind)
    raise NotPlain(where, "is one of several types")


def _plain_object(
    executor: Selections, kind: GraphQLObjectType, details: object, where: str
) -> Projection:
    if kind.is_type_of is not None:
        raise NotPlain(where, "is one of several types")
    return project(executor, kind, details)


def _member_writer(
    executor: Selections, kind: GraphQLUnionType, details: object, where: str
) -> Writer:
    """Return what writes a member of a union, told by its class."""
    members: dict[type, Projection] = {}
    for each in kind.types:
        definition: Any = each.extensions.get("strawberry-definition")
        if definition is None:
            raise NotPlain(where, "has members of unknown classes")
        members[definition.origin] = project(executor, each, details)

    def member(value: object) -> object:
        found = members.get(type(value))
        if found is None:
            raise NotPlain(where, "is no member of its union")
        return found.object(value)

    return member


def _list_writer(executor: Selections, kind: OutputType, details: object, where: str) -> Writer:
    inner, nullable = unwrapped(kind.of_type)
    texts = executor.texts  # not the executor, which knows the caller of its run
    if isinstance(inner, GraphQLObjectType):
        projection = _plain_object(executor, inner, details, where)
        one = _optional(projection.object) if nullable else _required(projection.object, where)

        def objects(value: object) -> object:
            if isinstance(value, RowList):
                return projection.slot(cast("RowList[Any]", value).columns, texts)
            return [one(each) for each in _listed(value, where)]

        return objects

    write = writer(executor, kind.of_type, details, where)

    def values(value: object) -> object:
        if isinstance(value, ColumnList):
            cell = column_cell(value, inner, where, nullable=nullable)
            return make_slot(where, Rows((cell,), value.columns, scalars=True), texts)
        return [write(each) for each in _listed(value, where)]

    return values


def _listed(value: object, where: str) -> Sequence[Any]:
    if isinstance(value, (list, tuple)):
        return cast("Sequence[Any]", value)
    raise NotPlain(where, "is no plain list")


def _leaf_writer(kind: GraphQLScalarType | GraphQLEnumType) -> Writer:
    plain, write = _AS_THEY_ARE.get(kind.name), kind.coerce_output_value
    if kind.name == "Float":
        return _optional(lambda value: value if _is_float(value) else _written(write, value))
    if kind.name == "Long":
        return _optional(lambda value: value if _is_long(value) else _written(write, value))
    if plain is None:
        return _optional(lambda value: _written(write, value))
    return _optional(lambda value: value if type(value) is plain else _written(write, value))


def _is_float(value: object) -> bool:
    return type(value) is float and math.isfinite(value)


def _is_long(value: object) -> bool:
    return type(value) is int and -SAFE_INTEGER <= value <= SAFE_INTEGER


def _written(write: Writer, value: object) -> object:
    written = write(value)
    if written is None:
        raise NotPlain("", "has a value that its scalar does not write")
    return written


def _required(write: Writer, where: str) -> Writer:
    def required(value: object) -> object:
        if value is None:
            raise NotPlain(where, "is missing and may not be null")
        return write(value)

    return required


def _optional(write: Writer) -> Writer:
    return lambda value: None if value is None else write(value)


def _constant(value: object) -> Writer:
    return lambda _: value


def _same(value: Any) -> Any:  # noqa: ANN401 whatever is read
    return value
