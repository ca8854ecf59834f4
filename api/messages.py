"""The messages of graphql-transport-ws, as far as all of them are alike."""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from api.requests import too_deep

# An id stands in every message of its operation: a long one makes each as large as it likes.
_LONGEST_ID = 1_000


class Hangup(Exception):
    """The peer broke the protocol, or may not stay; close with this code and reason."""

    def __init__(self, code: int, reason: str, outcome: str | None = None) -> None:
        """Carry a close code of the protocol, and what the log calls it."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.outcome = outcome or f"CLOSED_{code}"


def malformed(what: str) -> Hangup:
    """Return the end of a connection whose peer sends what is no message."""
    return Hangup(4400, what)


def read_message(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the message that an ASGI message holds. Raises Hangup."""
    text = message.get("text")
    if not isinstance(text, str):
        raise malformed("Messages are JSON text, not binary")
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise malformed("The message is not valid JSON") from None
    if not isinstance(value, dict):
        raise malformed("A message is a JSON object")
    return cast("Mapping[str, Any]", value)


def id_of(message: Mapping[str, Any]) -> str:
    """Return the id of the operation that a message is about. Raises Hangup."""
    value = message.get("id")
    if not isinstance(value, str) or not value:
        raise malformed("The message needs a non-empty string as id")
    if len(value) > _LONGEST_ID:
        raise malformed(f"The id is longer than {_LONGEST_ID} characters")
    return value


def payload_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload member to copy: absent and null are allowed, anything but objects not."""
    value = message.get("payload")
    if value is not None and not isinstance(value, dict):
        raise malformed("payload must be an object or null")
    if too_deep(cast("object", value)):
        raise malformed("payload is nested too deeply")
    return {} if value is None else {"payload": value}
