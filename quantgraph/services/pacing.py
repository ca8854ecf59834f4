"""When paced quotes are due: on ticks that all readers of one interval share."""

import math

# Seconds that a paced quote may wait at most beyond its interval, to be told with others.
GATHER_S = 0.05


def tick(now: float, interval: float) -> float:
    """Return when the next quote is due: on ticks that all readers of one interval share.

    So they are told the same quote, which is then encoded once. A reader who was a little late
    for a tick still gets the next one.
    """
    return ceiling(now + interval * 0.9, interval)


def gathering(interval: float) -> float:
    """Return how long a quote after a pause waits for others of its reader: no whole interval."""
    return min(interval / 4, GATHER_S)


def ceiling(now: float, step: float) -> float:
    """Return the next multiple of a step."""
    return math.ceil(now / step) * step
