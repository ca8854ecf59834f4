"""How the SDK is imported: without a network, without a word, and with a reason where it fails."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from quantgraph.backends.xtquant.sdk import in_shanghai

_ROOT = Path(__file__).parents[3]
# `requests` is there, and would be heard; so would a socket.
_IMPORT = """
import os, socket, sys, types
sys.path.insert(0, {root!r})
def heard(*_, **__):
    # Not raised: the SDK catches whatever is.
    os.write(2, b"the SDK reached for the network")
    os._exit(3)
socket.socket.connect = heard
web = types.ModuleType("requests"); web.get = heard
packages = types.ModuleType("pkg_resources"); packages.get_distribution = heard
sys.modules.update(requests=web, pkg_resources=packages)
{prepare}
from quantgraph.backends.xtquant.sdk import load_sdk
from quantgraph.domain.errors import StartupError
try:
    sdk = load_sdk()
except StartupError as error:
    print(error.reason, error.message)
else:
    assert sys.modules["requests"] is web
    assert "pandas" not in sys.modules
    print(sdk.data.__name__, sdk.trader.__name__, sdk.data.enable_hello, sdk.version)
"""
_NATIVE = """
from tests.doubles.native import installed
installed()
"""


def _run(prepare: str) -> str:
    script = _IMPORT.format(root=str(_ROOT), prepare=prepare)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


needs_sdk = pytest.mark.skipif(
    importlib.util.find_spec("xtquant") is None, reason="xtquant is not installed: `uv sync`"
)


@needs_sdk
def test_the_sdk_is_imported_without_a_network_and_without_printing() -> None:
    told = _run(_NATIVE)
    assert told.startswith("xtquant.xtdata xtquant.xttrader False 250807")
    assert "\n" not in told


def test_without_the_package_the_start_says_what_to_install() -> None:
    assert _run('sys.modules["xtquant"] = None').startswith("SDK_UNUSABLE")
    told = _run("import importlib.abc\n" + _MISSING)
    assert "not installed" in told
    assert "quantgraph[xtquant]" in told


_MISSING = """
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "xtquant":
            raise ModuleNotFoundError("No module named 'xtquant'", name="xtquant")
sys.meta_path.insert(0, Missing())
"""


@needs_sdk
@pytest.mark.skipif(sys.platform == "win32", reason="there its modules are Windows' own")
def test_on_another_system_the_start_says_that_it_is_made_for_windows() -> None:
    told = _run("")
    assert told.startswith("SDK_UNUSABLE")
    assert "Windows" in told


def test_a_machine_in_another_zone_is_told_apart() -> None:
    assert in_shanghai(28_800)
    assert not in_shanghai(0)
    assert not in_shanghai(None)
