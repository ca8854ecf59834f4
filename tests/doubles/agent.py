"""A gateway whose terminal is the SDK's native double: `python -m tests.doubles.agent serve …`.

With `--isolate` its agents' are.
"""

import sys
from functools import partial

from api import isolated, server
from api.assembly import open_assembly
from api.cli import run
from tests.doubles.far import far_side
from tests.doubles.world import SimWorld

COMMAND = (sys.executable, "-m", "tests.doubles.agent")


def main() -> None:
    """Run the command line over a far side of its own."""
    if "--isolate" in sys.argv:
        isolated.COMMAND = COMMAND
        run()
        return
    world = SimWorld()
    with far_side(world) as far:
        server.open_assembly = partial(open_assembly, backend=far.backend, clock=world)
        run()


if __name__ == "__main__":
    main()
