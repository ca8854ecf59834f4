"""The pipeline in a whole gateway, through GraphQL over HTTP."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog

from bench.graphql.client import Job, latencies, throughput
from bench.graphql.contestants import GraphQL
from bench.pipeline.below import CLIENTS, MANY, Found
from bench.pipeline.unwritten import recording
from quantgraph.services import failpoints
from quantgraph.services.access import KeyAccess

_SETTINGS = {
    "http": {"port": 0},
    "grpc": {"port": 0},
    "rates": {"orders": MANY, "orders_per_second": MANY},
    "trading": {"limits": {"actions_per_second": MANY, "actions_per_day": MANY}},
    "mock": {
        "open_orders": MANY,
        "accounts": [{"id": "sim-1", "name": "Rich", "cash": "1000000000000.00"}],
    },
}
_QUOTE = '{"query": "{ quote(symbol: \\"000001.SZ\\") { previousClose } }"}'


def gateway(folder: str, pipe: Connection, *, journalled: bool) -> None:
    """Be a whole gateway in a process of its own, and note when it knows its caller."""
    from api.server import loop_factory, serve
    from api.steady import steady
    from quantgraph.loading import load_config

    hush()
    began, waits = 0.0, list[float]()

    def watched(check: Callable[..., Any]) -> Callable[..., Any]:
        def begin(*asked: Any) -> Any:
            nonlocal began
            began = time.perf_counter()
            return check(*asked)

        return begin

    def reached(name: str) -> None:
        if name == "before_call":
            waits.append((time.perf_counter() - began) * 1_000)

    def started(running: Any) -> None:
        steady()
        pipe.send(int(running.addresses.http.rsplit(":", 1)[1]))

        def listen() -> None:
            with suppress(EOFError):  # whoever measures has died
                while pipe.recv() == "waits":
                    pipe.send(list(waits))
            running.stop()

        threading.Thread(target=listen, daemon=True).start()

    # A request that is known asks the one, every other the other.
    KeyAccess.known = watched(KeyAccess.known)
    KeyAccess.authenticate = watched(KeyAccess.authenticate)
    failpoints.hook = reached
    with recording(journalled=journalled), asyncio.Runner(loop_factory=loop_factory()) as runner:
        settings = {**_SETTINGS, "data_dir": folder}
        file = Path(__file__).parents[2] / "config.toml"
        runner.run(serve(load_config(file, settings), started))


def graphql(folder: Path, seconds: float, *, journalled: bool) -> Found:
    """Measure a whole gateway through GraphQL over HTTP."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    options = {"journalled": journalled}
    process = context.Process(target=gateway, args=(str(folder), theirs), kwargs=options)
    process.start()
    theirs.close()
    port = ours.recv()
    price = _price(port)
    requests = [GraphQL().order(price) for _ in range(20_000)]
    latencies(Job(port, requests[:5_000], seconds, least=20))
    ours.send("waits")
    waits = ours.recv()
    if len(waits) < 20:
        raise SystemExit(f"{len(waits)} orders got to the terminal: the gateway refuses them")
    rate = throughput(Job(port, requests[5_000:], seconds, clients=CLIENTS))
    ours.send("stop")
    process.join(30)
    return Found(waits[len(waits) // 20 :], rate)


def _price(port: int) -> str:
    import httpx

    headers = {"content-type": "application/json"}
    url = f"http://127.0.0.1:{port}/graphql"
    answer = httpx.post(url, content=_QUOTE, headers=headers, timeout=30).json()
    close = Decimal(repr(answer["data"]["quote"]["previousClose"]))
    return f"{close * Decimal('0.95'):.2f}"


def hush() -> None:
    """Log nothing but what ends a measurement."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
