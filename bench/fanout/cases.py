"""What is measured: how many sockets subscribe to what, and how the feed speaks meanwhile."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from bench.fanout.feeding import codes
from quantgraph.v1 import quotes_pb2

_FIELDS = "{ quote { symbol lastPrice volume amount } }"
EVERY = f"subscription($s: [Symbol!]!) {{ quotes(symbols: $s) {_FIELDS} }}"
_PACED = f"subscription($s: [Symbol!]!) {{ quotes(symbols: $s, minIntervalMs: 200) {_FIELDS} }}"
BURST = 16
# Seconds after which a reader who takes nothing is closed: `http.stall_seconds` as it is shipped.
_STALL_S = 10


@dataclass(frozen=True)
class Found:
    """What the load client saw a second; `per_cpu` are deliveries per CPU second of the server."""

    deliveries: float
    per_cpu: float
    p50_us: float
    p99_us: float
    client: float
    closed: int
    quotes: float


@dataclass
class Case:
    """One comparison. `wire` is what the load client speaks: graphql, raw frames or grpc.

    `stalled` sockets read nothing; `seconds` where the measurement has a length of its own.
    """

    name: str
    sockets: int
    payloads: Sequence[str]
    symbols: int
    feed: str
    gather_ms: int = 5
    stalled: int = 0
    seconds: float | None = None
    wire: str = "graphql"
    found: dict[str, list[Found]] = field(default_factory=dict[str, list[Found]])


def payload(document: str, symbols: Sequence[str]) -> str:
    return json.dumps({"query": document, "variables": {"s": list(symbols)}})


def saturated(sockets: int, burst: int) -> Case:
    """One document; the feed says `burst` quotes as soon as all were told the last."""
    many = codes(BURST)
    name = f"{sockets:,} subscribers, {'one write per event' if burst == 1 else 'bursts of 16'}"
    gather = 0 if burst == 1 else 5
    return Case(name, sockets, [payload(EVERY, many)], BURST, f"saturate {burst}", gather)


def listed(sockets: int, symbols: int, rate: int) -> Case:
    """Every subscriber has its own 20 symbols, told every 200 ms."""
    draw, many = Random(7), codes(symbols)
    payloads = [payload(_PACED, sorted(draw.sample(many, 20))) for _ in range(sockets)]
    name = f"{sockets:,} lists of 20 of {symbols:,} symbols, {rate:,} quotes/s in, every 200 ms"
    return Case(name, sockets, payloads, symbols, f"pace {rate} {max(rate // 1000, 1)}")


def paced(sockets: int, rate: int, gather_ms: int = 5) -> Case:
    """One quote at a time, far from what a server can do: what is left is its latency."""
    how = "coalescing" if gather_ms else "not coalescing"
    name = f"{sockets:,} subscribers, {rate} quotes/s, {how}"
    return Case(name, sockets, [payload(EVERY, codes(1))], 1, f"pace {rate} 1", gather_ms)


def stalling(sockets: int, stalled: int, rate: int, *, short: bool = False) -> Case:
    """Some take nothing, long enough to be closed: what the others see of it."""
    name = f"{sockets:,} subscribers, {rate:,} quotes/s, {stalled} of them stalled"
    case = Case(name, sockets, [payload(EVERY, codes(BURST))], BURST, f"pace {rate} 4")
    case.stalled, case.seconds = stalled, None if short else 1.2 * _STALL_S
    return case


def watching(sockets: int, burst: int) -> Case:
    """`saturated` by gRPC: a request on a connection of its own for each."""
    case = saturated(sockets, burst)
    asked = quotes_pb2.WatchQuotesRequest(symbols=quotes_pb2.SymbolList(symbols=codes(BURST)))
    case.name = f"gRPC, {case.name.replace('write per event', 'quote at a time')}"
    case.wire, case.payloads = "grpc", [asked.SerializeToString().hex()]
    return case


def quiet(sockets: int) -> Case:
    """Sockets that subscribe to one quiet symbol each."""
    return Case("idle", sockets, [payload(EVERY, codes(1))], 1, "stop")


def socket_cases(*, short: bool) -> Iterator[Case]:
    """Yield what a GraphQL server's users would see."""
    for sockets in (20,) if short else (100, 1_000):
        yield saturated(sockets, 1)
        yield saturated(sockets, BURST)
    yield listed(20, 100, 500) if short else listed(1_000, 5_000, 50_000)
