"""Live quotes of an agent whose terminal is the feed of bench/fanout, and of a gateway over it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.fanout.cases import Case
from bench.fanout.feeding import codes
from bench.fanout.servers import OURS, Built, asked, loaded, processor, served, tell
from bench.remote.places import Plan, over
from bench.remote.turns import Sample, Turns
from quantgraph.services.quotes import GRACE_S
from quantgraph.v1 import quotes_pb2

P50, P99, SEEN = "quote p50, ms", "quote p99, ms", "quotes a second that came"


@dataclass(frozen=True)
class Flow:
    """So many symbols are quoted so often a second together, measured for so many seconds."""

    symbols: int = 1_000
    rate: int = 10_000
    seconds: float = 5.0


def case(flow: Flow) -> Case:
    """Return one client that follows all symbols by gRPC."""
    listed = quotes_pb2.SymbolList(symbols=codes(flow.symbols))
    request = quotes_pb2.WatchQuotesRequest(symbols=listed).SerializeToString().hex()
    pace = f"pace {flow.rate} {max(flow.rate // 1_000, 1)}"
    return Case("remote", 1, [request], flow.symbols, pace, wire="grpc")


@contextmanager
def opened(folder: Path, built: Built, flow: Flow) -> Iterator[Turns]:
    """Start both; the agent keeps to one core, the gateway to another."""
    asking = case(flow)
    with ExitStack() as stack:
        agent, port = stack.enter_context(served(OURS, asking))
        plan = Plan(folder / "gateway", "dev", core=1)
        gateway = stack.enter_context(over(f"127.0.0.1:{port}", plan))
        ways = {"direct": (port, ""), "remote": (gateway.grpc, gateway.key)}

        def turn(way: str) -> Mapping[str, Sample]:
            # What the gateway followed before it follows no more.
            time.sleep(GRACE_S + 1)
            target, key = ways[way]
            with loaded(built, OURS, asking, target, key) as load:
                tell(agent, asking.feed)
                asked(load, f"warm {flow.seconds / 3} 0")
                before = processor(agent.pid), processor(gateway.pid)
                _, took, p50, p99, _, _, quotes = asked(load, f"measure {flow.seconds} 0")
                used = processor(agent.pid) - before[0], processor(gateway.pid) - before[1]
                tell(agent, "stop")
            million = quotes / 1e6
            costs = {"agent": used[0] / million, "gateway": used[1] / million}
            return {
                P50: Sample(p50 / 1_000, costs),
                P99: Sample(p99 / 1_000),
                SEEN: Sample(quotes / took),
            }

        yield Turns((P50, P99, SEEN), turn, "CPU s a million quotes")
