"""A gateway whose terminal is the SDK's native double: `python -m tests.doubles.agent serve …`.

With `--isolate` its agents' are. DOUBLE_ORDERS names a file in which each order that comes to the
counter is noted, by its remark; DOUBLE_KILLS says at which of them who is killed before anybody is
told: "3:self,4:parent". DOUBLE_SILENT_S says how long an agent may be silent.
"""

import os
import signal
import sys
from functools import partial
from pathlib import Path

from api import isolated, server
from api.assembly import open_assembly
from api.cli import run
from tests.doubles.counter import Counter
from tests.doubles.far import far_side
from tests.doubles.world import SimWorld

COMMAND = (sys.executable, "-m", "tests.doubles.agent")


def main() -> None:
    """Run the command line over a far side of its own."""
    if "--isolate" in sys.argv:
        isolated.COMMAND = COMMAND
        isolated.SILENT_S = float(os.environ.get("DOUBLE_SILENT_S", isolated.SILENT_S))
        run()
        return
    world = SimWorld()
    with far_side(world) as far:
        if "DOUBLE_ORDERS" in os.environ:
            witness(far.counter, Path(os.environ["DOUBLE_ORDERS"]))
        server.open_assembly = partial(open_assembly, backend=far.backend, clock=world)
        run()


def witness(counter: Counter, file: Path) -> None:
    """Note each order that the counter is asked for; kill whom it is the hour of."""
    told = os.environ.get("DOUBLE_KILLS", "")
    hours = dict(each.split(":") for each in told.split(",") if each)
    place = counter.place

    async def noted(session, seq, request):
        with file.open("a") as orders:
            orders.write(f"{request.order_remark}\n")
        whom = hours.get(str(len(file.read_text().splitlines())))
        if whom is not None:
            os.kill(os.getpid() if whom == "self" else os.getppid(), signal.SIGKILL)
        await place(session, seq, request)

    counter.place = noted


if __name__ == "__main__":
    main()
