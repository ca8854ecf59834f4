"""Milliseconds to encode bars of 7 fields as rows, by each encoder and by orjson over dicts.

    uv run python -m bench.encode [--runs 9] [--adjusted]

The ways take turns, so that a busy machine slows all of them alike. --adjusted uses prices of all
digits, as adjusting leaves them; else they have two decimals.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

import numpy as np
import orjson

from quantgraph.rows.encoder import row_encoder
from quantgraph.rows.numpy_encoder import NumpyEncoder
from quantgraph.rows.plan import Batch, Cell, Kind

ROWS = (250, 10_000, 100_000)
PIECE = 4_000
PRICES = ("open", "high", "low", "close")
CELLS = (
    Cell("time", "time", Kind.INSTANT),
    *(Cell(name, name, Kind.FLOAT) for name in PRICES),
    Cell("volume", "volume", Kind.INT),
    Cell("amount", "amount", Kind.FLOAT),
)
CHINA = timezone(timedelta(hours=8))


def bars(length: int, adjusted: bool) -> Batch:
    """Minutes of 240 a day."""
    draw = np.random.default_rng(7)
    day, minute = np.divmod(np.arange(length), 240)
    prices = {name: np.round(draw.uniform(3, 2000, length), 2) for name in PRICES}
    if adjusted:
        prices = {name: column * 0.9137 for name, column in prices.items()}
    rest = {
        "time": 1_672_536_600_000 + day * 86_400_000 + minute * 60_000,
        "volume": draw.integers(0, 10**8, length) * 100,
        "amount": np.round(draw.uniform(0, 1e10, length), 2),
    }
    return Batch(length, {**prices, **rest}, {})


def over_dicts(batch: Batch) -> bytes:
    columns = {name: np.asarray(column).tolist() for name, column in batch.values.items()}
    columns["time"] = [datetime.fromtimestamp(ms / 1000, CHINA) for ms in columns["time"]]
    keys = [cell.key for cell in CELLS]
    rows = zip(*(columns[key] for key in keys), strict=True)
    return orjson.dumps([dict(zip(keys, row, strict=True)) for row in rows])


def in_pieces(batch: Batch, encode: Callable[..., bytes]) -> list[bytes]:
    starts = range(0, batch.length, PIECE)
    return [encode(CELLS, batch, at, min(at + PIECE, batch.length)) for at in starts]


def milliseconds(work: Callable[[], object], repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - began) * 1000 / repeats


def ways(batch: Batch) -> dict[str, Callable[[], list[bytes]]]:
    encoders = {encoder.name: encoder for encoder in (row_encoder(), NumpyEncoder())}
    made = {
        name: lambda encoder=encoder: in_pieces(batch, encoder.rows)
        for name, encoder in encoders.items()
    }
    return {**made, "orjson over dicts": lambda: [over_dicts(batch)[1:-1]]}


def agree(found: dict[str, Callable[[], list[bytes]]]) -> bool:
    first, *others = (orjson.loads(b"[" + b",".join(work()) + b"]") for work in found.values())
    return all(each == first for each in others)


def measure(batch: Batch, runs: int) -> None:
    found = ways(batch)
    assert agree(found), "the ways do not agree"
    repeats = max(1, 5_000 // batch.length)
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(runs):
        for name, work in found.items():
            times[name].append(milliseconds(work, repeats))
    base = statistics.median(times["orjson over dicts"])
    for name, values in times.items():
        middle = statistics.median(values)
        figures = f"{min(values):9.3f}{middle:9.3f}{max(values):9.3f}{base / middle:9.1f}×"
        print(f"{batch.length:>8}  {name:<20}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--adjusted", action="store_true")
    options = parser.parse_args()
    names = ("numpy", "orjson")
    print(f"Python {platform.python_version()},", ", ".join(f"{n} {version(n)}" for n in names))
    print(f"{'rows':>8}  {'ms, pieces of 4,000':<20}{'min':>9}{'median':>9}{'max':>9}{'ratio':>10}")
    for length in ROWS:
        measure(bars(length, options.adjusted), options.runs)


if __name__ == "__main__":
    main()
