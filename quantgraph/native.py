"""Which modules of the simulated exchange are compiled, and where what was made of them lies.

The .py files are the source, and all that an install without a compiler has. The install hook
(hatch_build.py, tools/core.py) compiles them into a folder of this Python's own. They are used as
long as they were made of what the .py files say now: after an edit those run, until the next
install.
"""

import hashlib
import os
from collections.abc import Iterable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

HOME = Path(__file__).parent / "backends" / "sim"
# One group: who calls whom in it does so directly. What reckons in numpy gains nothing by it.
MODULES = (
    "core/auction.py",
    "core/book.py",
    "core/chain.py",
    "core/events.py",
    "core/gate.py",
    "core/pricing.py",
    "core/state.py",
    "core/tally.py",
    "core/venue.py",
    "arrears.py",
    "breaks.py",
    "cadence.py",
    "calling.py",
    "dealing.py",
    "depth.py",
    "floor.py",
    "pit.py",
    "program.py",
    "screen.py",
    "securities.py",
    "flow/dealing.py",
    "flow/frames.py",
    "flow/generated.py",
    "flow/queues.py",
    "flow/shadow.py",
)
COMPILED, PYTHON = "compiled", "python"
_STAMP = "built-from.txt"


def folder(home: Path = HOME) -> Path:
    """Return where this Python's binaries lie, if there are any."""
    return home / "compiled" / EXTENSION_SUFFIXES[0].split(".")[1]


def digest(home: Path = HOME) -> str:
    """Return a hash in hex over the sources; line ends depend on how git checked them out."""
    found = hashlib.sha256()
    for name in MODULES:
        content = (home / name).read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{name}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()


def read_stamp(home: Path = HOME) -> list[str]:
    """Return of which sources the binaries were made, and by what; nothing where none are."""
    try:
        return (folder(home) / _STAMP).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []


def write_stamp(folder: Path, sources: str, made_by: str) -> None:
    """Note beside the binaries what they were made of, and by what, last of all."""
    (folder / _STAMP).write_text(f"{sources}\n{made_by}\n", "utf-8")


def is_current(home: Path = HOME) -> bool:
    """Return whether there are binaries, and of what the sources say now."""
    return read_stamp(home)[:1] == [digest(home)]


@cache
def core_name() -> str:
    """Return what runs: "compiled", or "python"; QUANTGRAPH_CORE=python asks for the latter."""
    asked = os.environ.get("QUANTGRAPH_CORE")
    return COMPILED if asked != PYTHON and is_current() else PYTHON


def with_compiled(path: Iterable[str]) -> list[str]:
    """Return where a package's modules are looked for: the compiled ones first, where they run."""
    own = list(path)
    if core_name() == PYTHON:
        return own
    return [str(folder() / Path(own[0]).relative_to(HOME)), *own]
