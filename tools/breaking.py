"""Compares both contracts with those of the last version; without `--check` takes them as such.

schema/released.graphql and proto/released.binpb are the contracts of the newest version in
CHANGELOG.md. Additions pass; whoever breaks on purpose runs this tool in the same commit and says
so in the changelog.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.proto import PROTO, ROOT, find_tool
from tools.sdl import FILE

SDL = ROOT / "schema" / "released.graphql"
IMAGE = PROTO / "released.binpb"
INSPECTOR = Path(__file__).parent / "inspector"
BREAKING = "BREAKING"
# Only dangerous to graphql-inspector; but the same request means something else, or nothing.
_DEFAULTS = {"INPUT_FIELD_DEFAULT_VALUE_CHANGED", "FIELD_ARGUMENT_DEFAULT_CHANGED"}


def graphql_changes(before: Path = SDL, after: Path = FILE) -> Iterator[dict[str, str]]:
    """Yield what graphql-inspector finds: level, type and message. Installs it where it is not."""
    if not (INSPECTOR / "node_modules").is_dir():
        _run([_found("npm"), "ci", "--silent"], cwd=INSPECTOR)
    done = _run([_found("node"), "diff.mjs", str(before), str(after)], cwd=INSPECTOR)
    for line in done.splitlines():
        found: dict[str, str] = json.loads(line)
        yield {**found, "level": BREAKING} if found["type"] in _DEFAULTS else found


def proto_changes(before: Path = IMAGE, after: Path = PROTO) -> list[str]:
    """Return what `buf breaking` finds, a line each."""
    command = [find_tool("buf"), "breaking", str(after), "--against", str(before)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own tool
    # 100: it found something; anything else but 0 is a failure of buf itself.
    if done.returncode not in {0, 100}:
        raise SystemExit(done.stderr)
    return done.stdout.splitlines()


def write() -> None:
    """Take the present contracts as the released ones."""
    shutil.copyfile(FILE, SDL)
    # Comments are no part of what can break, and most of the image.
    _run([find_tool("buf"), "build", str(PROTO), "--output", str(IMAGE), "--exclude-source-info"])


def main(arguments: list[str]) -> int:
    """Write, or with `--check` say what breaks clients of the last version."""
    if arguments == []:
        write()
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m tools.breaking [--check]\n")
        return 2
    found = [each["message"] for each in graphql_changes() if each["level"] == BREAKING]
    found += proto_changes()
    for line in found:
        sys.stderr.write(f"breaks clients: {line}\n")
    if found:
        sys.stderr.write("If that is meant, run `just released` and say so in CHANGELOG.md.\n")
    return 1 if found else 0


def _found(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SystemExit(f"there is no {name}; install Node 20 or newer")
    return path


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 our own tools
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
