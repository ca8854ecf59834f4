"""What a gateway at its terminal puts on the bus, for gateways elsewhere."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack

from quantgraph.bus.logs import ACCOUNTS, ORDERS, LogPublisher, Source
from quantgraph.bus.places import BusPlace
from quantgraph.config import Config
from quantgraph.domain.ports.gateway import Gateway
from quantgraph.domain.system import Mode


def publish(config: Config, gateway: Gateway, bus: BusPlace, stack: AsyncExitStack) -> None:
    """Publish from now on what terminals of this machine tell; what others tell, others publish.

    Logs in prod alone: gateways of other modes keep journals of their own.
    """
    far = [each.name for each in config.chosen if each.kind == "remote"]
    if config.mode is not Mode.MOCK and far:
        return
    if config.mode is Mode.PROD:
        _begin(_logs(gateway, bus), stack)


def _logs(gateway: Gateway, bus: BusPlace) -> Coroutine[None, None, None]:
    async def listed() -> Sequence[str]:
        return [each.id for each in await gateway.accounts.accounts()]

    sources = Source(ORDERS, gateway.trading.events), Source(ACCOUNTS, gateway.connections.events)
    return LogPublisher(bus, listed, sources).run()


def _begin(work: Coroutine[None, None, None], stack: AsyncExitStack) -> None:
    task = asyncio.get_running_loop().create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
