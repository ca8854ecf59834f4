"""A running gateway and a browser; without Chromium or the built page the tests skip, saying so."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from api.explorer import is_built

_ROOT = Path(__file__).parents[2]
_START_SECONDS = 30
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def _lack(reason: str) -> None:
    # A run of CI that drives no browser must not look like one that did.
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _await_ready(server: subprocess.Popen[bytes], base: str) -> None:
    ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"quantgraph serve ended with {server.returncode}")
        try:
            ask(f"{base}/health/ready", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"quantgraph serve is not ready after {_START_SECONDS} s")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway in mock mode with a store of its own."""
    if not is_built():
        _lack("the GraphiQL page is not built (uv sync --reinstall-package quantgraph)")
    port = _free_port()
    data = tmp_path_factory.mktemp("e2e")
    options = (f"--port={port}", f"--grpc-port={_free_port()}", f"--data-dir={data}")
    command = [sys.executable, "-m", "quantgraph", "serve", *options]
    server = subprocess.Popen(command, cwd=_ROOT, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        _await_ready(server, base)
        yield base
    finally:
        server.terminate()
        server.wait(15)


# Not for the session: Playwright's loop would still run in this thread when the coroutine tests
# of other folders want theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium from the system's packages; Playwright's own is not downloaded."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        _lack("there is no chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield running
        running.close()
