"""What an execution gives its transport: responses, one by one, or why there is none."""

from dataclasses import dataclass
from typing import Any, cast

import orjson

from quantgraph.domain.reasons import Reason
from quantgraph.domain.streams import LogPlace

Response = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One response of a stream, and where its reader is to go on after it.

    `refused`: it ended the operation early, and the response has `errors`. A fragment is a response
    that was written for others as well; `frames` are any number of them, framed already.
    """

    response: Response | orjson.Fragment
    place: LogPlace | None = None
    refused: bool = False
    frames: bytes = b""

    @property
    def refusal(self) -> Response:
        """The response of what was refused: errors, and what it cost."""
        return cast("Response", self.response)


class RequestRefused(Exception):
    """Nothing was executed; the response has errors and no data."""

    def __init__(self, reason: Reason, errors: list[dict[str, Any]]) -> None:
        """Carry the finished errors and the reason of the first."""
        super().__init__(reason)
        self.reason = reason
        self.response: Response = {"errors": errors}
