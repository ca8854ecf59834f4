"""What the terminal tells of orders: pushes, answers and its own list, as our reports."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import date, datetime

import structlog

from quantgraph.backends.xtquant.crossing import enter
from quantgraph.backends.xtquant.mailbox import Mailbox
from quantgraph.backends.xtquant.order_codes import STATUSES
from quantgraph.backends.xtquant.records import (
    Record,
    broker_name,
    fill_of,
    listed_order,
    named,
    order_report,
    refused,
    trade_time,
)
from quantgraph.backends.xtquant.replies import Replies, Reply
from quantgraph.backends.xtquant.tradebook import TradeBook
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import Unavailable, unknown_account
from quantgraph.domain.orders import Fill, OrderState
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminal import (
    ExecutionReport,
    FateUnknownError,
    LinkChange,
    ListedOrder,
    StrangeStatus,
    TerminalEvent,
)

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class OrderListener:
    """Hears callbacks on foreign threads, and keeps what they say for one reader in the loop.

    Errors are hints: they make the list be asked. Beyond `kept` events that wait the link counts as
    broken for a moment: what was not kept is taken from the list.
    """

    def __init__(
        self,
        link: TraderLink,
        clock: Clock,
        kept: int = 100_000,
    ) -> None:
        """Hear what `link` hears; made in the running loop."""
        self._link, self._clock = link, clock
        self._loop = asyncio.get_running_loop()
        self._mail: Mailbox[TerminalEvent] = Mailbox(self._loop, kept)
        self._book = TradeBook()
        self._strange: set[tuple[str, int]] = set()
        self.replies = Replies()
        link.listen(self)

    def close(self) -> None:
        """End the reader's stream behind what waits."""
        self._mail.end()

    async def events(self) -> AsyncGenerator[TerminalEvent, None]:
        """Yield what was told; at first that the link is down, where it is."""
        if not self._link.up:
            yield LinkChange(False, self._clock.now())
        async with aclosing(self._mail.items()) as items:
            async for item in items:
                if item is not None:
                    yield item
                    continue
                _logger.error("order_events_overflowed")
                yield LinkChange(False, self._clock.now())
                if self._link.up:
                    yield LinkChange(True, self._clock.now())

    def linked(self, *, up: bool) -> None:
        """Tell that the link came up or broke; no answer comes over a broken one."""
        if not up:
            self.replies.fail(FateUnknownError("The link broke."))
        self._mail.put(LinkChange(up, self._clock.now()))

    def heard(self, kind: str, what: Record, number: int) -> None:
        """Hear a callback of the session of a number, on a foreign thread."""
        if kind == "order":
            self._order(what)
        elif kind == "trade":
            self._trade(what)
        elif kind == "placed":
            reply = Reply(what.order_id, text=what.error_msg)
            enter(self._loop, self._replied, number, what.seq, what.order_remark, reply)
        elif kind == "withdrawn":
            reply = Reply(result=what.cancel_result, text=what.error_msg)
            enter(self._loop, self._replied, number, what.seq, None, reply)
        elif kind == "error":
            self._hint(what.account_id)
        elif kind == "lost":
            for account_id in self._link.accounts or {}:
                self._hint(account_id)

    async def orders(self, account_id: str) -> list[ListedOrder]:
        """Return the terminal's list of an account, with its executions.

        Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE; also where an empty list may be a failure.
        """
        known = self._link.accounts
        if known is None or not self._link.up:
            raise away()
        if account_id not in known:
            raise unknown_account(account_id)
        ref = known[account_id].ref
        # In this order: what trades in between is then among the executions.
        rows = await self._link.ask("query_stock_orders_async", _whole, ref)
        trades = await self._link.ask("query_stock_trades_async", _whole, ref)
        now = self._clock.now()
        listed = self._listed(rows, trades, now)
        missing = self._book.open(account_id, _day(now)) - {each.broker_order_id for each in listed}
        if missing or not (rows or await self._link.ask("query_stock_asset_async", bool, ref)):
            text = "The terminal's list of orders is not whole; it is asked again."
            raise Unavailable(Reason.SOURCE_UNAVAILABLE, text)
        return listed

    def _replied(self, session: int, seq: int, tag: str | None, reply: Reply) -> None:
        """Take an answer, unless its session has ended: the next one counts its requests anew."""
        if session == self._link.number:
            self.replies.answered(seq, tag, reply)

    def _listed(self, rows: list[Record], trades: list[Record], now: datetime) -> list[ListedOrder]:
        fills: dict[str, list[Fill]] = {}
        for trade in trades:
            name = broker_name(trade.order_id, _day(trade_time(trade, now)))
            fill = fill_of(trade, name)
            if fill is not None:
                fills.setdefault(name, []).append(fill)
        listed: list[ListedOrder] = []
        for row in rows:
            self._check(row)
            done = fills.get(named(row, now) or "", [])
            found = listed_order(row, sorted(done, key=lambda each: each.time), now)
            if found is not None:
                self._learn(found.account_id, found.broker_order_id, found.quantity, found.state)
                listed.append(found)
        return listed

    def _order(self, record: Record) -> None:
        now = self._clock.now()
        report = order_report(record, now)
        if report is None:
            return
        self._check(record)
        name = report.broker_order_id
        if name is not None:
            self._learn(report.account_id, name, record.order_volume, report.state)
        if report.tag is not None and self.replies.waits(report.tag):
            self._answer(report, record.order_id)
        self._mail.put(report)

    def _answer(self, report: ExecutionReport, order_id: int) -> None:
        """Let a push answer an order that is on its way, where it proves what became of it."""
        if order_id > 0:
            reply = Reply(order_id, name=report.broker_order_id)
        elif report.state is OrderState.REJECTED:
            reply = Reply(refusal=refused(report.refusal.message_zh if report.refusal else ""))
        else:
            return
        enter(self._loop, self.replies.told, report.tag or "", reply)

    def _trade(self, record: Record) -> None:
        time = trade_time(record, self._clock.now())
        name = broker_name(record.order_id, _day(time))
        fill = fill_of(record, name) if record.order_id > 0 else None
        if fill is None:
            self._hint(record.account_id)
            return
        totals = self._book.add(fill, name)
        if totals is None:
            return
        told = (totals.state, totals.filled, totals.average, time)
        tag = record.order_remark or None
        report = ExecutionReport(tag, record.account_id, *told, fill=fill, broker_order_id=name)
        self._mail.put(report)

    def _hint(self, account_id: str) -> None:
        """Let the account's list be asked: a report that names no order does that."""
        now = self._clock.now()
        self._mail.put(ExecutionReport(None, account_id, OrderState.UNKNOWN, 0, None, now))

    def _learn(self, account_id: str, name: str, quantity: int, state: OrderState) -> None:
        self._book.know(account_id, name, quantity, final=state.final)

    def _check(self, record: Record) -> None:
        """Tell once of an order with a status that nobody has listed."""
        status, place = record.order_status, (record.account_id, record.order_status)
        if status in STATUSES or place in self._strange:
            return
        self._strange.add(place)
        text = (
            f"The terminal says status {status} of order {record.order_id}, which no list of its "
            "statuses has: it is UNKNOWN. See in the terminal what it is."
        )
        self._mail.put(StrangeStatus(record.account_id, text))


def _whole(told: Record) -> list[Record]:
    return list(told or ())


def _day(instant: datetime) -> date:
    return day_of(to_ms(instant))
