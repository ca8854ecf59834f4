"""The server binds, answers health and reflection, and stops."""

import asyncio
import socket

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from grpc_bridge.server import SERVICES, services_of, start
from quantgraph.config import GrpcConfig
from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.v1 import bars_pb2, orders_pb2, quotes_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.v1.orders_pb2_grpc import OrderServiceStub
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from quantgraph.wire.failures import status_from_proto
from tests.grpc_bridge.conftest import Serve
from tests.grpc_bridge.world import World

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_second_server_on_the_same_port_is_refused(serve: Serve, world: World):
    first = await serve()
    with pytest.raises(StartupError) as refused:
        await start(world.gateway, GrpcConfig(port=first.port))
    assert refused.value.reason is Reason.PORT_TAKEN
    assert str(first.port) in refused.value.message


async def test_a_port_of_somebody_else_is_refused(world: World):
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(StartupError) as refused:
        await start(world.gateway, GrpcConfig(port=other.getsockname()[1]))
    assert refused.value.reason is Reason.PORT_TAKEN


async def test_a_host_that_is_not_ours_is_a_wrong_configuration(world: World):
    with pytest.raises(StartupError) as refused:
        await start(world.gateway, GrpcConfig(host="192.0.2.1", port=0))
    assert refused.value.reason is Reason.CONFIG_INVALID


async def test_the_port_is_free_again_after_a_stop(world: World):
    first = await start(world.gateway, GrpcConfig(port=0))
    await first.stop(0)
    again = await start(world.gateway, GrpcConfig(port=first.port))
    await again.stop(0)


@pytest.mark.parametrize("service", ["", *SERVICES])
async def test_every_service_has_a_health_of_its_own(channel: aio.Channel, service: str):
    stub = health_pb2_grpc.HealthStub(channel)
    assert (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status == SERVING


async def test_an_unknown_service_has_no_health(channel: aio.Channel):
    stub = health_pb2_grpc.HealthStub(channel)
    with pytest.raises(aio.AioRpcError) as refused:
        await stub.Check(health_pb2.HealthCheckRequest(service="quantgraph.v1.Nothing"))
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_disarmed_trading_takes_only_orders_out_of_service(
    channel: aio.Channel, world: World
):
    world.system.trading = TradingState.DISARMED
    stub = health_pb2_grpc.HealthStub(channel)

    async def status(service: str) -> int:
        return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status

    assert await status("quantgraph.v1.OrderService") == NOT_SERVING
    assert await status("quantgraph.v1.BarService") == SERVING
    assert await status("") == SERVING


@pytest.mark.parametrize("part", ["journal", "disk"])
async def test_a_stuck_journal_takes_only_orders_out_of_service(
    channel: aio.Channel, world: World, part: str
):
    world.system.wrong[part] = "read-only"
    listed = await health_pb2_grpc.HealthStub(channel).List(health_pb2.HealthListRequest())
    sick = {name for name, each in listed.statuses.items() if each.status == NOT_SERVING}
    assert sick == {"", "quantgraph.v1.OrderService"}
    assert listed.statuses.keys() == {"", *services_of(world.gateway)}


async def test_a_watcher_of_health_hears_of_a_problem_and_of_its_end(
    channel: aio.Channel, world: World
):
    stub = health_pb2_grpc.HealthStub(channel)
    watch = stub.Watch(health_pb2.HealthCheckRequest(service="quantgraph.v1.BarService"))
    assert (await watch.read()).status == SERVING
    world.system.wrong["store"] = "away"
    assert (await watch.read()).status == NOT_SERVING
    world.system.wrong.clear()
    assert (await watch.read()).status == SERVING
    watch.cancel()


async def test_health_needs_no_key(channel: aio.Channel, world: World):
    world.access.closed = True
    stub = health_pb2_grpc.HealthStub(channel)
    assert (await stub.Check(health_pb2.HealthCheckRequest())).status == SERVING


async def test_reflection_shows_the_whole_contract(channel: aio.Channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    ask = reflection_pb2.ServerReflectionRequest
    call = stub.ServerReflectionInfo(
        iter([ask(list_services=""), ask(file_containing_symbol="quantgraph.v1.BarChunk")])
    )
    listed = (await call.read()).list_services_response.service
    assert set(SERVICES) <= {each.name for each in listed}
    described = (await call.read()).file_descriptor_response.file_descriptor_proto
    assert "quantgraph/v1/bars.proto" in {FileDescriptorProto.FromString(x).name for x in described}


async def test_reflection_can_be_switched_off(serve: Serve):
    server = await serve(reflection=False)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter(()))
        with pytest.raises(aio.AioRpcError) as refused:
            await call.read()
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_stop_ends_live_streams_at_once_and_says_why(world: World):
    server = await start(world.gateway, GrpcConfig(port=0))
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        quotes = QuoteServiceStub(channel).WatchQuotes(
            quotes_pb2.WatchQuotesRequest(market="MARKET_SH")
        )
        orders = OrderServiceStub(channel).StreamOrderEvents(
            orders_pb2.StreamOrderEventsRequest(account_id="sim-1")
        )
        await quotes.read()
        await orders.read()
        async with asyncio.timeout(5):
            await server.stop(60)
        for call in (quotes, orders):
            with pytest.raises(aio.AioRpcError) as ended:
                while await call.read() is not aio.EOF:
                    pass
            assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
            error = status_from_proto(rpc_status.from_call(ended.value))
            assert error.reason is Reason.SHUTTING_DOWN
    assert (world.stream.readers, world.trading.readers) == (0, 0)


async def test_a_stop_lets_a_running_call_finish(world: World):
    server = await start(world.gateway, GrpcConfig(port=0))
    asked, go = asyncio.Event(), asyncio.Event()
    whole = world.bars.bars

    async def slow(request):
        asked.set()
        await go.wait()
        return await whole(request)

    world.bars.bars = slow
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = BarServiceStub(channel).ListBars(
            bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1)
        )
        await asked.wait()
        stopping = asyncio.create_task(server.stop(30))
        go.set()
        assert (await call).series.columns.row_count == 250
        await stopping
