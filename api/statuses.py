"""Which HTTP status a GraphQL response has, and a request that never became one."""

from typing import Literal

from api.asgi import Headers
from api.negotiation import GRAPHQL_JSON, JSON
from api.responses import Response
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Kind, Reason

_BY_KIND = {
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
# What is wrong with the document or its variables, in a request that is well-formed.
_CONTENT_FAULTS = {
    Reason.GRAPHQL_PARSE_FAILED,
    Reason.GRAPHQL_VALIDATION_FAILED,
    Reason.BAD_REQUEST,
}


class HttpRefused(Exception):
    """The request never became GraphQL: status, allowed methods and the reason."""

    def __init__(self, status: int, error: GatewayError, headers: Headers | None = None) -> None:
        """Carry what the response needs."""
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers or []


class Statuses:
    """The codes that every client knows, or with `draft` those of the newer specification."""

    def __init__(self, codes: Literal["stable", "draft"]) -> None:
        """Follow `http.status_codes`."""
        self._draft = codes == "draft"

    @property
    def ill_formed(self) -> int:
        """The status of JSON that is no GraphQL request."""
        return 422 if self._draft else 400

    def media(self, media: str, status: int) -> str:
        """Return the media type to answer in: in the draft plain JSON is for successes alone."""
        return GRAPHQL_JSON if self._draft and media == JSON and status >= 300 else media

    def answered(self, response: Response) -> int:
        """Return the status of an execution: in the draft 294 tells partial success."""
        return 294 if self._draft and "errors" in response else 200

    def refused(self, reason: Reason, media: str) -> int:
        """Return the status of a well-formed request that was not executed.

        Plain JSON clients take any status but 200 for a broken server.
        """
        if self._draft:
            fallback = 400 if reason is Reason.GRAPHQL_PARSE_FAILED else 422
            return _BY_KIND.get(reason.kind, fallback)
        if media == JSON and reason in _CONTENT_FAULTS:
            return 200
        return self.failed(reason)

    @staticmethod
    def failed(reason: Reason) -> int:
        """Return the status of a request that failed before it was read as GraphQL."""
        return _BY_KIND.get(reason.kind, 400)
