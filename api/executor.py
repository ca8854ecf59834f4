"""graphql-core's executor with a short cut for plain selections and for rows held as columns."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from graphql import GraphQLList, GraphQLObjectType
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.cells import NotPlain
from api.projection import Writer, writer
from api.slots import KeptTexts
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from schema.rows import ColumnList, RowList


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes plain objects and lists itself; all else, and every error, is graphql-core's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 graphql-core's own
        """Start without writers; copies of this executor share them, and its fields."""
        self.ordinary_rows: int = kwargs.pop("ordinary_rows")
        self.texts: KeptTexts = kwargs.pop("texts")
        self.readings: Mapping[str, Writer] = {}  # its objects are the contract's own
        super().__init__(*args, **kwargs)
        self._writers: dict[tuple[int, int], tuple[Any, Writer | NotPlain]] = {}

    def build_per_event_executor(self, payload: Any) -> Any:  # noqa: ANN401 graphql-core's own
        """Return an executor whose memos end with the event: each event collects anew."""
        executor: Any = super().build_per_event_executor(payload)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] its generics are open
        executor._relevant_sub_fields = {}  # noqa: SLF001 a copy of this object
        executor._writers = {}  # noqa: SLF001 a copy of this object
        return executor

    def complete_object_value(  # noqa: PLR0913, PLR0917 graphql-core's signature
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,  # noqa: ANN401 untyped there
        info: Any,  # noqa: ANN401 untyped there
        path: Any,  # noqa: ANN401 untyped there
        result: Any,  # noqa: ANN401 untyped there
        position_context: Any,  # noqa: ANN401 untyped there
    ) -> Any:  # noqa: ANN401 untyped there
        """Write a plain object at once."""
        write = self._writer(return_type, field_details_list, info)
        if not isinstance(write, NotPlain):
            with suppress(Exception):  # the ordinary path finds it again and locates it
                return write(result)
        return super().complete_object_value(  # pyright: ignore[reportUnknownMemberType] its generics are open
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_list_value(  # noqa: PLR0913, PLR0917 graphql-core's signature
        self,
        return_type: GraphQLList[Any],
        field_details_list: Any,  # noqa: ANN401 untyped there
        info: Any,  # noqa: ANN401 untyped there
        path: Any,  # noqa: ANN401 untyped there
        result: Any,  # noqa: ANN401 untyped there
        position_context: Any,  # noqa: ANN401 untyped there
    ) -> Any:  # noqa: ANN401 untyped there
        """Write a list of plain objects, rows or values at once."""
        write = self._writer(return_type, field_details_list, info)
        left: NotPlain | None = None
        if isinstance(write, NotPlain):
            left = write
        else:
            try:
                return write(result)
            except NotPlain as found:
                left = found.with_traceback(None)
            except Exception:  # noqa: S110 the ordinary path finds it again and locates it
                pass
        if left is not None:
            self._check_rows(result, left)
        return super().complete_list_value(  # pyright: ignore[reportUnknownMemberType] its generics are open
            return_type, field_details_list, info, path, result, position_context
        )

    def _writer(self, kind: Any, details: object, info: Any) -> Writer | NotPlain:  # noqa: ANN401 untyped there
        # As graphql-core does: by identity, with the list kept so that its id is not used again.
        key = (id(kind), id(details))
        known = self._writers.get(key)
        if known is not None:
            return known[1]
        found: Writer | NotPlain
        try:
            found = writer(self, kind, details, f"{info.parent_type.name}.{info.field_name}")
        except NotPlain as left:
            # Kept, but never raised again: it would keep the frames of every run that did.
            found = left.with_traceback(None)
        self._writers[key] = (details, found)
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
