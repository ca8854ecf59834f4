"""A running gateway and a browser; without Chromium or the built page the tests skip, saying so."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.explorer import is_built

if TYPE_CHECKING:  # every run of any test would wait for it
    from playwright.sync_api import Browser

_ROOT = Path(__file__).parents[2]
# A machine that does much else takes ten times as long as a quiet one.
_START_SECONDS = 90
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


def _address(server: subprocess.Popen[str], errors: Path) -> str:
    """Return where the page is: the gateway says so as soon as it is ready."""
    late = threading.Timer(_START_SECONDS, server.kill)
    late.start()
    try:
        assert server.stdout is not None
        for line in server.stdout:
            name, _, said = line.strip().partition(" ")
            if name == "GraphiQL":
                return said.strip().rstrip("/")
    finally:
        late.cancel()
    said = errors.read_text()
    pytest.fail(f"quantgraph serve was not ready within {_START_SECONDS} s:\n{said}")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a gateway in mock mode with a store of its own."""
    if not is_built():
        _lack("the GraphiQL page is not built (uv sync --reinstall-package quantgraph)")
    data = tmp_path_factory.mktemp("e2e")
    options = ("--port=0", "--grpc-port=0", f"--data-dir={data}")
    command = [sys.executable, "-m", "quantgraph", "serve", *options]
    errors = data / "stderr.txt"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as server,
    ):
        try:
            yield _address(server, errors)
        finally:
            server.terminate()
            server.wait(60)


# Not for the session: Playwright's loop would still run in this thread when the coroutine tests
# of other folders want theirs.
@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Headless Chromium from the system's packages; Playwright's own is not downloaded."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        _lack("there is no chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield running
        running.close()
