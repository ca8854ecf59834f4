"""What was found, as Markdown."""

import statistics
from collections.abc import Iterable, Iterator, Sequence

from bench.fanout.cases import Case, Found
from bench.fanout.servers import OURS

_SOCKETS = (
    "| | server | deliveries/s | per CPU s | p50 / p99 ms | client's core | ours ÷ it | by CPU |",
    "|---|---|---|---|---|---|---|---|",
)
_PACED = (
    "| | server | p50 ms | p99 ms | client's core | ours' p99 ÷ its |",
    "|---|---|---|---|---|---|",
)
_STALLED = (
    "| | deliveries/s | p50 ms | p99 ms | closed | p99 ÷ that with none stalled |",
    "|---|---|---|---|---|---|",
)
_CALLS = (
    (
        "| | server | messages/s | quotes/s | both per CPU s | client's core | ours ÷ it: messages "
        "| quotes | by CPU: messages | quotes |"
    ),
    "|---|---|---|---|---|---|---|---|---|---|",
)


def sockets(cases: Iterable[Case]) -> str:
    """Show servers side by side by what they deliver."""
    return _table(_SOCKETS, (row for case in cases for row in _socket_rows(case)))


def _socket_rows(case: Case) -> Iterator[str]:
    ours = case.found[OURS.name]
    for name, found in case.found.items():
        rate, worth = _median(found, "deliveries"), _median(found, "per_cpu")
        times = f"{_milliseconds(found, 'p50_us')} / {_milliseconds(found, 'p99_us')}"
        cells = [case.name, name, f"{rate:,.0f}", f"{worth:,.0f}", times, _core(found)]
        yield _row(*cells, *_beside(ours, found, "deliveries", "per_cpu"))


def paced(cases: Iterable[Case]) -> str:
    """Show latencies far from saturation."""
    return _table(_PACED, (row for case in cases for row in _paced_rows(case)))


def _paced_rows(case: Case) -> Iterator[str]:
    ours = case.found[OURS.name]
    for name, found in case.found.items():
        p50, p99 = _milliseconds(found, "p50_us"), _milliseconds(found, "p99_us")
        ratio = "" if found is ours else _spread(_p99s(ours, found))
        yield _row(case.name, name, p50, p99, _core(found), ratio)


def stalled(none: Case, some: Case) -> str:
    """Show what a reader sees of others who read nothing."""
    return _table(_STALLED, _stalled_rows(none, some))


def _stalled_rows(none: Case, some: Case) -> Iterator[str]:
    calm = none.found[OURS.name]
    for case in (none, some):
        found = case.found[OURS.name]
        p50, p99 = _milliseconds(found, "p50_us"), _milliseconds(found, "p99_us")
        ratio = "" if found is calm else _spread(_p99s(found, calm))
        closed = f"{min(each.closed for each in found)}"
        yield _row(case.name, f"{_median(found, 'deliveries'):,.0f}", p50, p99, closed, ratio)


def calls(cases: Iterable[Case]) -> str:
    """Show what streams of gRPC deliver."""
    return _table(_CALLS, (row for case in cases for row in _call_rows(case)))


def _call_rows(case: Case) -> Iterator[str]:
    ours = case.found[OURS.name]
    for name, found in case.found.items():
        rates = (_median(found, "deliveries"), _median(found, "quotes"))
        worth = (_median(found, "per_cpu"), statistics.median(map(_quotes_worth, found)))
        cells = [case.name, name, *(f"{each:,.0f}" for each in rates)]
        cells += [" / ".join(f"{each:,.0f}" for each in worth), _core(found)]
        ratios = _beside(ours, found, "deliveries", "quotes", "per_cpu")
        quotes = [_quotes_worth(a) / _quotes_worth(b) for a, b in zip(ours, found, strict=True)]
        yield _row(*cells, *ratios, "" if found is ours else _spread(quotes))


def _quotes_worth(found: Found) -> float:
    return found.per_cpu * found.quotes / max(found.deliveries, 1)


def _p99s(above: Sequence[Found], below: Sequence[Found]) -> list[float]:
    return [a.p99_us / b.p99_us for a, b in zip(above, below, strict=True)]


def _beside(ours: Sequence[Found], found: Sequence[Found], *figures: str) -> list[str]:
    if found is ours:
        return [""] * len(figures)
    pairs = list(zip(ours, found, strict=True))
    return [
        _spread([getattr(a, each) / max(getattr(b, each), 1) for a, b in pairs]) for each in figures
    ]


def _spread(ratios: Iterable[float]) -> str:
    found = sorted(ratios)
    return f"{found[0]:.1f} / **{statistics.median(found):.2f}** / {found[-1]:.1f}"


def _median(found: Iterable[Found], name: str) -> float:
    return statistics.median(getattr(each, name) for each in found)


def _milliseconds(found: Iterable[Found], name: str) -> str:
    return f"{_median(found, name) / 1000:.2f}"


def _core(found: Iterable[Found]) -> str:
    return f"{max(each.client for each in found):.0%}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(head: Sequence[str], rows: Iterable[str]) -> str:
    return "\n".join((*head, *rows))
