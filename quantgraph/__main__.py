"""Starts the command line, wherever the rooms lie."""

import sys
from pathlib import Path

# A wheel keeps the rooms under quantgraph/rooms, because flat `schema` or `api`
# packages would overwrite other distributions' files in site-packages.
_ROOMS = Path(__file__).parent / "rooms"


def main() -> None:
    """Run the `quantgraph` command."""
    if _ROOMS.is_dir():
        sys.path.insert(0, str(_ROOMS))
    from api.cli import run

    run()


if __name__ == "__main__":
    main()
