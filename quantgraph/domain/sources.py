"""Where a piece of data comes from."""

from enum import StrEnum


class Source(StrEnum):
    """Said by every series and quote; two sources are never mixed in one."""

    IMPORTED = "IMPORTED"
    SIMULATED = "SIMULATED"
    TERMINAL = "TERMINAL"
    CACHE = "CACHE"
    REPLAY = "REPLAY"
    USER = "USER"
