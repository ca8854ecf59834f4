"""Cohorts: subscribers in step, and the one reader that reads for all of them."""

from dataclasses import dataclass, field

from quantgraph.domain.members import Member, Wish
from quantgraph.domain.ports.market import QuoteTap
from quantgraph.domain.subscriptions import Tally


@dataclass(eq=False, slots=True)
class Cohort:
    """Implements `members.Group`."""

    wish: Wish
    members: dict[Member, None] = field(default_factory=dict[Member, None])
    tap: QuoteTap = field(init=False)
    # When it is looked at next, in seconds of `time.monotonic`; 0 in the next turn.
    planned: float = float("inf")
    stalled: bool = False

    def tally(self) -> Tally:
        """Return how its reader keeps up."""
        return self.tap.tally()
