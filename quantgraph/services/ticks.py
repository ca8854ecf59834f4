"""What one request may ask of the ticks below."""

from dataclasses import replace

from quantgraph.domain.budget import present_budget
from quantgraph.domain.calendar import shown_instant
from quantgraph.domain.errors import InvalidRequest, start_after_end
from quantgraph.domain.ports.market import Ticks
from quantgraph.domain.reasons import Reason
from quantgraph.domain.ticks import TickColumns, TickRequest


class LimitedTicks:
    """Refuses a span of more rows than the limit: a recording is never cut without a word."""

    def __init__(self, ticks: Ticks, rows: int) -> None:
        """Guard `ticks`; an operation may take `rows` of ticks and bars together."""
        self._ticks = ticks
        self.rows = rows

    async def ticks(self, request: TickRequest) -> TickColumns:
        """Pass on a valid request; see `ports.Ticks`. Errors: START_AFTER_END, ROW_LIMIT."""
        if request.start is not None and request.end is not None and request.start > request.end:
            raise start_after_end(shown_instant(request.start), shown_instant(request.end))
        budget = present_budget()
        most = min(request.limit, self.rows - budget.taken)
        # One row more than is given tells whether there are more.
        found = await self._ticks.ticks(replace(request, limit=max(most, 0) + 1))
        if found.length > most:
            text = (
                f"The span holds more than {most} {found.kind} rows of {found.symbol}, the limit "
                "of one answer (limits.bar_rows). Ask for a shorter span."
            )
            raise InvalidRequest(Reason.ROW_LIMIT, text, limit=self.rows, field="start")
        budget.spend(found.length, self.rows)
        return found
