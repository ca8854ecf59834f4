"""Page tokens: opaque, safe in URLs, and only good for the list that gave them."""

import base64
import binascii

import xxhash

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason
from quantgraph.wire.fields import invalid_field


def token_of(scope: str, last: str) -> str:
    """Return the token of the page after the item `last`; scope names the list and its filters."""
    return base64.urlsafe_b64encode(_mark(scope) + last.encode()).decode().rstrip("=")


def after_token(scope: str, token: str) -> str | None:
    """Return the item to go on behind, None for an empty token. Errors: INVALID_CURSOR."""
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        found = base64.b64decode(padded, altchars=b"-_", validate=True)
        last = found.removeprefix(_mark(scope)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found, last = b"", ""
    if not found.startswith(_mark(scope)) or not last:
        text = (
            f"page_token: {token[:40]!r} is not a token of this list; take next_page_token from "
            "the page before and repeat its other arguments."
        )
        raise InvalidRequest(Reason.INVALID_CURSOR, text, field="page_token")
    return last


def page_size(asked: int, default: int, most: int) -> int:
    """Return the size of a page: 0 means the default, more than the most means the most."""
    if asked < 0:
        raise invalid_field("page_size", f"{asked} is negative; ask for 1 to {most}.")
    return min(asked or default, most)


def _mark(scope: str) -> bytes:
    # Not a secret: it tells a token of another list or filter from ours.
    return xxhash.xxh3_64_digest(scope.encode())
