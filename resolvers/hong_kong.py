"""Answers `brokerQueues` and `hongKongBrokers`."""

from typing import Annotated

import strawberry

from quantgraph.domain.bars import window
from quantgraph.domain.hong_kong import MOST_QUEUES, queue_request
from schema import scalars
from schema.context import Info
from schema.hong_kong import Broker, BrokerQueue


@strawberry.type
class HongKongQueries:
    @strawberry.field(
        description="The newest broker queues of a share of Hong Kong (港股经纪人队列), oldest "
        "first; empty where the terminal holds none of it. This is all that is known of that "
        "market: its codes are no symbols, and nothing of it is quoted or traded. Errors: "
        "BAD_REQUEST, START_AFTER_END; TERMINAL_LACKS in mock and where the terminal has none."
    )
    async def broker_queues(
        self,
        info: Info,
        code: Annotated[
            str, strawberry.argument(description="Five digits and .HK, as in 00700.HK.")
        ],
        start: Annotated[
            scalars.TimeBound | None,
            strawberry.argument(description="First instant; absent: from the first one held."),
        ] = None,
        end: Annotated[
            scalars.TimeBound | None,
            strawberry.argument(description="Last instant, included; absent: to the newest one."),
        ] = None,
        last: Annotated[
            int, strawberry.argument(description=f"How many at most, up to {MOST_QUEUES}.")
        ] = 1,
    ) -> list[BrokerQueue] | None:
        request = queue_request(code, window(start, end, last))
        found = await info.context.gateway.hong_kong.broker_queues(request)
        return [BrokerQueue.from_domain(each) for each in found]

    @strawberry.field(
        description="The brokers of Hong Kong's exchange by number, as the terminal knows them. "
        "Errors: SOURCE_UNAVAILABLE; TERMINAL_LACKS in mock and where the terminal has no list."
    )
    async def hong_kong_brokers(self, info: Info) -> list[Broker] | None:
        found = await info.context.gateway.hong_kong.brokers()
        return [Broker.from_domain(each) for each in found]
