"""The call itself: metadata, deadline, and the gateway's errors as they left it."""

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc.experimental import ChannelOptions
from grpc_status import rpc_status

from quantgraph.domain.errors import Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.wire.failures import status_from_proto
from quantgraph.wire.memory import keep_freed

Answer = TypeVar("Answer", bound=Message)
_OPTIONS = (
    # Chunks are 1 MiB at most; a gateway may be configured to answer more in one message.
    ("grpc.max_receive_message_length", 64 << 20),
    # A chunk in one frame of HTTP/2 instead of in 64: fewer writes there and fewer wake-ups here.
    ("grpc.http2.max_frame_size", 2 << 20),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # A gateway that comes back is found soon; a cut download waits for it by its own rule.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
# A stream is read by the thread that asks for it. As grpc does it otherwise, another one takes
# each message first, and each pays two turns of Python's lock.
_STREAM_OPTIONS = (*_OPTIONS, (ChannelOptions.SingleThreadedUnaryStream, 1))


class Caller:
    """A channel with the caller's key. Every failure is a GatewayError."""

    def __init__(
        self,
        target: str,
        key: str | None,
        timeout: float,
        tls: grpc.ChannelCredentials | None = None,
    ) -> None:
        """Open lazily: nothing is sent before the first call. `tls` None speaks in the clear."""
        self.target = target
        self._tls = tls
        self._channel = self._open(_OPTIONS)
        self._metadata = (("x-api-key", key),) if key else ()
        self._timeout = timeout
        self._streams: set[grpc.Channel] = set()
        self._closed = False

    def _open(self, options: Sequence[tuple[str, int]]) -> grpc.Channel:
        if self._tls is None:
            return grpc.insecure_channel(self.target, options=options)
        return grpc.secure_channel(self.target, self._tls, options=options)

    def call(self, method: str, request: Message, answer: type[Answer]) -> Answer:
        """Return the answer of a unary rpc, within the timeout."""
        rpc = self._channel.unary_unary(method, _serialised, answer.FromString)
        with self._translated():
            return rpc(request, timeout=self._timeout, metadata=self._metadata)

    def stream(self, method: str, request: Message) -> Generator[bytes]:
        """Yield the answers of a streaming rpc as bytes; closing the generator cancels it."""
        keep_freed()
        with self._translated(), self._opened() as channel:
            answers = channel.unary_stream(method, _serialised)(request, metadata=self._metadata)
            try:
                yield from answers
            finally:
                channel.close()
                # Nobody else takes the last event of a cancelled call, which frees its memory. A
                # wait that Ctrl-C broke off leaves grpc with a KeyError for it.
                with suppress(Exception):
                    deque(answers, maxlen=0)

    def close(self) -> None:
        """Close the connection; calls under way are cancelled."""
        self._closed = True
        for channel in (self._channel, *self._streams):
            channel.close()

    @contextmanager
    def _opened(self) -> Generator[Any]:
        """Open a channel for one stream. Raises ValueError as a closed channel does."""
        if self._closed:
            raise ValueError(f"The client of {self.target} is closed.")
        with self._open(_STREAM_OPTIONS) as channel:
            self._streams.add(channel)
            try:
                yield channel
            finally:
                self._streams.discard(channel)

    @contextmanager
    def _translated(self) -> Generator[None]:
        try:
            yield
        except grpc.RpcError as error:
            self._raise(error)

    def _raise(self, error: grpc.RpcError) -> NoReturn:
        assert isinstance(error, grpc.Call)  # noqa: S101 every error of a call is one
        details: Any = rpc_status  # the package has no types
        status: Status | None = details.from_call(error)
        if status is None and error.code() is grpc.StatusCode.UNAVAILABLE:
            text = f"No gateway answers at {self.target}: {error.details()}."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text, target=self.target) from None
        if status is None and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            text = f"{self.target} has not answered within {self._timeout} s."
            raise Unavailable(Reason.TIMED_OUT, text, target=self.target) from None
        number: int = error.code().value[0]
        plain = Status(code=number, message=error.details() or "")
        raise status_from_proto(status or plain) from None


def _serialised(message: Message) -> bytes:
    return message.SerializeToString()
