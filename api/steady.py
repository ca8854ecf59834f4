"""What a process sets that serves for long, once it has started."""

import gc
import sys

# Threads read, decode and write beside the event loop. At Python's own 5 ms it waits so long for
# its turn, again and again, whenever one of them computes.
_SWITCH_S = 0.000_5
# Every message of a stream and every request is a dozen objects that are given back by themselves,
# and the collector counts them as long as they live: by its own setting (700) a hundred messages
# under way made it look. Circles are found 10,000 objects late.
_COLLECTED = (10_000, 10, 10)


def steady() -> None:
    """Let the collector look seldom, not at what the start made, and the loop wait briefly.

    What the start made stays for ever: looking through it took the collector, and with it the event
    loop, tens of milliseconds each time. What the loop waits for are threads.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTED)
    sys.setswitchinterval(_SWITCH_S)
