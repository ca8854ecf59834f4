"""A generated path around days that are lived again, so that neither end of them jumps."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from quantgraph.backends.sim.block import Block, stack
from quantgraph.backends.sim.daily import Path, band_rates, walk
from quantgraph.backends.sim.flow.stored import LivedDay
from quantgraph.backends.sim.origins import Origin
from quantgraph.domain.calendar import Dates

_TRIES = 8
Lived = Mapping[date, LivedDay]


def lead_to(origin: Origin, days: Dates, close: int) -> Path:
    """Return a walk whose last close is the wanted one, in ticks.

    A walk is nearly proportional to where it begins: it is begun anew where it missed. What whole
    ticks leave is laid on its last day, if that day's band allows.
    """
    tried: dict[int, Path] = {}
    start = close
    for _ in range(_TRIES):
        if start in tried or not len(days):
            break
        profile = replace(origin.profile, price=start / origin.scale)
        tried[start] = walk(replace(origin, profile=profile, close=start), days)
        end = _end(tried[start])
        start = max((2 * start * close + end) // (2 * end), 1)
    if not tried:
        return walk(origin, days)
    return _mended(min(tried.values(), key=lambda path: abs(_end(path) - close)), close)


def _end(path: Path) -> int:
    return int(path.bars.close[-1])


def _mended(path: Path, close: int) -> Path:
    reference = int(path.previous[-1])
    rate = int(band_rates(path.instrument, path.days[-1:])[0])
    if abs(close - reference) * 10_000 > reference * rate:
        return path
    bars = path.bars
    bars.close[-1] = close
    bars.high[-1] = max(int(bars.high[-1]), close)
    bars.low[-1] = min(int(bars.low[-1]), close)
    return path


def go_through(origin: Origin, days: Dates, lived: Lived) -> Path:
    """Return a path that is the lived days on theirs, leads to them and goes on from them.

    A path that goes on from an import (`origin.pays` is false) has no days before them.
    """
    first, last = min(lived), max(lived)
    start, end = np.datetime64(first), np.datetime64(last)
    reference = lived[first].previous
    busy = replace(origin, volume=_usual(lived))
    parts = list[Path]()
    earlier = days[days < start]
    if len(earlier):
        wanted = int(lived[first].bar.open[0]) if reference is None else reference
        parts.append(lead_to(busy, earlier, wanted))
    before = _end(parts[0]) if parts else origin.close
    middle = _as_lived(origin, lived, before)
    parts.append(middle)
    later, close = days[days > end], _end(middle)
    profile = replace(busy.profile, price=close / origin.scale)
    if len(later):
        parts.append(walk(replace(busy, profile=profile, close=close), later))
    return Path(
        instrument=origin.instrument,
        days=np.concatenate([part.days for part in parts]),
        bars=stack([part.bars for part in parts]),
        previous=np.concatenate([part.previous for part in parts]),
        scale=origin.scale,
        dividends=tuple(paid for part in parts for paid in part.dividends),
        minutes={day: each.minutes for day, each in lived.items()},
    )


def _as_lived(origin: Origin, lived: Lived, before: int) -> Path:
    days = sorted(lived)
    bars = stack([lived[day].bar for day in days])
    previous = list(_references(bars, [lived[day].previous for day in days], before))
    dates = np.array(days, "datetime64[D]")
    references = np.array(previous, np.int64)
    return Path(origin.instrument, dates, bars, references, origin.scale, ())


def _references(bars: Block, told: list[int | None], before: int) -> Iterator[int]:
    for close, reference in zip(bars.close.tolist(), told, strict=True):
        yield before if reference is None else reference
        before = close


def _usual(lived: Lived) -> int:
    volumes = [int(day.bar.volume[0]) for day in lived.values()]
    return max(sum(volumes) // len(volumes), 1)
