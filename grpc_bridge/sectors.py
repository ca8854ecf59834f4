"""Answers SectorService."""

# ruff: noqa: N802 the methods are named by the contract

from collections.abc import Sequence
from datetime import date

from grpc_bridge.batches import checked_batch
from quantgraph.domain.errors import unknown_sector
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.sectors import Sector, SectorChange
from quantgraph.v1 import sectors_pb2
from quantgraph.v1.sectors_pb2_grpc import SectorServiceServicer
from quantgraph.wire.fields import date_from_proto, symbol_from_proto, text_from_proto
from quantgraph.wire.pages import after_token, page_size, token_of
from quantgraph.wire.sectors import sector_to_proto, weight_to_proto

_PAGE = 1000
_SCOPE = "sectors"


class SectorServicer(SectorServiceServicer):
    """SectorService over the gateway's ports."""

    def __init__(self, gateway: Gateway) -> None:
        """Answer from `gateway`."""
        self._gateway = gateway

    async def ListSectors(
        self, request: sectors_pb2.ListSectorsRequest, context: object
    ) -> sectors_pb2.ListSectorsResponse:
        size = page_size(request.page_size, _PAGE, _PAGE)
        category = request.category if request.HasField("category") else None
        scope = f"{_SCOPE} {category!r}"
        after = after_token(scope, request.page_token)
        held = sorted(await self._gateway.reference.sectors(), key=lambda sector: sector.name)
        rest = [
            each
            for each in held
            if (after is None or each.name > after) and category in (None, each.category)
        ]
        return sectors_pb2.ListSectorsResponse(
            sectors=[sector_to_proto(each) for each in rest[:size]],
            next_page_token=token_of(scope, rest[size - 1].name) if len(rest) > size else "",
        )

    async def GetSector(
        self, request: sectors_pb2.GetSectorRequest, context: object
    ) -> sectors_pb2.GetSectorResponse:
        day = date_from_proto(request.date, "date") if request.HasField("date") else None
        sector = await found_sector(self._gateway, text_from_proto(request.name, "name"), day)
        return sectors_pb2.GetSectorResponse(sector=sector_to_proto(sector))

    async def ListSectorNames(
        self, request: sectors_pb2.ListSectorNamesRequest, context: object
    ) -> sectors_pb2.ListSectorNamesResponse:
        symbols = checked_batch(self._gateway.limits, request.symbols)
        found = await self._gateway.reference.sectors_of(symbols)
        return sectors_pb2.ListSectorNamesResponse(
            results=[
                sectors_pb2.SectorNames(symbol=symbol, names=[each.name for each in sectors])
                for symbol, sectors in zip(symbols, found, strict=True)
            ]
        )

    async def ListIndexWeights(
        self, request: sectors_pb2.ListIndexWeightsRequest, context: object
    ) -> sectors_pb2.ListIndexWeightsResponse:
        symbol = symbol_from_proto(request.index_symbol, "index_symbol")
        day = date_from_proto(request.date, "date") if request.HasField("date") else None
        weights = await self._gateway.reference.weights(symbol, day)
        return sectors_pb2.ListIndexWeightsResponse(
            weights=[weight_to_proto(each) for each in weights]
        )

    async def CreateSector(
        self, request: sectors_pb2.CreateSectorRequest, context: object
    ) -> sectors_pb2.CreateSectorResponse:
        symbols = self._symbols(request.symbols) if request.symbols else ()
        category = request.category if request.HasField("category") else None
        done = await self._gateway.sectors.create(request.name, symbols, category)
        return sectors_pb2.CreateSectorResponse(sector=_shown(done), changed=done.changed)

    async def RenameSector(
        self, request: sectors_pb2.RenameSectorRequest, context: object
    ) -> sectors_pb2.RenameSectorResponse:
        name = text_from_proto(request.name, "name")
        done = await self._gateway.sectors.rename(name, request.new_name)
        return sectors_pb2.RenameSectorResponse(sector=_shown(done), changed=done.changed)

    async def AddSectorMembers(
        self, request: sectors_pb2.AddSectorMembersRequest, context: object
    ) -> sectors_pb2.AddSectorMembersResponse:
        name = text_from_proto(request.name, "name")
        done = await self._gateway.sectors.add(name, self._symbols(request.symbols))
        return sectors_pb2.AddSectorMembersResponse(sector=_shown(done), changed=done.changed)

    async def RemoveSectorMembers(
        self, request: sectors_pb2.RemoveSectorMembersRequest, context: object
    ) -> sectors_pb2.RemoveSectorMembersResponse:
        name = text_from_proto(request.name, "name")
        done = await self._gateway.sectors.remove(name, self._symbols(request.symbols))
        return sectors_pb2.RemoveSectorMembersResponse(sector=_shown(done), changed=done.changed)

    async def DeleteSector(
        self, request: sectors_pb2.DeleteSectorRequest, context: object
    ) -> sectors_pb2.DeleteSectorResponse:
        done = await self._gateway.sectors.delete(text_from_proto(request.name, "name"))
        return sectors_pb2.DeleteSectorResponse(changed=done.changed)

    def _symbols(self, texts: Sequence[str]) -> tuple[str, ...]:
        return checked_batch(self._gateway.limits, texts)


def _shown(change: SectorChange) -> sectors_pb2.Sector | None:
    return None if change.sector is None else sector_to_proto(change.sector)


async def found_sector(gateway: Gateway, name: str, day: date | None = None) -> Sector:
    """Return a sector, or raise UNKNOWN_SECTOR."""
    found = await gateway.reference.sector(name, day)
    if found is None:
        raise unknown_sector(name)
    return found
