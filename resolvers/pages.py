"""Bounds and cursors that several list fields share."""

import base64
import binascii
from collections.abc import Sequence

from quantgraph.domain.errors import InvalidRequest, bad_request
from quantgraph.domain.reasons import Reason
from schema.context import Info

MAX_PAGE = 500


def checked_first(first: int) -> int:
    """Return a page size within 1 to 500, or raise BAD_REQUEST."""
    if not 1 <= first <= MAX_PAGE:
        raise bad_request(f"first is {first}; ask for 1 to {MAX_PAGE} items a page.")
    return first


def checked_batch(info: Info, symbols: Sequence[str]) -> None:
    """Raise BAD_REQUEST where one request names too many symbols."""
    limit = info.context.gateway.limits.batch_symbols
    if len(symbols) > limit:
        raise bad_request(f"{len(symbols)} symbols; at most {limit} in one request.")


def cursor_of(kind: str, key: str) -> str:
    """Return an opaque cursor that stays valid when the list grows: it names the item itself."""
    return base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode().rstrip("=")


def key_of(kind: str, cursor: str | None) -> str | None:
    """Return the item that a cursor names, or raise INVALID_CURSOR."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found, _, key = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found, key = "", ""
    if found != kind or not key:
        text = f"{cursor[:40]!r} is not a cursor of this list; use one from pageInfo or an edge."
        raise InvalidRequest(Reason.INVALID_CURSOR, text)
    return key
