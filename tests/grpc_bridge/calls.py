"""Calls any rpc by its name, also with bytes that are no message, and reads the refusal back."""

from collections.abc import Awaitable
from typing import Any

import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
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
    catalog_pb2,
    controls_pb2,
    depth_pb2,
    dividends_pb2,
    downloads_pb2,
    financials_pb2,
    hong_kong_pb2,
    instruments_pb2,
    orders_pb2,
    portfolio_pb2,
    quotes_pb2,
    sectors_pb2,
    simulation_pb2,
    snapshots_pb2,
    system_pb2,
    ticks_pb2,
)
from quantgraph.wire.failures import status_from_proto

FILES = (
    accounts_pb2,
    bars_pb2,
    calendar_pb2,
    catalog_pb2,
    controls_pb2,
    depth_pb2,
    dividends_pb2,
    downloads_pb2,
    financials_pb2,
    hong_kong_pb2,
    instruments_pb2,
    orders_pb2,
    portfolio_pb2,
    quotes_pb2,
    sectors_pb2,
    simulation_pb2,
    snapshots_pb2,
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
