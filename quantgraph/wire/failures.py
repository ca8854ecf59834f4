"""Refusals: one item's failure in a batch, and the rich status of a whole call."""

from collections.abc import Mapping

from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError
from google.rpc.code_pb2 import RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNAVAILABLE
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import types_pb2

DOMAIN = "quantgraph"
# What a caller should wait before a retry where nobody knows better.
RETRY_SECONDS = 1
# A status travels in headers, where clients take 8 KB; Chinese text triples in one of them.
_TEXT_BYTES = 600
_DETAIL_BYTES = 120

_LEAVES: Mapping[frozenset[object], type[GatewayError]] = {
    frozenset(leaf.kinds): leaf for leaf in GatewayError.__subclasses__()
}
_PLAIN: Mapping[int, Reason] = {
    UNAVAILABLE: Reason.SOURCE_UNAVAILABLE,
    RESOURCE_EXHAUSTED: Reason.OVERLOADED,
    UNAUTHENTICATED: Reason.UNAUTHENTICATED,
}


def failure_to_proto(error: GatewayError) -> types_pb2.Failure:
    """Write why one item has no answer."""
    return types_pb2.Failure(
        code=error.reason.value,
        message=error.message,
        message_zh=error.message_zh,
        retryable=error.retryable,
        details=error.details,
    )


def failure_from_proto(message: types_pb2.Failure) -> GatewayError:
    """Read why one item has no answer."""
    return error_of(message.code, message.message, message.message_zh, message.details)


def error_of(code: str, message: str, zh: str, details: Mapping[str, str]) -> GatewayError:
    """Return the leaf that a code belongs to; INTERNAL for a code that this version lacks."""
    try:
        reason = Reason(code)
    except ValueError:
        return GatewayError(Reason.INTERNAL, message, zh=zh, details={**details, "code": code})
    leaf = _LEAVES.get(frozenset({reason.kind}), GatewayError)
    return leaf(reason, message, zh=zh, details=details)


def status_to_proto(error: GatewayError, code: int, request_id: str) -> Status:
    """Write a refusal with everything that a program needs, so that no text must be parsed."""
    metadata = {name: _cut(value, _DETAIL_BYTES) for name, value in error.details.items()}
    metadata |= {"requestId": request_id, "messageZh": _cut(error.message_zh, _TEXT_BYTES)}
    metadata["retryable"] = "true" if error.retryable else "false"
    message = _cut(error.message, _TEXT_BYTES)
    status = Status(code=code, message=message)
    _attach(status, ErrorInfo(reason=error.reason.value, domain=DOMAIN, metadata=metadata))
    if "field" in error.details:
        violation = BadRequest.FieldViolation(
            field=metadata["field"], description=message, reason=error.reason.value
        )
        _attach(status, BadRequest(field_violations=[violation]))
    if code == RESOURCE_EXHAUSTED:
        retry = RetryInfo()
        known = error.details.get("retry_after_ms")
        retry.retry_delay.FromMilliseconds(RETRY_SECONDS * 1000 if known is None else int(known))
        _attach(status, retry)
    return status


def status_from_proto(status: Status) -> GatewayError:
    """Read a refusal; a status of somebody else's making becomes the nearest reason."""
    for detail in status.details:
        info = _info(detail)
        if info is not None and info.domain == DOMAIN:
            metadata = dict(info.metadata)
            zh = metadata.pop("messageZh", "")
            metadata.pop("retryable", None)
            return error_of(info.reason, status.message, zh, metadata)
    reason = _PLAIN.get(status.code, Reason.INTERNAL)
    return error_of(reason.value, status.message or "no message", "", {"status": str(status.code)})


def _cut(text: str, limit: int) -> str:
    return text.encode()[:limit].decode(errors="ignore")


def _attach(status: Status, detail: ErrorInfo | BadRequest | RetryInfo) -> None:
    packed = Any()
    packed.Pack(detail)
    status.details.append(packed)


def _info(detail: Any) -> ErrorInfo | None:
    info = ErrorInfo()
    try:
        return info if detail.Unpack(info) else None
    except DecodeError:
        return None
