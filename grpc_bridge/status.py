"""How a refusal leaves by gRPC: one status per kind, details of google.rpc, nothing that leaks."""

from collections.abc import Mapping
from typing import Any, NoReturn

import grpc
import structlog
from grpc import aio

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.wire.failures import status_to_proto

_log = structlog.get_logger(__name__)
_MASKED = "Something went wrong inside the gateway; quote the request id to its operator."

CODES: Mapping[Kind, grpc.StatusCode] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    Kind.REJECTED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.CONFLICT: grpc.StatusCode.ALREADY_EXISTS,
    Kind.TAKEN: grpc.StatusCode.ALREADY_EXISTS,
    Kind.REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.DISABLED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNSUPPORTED: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.ABORTED: grpc.StatusCode.ABORTED,
    Kind.STARTUP: grpc.StatusCode.INTERNAL,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}


async def refuse(
    context: aio.ServicerContext[Any, Any], error: Exception, request_id: str
) -> NoReturn:
    """End a call with the status of its error; what is not ours to tell is masked and logged."""
    if isinstance(error, aio.AbortError) or context.done():
        raise error
    if not isinstance(error, GatewayError):
        _log.error("unexpected_error", request_id=request_id, exc_info=error)
        error = GatewayError(Reason.INTERNAL, _MASKED)
    code = CODES[error.reason.kind]
    number: int = code.value[0]
    status = status_to_proto(error, number, request_id)
    # What was to go out with an answer goes out with a refusal: its id, and what the key has left.
    held = context.trailing_metadata() or (("x-request-id", request_id),)
    trailing = (*held, ("grpc-status-details-bin", status.SerializeToString()))
    await context.abort(code, status.message, trailing)
