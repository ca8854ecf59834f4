"""How errors look in a GraphQL response: a code, a request id, and nothing that leaks."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason

_log = structlog.get_logger(__name__)
_MASKED = "Something went wrong inside the gateway; quote the request id to its operator."


def show_error(error: GatewayError, request_id: str) -> dict[str, Any]:
    """Return a gateway error as an entry of `errors`."""
    extensions: dict[str, Any] = {
        "code": error.reason.value,
        "requestId": request_id,
        "messageZh": error.message_zh,
        "retryable": error.retryable,
    }
    if error.details:
        extensions["details"] = error.details
    return {"message": error.message, "extensions": extensions}


def show_failure(request_id: str) -> dict[str, Any]:
    """Return the entry that stands for an unexpected exception."""
    extensions = {
        "code": Reason.INTERNAL.value,
        "requestId": request_id,
        "messageZh": Reason.INTERNAL.zh,
        "retryable": True,
    }
    return {"message": _MASKED, "extensions": extensions}


def show_graphql(error: GraphQLError, reason: Reason, request_id: str) -> dict[str, Any]:
    """Return graphql-core's own error with its locations."""
    extensions = {
        "code": reason.value,
        "requestId": request_id,
        "messageZh": reason.zh,
        "retryable": reason.retryable,
    }
    shown: dict[str, Any] = {"message": error.message, "extensions": extensions}
    return _placed(shown, error)


def show_execution(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Return an error of execution: the domain's as it is, coercion as BAD_REQUEST, else masked."""
    cause = error.original_error
    if isinstance(cause, GatewayError):
        return _placed(show_error(cause, request_id), error)
    if cause is None or isinstance(cause, GraphQLError):
        if not error.message.startswith("Cannot return null"):
            return show_graphql(error, Reason.BAD_REQUEST, request_id)
        cause = error
    _log.error("unexpected_error", request_id=request_id, exc_info=cause)
    return _placed(show_failure(request_id), error)


def show_result(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """Return what was executed as a response, its errors first."""
    response: dict[str, Any] = {}
    if result.errors:
        response["errors"] = [show_execution(error, request_id) for error in result.errors]
    response["data"] = result.data
    return response


def codes(errors: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the codes of shown errors."""
    return {error["extensions"]["code"] for error in errors}


def _placed(shown: dict[str, Any], error: GraphQLError) -> dict[str, Any]:
    if error.locations:
        shown["locations"] = [
            {"line": place.line, "column": place.column} for place in error.locations
        ]
    if error.path is not None:
        shown["path"] = list(error.path)
    return shown
