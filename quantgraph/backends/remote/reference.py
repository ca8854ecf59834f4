"""Listings, sectors and weights through the agent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from quantgraph.backends.remote.agent import Agent
from quantgraph.backends.remote.channel import each_of, portions
from quantgraph.domain.errors import GatewayError, NotFound
from quantgraph.domain.instruments import Instrument, Market
from quantgraph.domain.names import finds, initials_of
from quantgraph.domain.reasons import Reason
from quantgraph.domain.searches import InstrumentSearch
from quantgraph.domain.sectors import IndexWeight, Sector
from quantgraph.domain.snapshots import SnapshotRequest
from quantgraph.domain.system import PAGE_ITEMS
from quantgraph.v1 import instruments_pb2, sectors_pb2, snapshots_pb2
from quantgraph.wire.failures import failure_from_proto
from quantgraph.wire.fields import date_to_proto
from quantgraph.wire.instruments import instrument_from_proto, search_to_proto
from quantgraph.wire.pages import token_of
from quantgraph.wire.sectors import sector_from_proto, weight_from_proto
from quantgraph.wire.snapshots import request_to_proto, snapshot_from_proto


class AgentReference:
    """Implements `Reference`; sectors that users made at the agent are the market's here."""

    def __init__(self, agent: Agent) -> None:
        """Ask nothing yet."""
        self._agent = agent
        self._channel = agent.channel

    async def instruments(self, symbols: Sequence[str]) -> Sequence[Instrument | None]:
        """Return the instrument per symbol, None where the agent knows none."""
        parts = await each_of(self._found, portions(symbols, self._agent.most_symbols))
        return [each for part in parts for each in part]

    async def search(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[Sequence[Instrument], bool]:
        """Return a page of what the agent lists; of symbols that are named, what fits of them."""
        if search.symbols is not None:
            return await self._among(search, first, after)
        found: list[Instrument] = []
        place, more = after, True
        while more and len(found) < first:
            page, more = await self._page(search, min(first - len(found), PAGE_ITEMS), place)
            found += page
            place = page[-1].symbol if page else place
        return found, more

    async def market_symbols(self, market: Market) -> tuple[str, ...]:
        """Return every symbol of an exchange that is quoted at the agent, in order."""
        message = request_to_proto(SnapshotRequest(market, ("time",)))
        answer = await self._channel.call(
            "SnapshotService/GetMarketSnapshot", message, snapshots_pb2.GetMarketSnapshotResponse
        )
        return tuple(sorted(snapshot_from_proto(answer, ("time",)).quotes.symbols))

    async def sectors(self) -> Sequence[Sector]:
        """Return all sectors as they are now, by name."""
        found: list[Sector] = []
        token = ""
        while True:
            request = sectors_pb2.ListSectorsRequest(page_token=token)
            answer = await self._channel.call(
                "SectorService/ListSectors", request, sectors_pb2.ListSectorsResponse
            )
            found += [sector_from_proto(each) for each in answer.sectors]
            token = answer.next_page_token
            if not token:
                return found

    async def sector(self, name: str, day: date | None = None) -> Sector | None:
        """Return one sector now or as of a day, None if unknown. Errors: DATE_NOT_HELD."""
        request = sectors_pb2.GetSectorRequest(
            name=name, date=None if day is None else date_to_proto(day)
        )
        try:
            answer = await self._channel.call(
                "SectorService/GetSector", request, sectors_pb2.GetSectorResponse
            )
        except NotFound:
            return None
        return sector_from_proto(answer.sector)

    async def sectors_of(self, symbols: Sequence[str]) -> Sequence[Sequence[Sector]]:
        """Return per symbol the sectors that it is in now, by name; each is asked for once."""
        parts = await each_of(self._names, portions(symbols, self._agent.most_symbols))
        names = [each for part in parts for each in part]
        once = sorted({name for each in names for name in each})
        found = dict(zip(once, await each_of(self.sector, once), strict=True)) if once else {}
        # One that was deleted between the two questions is in no list any more.
        return [[held for name in each if (held := found[name])] for each in names]

    async def weights(self, index_symbol: str, day: date | None = None) -> Sequence[IndexWeight]:
        """Return the newest held weights, heaviest first. Errors: DATE_NOT_HELD."""
        request = sectors_pb2.ListIndexWeightsRequest(
            index_symbol=index_symbol, date=None if day is None else date_to_proto(day)
        )
        answer = await self._channel.call(
            "SectorService/ListIndexWeights", request, sectors_pb2.ListIndexWeightsResponse
        )
        return [weight_from_proto(each) for each in answer.weights]

    async def _found(self, symbols: Sequence[str]) -> list[Instrument | None]:
        answer = await self._channel.call(
            "InstrumentService/GetInstruments",
            instruments_pb2.GetInstrumentsRequest(symbols=symbols),
            instruments_pb2.GetInstrumentsResponse,
        )
        return [_instrument(each) for each in answer.results]

    async def _page(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[list[Instrument], bool]:
        # A sector has become symbols above: none is named here.
        asked = replace(search, sector=None)
        request = search_to_proto(asked)
        request.page_size = first
        request.page_token = "" if after is None else token_of(asked.scope, after)
        answer = await self._channel.call(
            "InstrumentService/ListInstruments", request, instruments_pb2.ListInstrumentsResponse
        )
        return [instrument_from_proto(each) for each in answer.instruments], bool(
            answer.next_page_token
        )

    async def _among(
        self, search: InstrumentSearch, first: int, after: str | None
    ) -> tuple[list[Instrument], bool]:
        named = sorted(search.symbols or ())
        known = await self.instruments([each for each in named if after is None or each > after])
        found = [each for each in known if each and search.admits(each) and _fits(each, search)]
        return found[:first], len(found) > first

    async def _names(self, symbols: Sequence[str]) -> list[Sequence[str]]:
        answer = await self._channel.call(
            "SectorService/ListSectorNames",
            sectors_pb2.ListSectorNamesRequest(symbols=symbols),
            sectors_pb2.ListSectorNamesResponse,
        )
        return [list(each.names) for each in answer.results]


def _instrument(result: instruments_pb2.InstrumentResult) -> Instrument | None:
    if result.HasField("instrument"):
        return instrument_from_proto(result.instrument)
    failure: GatewayError = failure_from_proto(result.failure)
    if failure.reason is Reason.UNKNOWN_SYMBOL:
        return None
    raise failure


def _fits(found: Instrument, search: InstrumentSearch) -> bool:
    if not search.text:
        return True
    name = found.name or ""
    return finds(search.text, found.symbol, name, initials_of(name))
