"""Open orders of ours: what became of each so far, and what it may still cost."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from quantgraph.domain.calendar import from_ms, to_ms
from quantgraph.domain.orders import Fill, Order, OrderState, PriceType, Side
from quantgraph.domain.terminal import ExecutionReport, Form

_AVERAGE = Decimal("0.0001")
_ZERO = Decimal("0.00")
_MONEY = ("amount", "fees", "frozen", "worst")
_PLAIN = (
    "key",
    "place",
    "tag",
    "account_id",
    "symbol",
    "quantity",
    "broker_id",
    "filled",
    "fills",
)


@dataclass(slots=True)
class Standing:
    """An open order. Money in yuan: `worst` is the dearest price it may trade at.

    `key` names it at the exchange, `place` in the venue of its symbol, `tag` is its member's.
    `frozen` is what is set aside for the rest of a buy; `expiry` is epoch ms.
    """

    key: int
    tag: str | None
    account_id: str
    symbol: str
    side: Side
    price_type: PriceType
    quantity: int
    worst: Decimal
    broker_id: str = ""
    place: int = 0
    expiry: int | None = None
    filled: int = 0
    fills: int = 0
    amount: Decimal = _ZERO
    fees: Decimal = _ZERO
    frozen: Decimal = _ZERO

    @classmethod
    def of(cls, order: Order, worst: Decimal, key: int) -> "Standing":
        """Begin with an order that was judged."""
        expiry = None if order.expires_at is None else to_ms(order.expires_at)
        return cls(
            key=key,
            tag=order.tag,
            account_id=order.account_id,
            symbol=order.symbol,
            side=order.side,
            price_type=order.price_type,
            quantity=order.quantity,
            worst=worst,
            expiry=expiry,
        )

    @property
    def open(self) -> int:
        """Shares that may still trade."""
        return self.quantity - self.filled

    def fill(self, trade: tuple[Decimal, int, Decimal], fee: Decimal, at: int) -> Fill:
        """Return the execution of a price, a quantity and its money at an instant (epoch ms)."""
        price, quantity, money = trade
        return Fill(
            id=f"{self.broker_id}-{self.fills}",
            order_id=self.tag or "",
            account_id=self.account_id,
            symbol=self.symbol,
            side=self.side,
            quantity=quantity,
            price=price,
            amount=money,
            fee=fee,
            time=from_ms(at),
        )

    def report(self, state: OrderState, at: int, fill: Fill | None = None) -> ExecutionReport:
        """Return what is told of it now."""
        average, price = None, self.worst if self.price_type.priced else None
        if self.filled:
            average = (self.amount / self.filled).quantize(_AVERAGE, ROUND_HALF_UP)
        return ExecutionReport(
            tag=self.tag,
            account_id=self.account_id,
            state=state,
            filled_quantity=self.filled,
            average_price=average,
            time=from_ms(at),
            fill=fill,
            broker_order_id=self.broker_id,
            form=Form(self.symbol, self.side, self.quantity, price),
        )

    def dump(self) -> dict[str, Any]:
        """Return the whole state as values that JSON has."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        money = {name: f"{getattr(self, name):f}" for name in _MONEY}
        kinds = {"side": self.side.value, "price_type": self.price_type.value}
        return {**plain, **money, **kinds, "expiry": self.expiry}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "Standing":
        """Return the order that was dumped."""
        read: dict[str, Any] = {name: Decimal(state[name]) for name in _MONEY}
        read |= {"side": Side(state["side"]), "price_type": PriceType(state["price_type"])}
        return cls(**{**state, **read})


class Roll:
    """All open orders, by their keys, by broker order id and tag, by account and by symbol."""

    def __init__(self) -> None:
        """Begin without any."""
        self._by_key: dict[int, Standing] = {}
        self._by_id: dict[str, Standing] = {}
        # An exchange takes two orders with one remark; the newer one is found by it.
        self._tagged: dict[str, Standing] = {}
        self._placed: dict[tuple[str, int], Standing] = {}
        self._owned: dict[str, dict[int, Standing]] = {}
        self._listed: dict[str, dict[int, Standing]] = {}
        # Shares of open buys by account and symbol: every order asks, and thousands may be open.
        self._bids: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._by_key)

    def add(self, standing: Standing) -> None:
        """Take one in."""
        key = standing.key
        self._by_key[key] = self._by_id[standing.broker_id] = standing
        if standing.tag is not None:
            self._tagged[standing.tag] = standing
        self._placed[standing.symbol, standing.place] = standing
        self._owned.setdefault(standing.account_id, {})[key] = standing
        self._listed.setdefault(standing.symbol, {})[key] = standing
        self.bid(standing, standing.open)

    def drop(self, standing: Standing) -> None:
        """Forget one that ended."""
        self.bid(standing, -standing.open)
        del self._by_key[standing.key], self._by_id[standing.broker_id]
        if standing.tag is not None and self._tagged.get(standing.tag) is standing:
            del self._tagged[standing.tag]
        del self._placed[standing.symbol, standing.place]
        for index, name in ((self._owned, standing.account_id), (self._listed, standing.symbol)):
            del index[name][standing.key]
            if not index[name]:
                del index[name]

    def bid(self, standing: Standing, shares: int) -> None:
        """Count shares that wait to be bought, or are bought by now (below zero)."""
        if standing.side is Side.BUY:
            self._bids[standing.account_id, standing.symbol] += shares

    def wanted(self, account_id: str, symbol: str) -> int:
        """Return the shares of an account's open buys of a symbol."""
        return self._bids[account_id, symbol]

    def keyed(self, key: int) -> Standing | None:
        """Return the open order of a key."""
        return self._by_key.get(key)

    def placed(self, symbol: str, place: int) -> Standing | None:
        """Return the open order of a place in a symbol's venue, None for a stranger's."""
        return self._placed.get((symbol, place))

    def named(self, name: str) -> Standing | None:
        """Return the open order of a broker order id or a tag."""
        return self._by_id.get(name) or self._tagged.get(name)

    def all(self) -> list[Standing]:
        """Return all, in the order they came."""
        return list(self._by_key.values())

    def count(self, account_id: str) -> int:
        """Return how many an account has."""
        return len(self._owned.get(account_id, ()))

    def on(self, symbol: str) -> list[Standing]:
        """Return a symbol's, in the order they came."""
        return list(self._listed.get(symbol, {}).values())

    def symbols(self) -> Collection[str]:
        """Return the symbols that somebody has an order for."""
        return self._listed.keys()
