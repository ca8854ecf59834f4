"""Whatever GraphQL can do, gRPC can do: every root field has its rpc, and the reverse."""

from pathlib import Path

from graphql import build_schema

from tests.grpc_bridge.calls import methods

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"

RPCS = {
    "Query.accounts": "AccountService.ListAccounts",
    "Query.accountsPage": "AccountService.ListAccounts",
    "Query.bars": "BarService.ListBars",
    "Query.fills": "OrderService.ListFills",
    "Query.sessionPhases": "CalendarService.ListSessionPhases",
    "Query.tradingCalendar": "CalendarService.GetTradingCalendar",
    "Query.convertibleBonds": "CatalogService.ListConvertibleBonds",
    "Query.dividends": "DividendService.ListDividends",
    "Query.downloadJob": "DownloadService.GetDownloadJob",
    "Query.downloadJobs": "DownloadService.ListDownloadJobs",
    "Mutation.startDownload": "DownloadService.StartDownload",
    "Mutation.cancelDownload": "DownloadService.CancelDownload",
    "Subscription.downloadJobUpdates": "DownloadService.StreamDownloadJobs",
    "Query.etfBasket": "CatalogService.GetEtfBasket",
    "Query.financials": "FinancialService.ListFinancials",
    "Query.indexWeights": "SectorService.ListIndexWeights",
    "Query.instrument": "InstrumentService.GetInstruments",
    "Query.instruments": "InstrumentService.ListInstruments",
    "Query.ipos": "CatalogService.ListIpos",
    "Query.level2Orders": "TickService.ListTicks",
    "Query.level2Quotes": "TickService.ListTicks",
    "Query.level2Transactions": "TickService.ListTicks",
    "Query.mainContracts": "CatalogService.ListMainContracts",
    "Query.moneyFlows": "DepthService.ListMoneyFlows",
    "Query.orderBooks": "DepthService.ListOrderBooks",
    "Query.orderQueues": "DepthService.GetOrderQueues",
    "Query.orderRank": "DepthService.GetOrderRank",
    "Query.optionChain": "CatalogService.GetOptionChain",
    "Query.marketSnapshot": "SnapshotService.GetMarketSnapshot",
    "Query.order": "OrderService.GetOrder",
    "Query.orders": "OrderService.ListOrders",
    "Query.brokerQueues": "HongKongService.ListBrokerQueues",
    "Query.hongKongBrokers": "HongKongService.ListBrokers",
    "Query.ipoQuotas": "AccountService.ListIpoQuotas",
    "Query.futuresPositionStatistics": "AccountService.ListFuturesPositionStatistics",
    "Query.positions": "AccountService.ListPositions",
    "Query.positionsPage": "AccountService.ListPositions",
    "Query.quote": "QuoteService.GetQuotes",
    "Query.specialTreatments": "CatalogService.ListSpecialTreatments",
    "Query.instrumentTags": "CatalogService.ListInstrumentTags",
    "Query.terminalSubscriptions": "CatalogService.ListTerminalSubscriptions",
    "Query.quotes": "QuoteService.GetQuotes",
    "Query.risk": "PortfolioService.GetRisk",
    "Query.strategies": "PortfolioService.ListStrategies",
    "Query.sector": "SectorService.GetSector",
    "Query.sectors": "SectorService.ListSectors",
    "Query.mySubscriptions": "SystemService.ListSubscriptions",
    "Query.serverInfo": "SystemService.GetServerInfo",
    "Query.tradingStatus": "ControlService.GetTradingStatus",
    "Mutation.armTrading": "ControlService.ArmTrading",
    "Mutation.disarmTrading": "ControlService.DisarmTrading",
    "Mutation.setDeadMan": "ControlService.SetDeadMan",
    "Mutation.approveOrder": "OrderService.ApproveOrder",
    "Mutation.rejectOrder": "OrderService.RejectOrder",
    "Mutation.writeOffOrder": "OrderService.WriteOffOrder",
    "Mutation.haltTrading": "ControlService.HaltTrading",
    "Mutation.resumeTrading": "ControlService.ResumeTrading",
    "Subscription.terminalUpdates": "SystemService.StreamTerminalStatus",
    "Subscription.tradingUpdates": "ControlService.StreamTradingStatus",
    "Query.ticks": "TickService.ListTicks",
    "Query.tableRows": "CatalogService.ListTableRows",
    "Query.terminalTables": "CatalogService.ListTerminalTables",
    "Query.trades": "TickService.ListTicks",
    "Mutation.addSectorMembers": "SectorService.AddSectorMembers",
    "Mutation.createSector": "SectorService.CreateSector",
    "Mutation.deleteSector": "SectorService.DeleteSector",
    "Mutation.removeSectorMembers": "SectorService.RemoveSectorMembers",
    "Mutation.renameSector": "SectorService.RenameSector",
    "Mutation.cancelOrder": "OrderService.CancelOrder",
    "Mutation.connectAccount": "AccountService.ConnectAccount",
    "Mutation.disconnectAccount": "AccountService.DisconnectAccount",
    "Mutation.submitOrder": "OrderService.SubmitOrder",
    "Mutation.submitOrders": "OrderService.SubmitOrders",
    "Mutation.cancelAllOrders": "OrderService.CancelAllOrders",
    "Query.previewOrder": "OrderService.PreviewOrder",
    "Query.tradingLimits": "OrderService.GetTradingLimits",
    "Query.simulation": "SimulationService.GetSimulation",
    "Query.fingerprint": "SimulationService.GetFingerprint",
    "Mutation.setClock": "SimulationService.SetClock",
    "Mutation.jumpClock": "SimulationService.JumpClock",
    "Mutation.createAccount": "SimulationService.CreateAccount",
    "Mutation.depositCash": "SimulationService.DepositCash",
    "Mutation.withdrawCash": "SimulationService.WithdrawCash",
    "Mutation.injectTrade": "SimulationService.InjectTrade",
    "Mutation.injectOrder": "SimulationService.InjectOrder",
    "Mutation.haltSymbol": "SimulationService.HaltSymbol",
    "Mutation.resumeSymbol": "SimulationService.ResumeSymbol",
    "Mutation.announceCorporateAction": "SimulationService.AnnounceCorporateAction",
    "Mutation.loadScenario": "SimulationService.LoadScenario",
    "Mutation.setFaults": "SimulationService.SetFaults",
    "Mutation.saveSnapshot": "SimulationService.SaveSnapshot",
    "Mutation.restoreSnapshot": "SimulationService.RestoreSnapshot",
    "Mutation.deleteSnapshot": "SimulationService.DeleteSnapshot",
    "Subscription.accountUpdates": "AccountService.StreamAccountEvents",
    "Subscription.bars": "BarService.WatchBars",
    "Subscription.fills": "OrderService.StreamFillEvents",
    "Subscription.orderBook": "DepthService.WatchOrderBook",
    "Subscription.orderQueues": "DepthService.WatchOrderQueues",
    "Subscription.orderUpdates": "OrderService.StreamOrderEvents",
    "Subscription.quotes": "QuoteService.WatchQuotes",
    "Instrument.rules": "InstrumentService.ListInstrumentRules",
    "Instrument.sectors": "SectorService.ListSectorNames",
    "Account.asset": "AccountService.GetAsset",
}
# Bulk is what gRPC is there for; a WebSocket subscribes and unsubscribes by operations.
ONLY_GRPC = {"BarService.DownloadBars", "QuoteService.StreamQuotes"}


def test_every_root_field_has_its_rpc():
    schema = build_schema(SCHEMA.read_text("utf-8"))
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    fields = {f"{root.name}.{name}" for root in roots if root for name in root.fields}
    assert fields == {name for name in RPCS if name.split(".")[0] in {str(r) for r in roots}}


def test_every_rpc_has_its_field():
    rpcs = {f"{each.containing_service.name}.{each.name}" for each in methods()}
    assert rpcs == set(RPCS.values()) | ONLY_GRPC


def test_every_enumeration_has_the_same_members():
    from quantgraph.wire import enums
    from quantgraph.wire.enums import EnumCodec

    schema = build_schema(SCHEMA.read_text("utf-8"))
    held = {type(next(iter(codec._numbers))) for codec in vars(enums).values()
            if isinstance(codec, EnumCodec)}  # fmt: skip
    for kind in held:
        shown = schema.type_map.get(kind.__name__)
        if shown is not None:
            assert {each.name for each in kind} == set(shown.values)
