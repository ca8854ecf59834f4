"""What is delivered: live quotes of a few symbols, or the events of an account's orders."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from bench.fanout.cases import EVERY, Case, payload
from bench.remote.orders import ACCOUNT, Client
from quantgraph.backends.sim.universe import UNIVERSE

SYMBOLS = list(UNIVERSE)[:16]
# Quotes a second, and at once: far from what two cores can deliver to every subscriber.
RATE, BURST = 400, 4
# Orders a second, each canceled: five events.
_ORDERS = 4
_UPDATES = """subscription($a: ID!) { orderUpdates(accountId: $a) {
  sequence order { id state filledQuantity } } }"""


@dataclass(frozen=True)
class Flow:
    """What subscribers ask for, and what makes the agent tell it meanwhile.

    `sizes` are how many subscribers are few, some (at each of four gateways) and many (at one).
    `metric` is what of /metrics says that a gateway reads it off the bus; empty where the bus does
    not carry it.
    """

    name: str
    asked: str
    made: Callable[[Client], AbstractContextManager[object]]
    sizes: tuple[int, int, int]
    metric: str

    def case(self, sockets: int) -> Case:
        """Return so many subscribers."""
        return Case(self.name, sockets, [self.asked], len(SYMBOLS), "")


@contextmanager
def ordering(client: Client) -> Iterator[None]:
    """Have orders submitted and canceled at the agent itself meanwhile."""
    done, failed = threading.Event(), list[BaseException]()

    def order() -> None:
        due = time.monotonic()
        try:
            while not done.wait(max(due - time.monotonic(), 0)):
                due += 1 / _ORDERS
                client.submit()
                client.cancel()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=order)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


FLOWS = (
    Flow(
        "quotes",
        payload(EVERY, SYMBOLS),
        lambda _: nullcontext(),
        (16, 64, 512),
        "",
    ),
    Flow(
        "order events",
        json.dumps({"query": _UPDATES, "variables": {"a": ACCOUNT}}),
        ordering,
        (4, 16, 64),
        "quantgraph_bus_logs_read",
    ),
)
