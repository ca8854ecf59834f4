"""One native trading client: what it is asked is done by its counter, and answered later."""

from collections.abc import Coroutine
from itertools import count
from threading import current_thread
from typing import Any

from quantgraph.domain.errors import GatewayError


class Session:
    """Answers the native methods. Nothing is answered before `connect`, nor after a disconnect."""

    def __init__(self, counter: Any, fire: Any, number: int) -> None:
        self.counter, self.fire, self.number = counter, fire, number
        self.native = counter.native
        self.up = self.started = self.stopped = False
        self.subscribed: set[str] = set()
        self.thread = current_thread().name
        self.nextSeq = count(1).__next__

    def init(self) -> None:
        pass

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.stopped, self.up = True, False

    def connect(self) -> int:
        self.counter.script.asked("connect")
        taken = any(
            each.number == self.number for each in self.counter.sessions if each is not self
        )
        # A number that was used before is not taken again by the same terminal.
        self.up = self.started and not taken and self.counter.answer == 0
        return 0 if self.up else self.counter.answer or -1

    def setTimeout(self, seconds: int) -> None:
        pass

    def subscribeWithSeq(self, seq: int, request: Any) -> int:
        known = request.account_id in self.counter.accounts
        if known:
            self.subscribed.add(request.account_id)
        return self._ask("subscribeWithSeq", self._say("Subscribe", seq, 0 if known else -1))

    def unsubscribeWithSeq(self, seq: int, request: Any) -> int:
        self.subscribed.discard(request.account_id)
        return self._ask("unsubscribeWithSeq", self._say("Unsubscribe", seq, 0))

    def orderStockWithSeq(self, seq: int, request: Any) -> int:
        return self._ask("orderStockWithSeq", self.counter.place(self, seq, request))

    def cancelOrderStockWithSeq(self, seq: int, request: Any) -> int:
        return self._ask("cancelOrderStockWithSeq", self.counter.withdraw(self, seq, request))

    def queryStockOrdersWithSeq(self, seq: int, request: Any) -> int:
        async def answer() -> None:
            rows = self.counter.listed(request.account_id)
            if request.order_id:
                rows = [row for row in rows if row.order_id == request.order_id]
            if request.can_cancel:
                rows = [row for row in rows if not row.state.final]
            await self._say("QueryStockOrders", seq, [self.counter.order_record(r) for r in rows])

        return self._ask("queryStockOrdersWithSeq", answer())

    def queryStockTradesWithSeq(self, seq: int, request: Any) -> int:
        async def answer() -> None:
            rows = self.counter.listed(request.account_id)
            records = [self.counter.trade_record(row, fill) for row in rows for fill in row.fills]
            await self._say("QueryStockTrades", seq, records)

        return self._ask("queryStockTradesWithSeq", answer())

    def queryStockAssetWithSeq(self, seq: int, request: Any) -> int:
        async def answer() -> None:
            (found,) = await self.counter.world.terminal.assets([request.account_id])
            records = [] if isinstance(found, GatewayError) else [self._asset(found)]
            await self._say("QueryStockAsset", seq, records)

        return self._ask("queryStockAssetWithSeq", answer())

    def queryStockPositionsWithSeq(self, seq: int, request: Any) -> int:
        async def answer() -> None:
            account, wanted = request.account_id, request.stock_code
            (found,) = await self.counter.world.terminal.holdings([account])
            held = () if isinstance(found, GatewayError) else found
            records = [await self._position(p) for p in held if wanted in ("", p.symbol)]
            await self._say("QueryStockPositions", seq, records)

        return self._ask("queryStockPositionsWithSeq", answer())

    def queryAccountInfosWithSeq(self, seq: int, request: Any) -> int:
        records = [
            self.native.new(
                "XtAccountInfo", account_id=each, account_type=kind, login_status=status
            )
            for each, (kind, status) in self.counter.accounts.items()
        ]
        return self._ask("queryAccountInfosWithSeq", self._say("QueryAccountInfos", seq, records))

    def queryAccountStatusWithSeq(self, seq: int, request: Any) -> int:
        records = [
            self.native.new("XtAccountStatus", account_id=each, account_type=kind, status=status)
            for each, (kind, status) in self.counter.accounts.items()
        ]
        return self._ask("queryAccountStatusWithSeq", self._say("QueryAccountStatus", seq, records))

    def queryNewPurchaseLimitWithSeq(self, seq: int, request: Any) -> int:
        records = [
            self.native.new(
                "NewPurchaseLimitInfo", new_purchase_limit_key=key, new_purchase_limit_value=value
            )
            for key, value in self.counter.quotas.items()
        ]
        work = self._say("QueryNewPurchaseLimit", seq, records)
        return self._ask("queryNewPurchaseLimitWithSeq", work)

    def queryPositionStatisticsWithSeq(self, seq: int, request: Any) -> int:
        account = request.m_strAccountID
        records = [
            self.native.new("PositionStatistics", account_id=account, **each)
            for each in self.counter.statistics.get(account, ())
        ]
        work = self._say("QueryPositionStatistics", seq, records)
        return self._ask("queryPositionStatisticsWithSeq", work)

    def queryIPODataWithSeq(self, seq: int, request: Any) -> int:
        records = [self.native.new("IPOData", **each) for each in self.counter.ipos]
        return self._ask("queryIPODataWithSeq", self._say("QueryIPOData", seq, records))

    def _ask(self, name: str, work: Coroutine[Any, Any, None]) -> int:
        try:
            heard = self.counter.script.asked(name) and self.up
        except BaseException:
            work.close()
            raise
        # Nothing is said of a request that nobody took: its answer never comes.
        if heard:
            self.counter.spawn(work)
        else:
            work.close()
        return 0

    async def _say(self, name: str, *args: Any) -> None:
        self.counter.tell(self, name, *args)

    def _asset(self, asset: Any) -> Any:
        return self.native.new(
            "XtAsset", account_type=2, account_id=asset.account_id, cash=float(asset.cash),
            frozen_cash=float(asset.frozen_cash), market_value=float(asset.market_value),
            total_asset=float(asset.total), fetch_balance=float(asset.cash),
        )  # fmt: skip

    async def _position(self, position: Any) -> Any:
        means = await self.counter.world.terminal.means(position.account_id, position.symbol)
        return self.native.new(
            "XtPosition", account_type=2, account_id=position.account_id,
            stock_code=position.symbol, volume=position.quantity, can_use_volume=position.sellable,
            frozen_volume=means.offered, open_price=float(position.cost_price),
            avg_price=float(position.cost_price), market_value=float(position.market_value or 0),
            last_price=float(position.last_price or 0), float_profit=float(position.profit or 0),
        )  # fmt: skip
