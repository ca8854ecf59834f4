"""Spans for an OpenTelemetry collector. Nothing imports this unless traces are switched on."""

import asyncio
import logging
import random
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

import quantgraph
from api.spans import attributes_of, name_of
from quantgraph.domain.calls import GONE, OK, Call
from quantgraph.domain.system import Mode
from quantgraph.domain.traces import Parent, Step, Trail, parent_of
from quantgraph.watching import TracingConfig

# Spans in one message to the collector, and the seconds between two where there are fewer.
_BATCH, _PAUSE_S = 512, 2.0
# Seconds that a stop waits for the last spans.
_STOP_S = 2.0
_HALF = 1 << 64
_log = structlog.get_logger(__name__)


class OtlpTracer:
    """Implements `Tracer`: makes the spans of a request once it has ended, all of them at once."""

    def __init__(self, config: TracingConfig, mode: Mode) -> None:
        """Begin to export to the collector of `config`, whether it is there or not."""
        # What the exporter has to say comes once for each try; `_Told` says it once.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._share = config.sample
        self._allowed = frozenset(config.arguments)
        resource = Resource.create(
            {
                "service.name": config.service,
                "service.version": quantgraph.__version__,
                "quantgraph.mode": mode.value,
            }
        )
        self._exporter = OTLPSpanExporter(config.endpoint, timeout=config.export_seconds)
        self._queue = BatchSpanProcessor(
            _Told(self._exporter, config.endpoint),
            max_queue_size=config.queue_spans,
            schedule_delay_millis=_PAUSE_S * 1_000,
            max_export_batch_size=min(_BATCH, config.queue_spans),
        )
        # What is sampled was chosen before; the environment chooses nothing besides.
        self._provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
        self._provider.add_span_processor(self._queue)
        self._tracer = self._provider.get_tracer("quantgraph", quantgraph.__version__)
        self._random = random.Random()  # noqa: S311 no secret is made of it

    def trail(self, parent: str | None) -> Trail | None:
        """Return a trail for the share of requests that is sampled.

        A client may have its own trace left out. It cannot have more than the share traced.
        """
        given = parent_of(parent)
        if given is None:
            return Trail(None) if self._random.random() < self._share else None
        chosen = given.sampled and given.trace % _HALF < self._share * _HALF
        return Trail(given) if chosen else None

    def ended(self, call: Call, trail: Trail) -> None:
        """Make the spans of a request, and of its steps until now; those of later ones follow."""
        ended = int(call.ended_at * 1e9)
        root = self._tracer.start_span(
            name_of(call),
            _context(trail.parent),
            SpanKind.SERVER,
            dict(attributes_of(call, trail, self._allowed)),
            start_time=ended - int(call.seconds * 1e9),
        )
        within = set_span_in_context(NonRecordingSpan(root.get_span_context()), Context())
        trail.asked, trail.later = None, lambda step: self._step(step, within)
        for step in trail.steps:
            self._step(step, within)
        trail.steps.clear()
        _finish(root, call.outcome, ended)

    async def close(self) -> None:
        """Send what waits, as long as a stop may take, and no more."""
        done: Future[None] = Future()
        # A daemon: a collector that takes a connection and says nothing keeps no process.
        threading.Thread(target=self._finish, args=(done,), daemon=True).start()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(done), _STOP_S)
        self._exporter.shutdown()  # pyright: ignore[reportUnknownMemberType] its options are open

    def _finish(self, done: "Future[None]") -> None:
        self._provider.force_flush()
        self._provider.shutdown()
        with suppress(Exception):  # nobody waits any more
            done.set_result(None)

    def _step(self, step: Step, within: Context) -> None:
        kind = SpanKind.CLIENT if step.name.startswith("terminal ") else SpanKind.INTERNAL
        span = self._tracer.start_span(step.name, within, kind, start_time=step.began)
        _finish(span, step.outcome, step.began + step.took)


class _Told(SpanExporter):
    """Says once that the collector is away, and once that it is back."""

    def __init__(self, inner: SpanExporter, endpoint: str) -> None:
        self._inner, self._endpoint = inner, endpoint
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away != self._away:
            self._away = away
            _log.warning("collector_away" if away else "collector_back", endpoint=self._endpoint)
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


def _context(parent: Parent | None) -> Context:
    if parent is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED)
    theirs = SpanContext(parent.trace, parent.span, is_remote=True, trace_flags=flags)
    return set_span_in_context(NonRecordingSpan(theirs), Context())


def _finish(span: Span, outcome: str, at: int) -> None:
    span.set_attribute("quantgraph.outcome", outcome)
    if outcome not in (OK, GONE):
        span.set_status(Status(StatusCode.ERROR, outcome))
    span.end(at)
