"""Under load turns begin apart, so that what comes meanwhile goes out together."""

# A turn that costs less, in seconds, is no load.
_LOAD_S = 0.0005


def rested(began: float, now: float, gather_s: float) -> float:
    """Return when the next turn may begin after one of that time; 0 where that one was no load.

    It rests as long as it took; turns do not begin more than `gather_s` apart because of it.
    """
    cost = now - began
    return began + min(2 * cost, gather_s) if cost >= _LOAD_S else 0.0
