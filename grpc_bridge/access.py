"""Which scope each rpc needs; an rpc that is not listed here is denied."""

from collections.abc import Mapping
from contextvars import ContextVar

from google.protobuf.message import Message
from grpc.aio import Metadata

from quantgraph.domain.access import Actor, Principal, Scope, Wire, act_as, acting
from quantgraph.domain.errors import Forbidden, Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.wire.actors import actor_from_headers
from quantgraph.wire.fields import text_from_proto

# None: open to everybody, because probes have no key and the answer tells nothing.
SCOPES: Mapping[str, Scope | None] = {
    "/quantgraph.v1.AccountService/ConnectAccount": Scope.TRADE,
    "/quantgraph.v1.AccountService/DisconnectAccount": Scope.TRADE,
    "/quantgraph.v1.AccountService/GetAsset": Scope.READ,
    "/quantgraph.v1.AccountService/ListAccounts": Scope.READ,
    "/quantgraph.v1.AccountService/ListIpoQuotas": Scope.READ,
    "/quantgraph.v1.AccountService/ListFuturesPositionStatistics": Scope.READ,
    "/quantgraph.v1.AccountService/ListPositions": Scope.READ,
    "/quantgraph.v1.AccountService/StreamAccountEvents": Scope.READ,
    "/quantgraph.v1.BarService/DownloadBars": Scope.READ,
    "/quantgraph.v1.BarService/ListBars": Scope.READ,
    "/quantgraph.v1.BarService/WatchBars": Scope.READ,
    "/quantgraph.v1.CalendarService/GetTradingCalendar": Scope.READ,
    "/quantgraph.v1.CalendarService/ListSessionPhases": Scope.READ,
    "/quantgraph.v1.CatalogService/GetEtfBasket": Scope.READ,
    "/quantgraph.v1.CatalogService/GetOptionChain": Scope.READ,
    "/quantgraph.v1.CatalogService/ListIpos": Scope.READ,
    "/quantgraph.v1.CatalogService/ListMainContracts": Scope.READ,
    "/quantgraph.v1.CatalogService/ListSpecialTreatments": Scope.READ,
    "/quantgraph.v1.CatalogService/ListInstrumentTags": Scope.READ,
    "/quantgraph.v1.CatalogService/ListTerminalSubscriptions": Scope.ADMIN,
    "/quantgraph.v1.CatalogService/ListConvertibleBonds": Scope.READ,
    "/quantgraph.v1.CatalogService/ListTableRows": Scope.READ,
    "/quantgraph.v1.CatalogService/ListTerminalTables": Scope.READ,
    "/quantgraph.v1.ControlService/ArmTrading": Scope.ADMIN,
    "/quantgraph.v1.ControlService/DisarmTrading": Scope.TRADE,
    "/quantgraph.v1.ControlService/SetDeadMan": Scope.TRADE,
    "/quantgraph.v1.ControlService/GetTradingStatus": Scope.READ,
    "/quantgraph.v1.ControlService/HaltTrading": Scope.TRADE,
    "/quantgraph.v1.ControlService/ResumeTrading": Scope.ADMIN,
    "/quantgraph.v1.ControlService/StreamTradingStatus": Scope.READ,
    "/quantgraph.v1.DepthService/GetOrderQueues": Scope.READ,
    "/quantgraph.v1.DepthService/GetOrderRank": Scope.READ,
    "/quantgraph.v1.DepthService/ListMoneyFlows": Scope.READ,
    "/quantgraph.v1.DepthService/ListOrderBooks": Scope.READ,
    "/quantgraph.v1.DepthService/WatchOrderBook": Scope.READ,
    "/quantgraph.v1.DepthService/WatchOrderQueues": Scope.READ,
    "/quantgraph.v1.DividendService/ListDividends": Scope.READ,
    "/quantgraph.v1.DownloadService/CancelDownload": Scope.TRADE,
    "/quantgraph.v1.DownloadService/GetDownloadJob": Scope.READ,
    "/quantgraph.v1.DownloadService/ListDownloadJobs": Scope.READ,
    "/quantgraph.v1.DownloadService/StartDownload": Scope.TRADE,
    "/quantgraph.v1.DownloadService/StreamDownloadJobs": Scope.READ,
    "/quantgraph.v1.FinancialService/ListFinancials": Scope.READ,
    "/quantgraph.v1.HongKongService/ListBrokerQueues": Scope.READ,
    "/quantgraph.v1.HongKongService/ListBrokers": Scope.READ,
    "/quantgraph.v1.InstrumentService/GetInstruments": Scope.READ,
    "/quantgraph.v1.InstrumentService/ListInstrumentRules": Scope.READ,
    "/quantgraph.v1.InstrumentService/ListInstruments": Scope.READ,
    "/quantgraph.v1.OrderService/ApproveOrder": Scope.TRADE,
    "/quantgraph.v1.OrderService/RejectOrder": Scope.TRADE,
    "/quantgraph.v1.OrderService/WriteOffOrder": Scope.ADMIN,
    "/quantgraph.v1.OrderService/CancelOrder": Scope.TRADE,
    "/quantgraph.v1.OrderService/GetOrder": Scope.READ,
    "/quantgraph.v1.OrderService/ListFills": Scope.READ,
    "/quantgraph.v1.OrderService/ListOrders": Scope.READ,
    "/quantgraph.v1.OrderService/PreviewOrder": Scope.READ,
    "/quantgraph.v1.OrderService/StreamFillEvents": Scope.READ,
    "/quantgraph.v1.OrderService/StreamOrderEvents": Scope.READ,
    "/quantgraph.v1.OrderService/SubmitOrder": Scope.TRADE,
    "/quantgraph.v1.OrderService/SubmitOrders": Scope.TRADE,
    "/quantgraph.v1.OrderService/CancelAllOrders": Scope.TRADE,
    "/quantgraph.v1.OrderService/GetTradingLimits": Scope.READ,
    "/quantgraph.v1.PortfolioService/GetRisk": Scope.READ,
    "/quantgraph.v1.PortfolioService/ListStrategies": Scope.READ,
    "/quantgraph.v1.QuoteService/GetQuotes": Scope.READ,
    "/quantgraph.v1.QuoteService/StreamQuotes": Scope.READ,
    "/quantgraph.v1.QuoteService/WatchQuotes": Scope.READ,
    "/quantgraph.v1.SectorService/AddSectorMembers": Scope.TRADE,
    "/quantgraph.v1.SectorService/CreateSector": Scope.TRADE,
    "/quantgraph.v1.SectorService/DeleteSector": Scope.TRADE,
    "/quantgraph.v1.SectorService/RemoveSectorMembers": Scope.TRADE,
    "/quantgraph.v1.SectorService/RenameSector": Scope.TRADE,
    "/quantgraph.v1.SectorService/GetSector": Scope.READ,
    "/quantgraph.v1.SectorService/ListIndexWeights": Scope.READ,
    "/quantgraph.v1.SectorService/ListSectorNames": Scope.READ,
    "/quantgraph.v1.SectorService/ListSectors": Scope.READ,
    "/quantgraph.v1.SimulationService/GetSimulation": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/GetFingerprint": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/SetClock": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/JumpClock": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/CreateAccount": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/DepositCash": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/WithdrawCash": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/InjectTrade": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/InjectOrder": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/HaltSymbol": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/ResumeSymbol": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/AnnounceCorporateAction": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/LoadScenario": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/SetFaults": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/SaveSnapshot": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/RestoreSnapshot": Scope.ADMIN,
    "/quantgraph.v1.SimulationService/DeleteSnapshot": Scope.ADMIN,
    "/quantgraph.v1.SnapshotService/GetMarketSnapshot": Scope.READ,
    "/quantgraph.v1.SystemService/GetServerInfo": Scope.READ,
    "/quantgraph.v1.SystemService/ListSubscriptions": Scope.READ,
    "/quantgraph.v1.SystemService/StreamTerminalStatus": Scope.READ,
    "/quantgraph.v1.TickService/ListTicks": Scope.READ,
    "/grpc.health.v1.Health/Check": None,
    "/grpc.health.v1.Health/List": None,
    "/grpc.health.v1.Health/Watch": None,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Scope.READ,
}

_caller: ContextVar[Principal] = ContextVar("caller")


def caller() -> Principal:
    """Return who makes the present call."""
    return _caller.get()


def caller_key() -> str:
    """Return the id of the key that makes the present call, empty where nobody was let in."""
    found = _caller.get(None)
    return "" if found is None else found.key_id


def remember(principal: Principal, peer: str, named: Actor | None = None) -> None:
    """Keep who makes the present call, and whence; each call runs in a context of its own.

    `named`: for whom a gateway passes it on. Errors: BAD_REQUEST.
    """
    _caller.set(principal)
    names = None if principal.terms is None else principal.terms.names
    act_as(acting(Actor(principal.key_id, Wire.GRPC, peer), named, names))


def named_by(principal: Principal, scope: Scope, metadata: Metadata | None) -> Actor | None:
    """Return whose act a call says it is; what only reads is the caller's. Errors: BAD_REQUEST."""
    believed = principal.terms is not None and principal.terms.names is not None
    return actor_from_headers(metadata or ()) if believed and scope is not Scope.READ else None


def scope_of(method: str) -> Scope | None:
    """Return the scope that an rpc needs, None where it is open; raise FORBIDDEN if undecided."""
    if method not in SCOPES:
        text = f"{method} has no scope decided yet, so no key may use it."
        raise Forbidden(Reason.FORBIDDEN, text, method=method)
    return SCOPES[method]


def credential_of(metadata: Metadata | None) -> str | None:
    """Return the key of x-api-key or of authorization: Bearer, or None."""
    shown = {name: value for name, value in metadata or () if isinstance(value, str)}
    if "x-api-key" in shown:
        return shown["x-api-key"]
    if "authorization" not in shown:
        return None
    scheme, _, key = shown["authorization"].partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        text = "authorization must read `Bearer <API key>`."
        raise Unauthenticated(Reason.UNAUTHENTICATED, text)
    return key.strip()


def check_account(request: Message, scope: Scope) -> None:
    """Raise unless the caller has the scope on the account that a request names, if it does.

    Here rather than in each servicer: a new rpc with an `account_id` cannot forget it.
    """
    found = request.DESCRIPTOR.fields_by_name.get("account_id")
    if found is not None and found.has_presence and not request.HasField("account_id"):
        # The whole gateway: whoever may read may read that, to turn it takes every account.
        if scope is not Scope.READ:
            caller().require_switch(None, scope)
    elif found is not None:
        account = text_from_proto(getattr(request, "account_id"), "account_id")  # noqa: B009 any request
        caller().require_account(account, scope)
