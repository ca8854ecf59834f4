"""The newest quotes of a whole exchange or sector: rows as objects, columns as arrays."""

from datetime import datetime
from typing import Any, cast

import numpy as np
import strawberry

from quantgraph.domain import snapshots as domain
from quantgraph.domain.bars import BarColumns
from quantgraph.domain.snapshots import QUOTE_FIELDS
from quantgraph.domain.sources import Source
from schema.context import Info
from schema.rows import ColumnList, RowList
from schema.scalars import Long, Symbol
from schema.selection import camel, picked


@strawberry.type(description="Newest quote of one symbol of a market snapshot.")
class SnapshotQuote:
    symbol: Symbol = strawberry.field(description="Code with market.")
    name: str | None = strawberry.field(description="Chinese short name; null if unknown.")
    time: datetime = strawberry.field(description="When the source published it.")
    last_price: float | None = strawberry.field(
        description="Price of the last trade, yuan; null before it."
    )
    open: float | None = strawberry.field(
        description="First price of the day, yuan; null before it."
    )
    high: float | None = strawberry.field(
        description="Highest price of the day so far, yuan; null before a trade."
    )
    low: float | None = strawberry.field(
        description="Lowest price of the day so far, yuan; null before a trade."
    )
    previous_close: float | None = strawberry.field(
        description="Reference price of the day, yuan; null where unknown."
    )
    volume: Long = strawberry.field(description="Quantity traded that day so far, shares.")
    amount: float = strawberry.field(description="Money traded that day so far, yuan.")
    suspended: bool = strawberry.field(description="Whether trading in it is suspended.")
    bid_price_1: float | None = strawberry.field(
        description="Best buy price, yuan; null without one."
    )
    bid_quantity_1: Long | None = strawberry.field(
        description="Quantity at the best buy price, shares."
    )
    bid_price_2: float | None = strawberry.field(
        description="Second buy price, yuan; null without one."
    )
    bid_quantity_2: Long | None = strawberry.field(
        description="Quantity at the second buy price, shares."
    )
    bid_price_3: float | None = strawberry.field(
        description="Third buy price, yuan; null without one."
    )
    bid_quantity_3: Long | None = strawberry.field(
        description="Quantity at the third buy price, shares."
    )
    bid_price_4: float | None = strawberry.field(
        description="Fourth buy price, yuan; null without one."
    )
    bid_quantity_4: Long | None = strawberry.field(
        description="Quantity at the fourth buy price, shares."
    )
    bid_price_5: float | None = strawberry.field(
        description="Fifth buy price, yuan; null without one."
    )
    bid_quantity_5: Long | None = strawberry.field(
        description="Quantity at the fifth buy price, shares."
    )
    ask_price_1: float | None = strawberry.field(
        description="Best sell price, yuan; null without one."
    )
    ask_quantity_1: Long | None = strawberry.field(
        description="Quantity at the best sell price, shares."
    )
    ask_price_2: float | None = strawberry.field(
        description="Second sell price, yuan; null without one."
    )
    ask_quantity_2: Long | None = strawberry.field(
        description="Quantity at the second sell price, shares."
    )
    ask_price_3: float | None = strawberry.field(
        description="Third sell price, yuan; null without one."
    )
    ask_quantity_3: Long | None = strawberry.field(
        description="Quantity at the third sell price, shares."
    )
    ask_price_4: float | None = strawberry.field(
        description="Fourth sell price, yuan; null without one."
    )
    ask_quantity_4: Long | None = strawberry.field(
        description="Quantity at the fourth sell price, shares."
    )
    ask_price_5: float | None = strawberry.field(
        description="Fifth sell price, yuan; null without one."
    )
    ask_quantity_5: Long | None = strawberry.field(
        description="Quantity at the fifth sell price, shares."
    )


@strawberry.type(description="The same quotes as arrays of equal length, one per field.")
class SnapshotColumns:
    symbol: list[Symbol] = strawberry.field(description="Codes with market.")
    name: list[str | None] = strawberry.field(description="Chinese short names; null if unknown.")
    time: list[datetime] = strawberry.field(description="When the source published them.")
    last_price: list[float | None] = strawberry.field(
        description="Prices of the last trade, yuan; null before it."
    )
    open: list[float | None] = strawberry.field(
        description="First price of the day, yuan; null before it."
    )
    high: list[float | None] = strawberry.field(
        description="Highest price of the day so far, yuan; null before a trade."
    )
    low: list[float | None] = strawberry.field(
        description="Lowest price of the day so far, yuan; null before a trade."
    )
    previous_close: list[float | None] = strawberry.field(
        description="Reference price of the day, yuan; null where unknown."
    )
    volume: list[Long] = strawberry.field(description="Quantity traded that day so far, shares.")
    amount: list[float] = strawberry.field(description="Money traded that day so far, yuan.")
    suspended: list[bool] = strawberry.field(description="Whether trading in it is suspended.")
    bid_price_1: list[float | None] = strawberry.field(
        description="Best buy price, yuan; null without one."
    )
    bid_quantity_1: list[Long | None] = strawberry.field(
        description="Quantity at the best buy price, shares."
    )
    bid_price_2: list[float | None] = strawberry.field(
        description="Second buy price, yuan; null without one."
    )
    bid_quantity_2: list[Long | None] = strawberry.field(
        description="Quantity at the second buy price, shares."
    )
    bid_price_3: list[float | None] = strawberry.field(
        description="Third buy price, yuan; null without one."
    )
    bid_quantity_3: list[Long | None] = strawberry.field(
        description="Quantity at the third buy price, shares."
    )
    bid_price_4: list[float | None] = strawberry.field(
        description="Fourth buy price, yuan; null without one."
    )
    bid_quantity_4: list[Long | None] = strawberry.field(
        description="Quantity at the fourth buy price, shares."
    )
    bid_price_5: list[float | None] = strawberry.field(
        description="Fifth buy price, yuan; null without one."
    )
    bid_quantity_5: list[Long | None] = strawberry.field(
        description="Quantity at the fifth buy price, shares."
    )
    ask_price_1: list[float | None] = strawberry.field(
        description="Best sell price, yuan; null without one."
    )
    ask_quantity_1: list[Long | None] = strawberry.field(
        description="Quantity at the best sell price, shares."
    )
    ask_price_2: list[float | None] = strawberry.field(
        description="Second sell price, yuan; null without one."
    )
    ask_quantity_2: list[Long | None] = strawberry.field(
        description="Quantity at the second sell price, shares."
    )
    ask_price_3: list[float | None] = strawberry.field(
        description="Third sell price, yuan; null without one."
    )
    ask_quantity_3: list[Long | None] = strawberry.field(
        description="Quantity at the third sell price, shares."
    )
    ask_price_4: list[float | None] = strawberry.field(
        description="Fourth sell price, yuan; null without one."
    )
    ask_quantity_4: list[Long | None] = strawberry.field(
        description="Quantity at the fourth sell price, shares."
    )
    ask_price_5: list[float | None] = strawberry.field(
        description="Fifth sell price, yuan; null without one."
    )
    ask_quantity_5: list[Long | None] = strawberry.field(
        description="Quantity at the fifth sell price, shares."
    )


@strawberry.type(
    description="Newest quotes of a whole exchange or sector (全市场快照), all of one moment."
)
class MarketSnapshot:
    source: Source = strawberry.field(description="Where the quotes come from.")
    row_count: int = strawberry.field(description="Number of symbols.")
    quotes: strawberry.Private[BarColumns]

    @strawberry.field(description="The quotes as objects; pick what you need, no more is made.")
    def rows(self) -> list[SnapshotQuote]:
        return cast("list[SnapshotQuote]", RowList(_quote, self.quotes))

    @strawberry.field(description="The quotes as arrays; pick what you need, no more is made.")
    def columns(self) -> SnapshotColumns:
        lists: dict[str, Any] = {name: ColumnList(self.quotes, name) for name in _NOTHING}
        return SnapshotColumns(**lists)

    @classmethod
    def from_domain(cls, snapshot: domain.MarketSnapshot) -> "MarketSnapshot":
        """Show a domain snapshot."""
        found = snapshot.quotes
        texts = {"symbol": np.array(found.symbols, np.object_)}
        if snapshot.names is not None:
            texts["name"] = np.array(snapshot.names, np.object_)
        length = len(found.symbols)
        columns = BarColumns(length, {**texts, **found.values}, found.valid)
        return cls(source=found.source, row_count=length, quotes=columns)


def snapshot_fields(info: Info) -> tuple[tuple[str, ...], bool]:
    """Return the columns that the operation picks, and whether it picks names."""
    chosen = {*picked(info, "rows"), *picked(info, "columns")}
    return tuple(name for name in QUOTE_FIELDS if camel(name) in chosen), "name" in chosen


def _quote(**values: Any) -> SnapshotQuote:  # noqa: ANN401 every field has its own type
    return SnapshotQuote(**(_NOTHING | values))


_NOTHING: dict[str, Any] = dict.fromkeys(("symbol", "name", *QUOTE_FIELDS))
