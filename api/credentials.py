"""Finds the API key that a caller shows, on every transport of the GraphQL wire."""

from collections.abc import Mapping
from typing import Any

from api.asgi import Scope, header
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason


def from_headers(scope: Scope) -> str | None:
    """Return the key of X-API-Key or of Authorization: Bearer, or None."""
    key = header(scope, b"x-api-key")
    if key is not None:
        return key
    authorization = header(scope, b"authorization")
    return None if authorization is None else _bearer(authorization)


def from_payload(payload: Mapping[str, Any] | None) -> str | None:
    """Return the key of a connection_init payload: `x-api-key` or `authorization`, any case."""
    members = {str(name).lower(): value for name, value in (payload or {}).items()}
    for name in ("x-api-key", "apikey"):
        if isinstance(members.get(name), str):
            return members[name]
    authorization = members.get("authorization")
    return _bearer(authorization) if isinstance(authorization, str) else None


def _bearer(authorization: str) -> str:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        text = "Authorization must read `Bearer <API key>`."
        raise Unauthenticated(Reason.UNAUTHENTICATED, text)
    return key.strip()
