"""One root field that changes orders per operation, however it is written."""

from collections.abc import Iterable

from quantgraph.domain.errors import InvalidRequest
from quantgraph.domain.reasons import Reason

# What may send or withdraw orders: with two of them in one operation nobody could say which of
# them a lost answer was about, and aliases would be a way around the limits of a request.
ORDER_CHANGING = frozenset(
    {
        "submitOrder",
        "submitOrders",
        "cancelOrder",
        "cancelAllOrders",
        "approveOrder",
        "rejectOrder",
        "writeOffOrder",
    }
)


def require_one_order(fields: Iterable[str]) -> None:
    """Raise ONE_ORDER_FIELD where an operation changes orders by more than one root field."""
    found = [field for field in fields if field in ORDER_CHANGING]
    if len(found) > 1:
        text = (
            f"The operation has {len(found)} root fields that change orders ({', '.join(found)}); "
            "give each an operation of its own, or use `submitOrders` and `cancelAllOrders`. "
            "Nothing was executed."
        )
        zh = f"一次操作中有 {len(found)} 个变更委托的根字段，只允许 1 个，未执行任何操作"
        raise InvalidRequest(Reason.ONE_ORDER_FIELD, text, zh=zh, details={"found": len(found)})
