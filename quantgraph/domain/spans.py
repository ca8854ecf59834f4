"""A span of time that a list is limited to."""

from dataclasses import dataclass

from quantgraph.domain.bars import TimeBound, window
from quantgraph.domain.calendar import shown_instant
from quantgraph.domain.errors import start_after_end


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, epoch ms, both included; None leaves that end open.

    Raises START_AFTER_END: no list is silently empty because its ends were swapped.
    """

    start: int | None = None
    end: int | None = None

    def __post_init__(self) -> None:
        """Refuse ends that are the wrong way round."""
        if self.start is not None and self.end is not None and self.start > self.end:
            raise start_after_end(shown_instant(self.start), shown_instant(self.end))


ALL_TIME = Span()


def span(start: TimeBound | None, end: TimeBound | None) -> Span:
    """Return the span between two bounds; a date means that whole day in Asia/Shanghai."""
    found = window(start, end)
    return Span(found.start, found.end)
