"""Calls any rpc by its name, also with bytes that are no message, and reads the refusal back."""

import random
from collections.abc import Awaitable
from typing import Any

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import aio
from grpc_status import rpc_status

from quantgraph.domain.errors import GatewayError
from quantgraph.v1 import (
    accounts_pb2,
    bars_pb2,
    calendar_pb2,
    financials_pb2,
    instruments_pb2,
    orders_pb2,
    quotes_pb2,
    sectors_pb2,
    system_pb2,
    ticks_pb2,
)
from quantgraph.wire.failures import status_from_proto

FILES = (
    accounts_pb2,
    bars_pb2,
    calendar_pb2,
    financials_pb2,
    instruments_pb2,
    orders_pb2,
    quotes_pb2,
    sectors_pb2,
    system_pb2,
    ticks_pb2,
)


def methods() -> list[MethodDescriptor]:
    """Every rpc of the contract."""
    services: list[ServiceDescriptor] = [
        service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()
    ]
    return [method for service in services for method in service.methods]


def path(method: MethodDescriptor) -> str:
    return f"/{method.containing_service.full_name}/{method.name}"


def empty_request(method: MethodDescriptor) -> Message:
    return message_factory.GetMessageClass(method.input_type)()


async def call(channel: aio.Channel, method: MethodDescriptor, raw: bytes, **more: Any) -> bytes:
    """Send bytes to an rpc and return the first answer's bytes."""
    if method.server_streaming:
        stream = channel.unary_stream(path(method))(raw, **more)
        answer = await stream.read()
        stream.cancel()
        return answer
    return await channel.unary_unary(path(method))(raw, **more)


def random_message(message: Message, source: random.Random) -> Message:
    """Fill some fields with values of their type, sensible ones among them."""
    for field in message.DESCRIPTOR.fields:
        if source.random() < 0.3:
            continue
        for _ in range(source.randrange(3) if field.is_repeated else 1):
            holder = getattr(message, field.name)
            if field.message_type is not None:
                random_message(holder.add() if field.is_repeated else holder, source)
                if not field.is_repeated:
                    holder.SetInParent()
            elif field.is_repeated:
                holder.append(_value(field, source))
            else:
                setattr(message, field.name, _value(field, source))
    return message


def _value(field: FieldDescriptor, source: random.Random) -> Any:
    if field.type == field.TYPE_BYTES:
        return source.randbytes(source.choice((0, 1, 40, 200)))
    if field.cpp_type == field.CPPTYPE_STRING:
        texts = (
            "",
            "600519.SH",
            "sim-1",
            "time",
            "balance",
            "白酒",
            "1.50",
            "9e9",
            "\x00",
            "x" * 300,
        )
        return source.choice(texts)
    if field.cpp_type == field.CPPTYPE_INT64:
        return source.choice((0, 1, -1, 100, 2**63 - 1, -(2**63), 1_700_000_000))
    if field.cpp_type == field.CPPTYPE_ENUM:
        return source.randrange(-1, 14)
    return source.choice((0, 1, -1, 12, 2024, 2**31 - 1, -(2**31)))


class Refusal:
    """What came back instead of an answer."""

    def __init__(self, error: aio.AioRpcError) -> None:
        status = rpc_status.from_call(error)
        assert status is not None, error
        self.status: Status = status
        self.code = error.code()
        self.error: GatewayError = status_from_proto(status)
        self.reason = self.error.reason
        self.trailing = dict(error.trailing_metadata() or ())

    def detail(self, kind: type[Any]) -> Any:
        for packed in self.status.details:
            found = kind()
            if packed.Unpack(found):
                return found
        return None

    @property
    def info(self) -> ErrorInfo:
        return self.detail(ErrorInfo)

    @property
    def fields(self) -> list[str]:
        found = self.detail(BadRequest)
        return [] if found is None else [each.field for each in found.field_violations]

    @property
    def retry_seconds(self) -> int | None:
        found = self.detail(RetryInfo)
        return None if found is None else found.retry_delay.seconds


async def refused(answer: Awaitable[Any]) -> Refusal:
    """Await a call that must fail."""
    with pytest.raises(aio.AioRpcError) as caught:
        await answer
    return Refusal(caught.value)
