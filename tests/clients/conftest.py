"""Stock clients of npm against running gateways; without Node or the packages they skip loudly."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent
_SECONDS = 120


def _lack(reason: str) -> None:
    # A run of CI that drives no client must not look like one that did.
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def get_gateway(start_gateway: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A mock gateway that answers queries by GET as well."""
    with start_gateway(tmp_path_factory.mktemp("get"), http={"get_queries": True}) as running:
        yield running


@dataclass(frozen=True)
class Installed:
    """Node, and the folder whose packages its programs find."""

    node: str
    folder: Path


@pytest.fixture(scope="session")
def installed() -> Installed:
    """What `npm ci` brought."""
    program = shutil.which("node")
    if program is None:
        _lack("there is no node (20 or newer)")
    if not (_HERE / "node_modules").is_dir():
        _lack("the clients are not installed (just clients)")
    return Installed(program, _HERE)


@pytest.fixture(scope="session")
def node(installed: Installed, gateway: Any, get_gateway: Any) -> Callable[[str], None]:
    """Run one file of Node's own test runner against both gateways; fails with its report."""

    def run(name: str) -> None:
        urls = {
            "GATEWAY": f"{gateway.addresses.http}/graphql",
            "GET_GATEWAY": f"{get_gateway.addresses.http}/graphql",
        }
        done = subprocess.run(
            [installed.node, "--test", "--test-reporter=spec", name],
            cwd=_HERE,
            env={**os.environ, **urls},
            check=False,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        # A file without tests succeeds as well.
        assert "pass 0" not in done.stdout

    return run
