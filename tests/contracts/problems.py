"""One case for every refusal that a mutation may answer: how it comes about, and what is told."""

import sqlite3
import threading
import uuid
from asyncio import Task, create_task, gather, sleep
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any, TypeAlias

from quantgraph.domain.controls import TradingState
from quantgraph.domain.errors import LimitReached
from tests.contracts.opened import Caller
from tests.contracts.pairs import Arguments
from tests.waiting import until

BANK, STAR = "000001.SZ", "688981.SH"
# Of one account; no other case leaves as many.
OPEN_ORDERS = 40
ONE, LARGE = {"accountId": "sim-1"}, {"accountId": "large"}
NOBODY, NOTHING = {"accountId": "nobody"}, {"symbol": "999999.SH"}
WHY = {"reason": "Nobody knows."}
# Per account what the cases need of limits.
LIMITS: tuple[Mapping[str, Any], ...] = (
    {"id": "large", "approval_above": "1000.00", "actions_per_second": 100},
    {"id": "once-1", "approval_above": "1000.00", "actions_per_day": 1},
    {"id": "once-2", "approval_above": "1000.00", "actions_per_day": 1},
    {"id": "used", "actions_per_day": 1},
    {"id": "full", "actions_per_second": 1_000, "actions_per_day": 1_000},
)
# What an arrangement adds to what is asked: ids that are not known before.
Place: TypeAlias = Callable[[Caller], AbstractAsyncContextManager[Arguments]]


@asynccontextmanager
async def nothing(_: Caller) -> AsyncIterator[Arguments]:
    yield {}


@dataclass(frozen=True)
class Case:
    """A mutation, what it is to answer, what it is given, and what was done before."""

    mutation: str
    member: str
    code: str
    given: Arguments
    place: Place = nothing
    second: bool = False  # asked by another key than the first

    def __str__(self) -> str:
        return f"{self.mutation}-{self.member}-{self.code}"


def ticket(account: Arguments = ONE, **changes: Any) -> Arguments:
    """An order that would be taken; its key is new."""
    order = {"symbol": BANK, "side": "BUY", "quantity": 100, "priceType": "OWN_BEST"}
    return {**account, "clientOrderId": uuid.uuid4().hex, **order, **changes}


async def done(caller: Caller, mutation: str, given: Arguments) -> Any:
    """Do what a case needs; return its data."""
    told = await caller.graphql(mutation, given)
    assert told.code == "OK", (mutation, told)
    return told.data


def waiting(*accounts: str) -> Place:
    """An order waits for another key; of several accounts the next one's."""
    names = cycle(accounts)

    @asynccontextmanager
    async def place(caller: Caller) -> AsyncIterator[Arguments]:
        account = {"accountId": next(names)}
        order = (await done(caller, "submitOrder", ticket(account)))["order"]
        assert order["state"] == "PENDING_APPROVAL"
        yield {**account, "id": order["id"]}
        await done(caller, "rejectOrder", {**account, "id": order["id"]})

    return place


@asynccontextmanager
async def ended(caller: Caller) -> AsyncIterator[Arguments]:
    """An order has ended: the other key refused it."""
    async with waiting("large")(caller) as order:
        pass
    yield order


@asynccontextmanager
async def refused(caller: Caller) -> AsyncIterator[Arguments]:
    """The same, and its submitter asks again."""
    wanted = ticket(LARGE)
    order = (await done(caller, "submitOrder", wanted))["order"]
    await done(caller, "rejectOrder", {**LARGE, "id": order["id"]})
    yield wanted


@asynccontextmanager
async def repeated(caller: Caller) -> AsyncIterator[Arguments]:
    """A key is used; now with another quantity."""
    wanted = ticket()
    await done(caller, "submitOrder", wanted)
    yield {**wanted, "quantity": 200}


@asynccontextmanager
async def crowded(caller: Caller) -> AsyncIterator[Arguments]:
    """As many downloads are under way as may be."""
    job = (await done(caller, "startDownload", {"kind": "BONDS"}))["job"]
    yield {}
    await done(caller, "cancelDownload", {"id": job["id"]})


def used(account: str) -> Place:
    """All acts of an account are used up."""

    @asynccontextmanager
    async def place(caller: Caller) -> AsyncIterator[Arguments]:
        told = await caller.graphql("submitOrder", ticket({"accountId": account}))
        assert told.code in {"OK", "DAILY_COUNT_LIMIT", "RATE_LIMITED"}
        yield ticket({"accountId": account})

    return place


def switched(*acts: tuple[str, Arguments], back: tuple[tuple[str, Arguments], ...] = ()) -> Place:
    """Mutations came before; those of `back` put it right again."""

    @asynccontextmanager
    async def place(caller: Caller) -> AsyncIterator[Arguments]:
        for mutation, given in acts:
            await done(caller, mutation, given)
        try:
            yield {}
        finally:
            for mutation, given in back:
                await done(caller, mutation, given)

    return place


def halted(account: Arguments = ONE, *, reducing: bool = False) -> Place:
    wish = {**account, "reducing": reducing}
    return switched(("haltTrading", wish), back=(("resumeTrading", account),))


def both(first: Place, second: Place) -> Place:
    """One after the other; what both add is asked for."""

    @asynccontextmanager
    async def place(caller: Caller) -> AsyncIterator[Arguments]:
        async with first(caller) as found, second(caller) as more:
            yield {**found, **more}

    return place


@asynccontextmanager
async def disarmed(caller: Caller) -> AsyncIterator[Arguments]:
    await done(caller, "disarmTrading", {})
    yield {}
    await done(caller, "armTrading", {"secret": caller.secret})


@asynccontextmanager
async def busy(caller: Caller) -> AsyncIterator[Arguments]:
    """Every worker is busy, and no more work may wait."""
    workers = caller.assembly.way.trading._workers  # pyright: ignore[reportPrivateUsage] to fill them
    free, tasks = threading.Event(), list[Task[bool]]()
    try:
        while not any(each.done() for each in tasks):
            tasks.append(create_task(workers.run(free.wait)))
            await sleep(0)
        yield {}
    finally:
        free.set()
        told = await gather(*tasks, return_exceptions=True)
        assert any(isinstance(each, LimitReached) for each in told)


def broken(part: str) -> Place:
    """The file of a switch takes nothing: its disk is read only now."""

    @asynccontextmanager
    async def place(caller: Caller) -> AsyncIterator[Arguments]:
        file: sqlite3.Connection = getattr(caller.assembly.way, part)._parts.log._db
        file.execute("PRAGMA query_only=ON")
        try:
            yield {}
        finally:
            file.execute("PRAGMA query_only=OFF")

    return place


@asynccontextmanager
async def away(caller: Caller) -> AsyncIterator[Arguments]:
    """The link to the terminal was lost while an order was on its way; it is not known of."""
    settings = ["DISCONNECT times=1 delay_ms=3600000"]
    await done(caller, "setFaults", {"settings": settings})
    order = (await done(caller, "submitOrder", ticket()))["order"]
    await until(lambda: caller.assembly.way.trading.state is TradingState.DISCONNECTED)
    try:
        yield {**ONE, "id": order["id"]}
    finally:
        await done(caller, "setFaults", {"settings": []})
        await done(caller, "setClock", {"speed": 1_000})
        await until(lambda: caller.assembly.way.trading.state is TradingState.ACTIVE)
        await done(caller, "setClock", {"speed": 1})


@asynccontextmanager
async def lost(caller: Caller) -> AsyncIterator[Arguments]:
    """The same, whatever became of the order."""
    async with away(caller):
        yield {}


@asynccontextmanager
async def comparing(caller: Caller) -> AsyncIterator[Arguments]:
    """The link is back, and the terminal's list of what happened meanwhile has not come yet."""
    settings = ["DISCONNECT times=1 delay_ms=1", "SLOW_LIST delay_ms=600000"]
    await done(caller, "setFaults", {"settings": settings})
    await done(caller, "submitOrder", ticket())
    await until(lambda: caller.assembly.way.trading.state is TradingState.RECONCILING)
    try:
        yield ticket()
    finally:
        await done(caller, "setFaults", {"settings": []})
        await done(caller, "setClock", {"speed": 1_000})
        await until(lambda: caller.assembly.way.trading.state is TradingState.ACTIVE)
        await done(caller, "setClock", {"speed": 1})


async def far(caller: Caller, symbol: str) -> str:
    """A price at which nobody sells today."""
    query = "query($of: Symbol!) { quote(symbol: $of) { previousClose } }"
    told = await caller.post(query, of=symbol)
    return f"{told['data']['quote']['previousClose'] * 0.92:.2f}"


@asynccontextmanager
async def full(caller: Caller) -> AsyncIterator[Arguments]:
    """An account has as many open orders as it may."""
    account = {"accountId": "full"}
    one = {"priceType": "LIMIT", "limitPrice": await far(caller, BANK)}
    orders = [ticket(account, **one) for _ in range(OPEN_ORDERS)]
    await done(caller, "submitOrders", {**account, "orders": orders})
    yield ticket(account, **one)


@asynccontextmanager
async def closed(caller: Caller) -> AsyncIterator[Arguments]:
    """The day's close is known, and after-hours trading is open: then comes the next day."""
    await done(caller, "jumpClock", {"time": "15:10"})
    price = await far(caller, STAR)
    try:
        yield ticket(symbol=STAR, quantity=200, priceType="AFTER_HOURS", limitPrice=price)
    finally:
        await done(caller, "jumpClock", {"nextDay": True, "time": "09:31"})


@asynccontextmanager
async def unreported(caller: Caller) -> AsyncIterator[Arguments]:
    """Nobody has told the broker yet that a program trades."""
    arming = caller.assembly.way.trading._desk.gate.arming  # pyright: ignore[reportPrivateUsage] as the file of settings would
    assert arming is not None
    parts = arming._parts  # pyright: ignore[reportPrivateUsage] as above
    arming._parts = replace(parts, reported=False)  # pyright: ignore[reportPrivateUsage] as above
    try:
        yield {"secret": caller.secret}
    finally:
        arming._parts = parts  # pyright: ignore[reportPrivateUsage] as above


@asynccontextmanager
async def fresh(_: Caller) -> AsyncIterator[Arguments]:
    """An order of a new key is asked for."""
    yield ticket()


def _sector(name: str, code: str, given: Arguments) -> Case:
    return Case(f"{name}Sector", "SectorRefused", code, given)


def _world(mutation: str, code: str, given: Arguments, place: Place = nothing) -> Case:
    return Case(mutation, "SimulationRefused", code, given, place)


SECRET = {"secret": "wrong"}
KEPT = switched(("saveSnapshot", {"name": "kept"}), back=(("deleteSnapshot", {"name": "kept"}),))
OFF = switched(("disconnectAccount", ONE), back=(("connectAccount", ONE),))
STOPPED = switched(("haltSymbol", {"symbol": BANK}), back=(("resumeSymbol", {"symbol": BANK}),))
HAND = {"side": "BUY", "quantity": 100, "limitPrice": "1.00"}

CASES: tuple[Case, ...] = (
    Case("submitOrder", "OrderRejected", "UNKNOWN_SYMBOL", ticket(**NOTHING)),
    Case("submitOrder", "OrderRejected", "SUSPENDED", ticket(), STOPPED),
    Case("submitOrder", "OrderRejected", "APPROVAL_REFUSED", {}, refused),
    Case("submitOrder", "IdempotencyConflict", "IDEMPOTENCY_CONFLICT", {}, repeated),
    Case("submitOrder", "TradingDisabled", "TRADING_HALTED", ticket(), halted()),
    Case("submitOrder", "TradingDisabled", "TRADING_REDUCING", ticket(), halted(reducing=True)),
    Case("submitOrder", "TradingDisabled", "TRADING_DISARMED", ticket(), disarmed),
    Case("submitOrder", "TradingDisabled", "ACCOUNT_DISCONNECTED", ticket(), OFF),
    Case("submitOrder", "TradingDisabled", "TERMINAL_DISCONNECTED", {}, both(lost, fresh)),
    Case("submitOrder", "TradingDisabled", "RECONCILING", {}, comparing),
    Case("submitOrder", "OrderRejected", "ORDER_LIMIT", {}, full),
    Case("submitOrder", "RateLimited", "DAILY_COUNT_LIMIT", {}, used("used")),
    Case("approveOrder", "OrderRejected", "APPROVER_IS_SUBMITTER", {}, waiting("large")),
    Case("approveOrder", "OrderRejected", "APPROVAL_NOT_POSSIBLE", {}, ended, second=True),
    Case("approveOrder", "OrderNotFound", "ORDER_NOT_FOUND", {**LARGE, "id": "none"}),
    Case("approveOrder", "TradingDisabled", "TRADING_HALTED", {},
         both(waiting("large"), halted(LARGE)), second=True),
    Case("approveOrder", "RateLimited", "DAILY_COUNT_LIMIT", {}, waiting("once-1", "once-2"),
         second=True),
    Case("rejectOrder", "OrderRejected", "APPROVAL_NOT_POSSIBLE", {}, ended),
    Case("rejectOrder", "OrderNotFound", "ORDER_NOT_FOUND", {**LARGE, "id": "none"}),
    Case("rejectOrder", "RateLimited", "OVERLOADED", {**LARGE, "id": "none"}, busy),
    Case("writeOffOrder", "OrderRejected", "WRITE_OFF_NOT_POSSIBLE", WHY, ended),
    Case("writeOffOrder", "OrderNotFound", "ORDER_NOT_FOUND", {**ONE, **WHY, "id": "none"}),
    Case("writeOffOrder", "TradingDisabled", "TERMINAL_DISCONNECTED", WHY, away),
    Case("writeOffOrder", "RateLimited", "OVERLOADED", {**ONE, **WHY, "id": "none"}, busy),
    Case("cancelOrder", "OrderNotCancelable", "ORDER_NOT_CANCELABLE", {}, ended),
    Case("cancelOrder", "OrderNotFound", "ORDER_NOT_FOUND", {**ONE, "id": "none"}),
    Case("cancelOrder", "TradingDisabled", "TERMINAL_DISCONNECTED", {}, away),
    Case("cancelOrder", "RateLimited", "OVERLOADED", {**ONE, "id": "none"}, busy),
    Case("connectAccount", "AccountNotFound", "UNKNOWN_ACCOUNT", NOBODY),
    Case("connectAccount", "AccountUnavailable", "STORE_UNAVAILABLE", ONE,
         both(OFF, broken("accounts"))),
    Case("connectAccount", "AccountUnavailable", "SOURCE_UNAVAILABLE", ONE, lost),
    Case("connectAccount", "RateLimited", "OVERLOADED", ONE, both(OFF, busy)),
    Case("disconnectAccount", "AccountNotFound", "UNKNOWN_ACCOUNT", NOBODY),
    Case("disconnectAccount", "AccountUnavailable", "STORE_UNAVAILABLE", ONE, broken("accounts")),
    Case("disconnectAccount", "RateLimited", "OVERLOADED", ONE, busy),
    Case("haltTrading", "AccountNotFound", "UNKNOWN_ACCOUNT", NOBODY),
    Case("haltTrading", "ControlRefused", "STORE_UNAVAILABLE", ONE,
         both(switched(back=(("resumeTrading", ONE),)), broken("controls"))),
    Case("resumeTrading", "AccountNotFound", "UNKNOWN_ACCOUNT", NOBODY),
    Case("resumeTrading", "ControlRefused", "STORE_UNAVAILABLE", ONE,
         both(halted(), broken("controls"))),
    Case("armTrading", "ControlRefused", "ARMING_SECRET_WRONG", SECRET),
    Case("armTrading", "ControlRefused", "TRADING_UNREPORTED", {}, unreported),
    Case("armTrading", "RateLimited", "OVERLOADED", SECRET, busy),
    Case("setDeadMan", "AccountNotFound", "UNKNOWN_ACCOUNT", {**NOBODY, "seconds": 1}),
    _sector("create", "SECTOR_NAME_TAKEN", {"name": "白酒"}),
    _sector("rename", "UNKNOWN_SECTOR", {"name": "没有", "newName": "新的"}),
    _sector("delete", "SECTOR_READ_ONLY", {"name": "白酒"}),
    Case("addSectorMembers", "SectorRefused", "UNKNOWN_SECTOR",
         {"name": "没有", "symbols": [BANK]}),
    Case("removeSectorMembers", "SectorRefused", "SECTOR_READ_ONLY",
         {"name": "白酒", "symbols": [BANK]}),
    Case("startDownload", "DownloadRefused", "DOWNLOAD_LIMIT", {"kind": "SECTORS"}, crowded),
    Case("cancelDownload", "DownloadRefused", "UNKNOWN_DOWNLOAD", {"id": "none"}),
    _world("jumpClock", "CLOCK_BACKWARD", {"day": "2023-02-01", "time": "09:00"}),
    _world("createAccount", "ACCOUNT_TAKEN", {**ONE, "cash": "1"}),
    _world("depositCash", "UNKNOWN_ACCOUNT", {**NOBODY, "amount": "1"}),
    _world("withdrawCash", "INSUFFICIENT_CASH", {**ONE, "amount": "99999999"}),
    _world("injectTrade", "UNKNOWN_SYMBOL", {**NOTHING, "price": "1", "quantity": 100}),
    _world("injectOrder", "PRICE_BAND", {**ONE, "symbol": BANK, **HAND}),
    _world("haltSymbol", "UNKNOWN_SYMBOL", NOTHING),
    _world("resumeSymbol", "UNKNOWN_SYMBOL", NOTHING),
    _world("announceCorporateAction", "UNKNOWN_SYMBOL",
           {**NOTHING, "exDate": "2023-02-03", "cash": "1"}),
    _world("loadScenario", "UNKNOWN_SCENARIO", {"symbol": BANK, "name": "NO_SUCH"}),
    _world("setFaults", "UNKNOWN_FAULT", {"settings": ["NO_SUCH"]}),
    _world("saveSnapshot", "SNAPSHOT_TAKEN", {"name": "kept"}, KEPT),
    _world("restoreSnapshot", "UNKNOWN_SNAPSHOT", {"name": "none"}),
    _world("deleteSnapshot", "UNKNOWN_SNAPSHOT", {"name": "none"}),
    # Last: another day follows.
    Case("submitOrder", "OrderRejected", "CLOSE_NOT_REACHED", {}, closed),
)  # fmt: skip
# What refuses an order somewhere else, under the same frame: the test that meets it.
ELSEWHERE: Mapping[str, str] = {
    "CANCEL_CLOSED": "resolvers/test_order_phases.py",
    "MODE_MISMATCH": "backends/remote/test_desk.py",
    "NOT_AT_TERMINAL": "contracts/test_incidents.py",
    "NOT_SENT": "services/test_following.py",
    "OUTCOME_UNTOLD": "services/test_comparing.py",
    "PRICE_UNKNOWN": "services/test_limits.py",
    "PURCHASE_LIMIT": "resolvers/test_simulation.py",
    "RATE_LIMITED": "contracts/test_guards.py",
    "RULE_UNKNOWN": "domain/rules/test_unknown.py",
    "RULE_UNVERIFIED": "api/test_modes.py",
    "WRITTEN_OFF": "services/test_write_offs.py",
    "TERMINAL_REFUSED": "contracts/test_incidents.py",
}
