"""The root types and the schema."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from resolvers.accounts import AccountQueries
from resolvers.bars import BarQueries
from resolvers.calendar import CalendarQueries
from resolvers.catalog import CatalogQueries
from resolvers.connections import ConnectionMutations, ConnectionSubscriptions
from resolvers.dividends import DividendQueries
from resolvers.fills import FillQueries
from resolvers.financials import FinancialQueries
from resolvers.instruments import InstrumentQueries
from resolvers.orders import OrderMutations, OrderQueries, OrderSubscriptions
from resolvers.portfolio import PortfolioQueries
from resolvers.quotes import QuoteQueries, QuoteSubscriptions
from resolvers.sectors import SectorMutations, SectorQueries
from resolvers.snapshots import SnapshotQueries
from resolvers.system import SystemQueries
from resolvers.ticks import TickQueries
from schema.scalars import SCALARS


@strawberry.type(
    description="Everything that can be read. A field that fails is null and has an error in "
    "`errors`; its siblings still answer."
)
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
    FinancialQueries,
    AccountQueries,
    OrderQueries,
    FillQueries,
    PortfolioQueries,
    SystemQueries,
):
    pass


@strawberry.type(description="Everything that changes something.")
class Mutation(OrderMutations, ConnectionMutations, SectorMutations):
    pass


@strawberry.type(description="Live streams, over graphql-transport-ws and SSE.")
class Subscription(QuoteSubscriptions, OrderSubscriptions, ConnectionSubscriptions):
    pass


graphql_schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
)
