"""What every test may use: the shared market files, and settings that make runs repeatable."""

import os
import re
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.waiting import WatchedLoop

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("default")

_SHARED = Path(
    os.environ.get("QUANTGRAPH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the processes of `-n auto`: none but this one for tests that were asked for by name.

    Four at most, for each starts gateways of its own.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    alone = config.option.markexpr != "not slow" or config.option.keyword
    return min(os.cpu_count() or 1, 4) if whole and not alone else 0


# What nobody may read in a log: keys, the secret that arms trading, private keys, and the number
# that counters tell in tests.
_SECRET = re.compile(
    r"qg_[0-9a-f]{8}_[0-9a-f]{64}|qga_[0-9a-f]{64}|-----BEGIN [A-Z ]*PRIVATE KEY|88001234567"
)


def secrets_in(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names of texts that hold a secret."""
    return [name for name, text in texts if _SECRET.search(text)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail whatever test made the gateway, or anything else, write a secret down."""
    report = yield
    found = secrets_in(report.sections)
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = f"A secret was written to: {', '.join(found)}."
    return report


@pytest.fixture(scope="session", autouse=True)
def spoken() -> Iterator[None]:
    """Refuse errors whose texts hold a key: nothing is masked in them on their way out."""
    from quantgraph.domain.errors import GatewayError

    made = GatewayError.__init__

    def guarded(self: GatewayError, reason: Any, message: str, **more: Any) -> None:
        made(self, reason, message, **more)
        told = (f"{message} {more}", self.message_zh)
        assert not any("qg" in each and _SECRET.search(each) for each in told), "a key in an error"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GatewayError, "__init__", guarded)
        yield


def pytest_asyncio_loop_factories() -> dict[str, Any]:
    """Coroutine tests run on loops that tell when they have settled."""
    return {"watched": WatchedLoop}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded market files; tests that need it skip, saying so, without it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no recorded market data at {_SHARED} (set QUANTGRAPH_SHARED_DATA)")
    return _SHARED


class ScannedTracer:
    """Traces every request as a collector would hear of it, every argument allowed that may be."""

    def __init__(self) -> None:
        from quantgraph.watching import SECRET

        self.secrets: list[str] = []
        self._allowed = Every(SECRET)

    def trail(self, parent: str | None) -> Any:
        from quantgraph.domain.traces import Trail, parent_of

        return Trail(parent_of(parent))

    def ended(self, call: Any, trail: Any) -> None:
        from api.spans import attributes_of, name_of

        told = f"{name_of(call)} {dict(attributes_of(call, trail, self._allowed))} {trail.steps}"
        trail.asked, trail.later = None, lambda step: None
        if _SECRET.search(told):
            self.secrets.append(told)

    async def close(self) -> None:
        """Nothing waits."""


class Every(frozenset[str]):
    """A list that allows whatever is not in it."""

    def __contains__(self, name: object) -> bool:
        return not super().__contains__(name)

    def __bool__(self) -> bool:
        return True


def _scanned(config: Any) -> Any:
    from api.tracing import open_tracer

    return open_tracer(config) or ScannedTracer()


def _leaks(running: Any) -> list[str]:
    """What of a gateway's spans and metrics holds a secret."""
    from prometheus_client import generate_latest

    from api.metrics import registry

    metrics = generate_latest(registry(running.assembly.dials)).decode()
    told = [line for line in metrics.splitlines() if _SECRET.search(line)]
    return told + getattr(running.assembly.dials.calls._tracer, "secrets", [])


@contextmanager
def running_gateway(
    data_dir: Path, *, log: Any = None, reread: Any = None, **sections: Any
) -> Iterator[Any]:
    """A whole gateway on free loopback ports, in a thread with its own event loop.

    `log` is the writer that its requests and acts are told to, `reread` what makes its next
    configuration of the present one.
    """
    import asyncio

    from api import assembly
    from api.server import Running, loop_factory, serve
    from quantgraph.loading import load_config

    assembly.open_tracer = _scanned
    settings = {
        "data_dir": str(data_dir),
        "http": {"port": 0},
        "grpc": {"port": 0},
        "mock": {"quote_interval_ms": 50},
        # Who left a download open in a test is not waited for.
        "shutdown": {"drain_seconds": 1},
        # Tests come faster than traders; those of the limits set their own.
        "rates": {
            "read_points_per_second": 1_000_000_000,
            "orders": 1_000_000,
            "orders_per_second": 1_000_000,
        },
        "trading": {"limits": {"actions_per_second": 10_000, "actions_per_day": 1_000_000}},
    }
    for name, values in sections.items():
        settings[name] = {**settings.get(name, {}), **values}
    started: Queue[Running | BaseException] = Queue()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                config = load_config(Path(__file__).parents[1] / "config.toml", settings)
                runner.run(serve(config, started.put, log, reread and partial(reread, config)))
        except BaseException as error:
            started.put(error)

    thread = threading.Thread(target=run, name="gateway")
    thread.start()
    running = started.get(timeout=60)
    if isinstance(running, BaseException):
        thread.join()
        raise running
    try:
        yield running
        leaks = _leaks(running)
        assert not leaks, leaks
    finally:
        running.stop()
        thread.join(timeout=30)
        assert not thread.is_alive(), "the gateway did not stop"


@pytest.fixture(scope="session")
def start_gateway() -> Any:
    """Start gateways with settings of a test's own: `with start_gateway(folder, http=…) as …`."""
    return running_gateway


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """An authority and a certificate of 127.0.0.1: `tls=certified.config`."""
    from tests.certificates import Certified

    return Certified(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running mock gateway without imports."""
    with running_gateway(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="session")
def imported(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with most of the recorded files in it, made by the command line."""
    from typer.testing import CliRunner

    from api.cli import app

    folder = tmp_path_factory.mktemp("imported")
    files = {
        "bars": ["daily/baostock_unadj_*.csv", "minute/*"],
        "quotes": ["l2/*snapshot*"],
        "trades": ["l2/*trade*"],
        "instruments": ["instruments/*"],
        "sectors": ["sector/*"],
        "weights": ["index/*"],
        "financials": ["financial/*"],
    }
    jobs = [
        [kind, *(str(file) for pattern in patterns for file in sorted(shared.glob(pattern)))]
        for kind, patterns in files.items()
    ]
    unadjusted = str(shared / "daily/tushare_unadj_000858.SZ.csv")
    jobs.append(["bars", unadjusted, "--layout", "tushare-daily"])
    for job in jobs:
        done = CliRunner().invoke(app, ["import", *job, "--data-dir", str(folder)])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="session")
def recorded(imported: Path) -> Iterator[Any]:
    """A running mock gateway over the recorded market files."""
    with running_gateway(imported) as running:
        yield running


@pytest.fixture
def ask(recorded: Any) -> Iterator[Any]:
    """Ask the recorded gateway over HTTP: returns `data`, or the whole body with `errors`."""
    yield from _asker(recorded)


@pytest.fixture
def ask_mock(gateway: Any) -> Iterator[Any]:
    """Ask the gateway without imports over HTTP."""
    yield from _asker(gateway)


def _asker(running: Any) -> Iterator[Any]:
    import httpx

    with httpx.Client(base_url=running.addresses.http, timeout=60) as client:

        def ask(query: str, *, fails: bool = False, **variables: Any) -> Any:
            body = {"query": query, "variables": variables}
            answer = client.post("/graphql", json=body).json()
            assert ("errors" in answer) is fails, answer
            return answer if fails else answer["data"]

        yield ask
