"""Answers SectorService."""

# ruff: noqa: N802 the methods are named by the contract

from quantgraph.domain.errors import unknown_sector
from quantgraph.domain.ports import Gateway
from quantgraph.domain.sectors import Sector
from quantgraph.v1 import sectors_pb2
from quantgraph.v1.sectors_pb2_grpc import SectorServiceServicer
from quantgraph.wire.fields import symbol_from_proto, text_from_proto
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
        after = after_token(_SCOPE, request.page_token)
        held = sorted(await self._gateway.reference.sectors(), key=lambda sector: sector.name)
        rest = [each for each in held if after is None or each.name > after]
        return sectors_pb2.ListSectorsResponse(
            sectors=[sector_to_proto(each) for each in rest[:size]],
            next_page_token=token_of(_SCOPE, rest[size - 1].name) if len(rest) > size else "",
        )

    async def GetSector(
        self, request: sectors_pb2.GetSectorRequest, context: object
    ) -> sectors_pb2.GetSectorResponse:
        sector = await found_sector(self._gateway, text_from_proto(request.name, "name"))
        return sectors_pb2.GetSectorResponse(sector=sector_to_proto(sector))

    async def ListIndexWeights(
        self, request: sectors_pb2.ListIndexWeightsRequest, context: object
    ) -> sectors_pb2.ListIndexWeightsResponse:
        symbol = symbol_from_proto(request.index_symbol, "index_symbol")
        weights = await self._gateway.reference.weights(symbol)
        return sectors_pb2.ListIndexWeightsResponse(
            weights=[weight_to_proto(each) for each in weights]
        )


async def found_sector(gateway: Gateway, name: str) -> Sector:
    """Return a sector, or raise UNKNOWN_SECTOR."""
    found = await gateway.reference.sector(name)
    if found is None:
        raise unknown_sector(name)
    return found
