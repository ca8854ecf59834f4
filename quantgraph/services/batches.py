"""Several orders at once, each through every rule, limit and the journal like a single one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from quantgraph.domain.batches import Batch, CancelSweep, OrderOutcome
from quantgraph.domain.errors import GatewayError, InvalidRequest, bad_request
from quantgraph.domain.orders import Order, OrderKey, OrderQuery, OrderState, OrderTicket
from quantgraph.domain.ports.trading import Trading
from quantgraph.domain.reasons import Reason

_OPEN = frozenset(state for state in OrderState if not state.final)
_PAGE = 500
# Cancels of a sweep that are on their way at a time.
_AT_ONCE = 50
# Seconds that a sweep waits for room within the limit per second; an operation may take 30.
_PATIENCE_S = 20.0
_LOOK_S = 0.05


class OrderBatches:
    """Implements `Batches` over the gateway's trading. Nothing of a batch is ever tried again."""

    def __init__(
        self,
        trading: Trading,
        most: int,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take at most `most` orders in a batch; `sleep` takes real seconds."""
        self._trading = trading
        self.most = most
        self._sleep = sleep

    async def submit_all(self, batch: Batch) -> Sequence[OrderOutcome]:
        """Submit each at once; see `ports.Batches`."""
        self._check(batch)
        return await asyncio.gather(*(self._submit(each) for each in batch.tickets))

    async def cancel_all(self, sweep: CancelSweep) -> Sequence[OrderOutcome]:
        """Cancel what is open; see `ports.Batches`."""
        orders = await self._open(sweep)
        places = asyncio.Semaphore(_AT_ONCE)
        until = asyncio.get_running_loop().time() + _PATIENCE_S

        async def cancel(order: Order) -> OrderOutcome:
            async with places:
                return await self._cancel(order, until)

        return await asyncio.gather(*map(cancel, orders))

    def _check(self, batch: Batch) -> None:
        tickets = batch.tickets
        if not 0 < len(tickets) <= self.most:
            text = (
                f"{len(tickets)} orders in a batch; give 1 to {self.most} (`limits.batch_orders`)."
            )
            zh = f"一批 {len(tickets)} 笔委托，允许 1 至 {self.most} 笔"
            numbers = {"found": len(tickets), "allowed": self.most}
            raise InvalidRequest(Reason.BATCH_LIMIT, text, zh=zh, details=numbers)
        for number, each in enumerate(tickets):
            if each.account_id != batch.account_id:
                text = f"Order {number} is for another account than the batch; split the batch."
                raise bad_request(text, field=f"orders[{number}].account_id")

    async def _submit(self, ticket: OrderTicket) -> OrderOutcome:
        key = ticket.client_order_id
        try:
            done = await self._trading.submit(ticket)
        except GatewayError as error:
            return OrderOutcome(key, problem=error)
        return OrderOutcome(key, done.order, done.replayed)

    async def _cancel(self, order: Order, until: float) -> OrderOutcome:
        key = OrderKey(order.account_id, order.id)
        while True:
            try:
                return OrderOutcome(order.client_order_id, await self._trading.cancel(key))
            except GatewayError as error:
                # It was not asked for: waiting for room repeats nothing.
                late = asyncio.get_running_loop().time() >= until
                if error.reason is not Reason.RATE_LIMITED or late:
                    now = await self._trading.order(key)
                    return OrderOutcome(order.client_order_id, now, problem=error)
            await self._sleep(_LOOK_S)

    async def _open(self, sweep: CancelSweep) -> Sequence[Order]:
        """Return what is open, the oldest first. Errors: UNKNOWN_ACCOUNT."""
        found: list[Order] = []
        after: str | None = None
        while True:
            query = OrderQuery(
                sweep.account_id, _OPEN, _PAGE, after, symbol=sweep.symbol, side=sweep.side
            )
            page = await self._trading.orders(query)
            found += page.orders
            if not page.more:
                return found[::-1]
            after = page.orders[-1].id
