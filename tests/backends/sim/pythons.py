"""The Pythons of this machine that the product supports, each with what the exchange imports.

Nothing is downloaded: where an interpreter or a package is not here already, `Absent` says which.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")
# What quantgraph.backends.sim.exchange imports, the config's models among it.
NEEDS = ("numpy", "pydantic", "pydantic-settings", "platformdirs")
ROOT = Path(__file__).parents[3]
_PROBE = "import sys; print('%d.%d' % sys.version_info[:2])"


class Absent(LookupError):
    """What is missing, in words."""


def prepare(version: str, folder: Path) -> str:
    """Return a Python of that version that can import the exchange. Raises `Absent`."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    found = next((each for each in _candidates(version) if _says(each, version)), None)
    if found is None:
        raise Absent(f"no Python {version} on this machine")
    if _imports(found):
        return found
    uv = shutil.which("uv")
    if uv is None:
        raise Absent(f"Python {version} is here without {NEEDS[0]}, and no uv to install it")
    made = str(folder / "bin" / "python")
    steps = (
        [uv, "venv", "--quiet", "--clear", "--python", found, str(folder)],
        [uv, "pip", "install", "--quiet", "--offline", "--python", made, *NEEDS],
    )
    # From the root, so that the pins in pyproject.toml hold.
    if any(
        subprocess.run(each, cwd=ROOT, capture_output=True, check=False).returncode
        for each in steps
    ):
        raise Absent(f"Python {version} is here, but its {', '.join(NEEDS)} are in no cache")
    return made


def ask(python: str, hash_seed: str, *arguments: str) -> str:
    """Run a script or module of the tests with only the project on its path; return its output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed}
    command = [python, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _candidates(version: str) -> Iterator[str]:
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield on_path
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(each / "bin" / "python") for each in sorted(home.glob(f"{version}.*")))
    uv = shutil.which("uv")
    if uv is not None:
        command = [uv, "python", "find", "--offline", "--no-python-downloads", version]
        yield subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _says(python: str, version: str) -> bool:
    """Return whether it runs: a shim of a version manager may lead nowhere."""
    return Path(python).is_file() and _run(python, _PROBE).stdout.strip() == version


def _imports(python: str) -> bool:
    names = ", ".join(each.replace("-", "_") for each in NEEDS)
    return _run(python, f"import {names}").returncode == 0


def _run(python: str, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
