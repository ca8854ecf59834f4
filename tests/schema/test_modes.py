"""What only a simulated world can do is in mock's contract alone, on both wires."""

from dataclasses import replace

import pytest
from graphql import build_schema
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from grpc_bridge.server import services_of, start
from quantgraph.config import GrpcConfig
from quantgraph.domain.access import Scope
from quantgraph.domain.system import Mode
from resolvers.access import SCOPES
from resolvers.root import graphql_schema, schema_of
from tests.grpc_bridge.world import World

SERVICE = "quantgraph.v1.SimulationService"
SIMULATED = {
    "Query": {"simulation", "fingerprint"},
    "Mutation": {
        "setClock", "jumpClock", "createAccount", "depositCash", "withdrawCash", "injectTrade",
        "haltSymbol", "resumeSymbol", "announceCorporateAction", "loadScenario", "setFaults",
        "saveSnapshot", "restoreSnapshot", "deleteSnapshot", "injectOrder",
    },
    "Subscription": set(),
}  # fmt: skip


def fields_of(mode: Mode) -> dict[str, set[str]]:
    schema = build_schema(schema_of(mode).as_str())
    return {name: set(schema.type_map[name].fields) for name in SIMULATED}


def test_what_is_checked_in_is_mocks() -> None:
    assert schema_of(Mode.MOCK) is graphql_schema


@pytest.mark.parametrize("mode", [Mode.DEV, Mode.PROD])
def test_dev_and_prod_lack_the_simulation_and_nothing_else(mode: Mode) -> None:
    mock, real = fields_of(Mode.MOCK), fields_of(mode)
    assert {name: mock[name] - real[name] for name in mock} == SIMULATED
    assert all(real[name] <= mock[name] for name in mock)
    assert "SimulationRefused" not in schema_of(mode).as_str()
    assert "JumpClockInput" not in schema_of(mode).as_str()


def test_the_simulation_is_for_operators_alone() -> None:
    needed = {SCOPES[f"{root}.{name}"] for root, names in SIMULATED.items() for name in names}
    assert needed == {Scope.ADMIN}


@pytest.mark.parametrize("simulated", [True, False])
async def test_a_gateway_without_a_simulation_does_not_serve_one(simulated: bool) -> None:
    gateway = World().gateway
    if not simulated:
        gateway = replace(gateway, simulation=None)
    assert (SERVICE in services_of(gateway)) is simulated
    server = await start(gateway, GrpcConfig(port=0))
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        asked = health_pb2.HealthCheckRequest(service=SERVICE)
        if simulated:
            assert (await health.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING
        else:
            with pytest.raises(aio.AioRpcError):
                await health.Check(asked)
        listing = reflection_pb2.ServerReflectionRequest(list_services="")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        async for answer in stub.ServerReflectionInfo(iter([listing])):
            names = {each.name for each in answer.list_services_response.service}
            assert (SERVICE in names) is simulated
    await server.stop(0)
