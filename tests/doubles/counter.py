"""The broker's counter behind the trading double: real orders at the simulated exchange.

Whatever it answers comes later and from another thread, as records of the native classes.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from quantgraph.domain.calendar import day_of, to_ms
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Destination, Fill, Order, OrderState, Origin, PriceType, Side
from quantgraph.domain.terminal import ExecutionReport
from tests.doubles.native import Native
from tests.doubles.script import Script
from tests.doubles.session import Session
from tests.doubles.world import SimWorld

SECURITY_ACCOUNT = 2
BUY, SELL = 23, 24
_KINDS = {
    11: PriceType.LIMIT,
    42: PriceType.BEST_FIVE_CANCEL,
    43: PriceType.BEST_FIVE_LIMIT,
    44: PriceType.OPPOSITE_BEST,
    45: PriceType.OWN_BEST,
    47: PriceType.BEST_FIVE_CANCEL,
    48: PriceType.FILL_OR_KILL,
}
_STATUS = {
    OrderState.SENT: 49,
    OrderState.WORKING: 50,
    OrderState.PARTIALLY_FILLED: 55,
    OrderState.FILLED: 56,
    OrderState.CANCELED: 54,
    OrderState.EXPIRED: 54,
    OrderState.REJECTED: 57,
}
# The same number on every day, as a terminal's ids are.
_FIRST_ID = 1_082_130_432


@dataclass
class Row:
    """One order in the counter's list of the day."""

    order_id: int
    request: Any
    placed_at: int
    state: OrderState = OrderState.SENT
    canceling: bool = False
    message: str = ""
    filled: int = 0
    average: float = 0.0
    broker_id: str = ""
    fills: list[Fill] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The counter's status of it."""
        if self.canceling and not self.state.final:
            return 52 if self.filled else 51
        partly = self.filled and self.state in (OrderState.CANCELED, OrderState.EXPIRED)
        return 53 if partly else _STATUS[self.state]

    @property
    def name(self) -> str:
        """What it is called at the exchange."""
        return f"c{self.placed_at}-{self.order_id}"


class Counter:
    """Takes sessions, orders and questions; `script` says what goes wrong with them."""

    def __init__(self, native: Native, world: SimWorld) -> None:
        """Plug itself into the native double; `close` ends its thread."""
        self.native, self.world, self.script = native, world, Script()
        self.sessions: list[Session] = []
        self.rows: list[Row] = []
        # Accounts by id with their type and status; what connect() answers.
        self.accounts = {each.id: [SECURITY_ACCOUNT, 0] for each in world.run(self._known())}
        self.answer = 0
        self.ipos: list[dict[str, Any]] = []
        self.quotas: dict[str, int] = {}
        # Of accounts of futures, by account.
        self.statistics: dict[str, list[dict[str, Any]]] = {}
        self._ids = count(_FIRST_ID)
        self._day = self._today()
        self._turn = asyncio.Lock()
        # Responses and pushes come from one native thread, in their order.
        self._voice = ThreadPoolExecutor(1, thread_name_prefix="native")
        self._pump = asyncio.run_coroutine_threadsafe(self._follow(), world.loop)
        native.trader = self._session

    def close(self) -> None:
        """Tell nothing more."""
        self._pump.cancel()
        self.quiet()
        self._voice.shutdown(wait=True)

    def quiet(self) -> None:
        """Return when all that was asked has been done, and all that was told is told."""
        self.world.run(self._idle())
        self._voice.submit(int).result(20)

    def disconnect(self) -> None:
        """Let the terminal drop every session; it stays there for new ones."""
        for session in [each for each in self.sessions if each.up]:
            session.up = False
            self.tell(session, "Disconnected")

    def spawn(self, work: Any) -> None:
        """Do something in the exchange's thread."""
        asyncio.run_coroutine_threadsafe(work, self.world.loop)

    def tell(self, session: Session, name: str, *args: Any) -> None:
        """Call one session back, as the script lets it be."""
        self._voice.submit(self.script.tell, name, args, lambda *told: session.fire(name, *told))

    def push(self, name: str, account: str, record: Any) -> None:
        """Call back every session that subscribed to the account."""
        for session in self.sessions:
            if session.up and account in session.subscribed:
                self.tell(session, name, record)

    async def place(self, session: Session, seq: int, request: Any) -> None:
        """Take an order, and say so."""
        async with self._turn:
            self._turn_day()
            row = Row(next(self._ids), request, to_ms(self.world.now()) // 1_000)
            self.rows.append(row)
            try:
                placed = await self.world.terminal.place(self._order(row))
            except OrderRefused as refusal:
                self._refuse(session, seq, row, refusal)
                return
            row.broker_id, row.state = placed.broker_order_id, OrderState.WORKING
            # The exchange's own first report pushes it as live.
            self.tell(session, "OrderStock", seq, self._response(row))

    async def withdraw(self, session: Session, seq: int, request: Any) -> None:
        """Cancel an order, or say why not."""
        async with self._turn:
            row = self.row(request.account_id, request.order_id, request.order_sysid)
            result, message = -1, "委托不存在"
            if row is not None:
                result, message = await self._cancel(row)
            response = self.native.new(
                "CancelOrderStockResp", account_id=request.account_id, cancel_result=result,
                order_id=request.order_id, order_sysid=request.order_sysid, error_msg=message,
            )  # fmt: skip
            self.tell(session, "CancelOrderStock", seq, response)
            if result and row is not None:
                error = self.native.new(
                    "XtCancelError", account_id=request.account_id, order_id=row.order_id,
                    error_id=1, error_msg=message,
                )  # fmt: skip
                self.push("CancelError", request.account_id, error)

    def row(self, account: str, order_id: int, sysid: str = "") -> Row | None:
        """Return an order of today by its id or the exchange's."""
        self._turn_day()
        for row in self.rows:
            same = row.order_id == order_id or (sysid and row.broker_id == sysid)
            if row.request.account_id == account and same:
                return row
        return None

    def listed(self, account: str) -> list[Row]:
        """Return an account's orders of today."""
        self._turn_day()
        return [row for row in self.rows if row.request.account_id == account]

    def order_record(self, row: Row) -> Any:
        """Return an order as the terminal hands it over."""
        request = row.request
        return self.native.new(
            "XtOrder", account_type=request.account_type, account_id=request.account_id,
            stock_code=request.stock_code, order_id=row.order_id, order_time=row.placed_at,
            order_type=request.order_type, order_volume=request.order_volume,
            price_type=request.price_type, price=request.price, traded_volume=row.filled,
            traded_price=row.average, order_status=row.status, order_sysid=row.broker_id,
            status_msg=row.message, strategy_name=request.strategy_name,
            order_remark=request.order_remark, direction=48,
            offset_flag=48 if request.order_type == BUY else 49,
        )  # fmt: skip

    def trade_record(self, row: Row, fill: Fill) -> Any:
        """Return an execution as the terminal hands it over."""
        request = row.request
        return self.native.new(
            "XtTrade", account_type=request.account_type, account_id=request.account_id,
            stock_code=request.stock_code, traded_id=fill.id.rsplit("-", 1)[-1],
            traded_time=to_ms(fill.time) // 1_000, traded_price=float(fill.price),
            traded_volume=fill.quantity, traded_amount=float(fill.amount), order_id=row.order_id,
            order_type=request.order_type, order_sysid=row.broker_id,
            strategy_name=request.strategy_name, order_remark=request.order_remark,
            commission=float(fill.fee),
        )  # fmt: skip

    def _session(self, fire: Any, path: bytes, name: str, number: int) -> Session:
        session = Session(self, fire, number)
        self.sessions.append(session)
        return session

    async def _cancel(self, row: Row) -> tuple[int, str]:
        row.canceling = True
        try:
            await self.world.terminal.withdraw(self._order(row))
        except OrderRefused as refusal:
            row.canceling = False
            return -1, refusal.message_zh
        self.push("StockOrder", row.request.account_id, self.order_record(row))
        return 0, ""

    def _refuse(self, session: Session, seq: int, row: Row, refusal: OrderRefused) -> None:
        row.state, row.message = OrderState.REJECTED, refusal.message_zh
        account = row.request.account_id
        self.tell(session, "OrderStock", seq, self._response(row))
        self.push("StockOrder", account, self.order_record(row))
        error = self.native.new(
            "XtOrderError", account_id=account, order_id=row.order_id, error_id=260200, seq=seq,
            error_msg=row.message, order_remark=row.request.order_remark,
        )  # fmt: skip
        self.push("OrderError", account, error)

    def _response(self, row: Row) -> Any:
        request = row.request
        return self.native.new(
            "OrderStockResp", account_id=request.account_id, order_id=row.order_id,
            strategy_name=request.strategy_name, order_remark=request.order_remark,
        )  # fmt: skip

    def _order(self, row: Row) -> Order:
        request, now = row.request, self.world.now()
        limit = Decimal(repr(request.price)) if request.price_type == 11 else None
        return Order(
            id=row.name, account_id=request.account_id, client_order_id=None,
            broker_order_id=row.broker_id or None, symbol=request.stock_code,
            side=Side.BUY if request.order_type == BUY else Side.SELL,
            price_type=_KINDS[request.price_type], limit_price=limit,
            quantity=request.order_volume, filled_quantity=0, average_price=None,
            state=OrderState.SENT, destination=Destination.TERMINAL, origin=Origin.EXTERNAL,
            created_at=now, updated_at=now, tag=row.name,
        )  # fmt: skip

    async def _follow(self) -> None:
        async for event in self.world.terminal.reports():
            if isinstance(event, ExecutionReport):
                async with self._turn:
                    self._take(event)

    def _take(self, report: ExecutionReport) -> None:
        row = next((each for each in self.rows if each.name == report.tag), None)
        if row is None:
            return
        row.state, row.filled = report.state, report.filled_quantity
        row.average = float(report.average_price or 0)
        account = row.request.account_id
        if report.fill is not None:
            row.fills.append(report.fill)
            self.push("StockTrade", account, self.trade_record(row, report.fill))
        self.push("StockOrder", account, self.order_record(row))

    async def _idle(self) -> None:
        # Each question is a task of its own; two turns let those that were begun end.
        queue = self.world.terminal.driver.reporting.queue
        while True:
            me = asyncio.current_task()
            busy = [each for each in asyncio.all_tasks() if each is not me and _ours(each)]
            if not busy and queue.empty() and not self._turn.locked():
                return
            await asyncio.wait(busy, timeout=0.05) if busy else await asyncio.sleep(0)

    async def _known(self) -> Any:
        return await self.world.terminal.accounts()

    def _today(self) -> Any:
        return day_of(to_ms(self.world.now()))

    def _turn_day(self) -> None:
        """Begin the list and the ids anew on a new day, as terminals do."""
        if self._today() != self._day:
            self._day = self._today()
            self.rows.clear()
            self._ids = count(_FIRST_ID)


def _ours(task: Any) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith(("Counter.", "Session.")) and (
        "_follow" not in task.get_coro().__qualname__
    )
