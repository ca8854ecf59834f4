"""One symbol's last 250 minutes while a writer commits, against the same reads before it began."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.store.dataset import Batch, Data, random_bars
from bench.store.peers import Duck, Ours, Peer
from quantgraph.domain.bars import Period

ROOT = Path(__file__).parents[2]
_SYMBOLS = 20
_TURN = 2_000  # commits; what is held already would write nothing


def reads(peer: Peer, names: Sequence[str], seconds: float) -> np.ndarray:
    """Return the milliseconds of each read."""
    draw, found = random.Random(3), []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        peer.last(draw.choice(names), 250)
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(0.001)  # a core is shared with the writer
    return np.array(found)


def endless(data: Data, write: Callable[[Period, Batch], None], turn: int = 0) -> Iterator[int]:
    """Commit days of a few new symbols for ever, other ones each time and in each turn."""
    times = data.times(Period.DAY_1)
    batch = [random_bars(times, seed) for seed in range(_SYMBOLS)]
    for count in range(turn * _TURN, 10**9):
        first = 300_000 + count * _SYMBOLS
        write(Period.DAY_1, [(f"{first + n}.SZ", bars) for n, bars in enumerate(batch)])
        yield count


@contextmanager
def beside_process(folder: Path, size: Sequence[int], turn: int) -> Iterator[None]:
    """Let another process import into our store, as `quantgraph import` does."""
    given = map(str, (turn, *size))
    command = [sys.executable, "-m", "bench.store.writing", str(folder), *given]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        yield
    finally:
        assert writer.poll() is None, "the writer ended early"
        writer.kill()
        writer.wait()
        writer.stdout.close()


@contextmanager
def beside_thread(duck: Duck, data: Data) -> Iterator[None]:
    """Let a thread insert into DuckDB's file."""
    stop, begun = threading.Event(), threading.Event()

    def work() -> None:
        for _ in endless(data, duck.append):
            begun.set()
            if stop.is_set():
                return

    writer = threading.Thread(target=work)
    writer.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def main() -> None:
    from bench.store.dataset import Size

    folder, turn, *size = sys.argv[1:]
    data = Data.of(Size(*map(int, size)), Path(folder))
    for _ in endless(data, Ours(Path(folder), data.calendar).ingest, int(turn)):
        print("committed", flush=True)


if __name__ == "__main__":
    main()
