"""Frames that are all known: a recording, a script, a test."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from quantgraph.backends.sim.flow.frames import Frame


class FrameSeries:
    """Implements `Frames` over frames held in memory."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        """Keep the frames by instant; of several at one instant the order given."""
        self._frames = sorted(frames, key=lambda frame: frame.at)
        self._instants = [frame.at for frame in self._frames]

    def standing(self, at: int) -> Frame:
        """Return the newest frame at or before an instant, or one not shown."""
        index = bisect_right(self._instants, at)
        return self._frames[index - 1] if index else Frame(at, (), (), (), shown=False)

    def between(self, after: int, until: int) -> Iterator[Frame]:
        """Yield the frames later than `after`, up to and with `until`, in order."""
        left, right = (bisect_right(self._instants, each) for each in (after, until))
        yield from self._frames[left:right]
