"""What the code imports is what the package declares."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).parents[2]
_ROOMS = ("quantgraph", "api", "schema", "resolvers", "grpc_bridge")


def _imported(file: Path) -> Iterator[str]:
    """Yield the top-level names that a module imports, at the top or later."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def _declared() -> set[str]:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    listed = [*project["dependencies"], *(each for extra in extras for each in extra)]
    return {canonicalize_name(Requirement(each).name) for each in listed}


def test_every_library_that_is_imported_is_declared() -> None:
    owners = packages_distributions()
    ours = {*_ROOMS, *sys.stdlib_module_names}
    unknown: dict[str, str] = {}
    for file in (each for room in _ROOMS for each in (_ROOT / room).rglob("*.py")):
        for name in {*_imported(file)} - ours:
            owned = {canonicalize_name(owner) for owner in owners.get(name, [name])}
            if not owned & _declared():
                unknown[name] = str(file.relative_to(_ROOT))
    assert unknown == {}
