"""What a terminal follows."""

import strawberry

from quantgraph.domain import terminal_subscriptions as domain
from quantgraph.domain.bars import Period
from schema.scalars import Long, Symbol


@strawberry.type(description="What one program follows of one code at the terminal.")
class TerminalSubscription:
    client: str = strawberry.field(
        description="Host and port of the program, as the terminal sees it; empty where it does "
        "not say."
    )
    code: str = strawberry.field(description="The code, as the terminal writes it.")
    symbol: Symbol | None = strawberry.field(
        description="Its symbol; null where it is none of this gateway's."
    )
    period: Period | None = strawberry.field(
        description="Of bars their period; null for other data."
    )
    dataset: int = strawberry.field(
        description="The terminal's number of the kind of data: 3000 is quotes, 3001 is bars."
    )
    interval_ms: Long = strawberry.field(
        description="The step of the data in ms, as the terminal counts it: 60000 for bars of a "
        "minute; 0 for none."
    )

    @classmethod
    def from_domain(cls, found: domain.TerminalSubscription) -> "TerminalSubscription":
        """Show a subscription."""
        return cls(
            client=found.client,
            code=found.code,
            symbol=None if found.symbol is None else Symbol(found.symbol),
            period=found.period,
            dataset=found.dataset,
            interval_ms=Long(found.interval_ms),
        )
