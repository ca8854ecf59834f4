"""Broker queues of Hong Kong (港股经纪人队列): who waits at each level of a share's book.

Nothing else of that market is known here: its codes are no symbols, and nothing of it is traded.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from quantgraph.domain.bars import Window
from quantgraph.domain.calendar import shown_instant
from quantgraph.domain.errors import bad_request, start_after_end
from quantgraph.domain.sources import Source

MOST_QUEUES = 200
_CODE = re.compile(r"[0-9]{5}\.HK")


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker of the exchange by its number; `name` None where the terminal does not tell it."""

    id: int
    name: str | None


@dataclass(frozen=True, slots=True)
class BrokerLevel:
    """Who waits at one level of a book: 1 is the best price; first in line comes first."""

    level: int
    brokers: tuple[Broker, ...]


@dataclass(frozen=True, slots=True)
class BrokerQueue:
    """Both sides of a share's queue at an instant, best level first."""

    code: str
    time: datetime | None
    bids: tuple[BrokerLevel, ...]
    asks: tuple[BrokerLevel, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class BrokerQueueRequest:
    """The newest `window.last` queues of a share in a span of epoch ms, both ends included."""

    code: str
    window: Window


def queue_request(code: str, span: Window) -> BrokerQueueRequest:
    """Return a request that makes sense. Errors: BAD_REQUEST, START_AFTER_END."""
    if _CODE.fullmatch(code) is None:
        text = f"{code[:40]!r} is no code of Hong Kong: expected five digits and .HK, as 00700.HK."
        raise bad_request(text, field="code")
    if span.last is None or not 1 <= span.last <= MOST_QUEUES:
        text = f"last is {span.last}: ask for 1 to {MOST_QUEUES} queues."
        raise bad_request(text, field="last")
    if span.start is not None and span.end is not None and span.start > span.end:
        raise start_after_end(shown_instant(span.start), shown_instant(span.end))
    return BrokerQueueRequest(code, span)
