"""A terminal whose texts name no account: the one place where they come in, below both wires."""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.orders import Order
from quantgraph.domain.ports.trading import Terminal
from quantgraph.domain.redaction import redacted
from quantgraph.domain.terminal import ExecutionReport, ListedOrder, PlacedOrder, TerminalEvent


class CleanTerminal:
    """Implements `Terminal` over another: refusals come with clean texts, whatever brings them."""

    def __init__(self, inner: Terminal) -> None:
        """Clean what `inner` says."""
        self._inner = inner

    async def place(self, order: Order) -> PlacedOrder:
        """Pass on."""
        with _clean():
            return await self._inner.place(order)

    async def withdraw(self, order: Order) -> None:
        """Pass on."""
        with _clean():
            await self._inner.withdraw(order)

    async def find(self, account_id: str, tag: str) -> Sequence[ListedOrder]:
        """Pass on, without account numbers."""
        with _clean():
            return [_listed(each) for each in await self._inner.find(account_id, tag)]

    async def orders_today(self, account_id: str) -> Sequence[ListedOrder]:
        """Pass on, without account numbers."""
        with _clean():
            return [_listed(each) for each in await self._inner.orders_today(account_id)]

    async def reports(self) -> AsyncGenerator[TerminalEvent, None]:
        """Pass on, without account numbers."""
        async with aclosing(self._inner.reports()) as events:
            async for event in events:
                yield _reported(event) if isinstance(event, ExecutionReport) else event


@contextmanager
def _clean() -> Generator[None, None, None]:
    try:
        yield
    except GatewayError as error:
        clean = redacted(error)
        if clean is error:
            raise
        # Not chained: a traceback would show the text as it was.
        raise clean from None


def _listed(order: ListedOrder) -> ListedOrder:
    return order if order.refusal is None else replace(order, refusal=redacted(order.refusal))


def _reported(report: ExecutionReport) -> ExecutionReport:
    return report if report.refusal is None else replace(report, refusal=redacted(report.refusal))
