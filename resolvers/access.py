"""Which scope each root field needs; a field that is not listed here is denied."""

from collections.abc import Iterable

from quantgraph.domain.access import Principal, Scope
from quantgraph.domain.errors import Forbidden, GatewayError
from quantgraph.domain.reasons import Reason
from schema.context import Info

SCOPES: dict[str, Scope] = {
    "Query.accounts": Scope.READ,
    "Query.accountsPage": Scope.READ,
    "Query.bars": Scope.READ,
    "Query.fills": Scope.READ,
    "Query.convertibleBonds": Scope.READ,
    "Query.dividends": Scope.READ,
    "Query.downloadJob": Scope.READ,
    "Query.downloadJobs": Scope.READ,
    "Query.etfBasket": Scope.READ,
    "Query.financials": Scope.READ,
    "Query.indexWeights": Scope.READ,
    "Query.instrument": Scope.READ,
    "Query.instruments": Scope.READ,
    "Query.ipoQuotas": Scope.READ,
    "Query.futuresPositionStatistics": Scope.READ,
    "Query.brokerQueues": Scope.READ,
    "Query.hongKongBrokers": Scope.READ,
    "Query.ipos": Scope.READ,
    "Query.level2Orders": Scope.READ,
    "Query.level2Quotes": Scope.READ,
    "Query.level2Transactions": Scope.READ,
    "Query.mainContracts": Scope.READ,
    "Query.moneyFlows": Scope.READ,
    "Query.optionChain": Scope.READ,
    "Query.orderBooks": Scope.READ,
    "Query.orderQueues": Scope.READ,
    "Query.orderRank": Scope.READ,
    "Query.marketSnapshot": Scope.READ,
    "Query.mySubscriptions": Scope.READ,
    "Query.instrumentTags": Scope.READ,
    "Query.terminalSubscriptions": Scope.ADMIN,
    "Query.order": Scope.READ,
    "Query.orders": Scope.READ,
    "Query.positions": Scope.READ,
    "Query.positionsPage": Scope.READ,
    "Query.previewOrder": Scope.READ,
    "Query.risk": Scope.READ,
    "Query.strategies": Scope.READ,
    "Query.quote": Scope.READ,
    "Query.quotes": Scope.READ,
    "Query.sector": Scope.READ,
    "Query.sectors": Scope.READ,
    "Query.serverInfo": Scope.READ,
    "Query.sessionPhases": Scope.READ,
    "Query.specialTreatments": Scope.READ,
    "Query.simulation": Scope.ADMIN,
    "Query.fingerprint": Scope.ADMIN,
    "Query.tableRows": Scope.READ,
    "Query.terminalTables": Scope.READ,
    "Query.ticks": Scope.READ,
    "Query.tradingLimits": Scope.READ,
    "Query.trades": Scope.READ,
    "Query.tradingCalendar": Scope.READ,
    "Query.tradingStatus": Scope.READ,
    "Mutation.addSectorMembers": Scope.TRADE,
    "Mutation.approveOrder": Scope.TRADE,
    "Mutation.rejectOrder": Scope.TRADE,
    "Mutation.writeOffOrder": Scope.ADMIN,
    "Mutation.cancelOrder": Scope.TRADE,
    "Mutation.createSector": Scope.TRADE,
    "Mutation.deleteSector": Scope.TRADE,
    "Mutation.startDownload": Scope.TRADE,
    "Mutation.cancelDownload": Scope.TRADE,
    "Mutation.removeSectorMembers": Scope.TRADE,
    "Mutation.renameSector": Scope.TRADE,
    "Mutation.connectAccount": Scope.TRADE,
    "Mutation.disconnectAccount": Scope.TRADE,
    "Mutation.submitOrder": Scope.TRADE,
    "Mutation.submitOrders": Scope.TRADE,
    "Mutation.cancelAllOrders": Scope.TRADE,
    "Mutation.armTrading": Scope.ADMIN,
    "Mutation.disarmTrading": Scope.TRADE,
    "Mutation.setDeadMan": Scope.TRADE,
    "Mutation.haltTrading": Scope.TRADE,
    "Mutation.resumeTrading": Scope.ADMIN,
    "Mutation.setClock": Scope.ADMIN,
    "Mutation.jumpClock": Scope.ADMIN,
    "Mutation.createAccount": Scope.ADMIN,
    "Mutation.depositCash": Scope.ADMIN,
    "Mutation.withdrawCash": Scope.ADMIN,
    "Mutation.injectTrade": Scope.ADMIN,
    "Mutation.injectOrder": Scope.ADMIN,
    "Mutation.haltSymbol": Scope.ADMIN,
    "Mutation.resumeSymbol": Scope.ADMIN,
    "Mutation.announceCorporateAction": Scope.ADMIN,
    "Mutation.loadScenario": Scope.ADMIN,
    "Mutation.setFaults": Scope.ADMIN,
    "Mutation.saveSnapshot": Scope.ADMIN,
    "Mutation.restoreSnapshot": Scope.ADMIN,
    "Mutation.deleteSnapshot": Scope.ADMIN,
    "Subscription.accountUpdates": Scope.READ,
    "Subscription.bars": Scope.READ,
    "Subscription.downloadJobUpdates": Scope.READ,
    "Subscription.fills": Scope.READ,
    "Subscription.orderBook": Scope.READ,
    "Subscription.orderQueues": Scope.READ,
    "Subscription.orderUpdates": Scope.READ,
    "Subscription.quotes": Scope.READ,
    "Subscription.terminalUpdates": Scope.READ,
    "Subscription.tradingUpdates": Scope.READ,
}


def require_scopes(principal: Principal, root: str, fields: Iterable[str]) -> None:
    """Raise FORBIDDEN unless the key may use every root field of the operation."""
    for field in fields:
        if field.startswith("__"):
            principal.require(Scope.READ)
            continue
        scope = SCOPES.get(f"{root}.{field}")
        if scope is None:
            text = f"{root}.{field} has no scope decided yet, so no key may use it."
            raise Forbidden(Reason.FORBIDDEN, text, field=field)
        principal.require(scope)


def require_account(info: Info, account_id: str, scope: Scope = Scope.READ) -> None:
    """Raise unless the key has the scope on the account; others' accounts do not exist."""
    try:
        info.context.principal.require_account(account_id, scope)
    except GatewayError as error:
        _refused(info, account_id, scope, error)
        raise


def require_switch(info: Info, account_id: str | None, scope: Scope) -> None:
    """Raise unless the key has the scope on the account, or on every account where it is None."""
    try:
        info.context.principal.require_switch(account_id, scope)
    except GatewayError as error:
        _refused(info, account_id, scope, error)
        raise


def _refused(info: Info, account_id: str | None, scope: Scope, error: GatewayError) -> None:
    """Have the audit log hear of an act that is refused before any port is asked."""
    if scope is not Scope.READ:
        info.context.gateway.audit.refused(info.field_name, account_id, error)
