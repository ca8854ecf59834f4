"""Which rpc answers which GraphQL operation, where in its response, and calls that show it.

A new operation, argument or field fails test_parity until somebody decides here what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """An rpc, the path to its answer, sample arguments in GraphQL's words, and what rpcs add.

    A path is field names; `[]` stands for the items of a list, null where an item failed.
    """

    rpc: str
    answer: str
    samples: tuple[Arguments, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)


ACCOUNT = {"accountId": "sim-1"}
NOBODY = {"accountId": "nobody"}
MAOTAI, NOTHING = {"symbol": "600519.SH"}, {"symbol": "999999.SH"}
PRICES = "bond_conv_price_info"
BOTH = {"symbols": ["600519.SH", "999999.SH", "000001.SZ"]}
BOTH_KNOWN = {"symbols": ["600519.SH", "000001.SZ"]}
DAYS = {**MAOTAI, "period": "DAY_1", "adjustment": "NONE", "ensure": False}
SPAN = {"start": "2024-01-02", "end": "2024-02-29T15:00:00+08:00"}
BACKWARDS = {"start": "2024-02-29", "end": "2024-01-02"}
DATES = {"start": "2023-01-01", "end": "2024-03-31"}
PAGE = {**ACCOUNT, "first": 2}
TICKET = {
    **ACCOUNT, **MAOTAI, "clientOrderId": "p-1", "side": "BUY", "quantity": 100,
    "priceType": "LIMIT", "limitPrice": "1700.00", "strategy": "mean", "note": "noted",
    "expiresAt": "2024-03-01T14:00:00+08:00",
}  # fmt: skip

BY_HAND = {**ACCOUNT, **MAOTAI, "side": "BUY", "quantity": 100, "limitPrice": "1700.00"}
RANKED = {
    **MAOTAI, "side": "BUY", "time": "2024-03-01T10:00:00+08:00", "price": "1700.00",
    "quantity": 200, "openQuantity": 100,
}  # fmt: skip


def _ticks(kind: str) -> Pair:
    samples = (MAOTAI, {**MAOTAI, **SPAN}, NOTHING, {**MAOTAI, **BACKWARDS})
    return Pair("TickService.ListTicks", "", samples, {"kind": f"TICK_KIND_{kind}"})


PAIRS: Mapping[str, Pair] = {
    "Query.accounts": Pair(
        "AccountService.ListAccounts",
        "accounts[]",
        ({}, {"ids": ["sim-2", "nobody"]}, {"terminal": "sim", "status": "CONNECTED"},
         {"status": "DISCONNECTED"}),
    ),
    "Query.accountsPage": Pair(
        "AccountService.ListAccounts",
        "accounts[]",
        ({"first": 1}, {"first": 1, "ids": ["sim-2"]}, {"first": 1, "after": "!"},
         {"first": 1, "terminal": "sim", "status": "CONNECTED"}),
    ),
    "Query.bars": Pair(
        "BarService.ListBars",
        "series",
        (
            {**DAYS, "last": 7},
            {**DAYS, **SPAN},
            {**DAYS, "adjustment": "FRONT", "last": 3},
            {**DAYS, "period": "WEEK_1", "last": 3},
            {**DAYS, **NOTHING},
            {**DAYS, **BACKWARDS},
            {**DAYS, "last": 7, "ensure": True},
        ),
    ),
    "Query.convertibleBonds": Pair(
        "CatalogService.ListConvertibleBonds",
        "bonds[]",
        ({}, {"symbols": ["113050.SH"]}, {"stocks": ["600919.SH"]}, {"stocks": ["999999.SH"]}),
        {"valued": True},
    ),
    "Query.dividends": Pair(
        "DividendService.ListDividends", "results[].history", (BOTH, {**BOTH, **DATES})
    ),
    "Query.downloadJob": Pair(
        "DownloadService.GetDownloadJob", "job", ({"id": "download_1"}, {"id": "download_0"})
    ),
    "Query.downloadJobs": Pair(
        "DownloadService.ListDownloadJobs",
        "jobs[]",
        ({"first": 2}, {"first": 9, "states": ["DONE"], "kinds": ["DAYS", "SECTORS"]},
         {"first": 2, "after": "!"}),
    ),
    "Query.fills": Pair(
        "OrderService.ListFills",
        "fills[]",
        (PAGE, {**PAGE, **MAOTAI, "orderId": "mock_order_0"}, {**PAGE, **SPAN}, {**PAGE, **NOBODY},
         {**PAGE, "after": "!"}),
    ),
    "Query.etfBasket": Pair(
        "CatalogService.GetEtfBasket", "basket", ({"symbol": "510300.SH"}, NOTHING, MAOTAI)
    ),
    "Query.financials": Pair(
        "FinancialService.ListFinancials",
        "results[].financials",
        (
            {**BOTH, "basis": "REPORT_DATE"},
            {**BOTH, **DATES, "basis": "ANNOUNCE_DATE", "asOf": "2024-03-01T00:00:00+08:00"},
        ),
    ),
    "Query.indexWeights": Pair(
        "SectorService.ListIndexWeights",
        "weights[]",
        ({"indexSymbol": "000300.SH"}, {"indexSymbol": "600519.SH", "date": "2024-01-31"}),
    ),
    "Query.instrument": Pair(
        "InstrumentService.GetInstruments", "results[].instrument", (MAOTAI, NOTHING)
    ),
    "Query.instruments": Pair(
        "InstrumentService.ListInstruments",
        "instruments[]",
        ({"first": 3}, {"first": 3, "search": "600"}, {"first": 3, "after": "!"},
         {"first": 3, "markets": ["SH", "SZ"], "kinds": ["STOCK"], "boards": ["MAIN"],
          "sector": "白酒"}, {"first": 3, "sector": "没有"}),
    ),
    "Query.brokerQueues": Pair(
        "HongKongService.ListBrokerQueues",
        "queues[]",
        (
            {"code": "00700.HK", "last": 2},
            {"code": "00700.HK", **SPAN, "last": 1},
            {"code": "00700.HK", **BACKWARDS, "last": 1},
            {"code": "700.HK", "last": 1},
            {"code": "00700.HK", "last": 201},
        ),
    ),
    "Query.hongKongBrokers": Pair("HongKongService.ListBrokers", "brokers[]", ({},)),
    "Query.futuresPositionStatistics": Pair(
        "AccountService.ListFuturesPositionStatistics", "statistics[]", (ACCOUNT, NOBODY)
    ),
    "Query.ipoQuotas": Pair("AccountService.ListIpoQuotas", "quotas[]", (ACCOUNT, NOBODY)),
    "Query.instrumentTags": Pair(
        "CatalogService.ListInstrumentTags",
        "instruments[]",
        (BOTH, {**BOTH, "tags": ["GE_EXTRA_ETF"]}),
    ),
    "Query.ipos": Pair(
        "CatalogService.ListIpos",
        "ipos[]",
        ({}, DATES, BACKWARDS),
    ),
    "Query.level2Orders": _ticks("LEVEL2_ORDER"),
    "Query.level2Quotes": _ticks("LEVEL2_QUOTE"),
    "Query.level2Transactions": _ticks("LEVEL2_TRANSACTION"),
    "Query.moneyFlows": Pair("DepthService.ListMoneyFlows", "results[].flow", (BOTH,)),
    "Query.orderBooks": Pair("DepthService.ListOrderBooks", "results[].book", (BOTH,)),
    "Query.orderQueues": Pair(
        "DepthService.GetOrderQueues",
        "queues",
        ({**MAOTAI, "levels": 2}, {**MAOTAI, "prices": ["1700.00"]}, MAOTAI,
         {**MAOTAI, "levels": 0}),
    ),
    "Query.orderRank": Pair(
        "DepthService.GetOrderRank", "rank", (RANKED, {**RANKED, "price": "0"})
    ),
    "Query.mainContracts": Pair(
        "CatalogService.ListMainContracts",
        "contracts[]",
        ({"product": "IF"}, {"product": "IF", **DATES}, {"product": "??"},
         {"product": "IF", **BACKWARDS}),
    ),
    "Query.marketSnapshot": Pair(
        "SnapshotService.GetMarketSnapshot",
        "",
        ({"market": "SH"}, {"sector": "白酒"}, {"sector": "没有"}),
        {"with_names": True},
    ),
    "Query.optionChain": Pair(
        "CatalogService.GetOptionChain",
        "chain",
        ({"underlying": "510300.SH"}, {"underlying": "999999.SH"},
         {"underlying": "510300.SH", "date": "2022-12-28"},
         {"underlying": "510300.SH", "date": "2100-01-04"}),
    ),
    "Query.mySubscriptions": Pair(
        "SystemService.ListSubscriptions", "streams[]", ({"first": 1}, {"first": 9})
    ),
    "Query.order": Pair(
        "OrderService.GetOrder",
        "order",
        ({**ACCOUNT, "clientOrderId": "c1"}, {**ACCOUNT, "id": "mock_order_0"},
         {**NOBODY, "id": "mock_order_0"}),
    ),
    "Query.orders": Pair(
        "OrderService.ListOrders",
        "orders[]",
        (
            PAGE,
            {**PAGE, **MAOTAI, "states": ["WORKING"], "side": "BUY"},
            {**PAGE, **SPAN, "strategy": "mean"},
            {**PAGE, **NOBODY},
            {**PAGE, "after": "!"},
        ),
    ),
    "Query.positions": Pair("AccountService.ListPositions", "positions[]", (ACCOUNT, NOBODY)),
    "Query.positionsPage": Pair(
        "AccountService.ListPositions",
        "positions[]",
        (PAGE, {**PAGE, "symbols": ["600519.SH"]}, {**PAGE, "after": "!"}),
    ),
    "Query.previewOrder": Pair(
        "OrderService.PreviewOrder",
        "preview",
        (TICKET, {**TICKET, "quantity": 20_000}, {**TICKET, "clientOrderId": "c1"},
         {**TICKET, "side": "SELL"}, {**TICKET, **NOBODY}),
    ),
    "Query.quote": Pair("QuoteService.GetQuotes", "results[].quote", (MAOTAI, NOTHING)),
    "Query.quotes": Pair("QuoteService.GetQuotes", "results[].quote", (BOTH,)),
    "Query.risk": Pair("PortfolioService.GetRisk", "risk", (ACCOUNT, NOBODY)),
    "Query.sector": Pair(
        "SectorService.GetSector",
        "sector",
        ({"name": "白酒"}, {"name": "空", "date": "2024-01-31"}),
    ),
    "Query.sectors": Pair(
        "SectorService.ListSectors", "sectors[]", ({}, {"category": "概念"})
    ),
    "Query.serverInfo": Pair("SystemService.GetServerInfo", "info", ({},)),
    "Query.sessionPhases": Pair(
        "CalendarService.ListSessionPhases",
        "day",
        (
            {"market": "SH", "kind": "STOCK", "board": "STAR", "date": "2024-02-29"},
            {"market": "SZ", "kind": "FUND", "date": "2024-03-02"},
        ),
    ),
    "Query.specialTreatments": Pair(
        "CatalogService.ListSpecialTreatments",
        "treatments[]",
        ({"symbols": ["600518.SH", "600519.SH"]}, {"symbols": []}, BOTH),
    ),
    "Query.simulation": Pair("SimulationService.GetSimulation", "simulation", ({},)),
    "Query.fingerprint": Pair(
        "SimulationService.GetFingerprint",
        "fingerprint",
        ({}, MAOTAI, {"symbol": "000001.SZ"}, NOTHING),
    ),
    "Query.strategies": Pair(
        "PortfolioService.ListStrategies", "strategies[]", (PAGE, {**PAGE, "after": "!"})
    ),
    "Query.ticks": _ticks("SNAPSHOT"),
    "Query.tableRows": Pair(
        "CatalogService.ListTableRows",
        "page",
        (
            {"table": PRICES, "first": 3},
            {"table": PRICES, "first": 1, "symbols": ["110059.SH"], "fields": ["price", "time"]},
            {"table": "bond_amount_chg", "first": 9, "start": "2020-01-01", "end": "2021-12-31"},
            {"table": "没有", "first": 1}, {"table": "", "first": 1},
            {"table": PRICES, "first": 1, "fields": ["?"]},
            {"table": PRICES, "first": 1, "after": "!"}, {"table": PRICES, "first": 1, **BACKWARDS},
        ),
    ),
    "Query.terminalSubscriptions": Pair(
        "CatalogService.ListTerminalSubscriptions", "subscriptions[]", ({}, {"search": "SH"})
    ),
    "Query.terminalTables": Pair(
        "CatalogService.ListTerminalTables",
        "tables[]",
        ({"first": 9}, {"first": 1, "search": "转股"}, {"first": 2}, {"first": 1, "after": "!"}),
    ),
    "Query.trades": _ticks("TRADE"),
    "Query.tradingLimits": Pair("OrderService.GetTradingLimits", "limits", (ACCOUNT, NOBODY)),
    "Query.tradingCalendar": Pair(
        "CalendarService.GetTradingCalendar",
        "calendar",
        ({"market": "SH", **DATES}, {"market": "SZ"}, {"market": "SH", **BACKWARDS}),
    ),
    "Query.tradingStatus": Pair(
        "ControlService.GetTradingStatus", "status", (ACCOUNT, {}, NOBODY)
    ),
    "Mutation.addSectorMembers": Pair(
        "SectorService.AddSectorMembers",
        "",
        (
            {"name": "自选", **BOTH_KNOWN},
            {"name": "没有", **BOTH_KNOWN},
            {"name": "白酒", **BOTH_KNOWN},
        ),
    ),
    "Mutation.connectAccount": Pair("AccountService.ConnectAccount", "", (ACCOUNT, NOBODY)),
    "Mutation.createSector": Pair(
        "SectorService.CreateSector",
        "",
        ({"name": "新的", **BOTH_KNOWN, "category": "我的"}, {"name": "新/的"}, {"name": "白酒"}),
    ),
    "Mutation.startDownload": Pair(
        "DownloadService.StartDownload",
        "",
        (
            {"kind": "MINUTES", **BOTH, "start": "2024-01-02", "end": "2024-02-29"},
            {"kind": "SECTORS"},
            {"kind": "FUND_LISTS"},
            {"kind": "TABLE", **BOTH, "table": PRICES},
            {"kind": "DAYS", **BOTH, "table": PRICES},
            {"kind": "SECTORS", **BOTH},
            {"kind": "DAYS"},
            {"kind": "DAYS", **BOTH, **BACKWARDS},
        ),
    ),
    "Mutation.cancelDownload": Pair(
        "DownloadService.CancelDownload",
        "",
        ({"id": "download_3"}, {"id": "download_1"}, {"id": "download_0"}),
    ),
    "Mutation.deleteSector": Pair(
        "SectorService.DeleteSector", "", ({"name": "自选"}, {"name": "没有"}, {"name": "白酒"})
    ),
    "Mutation.disconnectAccount": Pair("AccountService.DisconnectAccount", "", (ACCOUNT, NOBODY)),
    "Mutation.removeSectorMembers": Pair(
        "SectorService.RemoveSectorMembers",
        "",
        ({"name": "自选", **BOTH_KNOWN}, {"name": "没有", **BOTH_KNOWN}),
    ),
    "Mutation.renameSector": Pair(
        "SectorService.RenameSector",
        "",
        ({"name": "自选", "newName": "改名"}, {"name": "自选", "newName": "白酒"}),
    ),
    "Mutation.approveOrder": Pair(
        "OrderService.ApproveOrder",
        "",
        ({**ACCOUNT, "id": "mock_order_0"}, {**ACCOUNT, "clientOrderId": "c1"},
         {**ACCOUNT, "id": "none"}),
    ),
    "Mutation.rejectOrder": Pair(
        "OrderService.RejectOrder",
        "",
        ({**ACCOUNT, "id": "mock_order_0"}, {**ACCOUNT, "clientOrderId": "c1"},
         {**ACCOUNT, "id": "none"}),
    ),
    "Mutation.writeOffOrder": Pair(
        "OrderService.WriteOffOrder",
        "",
        ({**ACCOUNT, "id": "mock_order_0", "reason": "old"},
         {**ACCOUNT, "clientOrderId": "c1", "reason": "old"},
         {**ACCOUNT, "id": "none", "reason": "old"}),
    ),
    "Mutation.cancelOrder": Pair(
        "OrderService.CancelOrder",
        "",
        ({**ACCOUNT, "clientOrderId": "c1"}, {**ACCOUNT, "id": "none"}),
    ),
    "Mutation.submitOrder": Pair(
        "OrderService.SubmitOrder",
        "",
        (TICKET, {**TICKET, "quantity": 20_000}, {**TICKET, "clientOrderId": "c1"}),
    ),
    "Mutation.haltTrading": Pair(
        "ControlService.HaltTrading",
        "",
        (ACCOUNT, {}, {**ACCOUNT, "reducing": True, "reason": "noted"},
         {"reason": "\n"}, NOBODY),
    ),
    "Mutation.resumeTrading": Pair(
        "ControlService.ResumeTrading",
        "",
        (ACCOUNT, {}, {**ACCOUNT, "reducing": True, "reason": "noted"},
         {"reason": "\n"}, NOBODY),
    ),
    "Mutation.submitOrders": Pair(
        "OrderService.SubmitOrders",
        "",
        (
            {**ACCOUNT, "orders": [
                TICKET,
                {**TICKET, "clientOrderId": "p-2", "quantity": 20_000},
                {**TICKET, "clientOrderId": "c1"},
            ]},
            {**ACCOUNT, "orders": []},
            {**ACCOUNT, "orders": [{**TICKET, "accountId": "sim-2"}]},
            {**NOBODY, "orders": [{**TICKET, **NOBODY}]},
        ),
    ),
    "Mutation.cancelAllOrders": Pair(
        "OrderService.CancelAllOrders",
        "",
        (ACCOUNT, {**ACCOUNT, "symbol": "000001.SZ", "side": "SELL"}, NOBODY),
    ),
    "Mutation.armTrading": Pair(
        "ControlService.ArmTrading",
        "",
        ({"secret": "open"}, {"secret": "open", "minutes": 5}),
    ),
    "Mutation.disarmTrading": Pair(
        "ControlService.DisarmTrading", "", ({}, {"reason": "noted"}, {"reason": "\n"})
    ),
    "Mutation.setDeadMan": Pair(
        "ControlService.SetDeadMan",
        "",
        ({**ACCOUNT, "seconds": 0}, {**ACCOUNT, "seconds": -1}, {**NOBODY, "seconds": 1}),
    ),
    "Mutation.setClock": Pair(
        "SimulationService.SetClock",
        "",
        ({"speed": 10.5, "paused": True}, {"paused": False}, {"speed": 0}, {}),
    ),
    "Mutation.jumpClock": Pair(
        "SimulationService.JumpClock",
        "",
        (
            {"phase": "CLOSE_AUCTION"},
            {"time": "14:30", "day": "2024-03-04"},
            {"nextDay": True, "phase": "OPEN_AUCTION"},
            {"nextDay": True},
            {"time": "9:30"},
            {"time": "09:00", "day": "2024-03-01"},
            {"phase": "LUNCH"},
            {"day": "2024-03-02"},
            {},
        ),
    ),
    "Mutation.createAccount": Pair(
        "SimulationService.CreateAccount",
        "",
        (
            {"accountId": "new-1", "name": "新的", "cash": "5000.00",
             "positions": [{"symbol": "600519.SH", "quantity": 100, "costPrice": "1500.5"}]},
            {"accountId": "new-2", "cash": "0"},
            {"accountId": "sim-1", "cash": "1"},
            {"accountId": "a/b", "cash": "1"},
            {"accountId": "new-3", "cash": "0.001"},
            {"accountId": "new-3", "cash": "1", "name": ""},
            {"accountId": "new-3", "cash": "1",
             "positions": [{"symbol": "999999.SH", "quantity": 1, "costPrice": "1"}]},
        ),
    ),
    "Mutation.depositCash": Pair(
        "SimulationService.DepositCash",
        "",
        ({**ACCOUNT, "amount": "100.25"}, {**ACCOUNT, "amount": "0"}, {**NOBODY, "amount": "1"}),
    ),
    "Mutation.withdrawCash": Pair(
        "SimulationService.WithdrawCash",
        "",
        ({**ACCOUNT, "amount": "100.25"}, {**ACCOUNT, "amount": "-1"},
         {**ACCOUNT, "amount": "2000000"}, {**NOBODY, "amount": "1"}),
    ),
    "Mutation.injectTrade": Pair(
        "SimulationService.InjectTrade",
        "",
        ({**MAOTAI, "price": "1700.00", "quantity": 100}, {**MAOTAI, "price": "1", "quantity": 0},
         {**MAOTAI, "price": "1.001", "quantity": 1}, {**NOTHING, "price": "1", "quantity": 1}),
    ),
    "Mutation.injectOrder": Pair(
        "SimulationService.InjectOrder",
        "",
        (
            {**BY_HAND, "remark": "午后再看"},
            BY_HAND,
            {**BY_HAND, "side": "SELL", "quantity": 0},
            {**BY_HAND, "limitPrice": "0"},
            {**BY_HAND, "limitPrice": "1700.001"},
            {**BY_HAND, "remark": "x" * 25},
            {**BY_HAND, **NOTHING},
            {**BY_HAND, **NOBODY},
        ),
    ),
    "Mutation.haltSymbol": Pair("SimulationService.HaltSymbol", "", (MAOTAI, NOTHING)),
    "Mutation.resumeSymbol": Pair("SimulationService.ResumeSymbol", "", (MAOTAI, NOTHING)),
    "Mutation.announceCorporateAction": Pair(
        "SimulationService.AnnounceCorporateAction",
        "",
        (
            {**MAOTAI, "exDate": "2024-03-04", "cash": "25.5", "bonus": "1", "conversion": "2"},
            {**MAOTAI, "exDate": "2024-03-04"},
            {**MAOTAI, "exDate": "2024-03-01", "cash": "1"},
            {**MAOTAI, "exDate": "2024-03-04", "cash": "-1"},
            {**NOTHING, "exDate": "2024-03-04", "cash": "1"},
        ),
    ),
    "Mutation.loadScenario": Pair(
        "SimulationService.LoadScenario",
        "",
        (
            {**MAOTAI, "name": "HALT", "parameters": [{"name": "minutes", "value": "5"}]},
            {**MAOTAI, "name": "SEALED_LIMIT_UP"},
            {**MAOTAI, "name": "NONE"},
            {**MAOTAI, "name": "HALT", "parameters": [{"name": "hours", "value": "5"}]},
            {**MAOTAI, "name": "HALT", "parameters": [{"name": "minutes", "value": "5"},
                                                      {"name": "minutes", "value": "6"}]},
            {**NOTHING, "name": "HALT"},
        ),
    ),
    "Mutation.setFaults": Pair(
        "SimulationService.SetFaults",
        "",
        (
            {"settings": ["LOST_CALLBACK probability=0.05 times=3", "SLOW_LIST"]},
            {"settings": []},
            {"settings": ["NONE"]},
            {"settings": ["SLOW_LIST", "SLOW_LIST"]},
            {"settings": ["SLOW_LIST often"]},
        ),
    ),
    "Mutation.saveSnapshot": Pair(
        "SimulationService.SaveSnapshot", "", ({"name": "one"}, {"name": "../one"}, {"name": "old"})
    ),
    "Mutation.restoreSnapshot": Pair(
        "SimulationService.RestoreSnapshot", "", ({"name": "old"}, {"name": "none"})
    ),
    "Mutation.deleteSnapshot": Pair(
        "SimulationService.DeleteSnapshot", "", ({"name": "old"}, {"name": "none"})
    ),
    "Subscription.accountUpdates": Pair(
        "AccountService.StreamAccountEvents",
        "event",
        (ACCOUNT, {**ACCOUNT, "epoch": "old", "afterSequence": 3}, NOBODY),
    ),
    "Subscription.bars": Pair(
        "BarService.WatchBars",
        "event",
        ({**MAOTAI, "period": "MIN_5"}, {**NOTHING, "period": "DAY_1"}),
    ),
    "Subscription.downloadJobUpdates": Pair(
        "DownloadService.StreamDownloadJobs", "event", ({}, {"id": "download_1"}, {"id": "none"})
    ),
    "Subscription.fills": Pair(
        "OrderService.StreamFillEvents",
        "event",
        ({**ACCOUNT, "epoch": "log-1", "afterSequence": 0},
         {**ACCOUNT, "epoch": "old", "afterSequence": 3}, NOBODY),
    ),
    "Subscription.orderBook": Pair(
        "DepthService.WatchOrderBook",
        "event",
        ({**MAOTAI, "levels": 3}, {**NOTHING, "levels": 3}, {**MAOTAI, "levels": 0}),
    ),
    "Subscription.orderQueues": Pair(
        "DepthService.WatchOrderQueues",
        "event",
        ({**MAOTAI, "levels": 3}, {**NOTHING, "levels": 3}, {**MAOTAI, "levels": 101}),
    ),
    "Subscription.orderUpdates": Pair(
        "OrderService.StreamOrderEvents",
        "event",
        (ACCOUNT, {**ACCOUNT, "epoch": "log-1", "afterSequence": 0},
         {**ACCOUNT, "epoch": "old", "afterSequence": 3}, NOBODY),
    ),
    "Subscription.terminalUpdates": Pair("SystemService.StreamTerminalStatus", "event", ({},)),
    "Subscription.tradingUpdates": Pair(
        "ControlService.StreamTradingStatus", "event", (ACCOUNT, {}, NOBODY)
    ),
    "Subscription.quotes": Pair(
        "QuoteService.WatchQuotes",
        "events[]",
        ({"symbols": ["600519.SH"], "policy": "LATEST", "minIntervalMs": 100},
         {"sector": "白酒", "policy": "BUFFER", "bufferSize": 10},
         {"market": "SZ", "policy": "LATEST"}, {"symbols": ["999999.SH"], "policy": "LATEST"}),
    ),
}  # fmt: skip
# An edge of GraphQL that is a call of its own.
EDGES: Mapping[str, Pair] = {
    "Account.asset": Pair("AccountService.GetAsset", "asset", (ACCOUNT,)),
    "Instrument.rules": Pair("InstrumentService.ListInstrumentRules", "results[].rules", (MAOTAI,)),
    "Instrument.sectors": Pair("SectorService.ListSectorNames", "results[].names", (MAOTAI,)),
}
# Bulk is what gRPC is there for.
ONLY_GRPC = {"BarService.DownloadBars", "QuoteService.StreamQuotes"}

# GraphQL's word → the message's, where they differ.
RENAMED = {
    "PhaseSpan.start": "start_time",
    "PhaseSpan.end": "end_time",
}
# Fields that are edges to what another operation answers, or say the same a second time.
NOT_TRAVELLING = {
    "Account.asset": "GetAsset",
    "Account.positions": "ListPositions",
    "BarSeries.columns": "the same as rows",
    "BarSeries.rowCount": "columns.row_count",
    "ChangeSectorSuccess.sector in DeleteSectorResponse": "always null",
    "ConvertibleBond.stock": "GetInstruments",
    "Instrument.bars": "ListBars",
    "Instrument.quote": "GetQuotes",
    "Instrument.rules": "ListInstrumentRules",
    "Instrument.sectors": "ListSectorNames",
    "Instrument.sessionPhases": "ListSessionPhases",
    "MarketSnapshot.columns": "the same as rows",
    "TablePage.pageInfo": "next_page_token of the response",
    "Order.fills": "ListFills",
    "OrderProblem.retryAt": "details.retry_at",
    "QuoteEvent.symbol": "quote.symbol",
    "Sector.memberCount": "the length of symbols",
    "Sector.members": "symbols",
    "SessionDay.isTradingDay": "whether there are phases",
}
# Fields of messages that GraphQL has no use for.
ONLY_IN_MESSAGES = {
    "Asset.account_id": "the account that the edge stands on",
    "OrderProblem.details": "retryAt is all of it that GraphQL shows",
    "DividendHistory.known": "events is null where it is false",
    "MarketSnapshot.names": "rows.name",
    "MarketSnapshot.symbols": "rows.symbol",
    "TableColumn.missing": "null among the values",
}
# Arguments of one wire alone, and where the other has them.
ONLY_ARGUMENTS = {
    "Query.instruments.symbols": "GetInstruments takes symbols, ListInstruments has pages",
}
ONLY_REQUESTED = {
    "read_mask": "GraphQL picks fields in its selection",
    "GetMarketSnapshotRequest.with_names": "GraphQL picks rows.name",
    "ListTicksRequest.kind": "GraphQL has a field for each kind",
    "ListConvertibleBondsRequest.valued": "GraphQL asks for prices by picking them",
    "ListSectorsRequest.page_size": "GraphQL gives all sectors",
    "ListSectorsRequest.page_token": "GraphQL gives all sectors",
}
