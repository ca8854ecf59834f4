"""What a GraphQL request must look like, on every transport."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from api.memory import Memory
from api.trusted import ANY, TrustedDocuments
from quantgraph.domain.errors import bad_request

_DEEPEST = 200
# Beside its document.
_REQUEST = 400


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed request; the document is not parsed yet.

    `memory` is the executor's: it is there again where the same bytes come again.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict[str, Any])
    operation_name: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    memory: Memory = field(default_factory=Memory, compare=False, repr=False)

    @property
    def size(self) -> int:
        """What keeping it costs, in characters."""
        return _REQUEST + len(self.query)


def read_json(body: bytes | str) -> object:
    """Parse JSON, or raise BAD_REQUEST; deep nesting is refused, not followed."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"The request is not valid JSON: {error}.") from None


@dataclass(slots=True)
class RequestReader:
    """Reads requests: their variables and extensions may be nested `deepest` levels deep."""

    deepest: int = _DEEPEST
    trusted: TrustedDocuments = ANY

    def read(self, value: object) -> GraphQLRequest:
        """Return the request that a JSON value states, or raise BAD_REQUEST naming the member.

        Raises what the trusted documents say of its own.
        """
        if not isinstance(value, dict):
            found = "an array (batching is not offered)" if isinstance(value, list) else "no object"
            raise bad_request(f"A GraphQL request is a JSON object; found {found}.")
        members = cast("Mapping[str, object]", value)
        query = _document(members, self.trusted)
        name = members.get("operationName")
        if name is not None and not isinstance(name, str):
            raise bad_request("`operationName` must be a string or null.")
        variables, extensions = _object(members, "variables"), _object(members, "extensions")
        for member, given in (("variables", variables), ("extensions", extensions)):
            if too_deep(given, self.deepest):
                raise bad_request(f"`{member}` are nested more than {self.deepest} levels deep.")
        return GraphQLRequest(query, variables, name or None, extensions)


def _document(members: Mapping[str, object], trusted: TrustedDocuments) -> str:
    query, document_id = members.get("query"), members.get("documentId")
    if document_id is None:
        if not isinstance(query, str):
            raise bad_request("`query` must be a GraphQL document, as a string.")
        trusted.admit(query)
        return query
    if query is not None:
        raise bad_request("`query` and `documentId` both name a document; send one of them.")
    if not isinstance(document_id, str):
        raise bad_request("`documentId` must be a string, as in sha256:….")
    return trusted.text(document_id)


def _object(members: Mapping[str, object], name: str) -> dict[str, Any]:
    value = members.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_request(f"`{name}` must be an object or null.")
    return cast("dict[str, Any]", value)


def too_deep(value: object, deepest: int = _DEEPEST) -> bool:
    """Return whether a JSON value is nested too deeply to be walked by recursion, or written."""
    level: list[object] = [value]
    for _ in range(deepest):
        below: list[object] = []
        for each in level:
            if isinstance(each, dict):
                below.extend(cast("Mapping[str, object]", each).values())
            elif isinstance(each, list):
                below.extend(cast("list[object]", each))
        if not below:
            return False
        level = below
    return True
