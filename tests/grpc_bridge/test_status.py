"""Refusals carry code, reason, fields and request id; faults of ours tell nothing."""

import asyncio

import grpc
import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc import aio

from grpc_bridge.server import start
from grpc_bridge.status import CODES
from quantgraph.config import GrpcConfig, LimitsConfig
from quantgraph.domain.errors import GatewayError, LimitReached, NotFound, Unavailable
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.v1 import bars_pb2, orders_pb2, quotes_pb2, system_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.v1.system_pb2_grpc import SystemServiceStub
from tests.grpc_bridge.calls import (
    Refusal,
    call,
    empty_request,
    methods,
    path,
    refused,
)
from tests.grpc_bridge.conftest import Serve
from tests.grpc_bridge.world import World

EVERY = pytest.mark.parametrize("method", methods(), ids=path)
TICKET = orders_pb2.SubmitOrderRequest(
    account_id="sim-1",
    client_order_id="c1",
    symbol="600519.SH",
    side=orders_pb2.SIDE_BUY,
    quantity=100,
)


def test_every_kind_of_refusal_has_its_status():
    assert CODES.keys() == set(Kind)
    assert grpc.StatusCode.UNKNOWN not in CODES.values()
    assert grpc.StatusCode.OK not in CODES.values()


@pytest.mark.parametrize("reason", [each for each in Reason if each.kind is not Kind.STARTUP])
async def test_every_reason_arrives_as_it_left(channel: aio.Channel, world: World, reason: Reason):
    leaf = next(
        (each for each in GatewayError.__subclasses__() if reason.kind in each.kinds), GatewayError
    )
    world.trading.broken = leaf(reason, "What was found.", symbol="600519.SH")
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(TICKET))
    assert refusal.code is CODES[reason.kind]
    assert (refusal.info.domain, refusal.info.reason) == ("quantgraph", reason.value)
    assert refusal.info.metadata["messageZh"] == reason.zh
    assert refusal.info.metadata["symbol"] == "600519.SH"
    assert refusal.info.metadata["requestId"] == refusal.trailing["x-request-id"]
    assert (refusal.error.message, refusal.error.retryable) == ("What was found.", reason.retryable)
    assert type(refusal.error) is leaf
    assert (refusal.retry_seconds is not None) == (reason.kind is Kind.LIMITED)


async def test_an_unexpected_exception_is_masked(
    channel: aio.Channel, world: World, capsys: pytest.CaptureFixture[str]
):
    world.trading.broken = RuntimeError("password=hunter2 in /etc/secret")
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(TICKET))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INTERNAL, Reason.INTERNAL)
    assert "hunter2" not in str(refusal.status)
    logged = capsys.readouterr()
    assert refusal.trailing["x-request-id"] in logged.out + logged.err


async def test_every_answer_has_a_request_id(channel: aio.Channel):
    answer = SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest())
    await answer
    first = dict(await answer.trailing_metadata())["x-request-id"]
    answer = SystemServiceStub(channel).GetServerInfo(system_pb2.GetServerInfoRequest())
    await answer
    assert len(first) == 32
    assert dict(await answer.trailing_metadata())["x-request-id"] != first


@EVERY
@pytest.mark.parametrize("raw", [b"\xff", b"\x0a\xff\xff\xff\xff\x0f", b"\x0b"])
async def test_bytes_that_are_no_message_are_refused(
    channel: aio.Channel, method: MethodDescriptor, raw: bytes
):
    refusal = await refused(call(channel, method, raw))
    assert (refusal.code, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.BAD_REQUEST,
    )


async def test_bytes_that_are_no_message_of_a_probe_are_refused(channel: aio.Channel):
    refusal = await refused(channel.unary_unary("/grpc.health.v1.Health/Check")(b"\xff"))
    assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_unknown_rpc_is_unimplemented(channel: aio.Channel):
    with pytest.raises(aio.AioRpcError) as caught:
        await channel.unary_unary("/quantgraph.v1.BarService/Nothing")(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@EVERY
async def test_an_empty_request_is_answered_or_names_a_field(
    channel: aio.Channel, method: MethodDescriptor
):
    try:
        await call(channel, method, empty_request(method).SerializeToString())
    except aio.AioRpcError as error:
        refusal = Refusal(error)
        assert refusal.code is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.fields


async def test_a_message_larger_than_the_limit_is_refused(serve: Serve):
    server = await serve(max_message_bytes=100_000)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        symbols = ["600519.SH"] * 20_000
        with pytest.raises(aio.AioRpcError) as caught:
            await QuoteServiceStub(channel).GetQuotes(quotes_pb2.GetQuotesRequest(symbols=symbols))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_answer_larger_than_the_limit_names_the_bulk_rpc(serve: Serve):
    server = await serve(max_message_bytes=10_000)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
        refusal = await refused(BarServiceStub(channel).ListBars(ask))
        assert refusal.reason is Reason.ROW_LIMIT
        assert "DownloadBars" in refusal.error.message
        ask.last = 10
        assert (await BarServiceStub(channel).ListBars(ask)).series.columns.row_count == 10


async def test_a_refusal_fits_the_headers_whatever_its_length(channel: aio.Channel, world: World):
    text = "长" * 5_000
    world.trading.broken = NotFound(
        Reason.ORDER_NOT_FOUND, text, zh=text, details={"field": text, "more": text}
    )
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(TICKET))
    assert refusal.reason is Reason.ORDER_NOT_FOUND
    assert text.startswith(refusal.error.message)


async def test_a_read_that_takes_too_long_is_abandoned(world: World):
    async def never(request):
        await asyncio.Event().wait()

    world.bars.bars = never
    limits = LimitsConfig.model_construct(resolver_seconds=0.01)
    server = await start(world.gateway, GrpcConfig(port=0), limits)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
        refusal = await refused(BarServiceStub(channel).ListBars(ask))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, Reason.TIMED_OUT)
    await server.stop(0)


async def test_orders_that_take_long_are_told_of_all_the_same(world: World):
    submit, ended = world.trading.submit, asyncio.Event()

    async def slow(ticket):
        await ended.wait()
        return await submit(ticket)

    world.trading.submit = slow
    limits = LimitsConfig.model_construct(resolver_seconds=0.001)
    server = await start(world.gateway, GrpcConfig(port=0), limits)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = OrderServiceStub(channel)
        batch = orders_pb2.SubmitOrdersRequest(account_id="sim-1", orders=[TICKET])
        calls = (stub.SubmitOrder(TICKET), stub.SubmitOrders(batch))
        asyncio.get_running_loop().call_later(0.05, ended.set)
        one, many = await asyncio.gather(*calls)
        assert one.order.id
        assert many.results[0].order.id
    await server.stop(0)


async def test_a_source_that_is_away_is_an_error_not_other_data(channel: aio.Channel, world: World):
    away = Unavailable(Reason.SOURCE_UNAVAILABLE, "The terminal is away.")
    world.bars.failing["600519.SH"] = away
    ask = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
    refusal = await refused(BarServiceStub(channel).ListBars(ask))
    assert (refusal.code, refusal.error.retryable) == (grpc.StatusCode.UNAVAILABLE, True)


async def test_a_limit_that_is_reached_says_when_to_come_again(channel: aio.Channel, world: World):
    world.trading.broken = LimitReached(Reason.RATE_LIMITED, "Slow down.")
    refusal = await refused(OrderServiceStub(channel).SubmitOrder(TICKET))
    assert (refusal.code, refusal.retry_seconds) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 1)
