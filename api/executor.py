"""graphql-core's executor with a short cut for plain selections and for rows held as columns."""

from collections.abc import Sequence
from typing import Any, cast

from graphql import GraphQLList, GraphQLObjectType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.cells import NotPlain, column_cell, make_slot, unwrapped
from api.projection import Projection, Selections, project
from api.slots import KeptTexts
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from schema.rows import ColumnList, RowList


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes plain objects and lists itself; all else, and every error, is graphql-core's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 graphql-core's own
        """Start without projections; copies of this executor share them, and its fields."""
        self.ordinary_rows: int = kwargs.pop("ordinary_rows")
        self.texts: KeptTexts = kwargs.pop("texts")
        super().__init__(*args, **kwargs)
        self._projections: dict[tuple[int, int], tuple[Any, Projection | NotPlain]] = {}

    def build_per_event_executor(self, payload: Any) -> Any:  # noqa: ANN401 graphql-core's own
        """Return an executor whose memos end with the event: each event collects anew."""
        executor: Any = super().build_per_event_executor(payload)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        executor._relevant_sub_fields = {}  # noqa: SLF001
        executor._projections = {}  # noqa: SLF001
        return executor

    def complete_object_value(  # noqa: PLR0913, PLR0917 graphql-core's signature
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,  # noqa: ANN401 untyped there
        info: Any,  # noqa: ANN401
        path: Any,  # noqa: ANN401
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Write a plain object at once."""
        projection = self._projection(return_type, field_details_list)
        if isinstance(projection, Projection):
            try:
                return projection.object(result)
            except Exception:  # noqa: S110 the ordinary path finds it again and locates it
                pass
        return super().complete_object_value(  # pyright: ignore[reportUnknownMemberType]
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_list_value(  # noqa: PLR0913, PLR0917 graphql-core's signature
        self,
        return_type: GraphQLList[Any],
        field_details_list: Any,  # noqa: ANN401 untyped there
        info: Any,  # noqa: ANN401
        path: Any,  # noqa: ANN401
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Write a list of plain objects, rows or values at once."""
        try:
            done = self._listed(return_type, field_details_list, info, result)
        except NotPlain as left:
            self._check_rows(result, left)
        except Exception:  # noqa: S110 the ordinary path finds it again and locates it
            pass
        else:
            if done is not None:
                return done
        return super().complete_list_value(  # pyright: ignore[reportUnknownMemberType]
            return_type, field_details_list, info, path, result, position_context
        )

    def _listed(self, kind: GraphQLList[Any], details: Any, info: Any, result: Any) -> Any:  # noqa: ANN401
        inner, nullable = unwrapped(cast("Any", kind).of_type)
        if isinstance(result, ColumnList):
            where = f"{info.parent_type.name}.{info.field_name}"
            cell = column_cell(result, inner, where, nullable=nullable)
            return make_slot(where, (cell,), result.columns, self.texts, scalars=True)
        if not isinstance(inner, GraphQLObjectType):
            return None
        projection = self._projection(inner, details)
        if isinstance(projection, NotPlain):
            # Not the kept one: it would keep the frames of every run that raised it.
            raise NotPlain(projection.field, projection.why)
        if isinstance(result, RowList):
            return projection.slot(cast("RowList[Any]", result).columns, self.texts)
        if isinstance(result, list) and all(each is not None for each in cast("list[Any]", result)):
            return [projection.object(each) for each in cast("list[Any]", result)]
        return None

    def _projection(self, kind: GraphQLObjectType, details: object) -> Projection | NotPlain:
        # As graphql-core does: by identity, with the list kept so that its id is not used again.
        key = (id(kind), id(details))
        known = self._projections.get(key)
        if known is not None:
            return known[1]
        found: Projection | NotPlain
        if kind.is_type_of is not None:
            found = NotPlain(kind.name, "is one of several types")
        else:
            found = _projected(self, kind, details)
        self._projections[key] = (details, found)
        return found

    def _check_rows(self, result: object, left: NotPlain) -> None:
        """Raise ROW_LIMIT where so many rows may not take the ordinary path."""
        if not isinstance(result, (RowList, ColumnList)):
            return
        rows = len(cast("Sequence[Any]", result))
        if rows > self.ordinary_rows:
            raise InvalidRequest(
                Reason.ROW_LIMIT,
                f"{rows} rows cannot be written column by column because {left}; one by one at "
                f"most {self.ordinary_rows} are (limits.ordinary_rows). Leave that field out, or "
                "ask for less.",
                limit=self.ordinary_rows,
                field=left.field,
            )


def _projected(
    executor: Selections, kind: GraphQLObjectType, details: object
) -> Projection | NotPlain:
    try:
        return project(executor, kind, details)
    except NotPlain as left:
        return left.with_traceback(None)
