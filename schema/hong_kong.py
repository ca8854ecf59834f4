"""Broker queues of Hong Kong."""

from datetime import datetime

import strawberry

from quantgraph.domain import hong_kong as domain
from quantgraph.domain.sources import Source


@strawberry.type(description="A broker of Hong Kong's exchange (经纪商).")
class Broker:
    id: int = strawberry.field(description="Its number at the exchange (经纪人席位号).")
    name: str | None = strawberry.field(
        description="Its name; null where the terminal has no list of brokers, or not this one."
    )

    @classmethod
    def from_domain(cls, broker: domain.Broker) -> "Broker":
        """Show a broker."""
        return cls(id=broker.id, name=broker.name)


@strawberry.type(description="Who waits at one level of a book.")
class BrokerLevel:
    level: int = strawberry.field(description="1 is the best price.")
    brokers: list[Broker] = strawberry.field(
        description="First in line comes first; one that waits with several orders comes as often."
    )

    @classmethod
    def from_domain(cls, found: domain.BrokerLevel) -> "BrokerLevel":
        """Show a level."""
        return cls(level=found.level, brokers=[Broker.from_domain(each) for each in found.brokers])


@strawberry.type(
    description="Who waits to buy and to sell a share of Hong Kong at an instant (港股经纪人队列)."
)
class BrokerQueue:
    code: str = strawberry.field(description="The share, for example 00700.HK.")
    time: datetime | None = strawberry.field(
        description="When it stood so; null if the terminal does not tell it."
    )
    bids: list[BrokerLevel] = strawberry.field(description="Who buys, best level first.")
    asks: list[BrokerLevel] = strawberry.field(description="Who sells, best level first.")
    source: Source = strawberry.field(description="Where this comes from.")

    @classmethod
    def from_domain(cls, found: domain.BrokerQueue) -> "BrokerQueue":
        """Show a queue."""
        return cls(
            code=found.code,
            time=found.time,
            bids=[BrokerLevel.from_domain(each) for each in found.bids],
            asks=[BrokerLevel.from_domain(each) for each in found.asks],
            source=found.source,
        )
