"""The broker's counter in front of the simulated exchange: it says no in its own words."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from quantgraph.backends.sim.rejections import RejectionStyle, say
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.orders import Order
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder, TerminalEvent


class CounterTerminal:
    """Implements `Terminal` over another; codes and details of a refusal stay, its words change."""

    def __init__(self, inner: Terminal, style: RejectionStyle) -> None:
        """Speak for `inner` in a style."""
        self._inner = inner
        self._style = style

    async def place(self, order: Order) -> PlacedOrder:
        """Pass on. Raises OrderRefused in the counter's words."""
        try:
            return await self._inner.place(order)
        except OrderRefused as refusal:
            raise say(refusal, self._style) from refusal

    async def withdraw(self, order: Order) -> None:
        """Pass on. Raises OrderRefused in the counter's words."""
        try:
            await self._inner.withdraw(order)
        except OrderRefused as refusal:
            raise say(refusal, self._style) from refusal

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Pass on, refusals in the counter's words."""
        return self._worded(await self._inner.find(account_id, tag))

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Pass on, refusals in the counter's words."""
        return self._worded(await self._inner.orders_today(account_id))

    async def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Pass on, refusals in the counter's words."""
        async with aclosing(self._inner.reports()) as events:
            async for event in events:
                if isinstance(event, ExecutionReport) and isinstance(event.refusal, OrderRefused):
                    yield replace(event, refusal=self._said(event.refusal))
                else:
                    yield event

    def _worded(self, listed: Sequence[ListedOrder]) -> list[ListedOrder]:
        return [
            each if each.refusal is None else replace(each, refusal=self._said(each.refusal))
            for each in listed
        ]

    def _said(self, refusal: OrderRefused | None) -> OrderRefused | None:
        return None if refusal is None else say(refusal, self._style)
