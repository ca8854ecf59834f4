"""Traces reach a collector, tell what was allowed and nothing else, and cost nothing unasked."""

import ast
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from structlog.testing import capture_logs
from websockets.sync.client import connect

from quantgraph.domain.traces import Trail, parent_of
from quantgraph.services.traced import traced
from quantgraph.v1 import bars_pb2
from quantgraph.v1.bars_pb2_grpc import BarServiceStub
from quantgraph.watching import TracingConfig

ROOT = Path(__file__).parents[2]
SUBMIT = "mutation($t: SubmitOrderInput!) { submitOrder(input: $t) { __typename } }"
PRICE = '{ quote(symbol: "600519.SH") { lastPrice } }'
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP receiver on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self._spans, self._came = [], threading.Condition()
        self.flush = lambda: None
        self.server = grpc.server(ThreadPoolExecutor(1))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port("127.0.0.1:0")

    def Export(self, request, context):  # noqa: N802 the contract's name
        with self._came:
            for each in request.resource_spans:
                self._spans += [s for scope in each.scope_spans for s in scope.spans]
            self._came.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name, count=1):
        """Wait for spans of a name: what tells of a request may come after its answer."""
        late = time.monotonic() + 20
        while len(self._of(name)) < count and time.monotonic() < late:
            self.flush()
        with self._came:
            assert self._came.wait_for(lambda: len(self._of(name)) >= count, 20), self._names()
            return self._of(name)

    def below(self, span):
        with self._came:
            return {each.name: each for each in self._spans if each.parent_span_id == span.span_id}

    def text(self):
        with self._came:
            return str(self._spans)

    def _of(self, name):
        return [each for each in self._spans if each.name == name]

    def _names(self):
        return [each.name for each in self._spans]


def told(span):
    """The attributes of a span."""
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.fixture(scope="module")
def collector():
    found = Collector()
    found.server.start()
    yield found
    found.server.stop(None)


@pytest.fixture(scope="module")
def running(start_gateway, tmp_path_factory, collector):
    """A gateway whose every request is traced."""
    tracing = {"endpoint": f"http://127.0.0.1:{collector.port}", "sample": 1.0}
    tracing["arguments"] = ["symbol", "period", "note"]
    with start_gateway(tmp_path_factory.mktemp("tracing"), tracing=tracing) as running:
        collector.flush = running.assembly.dials.calls._tracer._provider.force_flush
        yield running


def post(running, query, headers=None, **variables):
    url = f"{running.addresses.http}/graphql"
    return httpx.post(url, json={"query": query, "variables": variables}, headers=headers).json()


def test_a_request_is_a_span_within_its_clients(running, collector):
    query = 'query Chart { bars(symbol: "600519.SH", last: 2) { rows { close } } }'
    post(running, query, {"traceparent": f"00-{TRACE}-{SPAN}-01", "x-request-id": "chart-1"})
    (span,) = collector.named("bars")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    attributes = told(span)
    assert attributes["graphql.operation.name"] == "Chart"
    assert attributes["quantgraph.request_id"] == "chart-1"
    assert attributes["quantgraph.outcome"] == "OK"
    assert attributes["quantgraph.argument.symbol"] == "600519.SH"
    assert "quantgraph.argument.last" not in attributes
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 20e9
    assert abs(span.end_time_unix_nano / 1e9 - time.time()) < 60


def test_an_order_shows_its_steps_and_no_account(running, collector):
    price = post(running, PRICE)["data"]["quote"]["lastPrice"]
    ticket = {"accountId": "sim-1", "clientOrderId": "traced-1", "symbol": "600519.SH"}
    ticket |= {"side": "BUY", "quantity": 100, "limitPrice": f"{price:.2f}"}
    done = post(running, SUBMIT, t=ticket | {"note": "资金账号：88001234567"})
    assert done["data"]["submitOrder"]["__typename"] == "SubmitOrderSuccess"
    span = collector.named("submitOrder")[0]
    collector.named("order outcome")
    steps = collector.below(span)
    wanted = ["order rules", "order limits", "order journal", "terminal place", "order outcome"]
    assert sorted(steps, key=lambda name: steps[name].start_time_unix_nano) == wanted
    assert all(each.trace_id == span.trace_id for each in steps.values())
    assert told(span)["quantgraph.argument.note"] == "资金账号：***"
    text = collector.text()
    assert "88001234567" not in text
    assert "sim-1" not in text
    assert "traced-1" not in text


def test_a_refused_step_carries_its_code(running, collector):
    ticket = {"accountId": "sim-1", "clientOrderId": "traced-2", "symbol": "600519.SH"}
    ticket |= {"side": "BUY", "quantity": 100, "limitPrice": "1.00"}
    done = post(running, SUBMIT, t=ticket)
    assert done["data"]["submitOrder"]["__typename"] == "OrderRejected"
    steps = collector.below(collector.named("submitOrder", 2)[1])
    assert told(steps["order rules"])["quantgraph.outcome"] == "PRICE_BAND"
    assert "order journal" not in steps


def test_a_refused_document_is_traced_with_its_code(running, collector):
    post(running, "{ nothing }")
    (span,) = collector.named("refused")
    assert told(span)["quantgraph.outcome"] == "GRAPHQL_VALIDATION_FAILED"
    assert span.status.message == "GRAPHQL_VALIDATION_FAILED"


def test_an_operation_of_a_socket_and_a_call_are_spans(running, collector):
    url = running.addresses.http.replace("http", "ws") + "/graphql"
    with connect(url, subprotocols=["graphql-transport-ws"]) as socket:
        socket.send('{"type": "connection_init"}')
        socket.recv(10)
        query = 'query { instrument(symbol: "600519.SH") { name } }'
        message = {"id": "1", "type": "subscribe", "payload": {"query": query}}
        socket.send(json.dumps(message))
        assert "complete" in [json.loads(socket.recv(10))["type"] for _ in range(2)]
    assert told(collector.named("instrument")[0])["quantgraph.transport"] == "ws"
    with grpc.insecure_channel(running.addresses.grpc) as channel:
        asked = bars_pb2.ListBarsRequest(symbol="600519.SH", period=bars_pb2.PERIOD_DAY_1, last=2)
        sent = (("traceparent", f"00-{TRACE}-{SPAN}-01"),)
        BarServiceStub(channel).ListBars(asked, metadata=sent)
    span = collector.named("BarService/ListBars")[0]
    assert span.trace_id.hex() == TRACE
    assert told(span)["rpc.method"] == "ListBars"
    assert told(span)["quantgraph.argument.period"] == "PERIOD_DAY_1"
    assert "quantgraph.argument.last" not in told(span)


def test_a_collector_that_is_away_is_told_once_and_keeps_nobody(start_gateway, tmp_path):
    tracing = {"endpoint": "http://127.0.0.1:9", "sample": 1.0, "export_seconds": 1}
    with capture_logs() as logs:
        with start_gateway(tmp_path, tracing=tracing) as running:
            for _ in range(50):
                assert "data" in post(running, "{ serverInfo { mode } }")
            began = time.monotonic()
        assert time.monotonic() - began < 10
    assert [each["event"] for each in logs if "collector" in each["event"]] == ["collector_away"]


def test_nothing_of_it_is_imported_at_a_start():
    """Only inside functions: `lint-imports` holds that no module besides names the library."""
    files = [file for room in ("api", "quantgraph") for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 200
    named = {
        (file.name, node.module)
        for file in files
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert {name for name, module in named if module.startswith("opentelemetry")} == {"otlp.py"}
    assert not {name for name, module in named if module == "api.otlp"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"endpoint": "http://collector.example:4317"}, "https://host:port"),
        ({"endpoint": "http://10.0.0.1:4317"}, "https://host:port"),
        ({"endpoint": "collector:4317"}, "https://host:port"),
        ({"arguments": ["symbol", "accountId"]}, "never told"),
        ({"sample": 0}, "greater than 0"),
    ],
)
def test_what_would_tell_too_much_stops_the_start(given, said):
    with pytest.raises(ValueError, match=said):
        TracingConfig.model_validate(given)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        "x" * 10_000,
    ],
)
def test_a_parent_that_cannot_be_read_is_none(text):
    assert parent_of(text) is None


def test_a_client_can_have_less_traced_and_not_more():
    from api.otlp import OtlpTracer
    from quantgraph.domain.system import Mode

    tracer = OtlpTracer(TracingConfig(endpoint="http://127.0.0.1:9", sample=0.25), Mode.MOCK)
    sent = [f"00-{n:032x}-{SPAN}-01" for n in range(1, 1 << 64, 1 << 58)]
    assert sum(tracer.trail(each) is not None for each in sent) == len(sent) // 4
    assert tracer.trail(f"00-{1:032x}-{SPAN}-00") is None
    tracer._exporter.shutdown()
    tracer._provider.shutdown()


def test_a_request_keeps_no_more_steps_than_may_be_told():
    trail = Trail(None)
    for _ in range(1_000):
        trail.note("terminal place", time.perf_counter_ns(), "OK")
    assert len(trail.steps) == 64


async def test_a_question_to_the_terminal_is_a_step():
    from quantgraph.domain.traces import follow

    class Port:
        name = "qmt"

        async def instruments(self, symbols):
            return symbols

    trail, port = Trail(None), traced(Port())
    assert await port.instruments(["a"]) == ["a"]
    follow(trail)
    assert await port.instruments(["b"]) == ["b"]
    assert [each.name for each in trail.steps] == ["terminal instruments"]
    assert port.name == "qmt"
