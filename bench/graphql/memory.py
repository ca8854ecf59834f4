"""Peak memory of a server while it makes one large answer (Linux: /proc)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.graphql.client import Job, latencies
from bench.graphql.contestants import Contestant, GraphQL, running

_SMALL = 250


@dataclass(frozen=True)
class Growth:
    """Bytes above what was resident before: during the first large answer, and the next one."""

    first: float
    next: float


def grow(contestant: Contestant, folder: Path, rows: int, runs: int) -> Growth:
    """Return the median growth over fresh servers that have answered small requests before."""
    found = [_once(contestant, folder, rows) for _ in range(runs)]
    return Growth(median(each.first for each in found), median(each.next for each in found))


def _once(contestant: Contestant, folder: Path, rows: int) -> Growth:
    with running(contestant, folder) as server:
        latencies(Job(server.port, [server.asks.bars(_SMALL)], seconds=0, least=20))
        if contestant.ours and isinstance(server.asks, GraphQL):
            # The peers hold the columns from their start: the gateway reads them before as well.
            latencies(Job(server.port, [server.asks.columns(rows)], seconds=0, least=1, warm=0))
        request = [server.asks.bars(rows)]
        return Growth(*(_peak(server.pid, server.port, request) for _ in range(2)))


def _peak(pid: int, port: int, request: Sequence[bytes]) -> float:
    status = Path(f"/proc/{pid}/status")
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")  # the peak starts over from here
    before = _kilobytes(status, "VmRSS")
    latencies(Job(port, request, seconds=0, least=1, warm=0))
    return (_kilobytes(status, "VmHWM") - before) * 1024


def _kilobytes(status: Path, name: str) -> int:
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith(name))
    return int(line.split()[1])
