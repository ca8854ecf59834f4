"""Rules of this project that no linter knows."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("quantgraph", "api", "schema", "resolvers", "grpc_bridge", "tests", "tools", "bench")
STUBS = ROOT / "quantgraph" / "v1"
BARE = re.compile(
    r"#\s*(?:noqa:[A-Z0-9, ]+|(?:pyright|type): ignore(?:\[[\w, -]+\])?)\s*$", re.MULTILINE
)


def sources():
    """Every Python file that people write."""
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 300
    return [*ROOT.glob("*.py"), *(file for file in files if STUBS not in file.parents)]


def test_every_silenced_check_says_why():
    bare = [
        f"{file.relative_to(ROOT)}: {found.group()}"
        for file in sources()
        for found in BARE.finditer(file.read_text("utf-8"))
    ]
    assert bare == []
