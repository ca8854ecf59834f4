"""Bounds and cursors that several list fields share."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Annotated

import strawberry

from quantgraph.domain.errors import InvalidRequest, bad_request
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import PAGE_ITEMS
from schema.context import Info
from schema.instruments import PageInfo

FirstArgument = Annotated[int, strawberry.argument(description="Page size, 1 to 500.")]
AfterArgument = Annotated[str | None, strawberry.argument(description="Cursor to go on behind.")]


def checked_first(first: int) -> int:
    """Return a page size within 1 to 500, or raise BAD_REQUEST."""
    if not 1 <= first <= PAGE_ITEMS:
        raise bad_request(f"first is {first}; ask for 1 to {PAGE_ITEMS} items a page.")
    return first


def checked_batch(info: Info, symbols: Sequence[str]) -> None:
    """Raise BAD_REQUEST where one request names too many symbols."""
    limit = info.context.gateway.limits.batch_symbols
    if len(symbols) > limit:
        raise bad_request(f"{len(symbols)} symbols; at most {limit} in one request.")


def cursor_of(scope: str, key: str) -> str:
    """Return an opaque cursor that stays valid when the list grows: it names the item itself.

    `scope` names the list and its filters; the cursor is good for that list only.
    """
    return base64.urlsafe_b64encode(_mark(scope) + key.encode()).decode().rstrip("=")


def key_of(scope: str, cursor: str | None) -> str | None:
    """Return the item that a cursor names, or raise INVALID_CURSOR."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True)
        key = found.removeprefix(_mark(scope)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found, key = b"", ""
    if not found.startswith(_mark(scope)) or not key:
        text = (
            f"{cursor[:40]!r} is not a cursor of this list; take one from pageInfo or an edge and "
            "repeat the filters of the page before."
        )
        raise InvalidRequest(Reason.INVALID_CURSOR, text)
    return key


def place_of(cursors: Sequence[str], *, more: bool) -> PageInfo:
    """Return where a page with these cursors ends."""
    return PageInfo(has_next_page=more, end_cursor=cursors[-1] if cursors else None)


def _mark(scope: str) -> bytes:
    # Not a secret: it tells a cursor of another list or filter from ours.
    return hashlib.blake2b(scope.encode(), digest_size=8).digest()
