"""What the agent refuses with, as it concerns a caller of this gateway."""

from typing import Any

import grpc
from google.rpc.status_pb2 import Status
from grpc import aio
from grpc_status import rpc_status

from quantgraph.domain.errors import GatewayError, Unavailable
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.wire.failures import status_from_proto

# It stops, or does not know this gateway's key: nobody's key here is wrong.
_OFFLINE = frozenset({Kind.UNAUTHENTICATED, Kind.FORBIDDEN})
# What the agent says where it does not know itself what became of an act.
_UNTOLD = frozenset({Reason.INTERNAL, Reason.TIMED_OUT, Reason.SHUTTING_DOWN})
_LEAVING = frozenset({Reason.SHUTTING_DOWN, Reason.CONNECTION_LIMIT})
# A stream cannot go on from the place that its reader named.
_PLACED = frozenset({Reason.EPOCH_CHANGED, Reason.RESUME_TOKEN_EXPIRED})
# Nothing that a caller here did, and it may be gone at the next try.
_ITS_OWN = frozenset({Kind.INTERNAL, Kind.ABORTED})


def offline(address: str, why: str) -> Unavailable:
    """Say that the agent cannot be asked now."""
    text = f"The terminal behind {address} cannot be asked now: {why}."
    return Unavailable(Reason.TERMINAL_OFFLINE, text, agent=address)


def is_cut(error: aio.AioRpcError) -> bool:
    """Return whether the connection broke, and not the agent said that something is away."""
    return error.code() is grpc.StatusCode.UNAVAILABLE and _told(error) is None


def failure_of(error: aio.AioRpcError, address: str, seconds: float) -> GatewayError:
    """Return why a call has failed; what another machine's wire says is translated."""
    told = _told(error)
    if told is not None:
        return translated(told, address)
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        text = f"The terminal behind {address} has not answered within {seconds:g} s."
        return Unavailable(Reason.TIMED_OUT, text, agent=address)
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return Unavailable(Reason.SOURCE_UNAVAILABLE, _older(address), agent=address)
    return offline(address, f"{error.code().name}, {error.details()}")


def log_failure_of(error: aio.AioRpcError, address: str, seconds: float) -> GatewayError:
    """Return why a stream that goes on from a place has failed: of the place it is told as is."""
    told = _told(error)
    if told is not None and told.reason in _PLACED:
        return told
    return failure_of(error, address, seconds)


def act_failure_of(error: aio.AioRpcError, address: str, seconds: float) -> GatewayError:
    """Return why an act has failed; OUTCOME_UNKNOWN where it may have been done all the same."""
    told = _told(error)
    if told is not None and told.reason not in _UNTOLD:
        return translated(told, address)
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return failure_of(error, address, seconds)
    why = f"{error.code().name}, {error.details()}" if told is None else told.message
    text = (
        f"Nobody has said what became of this at {address}: {why}. An order's repeat with the same "
        "client order id is answered with it, and never sent twice; ask for the state of all else."
    )
    return Unavailable(Reason.OUTCOME_UNKNOWN, text, agent=address)


def translated(error: GatewayError, address: str) -> GatewayError:
    """Return the agent's refusal as it concerns our caller: its own troubles are not theirs."""
    kind = error.reason.kind
    if kind in _OFFLINE or error.reason in _LEAVING:
        return offline(address, f"{error.reason.value}, {error.message}")
    if kind in _ITS_OWN:
        text = f"The gateway at {address} failed: {error.reason.value}, {error.message}"
        return Unavailable(Reason.SOURCE_UNAVAILABLE, text, agent=address)
    return error


def _told(error: aio.AioRpcError) -> GatewayError | None:
    """Return what the agent itself says of a failure, None where nobody of it does."""
    reader: Any = rpc_status  # the package has no types
    status: Status | None = reader.from_call(error)
    return None if status is None else status_from_proto(status)


def _older(address: str) -> str:
    return f"The gateway at {address} has no such rpc: bring it to this version."
