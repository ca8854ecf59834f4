"""The root types and the schema."""

from functools import cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from quantgraph.domain.system import Mode
from resolvers.accounts import AccountQueries
from resolvers.approvals import ApprovalMutations
from resolvers.bars import BarQueries, BarSubscriptions
from resolvers.batches import BatchMutations, LimitQueries
from resolvers.calendar import CalendarQueries
from resolvers.catalog import CatalogQueries
from resolvers.connections import ConnectionMutations, ConnectionSubscriptions
from resolvers.controls import ControlMutations, ControlQueries, ControlSubscriptions
from resolvers.depth import DepthQueries
from resolvers.dividends import DividendQueries
from resolvers.downloads import DownloadMutations, DownloadQueries, DownloadSubscriptions
from resolvers.fills import FillQueries, FillSubscriptions
from resolvers.financials import FinancialQueries
from resolvers.hong_kong import HongKongQueries
from resolvers.instruments import InstrumentQueries
from resolvers.live_depth import DepthSubscriptions
from resolvers.orders import OrderMutations, OrderQueries, OrderSubscriptions
from resolvers.portfolio import PortfolioQueries
from resolvers.previews import PreviewQueries
from resolvers.quotes import QuoteQueries, QuoteSubscriptions
from resolvers.sectors import SectorMutations, SectorQueries
from resolvers.simulation import ClockMutations, SimulationQueries, WorldMutations
from resolvers.snapshots import SnapshotQueries
from resolvers.system import SystemQueries, SystemSubscriptions
from resolvers.tables import TableQueries
from resolvers.ticks import TickQueries
from resolvers.training import CounterMutations, MarketMutations
from resolvers.write_offs import WriteOffMutations
from schema.scalars import SCALARS

_READS = (
    "Everything that can be read. A field that fails is null and has an error in `errors`; its "
    "siblings still answer."
)
_CHANGES = "Everything that changes something."


@strawberry.type(description=_READS)
class Query(
    BarQueries,
    DividendQueries,
    TickQueries,
    QuoteQueries,
    SnapshotQueries,
    InstrumentQueries,
    SectorQueries,
    CalendarQueries,
    CatalogQueries,
    TableQueries,
    DepthQueries,
    HongKongQueries,
    FinancialQueries,
    DownloadQueries,
    AccountQueries,
    OrderQueries,
    FillQueries,
    LimitQueries,
    PreviewQueries,
    PortfolioQueries,
    ControlQueries,
    SystemQueries,
):
    pass


@strawberry.type(description=_CHANGES)
class Mutation(
    OrderMutations,
    ApprovalMutations,
    BatchMutations,
    ConnectionMutations,
    ControlMutations,
    SectorMutations,
    DownloadMutations,
    WriteOffMutations,
):
    pass


@strawberry.type(description="Live streams, over graphql-transport-ws and SSE.")
class Subscription(
    QuoteSubscriptions,
    BarSubscriptions,
    DepthSubscriptions,
    OrderSubscriptions,
    FillSubscriptions,
    ConnectionSubscriptions,
    ControlSubscriptions,
    DownloadSubscriptions,
    SystemSubscriptions,
):
    pass


@strawberry.type(name="Query", description=_READS)
class MockQuery(Query, SimulationQueries):
    pass


@strawberry.type(name="Mutation", description=_CHANGES)
class MockMutation(Mutation, ClockMutations, CounterMutations, MarketMutations, WorldMutations):
    pass


@cache
def schema_of(mode: Mode) -> strawberry.Schema:
    """Return the contract of a mode: what only a simulated world can do is in mock's alone."""
    mock = mode is Mode.MOCK
    return strawberry.Schema(
        query=MockQuery if mock else Query,
        mutation=MockMutation if mock else Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


# What is checked in: the whole of it.
graphql_schema = schema_of(Mode.MOCK)
