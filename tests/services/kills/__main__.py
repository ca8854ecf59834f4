"""Kills gateways and prints a line of JSON per case: what was wrong with it.

    python -m tests.services.kills schedules --count 1000 [--seed 1]
    python -m tests.services.kills submit,batch,cancel,approval,timer

Everything is imported before the first fork, and nothing here has threads: a forked gateway
begins as if it had just been started.
"""

import argparse
import gc
import json
import logging
import sys
import tempfile
from pathlib import Path

import structlog

from quantgraph.config import CalendarConfig
from quantgraph.services.calendar import load_calendar
from tests.services.kills import matrix, schedules


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", help="schedules, or kinds of the matrix: submit,batch,cancel")
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        calendar = load_calendar(CalendarConfig(), Path(name))
        gc.freeze()
        return run(options, Path(name), calendar)


def run(options, folder, calendar):
    failed = kills = 0
    for name, faults, died in cases(options, folder, calendar):
        failed, kills = failed + bool(faults), kills + died
        print(json.dumps({"case": str(name), "faults": faults, "kills": died}), flush=True)
    print(json.dumps({"failed": failed, "kills": kills}))
    return 1 if failed else 0


def cases(options, folder, calendar):
    if options.what == "schedules":
        for seed in range(options.seed, options.seed + options.count):
            faults, kills = schedules.run(seed, folder / str(seed), calendar)
            yield seed, faults, kills
        return
    yield from matrix.run(options.what.split(","), folder, calendar)


if __name__ == "__main__":
    sys.exit(main())
