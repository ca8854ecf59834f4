"""Custom sectors over a real channel: each act, its repeat, and each refusal."""

import grpc
import pytest
from grpc import aio

from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.v1 import sectors_pb2 as v1
from quantgraph.v1.sectors_pb2_grpc import SectorServiceStub
from quantgraph.wire.sectors import sector_from_proto
from tests.grpc_bridge.calls import refused


async def test_a_custom_sector_is_made_changed_and_deleted(channel: aio.Channel):
    stub = SectorServiceStub(channel)
    calls = [
        (stub.CreateSector, v1.CreateSectorRequest(name="我的", symbols=["600519.SH"])),
        (stub.AddSectorMembers, v1.AddSectorMembersRequest(name="我的", symbols=["000001.SZ"])),
        (
            stub.RemoveSectorMembers,
            v1.RemoveSectorMembersRequest(name="我的", symbols=["600519.SH"]),
        ),
        (stub.RenameSector, v1.RenameSectorRequest(name="我的", new_name="你的")),
    ]
    for call, request in calls:
        first, again = await call(request), await call(request)
        assert (first.changed, again.changed) == (True, False)
        assert first.sector == again.sector
    held = sector_from_proto((await stub.GetSector(v1.GetSectorRequest(name="你的"))).sector)
    assert (held.name, held.symbols, held.source) == ("你的", ("000001.SZ",), Source.USER)
    assert held.category == "自定义"
    gone = v1.DeleteSectorRequest(name="你的")
    assert [(await stub.DeleteSector(gone)).changed for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("method", "request_", "code", "reason"),
    [
        (
            "CreateSector",
            v1.CreateSectorRequest(name="白酒"),
            grpc.StatusCode.ALREADY_EXISTS,
            Reason.SECTOR_NAME_TAKEN,
        ),
        (
            "CreateSector",
            v1.CreateSectorRequest(name="我的", symbols=["999999.SH"]),
            grpc.StatusCode.NOT_FOUND,
            Reason.UNKNOWN_SYMBOL,
        ),
        (
            "CreateSector",
            v1.CreateSectorRequest(
                name="我的", symbols=["000001.SZ", "000858.SZ", "600000.SH", "600519.SH"]
            ),
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.SECTOR_LIMIT,
        ),
        (
            "DeleteSector",
            v1.DeleteSectorRequest(name="白酒"),
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.SECTOR_READ_ONLY,
        ),
        (
            "RenameSector",
            v1.RenameSectorRequest(name="无", new_name="有"),
            grpc.StatusCode.NOT_FOUND,
            Reason.UNKNOWN_SECTOR,
        ),
    ],
)
async def test_a_refusal_has_its_status(channel: aio.Channel, method, request_, code, reason):
    refusal = await refused(getattr(SectorServiceStub(channel), method)(request_))
    assert (refusal.code, refusal.reason) == (code, reason)


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("CreateSector", v1.CreateSectorRequest(name=" x"), "name"),
        ("CreateSector", v1.CreateSectorRequest(name="x", category=""), "category"),
        ("CreateSector", v1.CreateSectorRequest(name="x", symbols=["y"]), "symbols[0]"),
        ("RenameSector", v1.RenameSectorRequest(name="x"), "new_name"),
        ("RenameSector", v1.RenameSectorRequest(new_name="x"), "name"),
        ("AddSectorMembers", v1.AddSectorMembersRequest(name="x"), "symbols"),
        ("RemoveSectorMembers", v1.RemoveSectorMembersRequest(symbols=["600519.SH"]), "name"),
        ("DeleteSector", v1.DeleteSectorRequest(), "name"),
    ],
)
async def test_a_wrong_field_is_named(channel: aio.Channel, method, request_, field):
    refusal = await refused(getattr(SectorServiceStub(channel), method)(request_))
    assert (refusal.code, refusal.fields) == (grpc.StatusCode.INVALID_ARGUMENT, [field])
