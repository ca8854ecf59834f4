"""Every version is pinned in pyproject.toml, and nothing there names a host."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_TEXT = Path(__file__).parents[2].joinpath("pyproject.toml").read_text("utf-8")
_PROJECT = tomllib.loads(_TEXT)
_PINS = [Requirement(pin) for pin in _PROJECT["tool"]["uv"]["constraint-dependencies"]]
_NAMES = {canonicalize_name(pin.name) for pin in _PINS}


def _needed(wanted: Requirement) -> list[Requirement]:
    """Return what an installed package needs here, with the extras that are asked of it."""
    try:
        found = [Requirement(each) for each in requires(wanted.name) or ()]
    except PackageNotFoundError:
        return []
    extras = ["", *wanted.extras]
    return [
        each
        for each in found
        if each.marker is None or any(each.marker.evaluate({"extra": name}) for name in extras)
    ]


def test_every_package_that_is_installed_is_pinned() -> None:
    groups = _PROJECT["dependency-groups"].values()
    asked = [*_PROJECT["project"]["dependencies"], *(each for group in groups for each in group)]
    open_ends = [Requirement(each) for each in asked]
    seen: set[str] = set()
    while open_ends:
        wanted = open_ends.pop()
        key = str(wanted)
        if key not in seen:
            seen.add(key)
            open_ends += _needed(wanted)
    names = {canonicalize_name(Requirement(key).name) for key in seen}
    assert len(names) > 40
    assert names - _NAMES == set()


def test_a_pin_is_one_exact_version() -> None:
    for pin in _PINS:
        assert [clause.operator for clause in pin.specifier] == ["=="], pin


def test_the_build_is_pinned_as_well() -> None:
    build = [Requirement(each) for each in _PROJECT["build-system"]["requires"]]
    assert {each.name for each in build} >= {"hatchling", "editables", "packaging"}
    assert all(str(each.specifier).startswith("==") for each in build)
    core = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["core"]
    assert {Requirement(each).name for each in core} >= {"mypy", "setuptools"}
    assert all(str(Requirement(each).specifier).startswith("==") for each in core)
    wheel = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    node = Requirement(wheel["hooks"]["custom"]["node"])
    assert node in _PINS


def test_the_project_file_names_no_host() -> None:
    assert re.findall(r"https?://", _TEXT) == []


@pytest.mark.parametrize("folder", ["api/graphiql", "tests/clients", "tools/inspector"])
def test_the_lockfile_of_node_names_no_registry(folder: str) -> None:
    lock = Path(__file__).parents[2] / folder / "package-lock.json"
    assert '"resolved"' not in lock.read_text("utf-8")
