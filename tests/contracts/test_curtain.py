"""A gateway whose clock stands years before its newest import tells nothing later, on any wire.

Every operation and every rpc is asked, streams too, and every date of what they say is looked at.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import message_factory
from graphql import get_named_type, is_union_type
from typer.testing import CliRunner

from api.cli import app
from api.replays import WorldPlan
from quantgraph.client.connection import connect
from quantgraph.domain.calendar import from_ms
from quantgraph.v1 import quotes_pb2
from quantgraph.v1.quotes_pb2_grpc import QuoteServiceStub
from schema.scalars import write_instant
from tests.api.events import events
from tests.contracts.asking import RPCS, Refused, document, request_of, said, shown
from tests.contracts.fuzz import SCHEMA, root_fields
from tests.contracts.pairs import EDGES, ONLY_GRPC, PAIRS, Arguments, Pair
from tests.contracts.walking import plain
from tests.grpc_bridge.calls import path

START, TOMORROW = "2018-01-15", "2018-01-16"
ROOTS = root_fields(SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
WIRES = {"graphql": "000001.SZ", "grpc": "000858.SZ"}
ACCOUNT, MAOTAI = {"accountId": "sim-1"}, {"symbol": "600519.SH"}
BANK, NEWCOMER = {"symbol": "000001.SZ"}, {"symbol": "601136.SH"}
UNRECORDED = {"symbol": "600036.SH"}  # prices that are recorded take no event of a user's
BOTH = {"symbols": ["600519.SH", "000001.SZ"]}
RANKED = {
    **MAOTAI, "side": "BUY", "time": "2018-01-15T10:00:00+08:00", "price": "700",
    "quantity": 200, "openQuantity": 100,
}  # fmt: skip
INPUT = {**MAOTAI, "price": "700", "quantity": 100}
HAND = {"side": "BUY", "quantity": 100, "limitPrice": "700.00"}
# Far beyond the clock: what is asked for by its day is not told either.
SPAN = {"start": "2018-01-02", "end": "2024-12-31"}
LATER = "2024-12-31"
# What the shared files lack, all of it later than the clock.
MORE = {
    "dividends": "symbol,ex_date,cash\n600519.SH,2018-06-15,10\n000001.SZ,2019-06-26,1\n",
    "instruments": "symbol,name,list_date\n601136.SH,首创证券,2022-12-22\n",
    "orders": "symbol,time,price,quantity,side\n600519.SH,2023-02-01 10:00:00,1800,100,B\n",
    "sectors": "sector,symbol,date\n早,600519.SH,2017-01-03\n晚,600519.SH,2019-01-03\n"
    "早,000001.SZ,2019-01-03\n",
    "weights": "index_symbol,symbol,weight,date\n000905.SH,600519.SH,100,2017-01-03\n"
    "000905.SH,000001.SZ,100,2019-01-03\n",
}
PERIODS = ("MIN_1", "MIN_5", "HOUR_1", "DAY_1", "WEEK_1", "MONTH_1", "YEAR_1")
BARS = tuple(
    {**symbol, "period": period, "adjustment": "NONE", "ensure": False, **rest}
    for period in PERIODS
    for symbol in (MAOTAI, BANK, {"symbol": "000001.SH"})
    for rest in ({"last": 300}, SPAN)
)
ORDER = {**ACCOUNT, **BANK, "side": "BUY", "quantity": 100, "priceType": "OWN_BEST"}
LOG = {**ACCOUNT, "epoch": "*", "afterSequence": 0}
SELECTORS = {"policy": "LATEST", "minIntervalMs": 50}
# A whole recorded day is more than one message holds.
MINUTE = {"start": "2023-02-01T10:00:00+08:00", "end": "2023-02-01T10:01:00+08:00"}
TICKS = ({**MAOTAI, **MINUTE}, {**MAOTAI, "start": "2018-01-02", "end": "2018-12-28"})
# In this order: what is done first is what the later ones tell of. "%" is the wire's name, "@" a
# symbol that only this wire trades, and "*" the epoch of a log.
ASKED: Mapping[str, Sequence[Arguments]] = {
    "Mutation.submitOrder": (
        {**ORDER, "clientOrderId": "o-%", "expiresAt": "2018-01-15T14:00:00+08:00"},
        {**ORDER, "clientOrderId": "b-%", "priceType": "BEST_FIVE_CANCEL"},
    ),
    "Mutation.submitOrders": (
        {**ACCOUNT, "orders": [{**ORDER, "symbol": "@", "clientOrderId": "m-%"}]},
    ),
    "Mutation.cancelOrder": ({**ACCOUNT, "clientOrderId": "o-%"},),
    "Mutation.cancelAllOrders": ({**ACCOUNT, "symbol": "@"},),
    "Mutation.approveOrder": ({**ACCOUNT, "clientOrderId": "b-%"},),
    "Mutation.rejectOrder": ({**ACCOUNT, "clientOrderId": "b-%"},),
    "Mutation.writeOffOrder": ({**ACCOUNT, "clientOrderId": "o-%", "reason": "old"},),
    "Mutation.armTrading": ({"secret": "open"},),
    "Mutation.disarmTrading": ({},),
    "Mutation.setDeadMan": ({**ACCOUNT, "seconds": 3_600}, {**ACCOUNT, "seconds": 0}),
    "Mutation.resumeTrading": ({**ACCOUNT, "reducing": False},),
    "Mutation.haltTrading": ({**ACCOUNT, "reducing": True},),
    "Mutation.disconnectAccount": (ACCOUNT,),
    "Mutation.connectAccount": (ACCOUNT,),
    "Mutation.createSector": ({"name": "自选%", **BOTH, "category": "我的"},),
    "Mutation.addSectorMembers": ({"name": "自选%", **BOTH},),
    "Mutation.removeSectorMembers": ({"name": "自选%", "symbols": ["600519.SH"]},),
    "Mutation.renameSector": ({"name": "自选%", "newName": "改名%"},),
    "Mutation.deleteSector": ({"name": "改名%"},),
    "Mutation.startDownload": ({"kind": "BONDS"},),
    "Mutation.cancelDownload": ({"id": "none"},),
    "Mutation.createAccount": ({"accountId": "new-%", "cash": "1000"},),
    "Mutation.depositCash": ({**ACCOUNT, "amount": "1"},),
    "Mutation.withdrawCash": ({**ACCOUNT, "amount": "1"},),
    "Mutation.injectTrade": (INPUT,),
    "Mutation.injectOrder": ({**ACCOUNT, **MAOTAI, **HAND},),
    "Mutation.haltSymbol": (MAOTAI,),
    "Mutation.resumeSymbol": (MAOTAI,),
    "Mutation.announceCorporateAction": ({**UNRECORDED, "exDate": "2018-01-17", "cash": "1"},),
    "Mutation.loadScenario": ({**MAOTAI, "name": "HALT"},),
    "Mutation.setFaults": ({"settings": []},),
    "Mutation.saveSnapshot": ({"name": "s-%"},),
    "Mutation.restoreSnapshot": ({"name": "s-%"},),
    "Mutation.deleteSnapshot": ({"name": "s-%"},),
    "Mutation.setClock": ({"speed": 2},),
    "Mutation.jumpClock": ({"time": "09:35"},),
    "Query.accounts": ({},),
    "Query.accountsPage": ({"first": 9},),
    "Query.bars": BARS,
    "Query.convertibleBonds": ({},),
    "Query.dividends": (BOTH, {**BOTH, **SPAN}),
    "Query.downloadJob": ({"id": "none"},),
    "Query.downloadJobs": ({"first": 9},),
    "Query.etfBasket": ({"symbol": "510300.SH"},),
    "Query.fills": ({**ACCOUNT, "first": 9},),
    "Query.financials": (
        {**BOTH, "basis": "REPORT_DATE"},
        {**BOTH, **SPAN, "basis": "ANNOUNCE_DATE", "asOf": f"{LATER}T00:00:00+08:00"},
    ),
    "Query.fingerprint": ({},),
    "Query.indexWeights": ({"indexSymbol": "000905.SH"},
                           {"indexSymbol": "000905.SH", "date": LATER}),
    "Query.instrument": (MAOTAI, NEWCOMER),
    "Query.instruments": ({"first": 500}, {"first": 9, "search": "601136"}),
    "Query.futuresPositionStatistics": (ACCOUNT,),
    "Query.brokerQueues": ({"code": "00700.HK", "last": 9},),
    "Query.hongKongBrokers": ({},),
    "Query.ipoQuotas": (ACCOUNT,),
    "Query.ipos": ({}, SPAN),
    "Query.level2Orders": TICKS,
    "Query.level2Quotes": TICKS,
    "Query.level2Transactions": TICKS,
    "Query.mainContracts": ({"product": "IF"}, {"product": "IF", **SPAN}),
    "Query.marketSnapshot": ({"sector": "早"},),
    "Query.mySubscriptions": ({"first": 9},),
    "Query.instrumentTags": ({"symbols": ["600519.SH"]},),
    "Query.terminalSubscriptions": ({},),
    "Query.moneyFlows": (BOTH,),
    "Query.optionChain": ({"underlying": "510300.SH"},
                          {"underlying": "510300.SH", "date": LATER}),
    "Query.order": ({**ACCOUNT, "clientOrderId": "o-%"},),
    "Query.orderBooks": (BOTH,),
    "Query.orderQueues": ({**MAOTAI, "levels": 5},),
    "Query.orderRank": (RANKED,),
    "Query.orders": ({**ACCOUNT, "first": 9},),
    "Query.positions": (ACCOUNT,),
    "Query.positionsPage": ({**ACCOUNT, "first": 9},),
    "Query.previewOrder": ({**ORDER, "clientOrderId": "p"},),
    "Query.quote": (MAOTAI,),
    "Query.quotes": (BOTH,),
    "Query.risk": (ACCOUNT,),
    "Query.sector": ({"name": "早"}, {"name": "晚"}, {"name": "早", "date": LATER}),
    "Query.sectors": ({},),
    "Query.serverInfo": ({},),
    "Query.sessionPhases": ({"market": "SH", "kind": "STOCK", "board": "MAIN"},),
    "Query.simulation": ({},),
    "Query.specialTreatments": ({"symbols": ["600518.SH", "600091.SH"]},),
    "Query.strategies": ({**ACCOUNT, "first": 9},),
    "Query.ticks": TICKS,
    "Query.tableRows": ({"table": "bond_conv_price_info", "first": 9},),
    "Query.terminalTables": ({"first": 9},),
    "Query.trades": TICKS,
    "Query.tradingCalendar": ({"market": "SH", **SPAN},),
    "Query.tradingLimits": (ACCOUNT,),
    "Query.tradingStatus": (ACCOUNT,),
    "Subscription.accountUpdates": (LOG,),
    "Subscription.bars": tuple({**BANK, "period": period} for period in PERIODS),
    "Subscription.downloadJobUpdates": ({},),
    "Subscription.fills": (LOG,),
    "Subscription.orderBook": ({**MAOTAI, "levels": 10},),
    "Subscription.orderQueues": ({**MAOTAI, "levels": 5},),
    "Subscription.orderUpdates": (LOG,),
    "Subscription.quotes": ({**BOTH, **SELECTORS},),
    "Subscription.terminalUpdates": ({},),
    "Subscription.tradingUpdates": (ACCOUNT,),
}  # fmt: skip
# Ways to the same that only GraphQL has; an rpc of its own answers each by gRPC.
NESTED = (
    """{ accounts { asset { cash } positions { symbol instrument { listDate } } }
      orders(accountId: "sim-1", first: 9) { nodes { fills { time } } } }""",
    """{ instrument(symbol: "600519.SH") { rules { date } sectors { date dates } quote { time }
      sessionPhases { date phases { start end } }
      bars(period: DAY_1, last: 300) { rows { time } columns { time } } } }""",
    """{ sector(name: "早") { date dates members { instrument { listDate
      bars(period: MIN_1, last: 300) { columns { time } } } } } }""",
)
EDGES_ASKED: Mapping[str, Sequence[Arguments]] = {
    "Account.asset": (ACCOUNT,),
    "Instrument.rules": (MAOTAI, NEWCOMER),
}
EVENTS = {
    "Subscription.accountUpdates": 3,
    "Subscription.bars": 1,
    "Subscription.downloadJobUpdates": 1,
    "Subscription.fills": 1,
    "Subscription.orderBook": 2,
    "Subscription.orderQueues": 1,
    "Subscription.orderUpdates": 6,
    "Subscription.quotes": 3,
    "Subscription.terminalUpdates": 1,
    "Subscription.tradingUpdates": 1,
}
BULK, SESSION = "BarService.DownloadBars", "QuoteService.StreamQuotes"
# What the store holds, and the curtain hides until its time.
BEHIND = (
    "Query.bars", "Query.dividends", "Query.financials", "Query.indexWeights",
    "Query.instrument", "Query.instruments", "Query.level2Orders", "Query.level2Quotes",
    "Query.level2Transactions", "Query.sector", "Query.sectors", "Query.ticks", "Query.trades",
)  # fmt: skip
# What is later than the clock by its nature.
AHEAD = {
    "DownloadJob.createdAt": "real time",
    "DownloadJob.endedAt": "real time",
    "DownloadJob.startedAt": "real time",
    "Closure.date": "the exchanges publish their closures ahead",
    "Order.expiresAt": "the caller's own wish",
    "PhaseSpan.end": "the hours of a day are known before it",
    "PhaseSpan.start": "the hours of a day are known before it",
    "ServerInfo.startedAt": "real time",
    "Snapshot.createdAt": "real time",
    "TradingStatus.deadManAt": "real time",
    "TradingCalendar.coveredTo": "the exchanges publish their days ahead",
    "TradingCalendar.days": "the exchanges publish their days ahead",
    "TradingCalendar.end": "the caller's own wish",
}
# Answers without any date; of the recordings, because all of them are hidden on that day.
UNDATED = {
    "Account.asset", "Mutation.addSectorMembers", "Mutation.armTrading",
    "Mutation.connectAccount", "Mutation.createAccount", "Mutation.createSector",
    "Mutation.deleteSector", "Mutation.depositCash", "Mutation.disarmTrading",
    "Mutation.disconnectAccount", "Mutation.injectOrder", "Mutation.injectTrade",
    "Mutation.removeSectorMembers", "Mutation.renameSector", "Mutation.resumeTrading",
    "Mutation.setFaults",
    "Mutation.withdrawCash", "Query.accounts", "Query.accountsPage", "Query.fingerprint",
    "Query.ipoQuotas", "Query.moneyFlows", "Query.orderQueues", "Query.orderRank",
    "Query.brokerQueues", "Query.hongKongBrokers",  # Hong Kong is not simulated
    "Query.instrumentTags", "Query.terminalSubscriptions",  # nor a vendor's own words
    "Query.futuresPositionStatistics",
    "Query.level2Orders", "Query.level2Quotes", "Query.level2Transactions", "Query.positions",
    "Query.mySubscriptions", "Query.positionsPage", "Query.strategies", "Query.ticks",
    "Query.trades", "Subscription.orderQueues",
    "Mutation.approveOrder", "Mutation.rejectOrder",  # none of the orders waits for it
    "Mutation.writeOffOrder",  # the fate of all of them is known
    "Mutation.cancelDownload", "Query.downloadJob",  # their ids are not known before
    "Subscription.downloadJobUpdates",  # nothing is under way any more
    "Query.convertibleBonds",  # the first of them is listed later
    "Query.tableRows",  # of these bonds
    "Query.terminalTables",
    "Query.optionChain",  # there are none before the end of 2019
    "Query.specialTreatments",  # recorded lists tell no day of a mark
}  # fmt: skip
KEYS = [
    *((wire, label) for label in ASKED for wire in WIRES),
    *(("grpc", label) for label in (*EDGES_ASKED, BULK, SESSION)),
    ("graphql", "nested"),
]
STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+\+08:00)?")
Place = tuple[str, str]


def dates(kind: Any, value: Any, place: str = "") -> Iterator[Place]:
    """Yield (type and field, text) of every date and instant of an answer."""
    kind = get_named_type(kind)
    if is_union_type(kind):
        kind = kind.types[0]
    if isinstance(value, tuple):  # what an rpc says of a page
        kind, value = get_named_type(kind.fields["nodes"].type), value[0]
    if isinstance(value, list):
        for each in value:
            yield from dates(kind, each, place)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in kind.fields:
                yield from dates(kind.fields[name].type, each, f"{kind.name}.{name}")
    elif isinstance(value, str) and STAMP.fullmatch(value):
        yield place, value


@dataclass
class Walk:
    """What both wires of a gateway say; `found` by wire and operation, with the clock after it."""

    client: httpx.Client
    channel: grpc.Channel
    found: dict[tuple[str, str], list[Place]] = field(default_factory=dict)
    now: dict[tuple[str, str], datetime] = field(default_factory=dict)
    epochs: dict[str, str] = field(default_factory=dict)

    def ask(self, wire: str, label: str, asked: Sequence[Arguments]) -> None:
        """Ask an operation by a wire, and write down its dates."""
        pair = PAIRS.get(label) or EDGES[label]
        kind = field_type(label)
        dated: list[Place] = []
        for arguments in asked:
            given = self.told(wire, label, {**arguments})
            for answer in getattr(self, wire)(label, pair, given):
                dated += dates(kind, answer)
        self.found[wire, label] = dated
        self.now[wire, label] = self.clock()

    def ask_rest(self, running: Any) -> None:
        """Ask what only one of the wires has."""
        for label, asked in EDGES_ASKED.items():
            self.ask("grpc", label, asked)
        self.found["grpc", BULK] = download(running)
        self.found["grpc", SESSION] = session(self.channel)
        nested = [self.post(text, {}) for text in NESTED]
        assert not any("errors" in each for each in nested), nested
        self.found["graphql", "nested"] = [
            each for answer in nested for each in dates(SCHEMA.query_type, answer["data"])
        ]
        rest = (("grpc", BULK), ("grpc", SESSION), ("graphql", "nested"))
        self.now |= dict.fromkeys(rest, self.clock())

    def told(self, wire: str, label: str, value: Any) -> Any:
        if value == "*":
            return self.epochs.setdefault(label, self.epoch(label))
        if isinstance(value, list):
            return [self.told(wire, label, each) for each in value]
        if isinstance(value, dict):
            return {name: self.told(wire, label, each) for name, each in value.items()}
        if isinstance(value, str):
            return value.replace("%", wire).replace("@", WIRES[wire])
        return value

    def epoch(self, label: str) -> str:
        name = label.split(".")[1]
        text = f'subscription {{ {name}(accountId: "sim-1") {{ epoch }} }}'
        return next(self.stream(text, {}))[name]["epoch"]

    def clock(self) -> datetime:
        answer = self.post("{ serverInfo { clock { now } } }", {})["data"]["serverInfo"]
        return datetime.fromisoformat(answer["clock"]["now"])

    def post(self, text: str, variables: Any) -> Any:
        return self.client.post("/graphql", json={"query": text, "variables": variables}).json()

    def stream(self, text: str, variables: Any) -> Iterator[Any]:
        body, head = {"query": text, "variables": variables}, {"accept": "text/event-stream"}
        with self.client.stream("POST", "/graphql", json=body, headers=head) as response:
            for _, data in events(response):
                if "errors" in data:  # what is not simulated at all has no dates
                    assert data["errors"][0]["extensions"]["code"] == "TERMINAL_LACKS", data
                    return
                yield data["data"]

    def graphql(self, label: str, pair: Pair, given: Arguments) -> list[Any]:
        root, name = label.split(".")
        text = document(label, pair)
        if root == "Subscription":
            return [each[name] for each in islice(self.stream(text, given), EVENTS[label])]
        wrapped = {"input": given} if takes_input(label) else given
        data = self.post(text, wrapped)
        # what a curtain hides may be an error as well: it has no dates then
        return [(data.get("data") or {}).get(name)]

    def grpc(self, label: str, pair: Pair, given: Arguments) -> list[Any]:
        method, kind = RPCS[pair.rpc], field_type(label)
        raw = request_of(pair, given).SerializeToString()
        made = message_factory.GetMessageClass(method.output_type)
        try:
            if not method.server_streaming:
                answer = self.channel.unary_unary(path(method))(raw, timeout=60)
                return [shown(kind, pair, made.FromString(answer))]
            call, heard = self.channel.unary_stream(path(method))(raw, timeout=60), list[Any]()
            while len(heard) < EVENTS[label]:
                heard += said(pair, made.FromString(next(call)))
            call.cancel()
            return [plain(kind, each) for each in heard]
        except (grpc.RpcError, Refused):
            return []


def field_type(label: str) -> Any:
    root, name = label.split(".")
    return SCHEMA.type_map[root].fields[name].type


def takes_input(label: str) -> bool:
    root, name = label.split(".")
    return "input" in SCHEMA.type_map[root].fields[name].args


def download(running: Any) -> list[Place]:
    """The newest days and minutes of bars in bulk."""
    found: list[Place] = []
    with connect(running.addresses.grpc) as client:
        for period in ("DAY_1", "MIN_1"):
            whole = client.download_bars(["600519.SH", "000001.SZ"], period=period, **SPAN)
            for columns in whole.to_numpy().values():
                newest = columns["time"][-1:].tolist()
                found += [(BULK, write_instant(from_ms(each))) for each in newest]
    return found


def session(channel: grpc.Channel) -> list[Place]:
    """The snapshots of a stream that is told its symbols."""
    symbols = quotes_pb2.SymbolList(symbols=BOTH["symbols"])
    asked = iter([quotes_pb2.StreamQuotesRequest(subscribe=symbols)])
    found: list[Place] = []
    call = QuoteServiceStub(channel).StreamQuotes(asked, timeout=60)
    while len(found) < len(symbols.symbols):
        times = [each.quote.time.ToMilliseconds() for each in next(call).events]
        found += [(SESSION, write_instant(from_ms(each))) for each in times]
    call.cancel()
    return found


@contextmanager
def walking(start: Callable[..., Any], folder: Path) -> Iterator[tuple[Walk, Any]]:
    with (
        start(folder, mock={"start": START, "download_ms": 0}) as running,
        httpx.Client(base_url=running.addresses.http, timeout=60) as client,
        closing(grpc.insecure_channel(running.addresses.grpc)) as channel,
    ):
        yield Walk(client, channel), running


@pytest.fixture(scope="module")
def folder(imported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded files, and more that is dated after the clock."""
    folder = shutil.copytree(imported, tmp_path_factory.mktemp("early") / "data")
    for kind, text in MORE.items():
        file = tmp_path_factory.mktemp("more") / f"{kind}.csv"
        file.write_text(text)
        done = CliRunner().invoke(app, ["import", kind, str(file), "--data-dir", str(folder)])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def walk(start_gateway: Any, folder: Path) -> Walk:
    """Everything asked behind the curtain."""
    with walking(start_gateway, folder) as (walk, running):
        for label, asked in ASKED.items():
            for wire in WIRES:
                walk.ask(wire, label, asked)
        walk.ask_rest(running)
        return walk


@pytest.fixture(scope="module")
def bare(start_gateway: Any, folder: Path) -> Walk:
    """What it hides, asked without it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorldPlan, "shelf", lambda _self, store, _clock: store)
        with walking(start_gateway, folder) as (walk, running):
            for label in BEHIND:
                for wire in WIRES:
                    walk.ask(wire, label, ASKED[label])
            walk.ask_rest(running)
        return walk


def late(found: Sequence[Place], now: datetime) -> list[Place]:
    return [each for each in found if each[1][:19] > now.isoformat()[: len(each[1])][:19]]


def test_every_operation_and_every_rpc_is_asked() -> None:
    assert sorted(ASKED) == ROOTS
    assert EDGES.keys() - EDGES_ASKED.keys() == {"Instrument.sectors"}  # names and nothing else
    assert {BULK, SESSION} == ONLY_GRPC


@pytest.mark.parametrize(("wire", "label"), KEYS)
def test_no_answer_is_later_than_the_clock(walk: Walk, wire: str, label: str) -> None:
    found, now = walk.found[wire, label], walk.now[wire, label]
    assert START <= now.date().isoformat() <= TOMORROW  # both wires jump to 09:35
    assert [each for each in late(found, now) if each[0] not in AHEAD] == []
    # nothing is proved by an answer in which no date was looked at
    assert bool(found) is (label not in UNDATED)


# Bars in bulk are not among them: their end is the clock's as well.
@pytest.mark.parametrize(
    ("wire", "label"), [each for each in KEYS if each[1] in {*BEHIND, "nested"}]
)
def test_without_the_curtain_the_same_walk_finds_what_is_later(
    bare: Walk, wire: str, label: str
) -> None:
    found = late(bare.found[wire, label], bare.now[wire, label])
    assert {place for place, _ in found} - AHEAD.keys()


def test_every_field_that_may_be_later_has_been_met(walk: Walk) -> None:
    met = {place for key, found in walk.found.items() for place, _ in late(found, walk.now[key])}
    assert met == AHEAD.keys()
