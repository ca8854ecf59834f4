"""What Prometheus is told: counted where it happens, put together when somebody asks."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from quantgraph.bus.places import BusPlace
from quantgraph.domain.audit import Act
from quantgraph.domain.controls import TradingState
from quantgraph.domain.downloads import DownloadKind, DownloadState
from quantgraph.domain.orders import OrderState
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.services.calls import BOUNDS, CallBook, Tally
from quantgraph.services.latency import Timings
from quantgraph.services.subscriptions import StreamBook

# Refusals that tell of a limit, beside all of their kind.
_LIMITS = frozenset({Reason.COST_LIMIT, Reason.QUERY_TOO_LARGE, Reason.ROW_LIMIT})
_EDGES = (*map(str, BOUNDS), "+Inf")


class ActBook:
    """Counts acts by what they were and what came of them, and hands each on to the log."""

    def __init__(self, line: Callable[[Act], None] | None) -> None:
        """Count from nought."""
        self._line = line
        self.counts: Counter[tuple[str, str]] = Counter()

    def took(self, act: Act) -> None:
        """Take an act. Never waits."""
        self.counts[act.operation, act.outcome] += 1
        if self._line is not None:
            self._line(act)


@dataclass(frozen=True, slots=True)
class Dials:
    """Where everything that is measured can be read."""

    calls: CallBook
    acts: ActBook
    timings: Timings
    states: Counter[OrderState]
    streams: StreamBook
    trading: Callable[[], TradingState]
    connected: Callable[[], bool]
    upstreams: Callable[[], int]
    problems: Callable[[], Mapping[str, str]]
    downloads: Callable[[], Counter[DownloadState]]
    downloads_ended: Counter[tuple[DownloadKind, DownloadState]]
    lines_dropped: Callable[[], int]
    # None where config names none.
    bus: BusPlace | None = None


class GatewayCollector(Collector):
    """Reads the dials of a gateway. Called on the event loop: nothing changes meanwhile."""

    def __init__(self, dials: Dials) -> None:
        """Read `dials` at each call."""
        self._dials = dials

    def collect(self) -> Iterable[Metric]:
        """Return everything as it is now."""
        yield from self._requests()
        yield from self._timings()
        yield from self._streams()
        yield from self._orders()
        yield from self._downloads()
        yield from self._bus()
        yield _counter("log_lines_dropped", "Lines of the log that found no room or no disk.", [
            ((), self._dials.lines_dropped())
        ])  # fmt: skip

    def _bus(self) -> Iterator[Metric]:
        if (bus := self._dials.bus) is None:
            return
        tally = bus.tally
        yield _gauge("bus_connected", "Whether the bus is there.", [((), float(bus.connected))])
        text = "Logs of accounts that the bus alone tells here now."
        yield _gauge("bus_logs_read", text, [((), tally.logs_read)])
        text = "Times that the agent was asked for what the bus had not told of a log."
        yield _counter("bus_repairs", text, [((), tally.repairs)])
        yield _counter("bus_events_kept", "Events put into the bus's stream.", [((), tally.kept)])

    def _requests(self) -> Iterator[Metric]:
        counts: Counter[tuple[str, ...]] = Counter()
        limits: Counter[tuple[str, ...]] = Counter()
        took: dict[tuple[str, ...], Tally] = {}
        for (transport, operation, outcome, lasting), tally in self._dials.calls.tallies():
            counts[transport, operation, outcome] += tally.count
            if _is_limit(outcome):
                limits[outcome,] += tally.count
            if not lasting:
                took.setdefault((transport, operation), Tally()).join(tally)
        labels = ("transport", "operation", "outcome")
        text = "Requests and streams that have ended, by outcome: OK, GONE, or an error's code."
        yield _counter("requests", text, counts.items(), labels)
        yield _histogram("request_seconds", "Durations of requests.", took, labels[:2])
        text = "Requests that were refused because of a limit, by the code."
        yield _counter("limits_hit", text, limits.items(), ("reason",))

    def _timings(self) -> Iterator[Metric]:
        timings = self._dials.timings
        shown = {
            "event_loop_lag_seconds": (timings.loop_lag, "How late timers of the event loop are."),
            "journal_commit_seconds": (
                timings.journal_commit,
                "From an entry of the order journal until it was durable.",
            ),
            "order_round_trip_seconds": (
                timings.order_round_trip,
                "From sending an order until the terminal answered.",
            ),
            "callback_lag_seconds": (
                timings.callback_lag,
                "Age of a report of the terminal when it was taken, by the gateway's clock.",
            ),
            "quote_age_seconds": (
                timings.quote_age,
                "Age of a quote when it reached the gateway, by the gateway's clock.",
            ),
        }
        for name, (dial, text) in shown.items():
            yield _histogram(name, text, {(): dial.tally})
        ages = {"quotes": timings.quote_age.age(), "reports": timings.callback_lag.age()}
        told = [((name,), age) for name, age in ages.items() if age is not None]
        text = "Seconds since the terminal last told anything; absent before it has."
        yield _gauge("upstream_age_seconds", text, told, ("what",))

    def _streams(self) -> Iterator[Metric]:
        open_, waiting = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
        for held in self._dials.streams.all():
            kind = held.wire.value.lower(), held.operation
            open_[kind] += 1
            if held.reader is not None:
                waiting[kind] += held.reader.tally().waiting
        labels = ("wire", "operation")
        yield _gauge("subscribers", "Live streams that are open.", open_.items(), labels)
        text = "Events that wait for the readers of live streams: quotes and bars."
        yield _gauge("stream_waiting_events", text, waiting.items(), labels)
        delivered, dropped = self._dials.streams.told()
        text = "Events that readers of live streams were told."
        yield _counter("stream_events", text, [((), delivered)])
        text = "Quotes and bars that readers were not told because newer ones took their place."
        yield _counter("stream_events_dropped", text, [((), dropped)])
        text = "Symbols that are followed at the terminal."
        yield _gauge("upstream_symbols", text, [((), self._dials.upstreams())])

    def _orders(self) -> Iterator[Metric]:
        dials = self._dials
        states = [((state.value,), dials.states[state]) for state in OrderState]
        text = "Changes of orders that were recorded, by the state they came into or stayed in."
        yield _counter("order_states", text, states, ("state",))
        acts = dials.acts.counts.items()
        text = "Acts on orders, accounts and trading, by outcome."
        yield _counter("acts", text, acts, ("operation", "outcome"))
        now = dials.trading()
        stands = [((state.value,), int(state is now)) for state in TradingState]
        yield _gauge("trading_state", "1 for the state that trading is in.", stands, ("state",))
        text = "Whether the terminal answers and its reports are taken."
        yield _gauge("terminal_connected", text, [((), int(dials.connected()))])
        told = [((part,), 1.0) for part in dials.problems()]
        text = "1 for each part that keeps the gateway from being ready, as /health/ready tells."
        yield _gauge("problems", text, told, ("part",))

    def _downloads(self) -> Iterator[Metric]:
        live = self._dials.downloads()
        states = [((each.value,), live[each]) for each in DownloadState if not each.ended]
        text = "Downloads of the terminal that wait or run."
        yield _gauge("downloads", text, states, ("state",))
        ended = [
            ((kind.value, how.value), n) for (kind, how), n in self._dials.downloads_ended.items()
        ]
        text = "Downloads of the terminal that have ended, by kind and how."
        yield _counter("downloads_ended", text, ended, ("kind", "state"))


def registry(dials: Dials) -> CollectorRegistry:
    """Return everything that is told: the gateway's own, and the process's."""
    found = CollectorRegistry(auto_describe=False)
    found.register(GatewayCollector(dials))
    for each in (ProcessCollector, PlatformCollector, GCCollector):
        each(registry=found)
    return found


def _is_limit(outcome: str) -> bool:
    try:
        reason = Reason(outcome)
    except ValueError:
        return False
    return reason.kind is Kind.LIMITED or reason in _LIMITS


_Values = Iterable[tuple[tuple[str, ...], float]]


def _counter(name: str, text: str, values: _Values, labels: tuple[str, ...] = ()) -> Metric:
    family = CounterMetricFamily(f"quantgraph_{name}", text, labels=labels)
    for at, value in values:
        family.add_metric(at, value)
    return family


def _gauge(name: str, text: str, values: _Values, labels: tuple[str, ...] = ()) -> Metric:
    family = GaugeMetricFamily(f"quantgraph_{name}", text, labels=labels)
    for at, value in values:
        family.add_metric(at, value)
    return family


def _histogram(
    name: str, text: str, tallies: dict[tuple[str, ...], Tally], labels: tuple[str, ...] = ()
) -> Metric:
    family = HistogramMetricFamily(f"quantgraph_{name}", text, labels=labels)
    for at, tally in tallies.items():
        total, buckets = 0, list[tuple[str, float]]()
        for edge, count in zip(_EDGES, tally.buckets, strict=True):
            total += count
            buckets.append((edge, total))
        family.add_metric(at, buckets, tally.seconds)
    return family
