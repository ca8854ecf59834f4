"""Orders by their callers' keys, as last heard of: a repeat asks neither market nor file."""

from typing import TypeAlias

from cachetools import LRUCache

from quantgraph.domain.journal import Entry, Intent, Recorded
from quantgraph.services.desk import OrderLedger

# Most repeats follow within seconds; older ones are looked up in the journal.
_PLACES = 10_000
# An account, and a client order id.
_Key: TypeAlias = tuple[str, str]


class RecentOrders:
    """Implements `OrderLedger` over another one: whatever is told of here is durable already."""

    def __init__(self, inner: OrderLedger | None, places: int = _PLACES) -> None:
        """Keep `places` orders, and hand everything on."""
        self._inner = inner
        self._kept: LRUCache[_Key, Recorded] = LRUCache(places)

    def heard(self, entry: Entry, recorded: Recorded) -> None:
        """Keep an order that was submitted, and what becomes of it as long as it is kept."""
        order = recorded.order
        if order.client_order_id is not None:
            key = order.account_id, order.client_order_id
            if isinstance(entry, Intent) or key in self._kept:
                self._kept[key] = recorded
        if self._inner is not None:
            self._inner.heard(entry, recorded)

    def forget(self) -> None:
        """Trust the journal alone from now on: it is another one."""
        self._kept.clear()
        if self._inner is not None:
            self._inner.forget()

    def find(self, account_id: str, client_order_id: str) -> Recorded | None:
        """Return the order of a key as last heard of, None where the journal has to be asked."""
        return self._kept.get((account_id, client_order_id))
