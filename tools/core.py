"""Compiles the matching core with mypyc: the install hook runs it and tells the C compiler.

    python tools/core.py gcc -O2 ...

What it needs besides is named in pyproject.toml, beside the hook. Nothing is done where the
binaries are made of these sources, by the same compilers.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_PACKAGE = "quantgraph.backends.sim"
_GROUP = f"{_PACKAGE}.group"
# What lies outside the group is not read: so no library has to be there, and none is judged.
_OPTIONS = (
    "--follow-imports=skip",
    "--no-site-packages",
    "--ignore-missing-imports",
    "--config-file=",
)


def main(command: list[str]) -> None:
    """Write the binaries. Ends with an error where it cannot, and leaves none."""
    os.chdir(_ROOT)
    sys.path.insert(0, str(_ROOT))
    from quantgraph import native

    # Not the folder of the headers: that hangs on where, not on how it is built.
    flags = [word for word in command if not word.startswith("-I")]
    sources, made_by = native.digest(), f"mypy {version('mypy')}, {' '.join(flags)}"
    if native.read_stamp() == [sources, made_by]:
        return
    target = native.folder()
    shutil.rmtree(target, ignore_errors=True)
    part = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(prefix="quantgraph-core-") as work:
            for extension in _generate(native.MODULES, work):
                _compile(extension, command, part)
        native.write_stamp(part, sources, made_by)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _generate(modules: Sequence[str], work: str) -> list[Any]:
    """Write the group as C; return its library, and for each module what asks that for it."""
    # not in the project's own environment, where types are checked
    mypycify = import_module("mypyc.build").mypycify
    paths = [f"{_PACKAGE.replace('.', '/')}/{name}" for name in modules]
    cache = f"--cache-dir={os.devnull}"
    with redirect_stdout(sys.stderr):  # where the hook looks for what is wrong
        return mypycify([*_OPTIONS, cache, *paths], target_dir=work, group_name=_GROUP)


def _compile(extension: Any, command: list[str], folder: Path) -> None:  # noqa: ANN401 setuptools'
    name = extension.name.removeprefix(f"{_PACKAGE}.").replace(".", "/")
    binary = folder / f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    binary.parent.mkdir(parents=True, exist_ok=True)
    headers = [f"-I{path}" for path in extension.include_dirs]
    told = [*command, *headers, *extension.sources, "-o", str(binary)]
    subprocess.run(told, check=True)  # noqa: S603 our own arguments, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
