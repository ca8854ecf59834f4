"""What a terminal follows for the programs that are connected to it, this gateway among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantgraph.domain.bars import Period
from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason

# More of them are more than one message takes.
MOST_SUBSCRIPTIONS = 10_000


@dataclass(frozen=True, slots=True)
class TerminalSubscription:
    """What one program follows of one code.

    `client`: host and port of the program, as the terminal sees it. `code`: as the terminal writes
    it; `symbol` None where it is none of this gateway's. `period`: of bars; None of other data.
    `dataset`: the terminal's number of the kind of data; `interval_ms` its step, 0 for none.
    """

    client: str
    code: str
    symbol: str | None
    period: Period | None
    dataset: int
    interval_ms: int


def found_of(
    listed: Sequence[TerminalSubscription], search: str | None
) -> Sequence[TerminalSubscription]:
    """Return those with a text in program or code, all without one. Errors: ROW_LIMIT."""
    text = (search or "").casefold()
    found = [e for e in listed if text in e.client.casefold() or text in e.code.casefold()]
    if len(found) > MOST_SUBSCRIPTIONS:
        words = (
            f"The terminal has {len(found)} such subscriptions; at most {MOST_SUBSCRIPTIONS} are "
            "told at once. Search for a program or a code."
        )
        raise InvalidRequest(Reason.ROW_LIMIT, words, limit=MOST_SUBSCRIPTIONS, field="search")
    return found
