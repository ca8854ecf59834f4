"""Whatever is sent to an rpc, it ends with a documented status and an ErrorInfo, or an answer.

QUANTGRAPH_CASES and QUANTGRAPH_SEED as in test_bad_input.
"""

from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from hypothesis import given
from hypothesis import strategies as st

from grpc_bridge.status import CODES
from quantgraph.domain.reasons import Kind, Reason
from tests.contracts.fuzz import CASES, NEVER, SEED, leaks, repeatable
from tests.contracts.messages import messages
from tests.grpc_bridge.calls import Refusal, methods, path

EVERY = pytest.mark.parametrize("method", methods(), ids=path)
MANY = 150
# What a stream may take to say its first word; a quiet one is no fault.
WAIT_SECONDS = 3


@pytest.fixture(scope="module")
def channel(start_gateway, tmp_path_factory):
    with (
        start_gateway(tmp_path_factory.mktemp("bad messages")) as running,
        grpc.insecure_channel(running.addresses.grpc) as channel,
    ):
        yield channel


def send(channel: grpc.Channel, method: MethodDescriptor, raw: bytes) -> Reason | None:
    """Send bytes and judge the end of the call; return the reason of a refusal."""
    try:
        if method.server_streaming:
            stream = channel.unary_stream(path(method))(raw, timeout=WAIT_SECONDS)
            next(stream, None)
            stream.cancel()
        else:
            channel.unary_unary(path(method))(raw, timeout=30)
    except grpc.RpcError as error:
        return _judged(error, method, raw)
    return None


def _judged(error: Any, method: MethodDescriptor, raw: bytes) -> Reason | None:
    if method.server_streaming and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return None
    refusal = Refusal(error)
    assert refusal.info.domain == "quantgraph", error
    reason = Reason(refusal.info.reason)
    assert reason.kind not in NEVER, error
    assert refusal.code is CODES[reason.kind]
    assert refusal.info.metadata["messageZh"]
    assert len(refusal.info.metadata["requestId"]) == 32
    assert not leaks(refusal.status.message, raw.decode(errors="replace")), error
    return reason


def sent(channel: grpc.Channel, method: MethodDescriptor, cases: int) -> list[Reason | None]:
    """Send random messages to an rpc; return the reason of each refusal, None for an answer."""
    ends: list[Reason | None] = []

    @repeatable(cases)
    @given(message=messages(method.input_type))
    def run(message):
        ends.append(send(channel, method, message.SerializeToString()))

    run()
    return ends


@EVERY
def test_a_message_of_any_content_gets_an_answer_or_a_listed_reason(channel, method):
    sent(channel, method, 2 * CASES)


@EVERY
def test_bytes_of_any_content_get_an_answer_or_a_listed_reason(channel, method):
    @repeatable(2 * CASES)
    @given(raw=st.binary(max_size=60))
    def run(raw):
        send(channel, method, raw)

    run()


@pytest.mark.slow
def test_thousands_of_messages_get_an_answer_or_a_listed_reason(channel):
    ends = [end for method in methods() for end in sent(channel, method, MANY)]
    answered = ends.count(None)
    print(f"{len(ends)} messages, {answered} answered, QUANTGRAPH_SEED={SEED}")
    assert len(ends) >= 2_000
    assert answered > len(ends) // 20
    refused = {end.kind for end in ends if end is not None}
    assert refused >= {Kind.INVALID, Kind.NOT_FOUND}
