"""Broker queues of Hong Kong, and the numbers of its brokers, as the terminal holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

from quantgraph.backends.xtquant.data import Data, DataClient, rows_of
from quantgraph.backends.xtquant.days import instant_digits, read_instant
from quantgraph.domain.calendar import from_ms
from quantgraph.domain.errors import GatewayError, Unsupported
from quantgraph.domain.hong_kong import Broker, BrokerLevel, BrokerQueue, BrokerQueueRequest
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source

_Names = Mapping[int, str]
_SECOND_MS = 1_000


class TerminalHongKong:
    """Implements `HongKong`; what is no list of brokers or queues there is left out."""

    def __init__(self, client: DataClient) -> None:
        """Ask nothing yet."""
        self._client = client

    async def broker_queues(self, request: BrokerQueueRequest) -> Sequence[BrokerQueue]:
        """Return the queues of a share, oldest first; none where the terminal holds none.

        Errors: TERMINAL_LACKS, SOURCE_UNAVAILABLE, TIMED_OUT.
        """
        return await self._client.run(_read_queues, request)

    async def brokers(self) -> Sequence[Broker]:
        """Return all brokers by number. Errors: as for queues; TERMINAL_LACKS without the list."""
        found = await self._client.run(_read_names)
        return [Broker(number, found[number]) for number in sorted(found)]


def _read_names(data: Data) -> _Names:
    try:
        told: Mapping[Any, Any] = data.call("get_hk_broker_dict")
    except GatewayError as error:
        if not isinstance(error.__cause__, KeyError):
            raise
        text = "The terminal has no list of Hong Kong's brokers: its login lacks that market."
        raise Unsupported(Reason.TERMINAL_LACKS, text) from error
    return {int(number): str(name) for number, name in told.items() if str(name)}


def _read_queues(data: Data, request: BrokerQueueRequest) -> list[BrokerQueue]:
    span = request.window
    # Bounds are whole seconds there: the end rounded up, and cut off again here.
    end = None if span.end is None else -(-span.end // _SECOND_MS) * _SECOND_MS
    bounds = (instant_digits(span.start), instant_digits(end))
    # Without names: to put them in the SDK changes the rows, and fails where it has no list.
    told: Any = data.call("get_broker_queue_data", [request.code], *bounds, span.last)
    rows = rows_of(told.get(request.code) if told else None)
    names: _Names = _known_names(data) if len(rows) else {}
    found = [_queue(row, request.code, names) for row in rows]
    return [each for each in found if _within(each, request)][-(span.last or 1) :]


def _known_names(data: Data) -> _Names:
    """Return the names, none where there is no list: a queue without names is one still."""
    try:
        return _read_names(data)
    except GatewayError:
        return {}


def _within(queue: BrokerQueue, request: BrokerQueueRequest) -> bool:
    start, end = request.window.start, request.window.end
    if queue.time is None:
        return start is None and end is None
    return (start is None or queue.time >= from_ms(start)) and (
        end is None or queue.time <= from_ms(end)
    )


def _queue(row: Mapping[str, Any], code: str, names: _Names) -> BrokerQueue:
    time = read_instant(row.get("time", 0))
    return BrokerQueue(
        code=code,
        time=None if time is None else from_ms(time),
        bids=_side(row.get("bidbrokerqueues"), names),
        asks=_side(row.get("askbrokerqueues"), names),
        source=Source.TERMINAL,
    )


def _side(levels: Any, names: _Names) -> tuple[BrokerLevel, ...]:  # noqa: ANN401 a list, or nothing
    return tuple(
        BrokerLevel(
            place,
            tuple(
                Broker(int(number), names.get(int(number)))
                for number in rows_of(level.get("brokers"))
            ),
        )
        for place, level in enumerate(rows_of(levels), start=1)
    )
