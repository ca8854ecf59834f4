"""An agent and gateways over it, as processes on loopback, and what each spends on a delivery."""

import re
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.fanout.servers import OURS, Built, asked, loaded, processor
from bench.gateways.flows import Flow
from bench.remote.orders import AGENT, GATEWAY, Client
from bench.remote.places import Place, Plan, over, serving
from quantgraph.store.arming import ArmingSecret

_COMMAND = (sys.executable, "-m", "bench.gateways.agent")
_SECONDS = 30.0


@dataclass(frozen=True)
class Shape:
    """So many gateways, with so many subscribers at each."""

    gateways: int
    subscribers: int


@dataclass(frozen=True)
class Cost:
    """What was spent while `events` came to every subscriber.

    CPU seconds of each gateway per million deliveries, and of the agent per million events.
    """

    gateways: Sequence[float]
    agent: float
    events: float


@dataclass(frozen=True)
class Stage:
    """An agent with the gateways over it, who trades at the agent, and whether there is a bus."""

    agent: Place
    gateways: Sequence[Place]
    client: Client
    bus: bool


@contextmanager
def opened(folder: Path, count: int, bus: str) -> Iterator[Stage]:
    """Start all; `bus` is a section of everybody's config, empty for gRPC alone."""
    with ExitStack() as stack:
        plan = Plan(folder / "agent", "prod", AGENT + bus, _COMMAND)
        agent = stack.enter_context(serving(plan))
        client = Client(agent)
        client.arm(ArmingSecret(folder / "agent/data/prod/keys.sqlite").create())
        client.rest_at()
        plans = [Plan(folder / f"gateway{n}", "prod", GATEWAY + bus) for n in range(count)]
        target = f"127.0.0.1:{agent.grpc}"
        gateways = [stack.enter_context(over(target, each, agent.key)) for each in plans]
        yield Stage(agent, gateways, client, bool(bus))


def measured(stage: Stage, flow: Flow, shape: Shape, load: tuple[Built, float]) -> Cost:
    """Return what a flow costs at a shape; `load` is who subscribes, and for how many seconds."""
    (built, seconds), gateways = load, stage.gateways[: shape.gateways]
    with ExitStack() as stack:
        case = flow.case(shape.subscribers)
        loads = [
            stack.enter_context(loaded(built, OURS, case, each.http, each.key)) for each in gateways
        ]
        stack.enter_context(flow.made(stage.client))
        pool = stack.enter_context(ThreadPoolExecutor(len(loads)))

        def all_of(word: str, length: float) -> list[list[float]]:
            return list(pool.map(lambda each: asked(each, f"{word} {length} 0"), loads))

        all_of("warm", seconds / 2)
        if stage.bus:
            for each in gateways:
                _off_the_bus(each, flow)
        before = _used(stage.agent, *gateways)
        told = [deliveries for deliveries, *_ in all_of("measure", seconds)]
        after = _used(stage.agent, *gateways)
        if stage.bus:
            for each in gateways:
                _off_the_bus(each, flow)
    agent, *spent = [b - a for a, b in zip(before, after, strict=True)]
    events = sum(told) / shape.subscribers / shape.gateways
    costs = [used / count * 1e6 for used, count in zip(spent, told, strict=True)]
    return Cost(costs, agent / events * 1e6, events)


def _used(*places: Place) -> list[float]:
    return [processor(each.pid) for each in places]


def _off_the_bus(place: Place, flow: Flow) -> None:
    """Return once a gateway reads it off the bus: the agent itself tells until that is whole."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with urllib.request.urlopen(f"http://127.0.0.1:{place.http}/metrics", timeout=5) as told:
            text = told.read().decode()
        found = re.search(rf"^{flow.metric} (\S+)", text, re.MULTILINE)
        if found is not None and float(found[1]) > 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"A gateway does not read {flow.name} off the bus.")
