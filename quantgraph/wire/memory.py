"""Memory of large messages: kept by the process when freed, not given back for each of them."""

import ctypes
import sys
from functools import cache

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
# What stays with the process after a download at most, and the largest block from the heap, bytes.
_KEPT = 64 << 20
_LARGEST = 32 << 20
_STEP = 4 << 20


@cache
def keep_freed() -> bool:
    """Let this process reuse the memory of chunks; return whether that was possible.

    glibc returns a freed megabyte to the system, and every page of the next one is fetched anew:
    half of the time of a download went there. Other C libraries are left alone.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        tune = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has no such function
        return False
    wanted = ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, _STEP))
    return all(tune(name, value) == 1 for name, value in wanted)
