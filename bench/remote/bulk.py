"""DownloadBars of an agent, and of a gateway over it; our client decodes and checks both."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.download import reader
from bench.fanout.servers import processor
from bench.market import fill, symbols
from bench.remote.places import Plan, over, serving
from bench.remote.turns import Sample, Turns

NAME = "bulk bars, million a second"


@contextmanager
def opened(folder: Path, size: tuple[int, int]) -> Iterator[Turns]:
    """Start both; `size` is how many symbols of how many minute bars are downloaded."""
    count, rows = size
    names = symbols(count)
    for _ in fill(folder / "agent/data", names, rows):
        pass
    total = count * rows
    cache = f"[cache]\nbars_mb = {4 * total * 56 // 1_000_000 // 3 + 64}\n"
    with ExitStack() as stack:
        agent = stack.enter_context(serving(Plan(folder / "agent", "mock", cache)))
        plan = Plan(folder / "gateway", "dev")
        gateway = stack.enter_context(over(f"127.0.0.1:{agent.grpc}", plan))
        readers = {
            "direct": stack.enter_context(reader("gateway", agent.grpc, names)),
            "remote": stack.enter_context(
                reader("gateway", f"{gateway.grpc}/{gateway.key}", names)
            ),
        }
        for read in readers.values():
            read()

        def turn(way: str) -> Mapping[str, Sample]:
            before = processor(agent.pid), processor(gateway.pid)
            rate = total / readers[way]() / 1e6
            used = processor(agent.pid) - before[0], processor(gateway.pid) - before[1]
            costs = {"agent": used[0], "gateway": used[1]}
            return {NAME: Sample(rate, {n: each / total * 1e6 for n, each in costs.items()})}

        yield Turns((NAME,), turn, "CPU s a million bars", larger=True)
