"""What the executor found out about a request, for when the same bytes come again."""

from dataclasses import dataclass
from typing import Any

from graphql import OperationType

from api.core import Bound, Prepared
from api.documents import Operation
from api.one_order import require_one_order
from api.ready import ReadyOperations
from quantgraph.domain.access import Principal
from resolvers.access import require_scopes

_ROOTS = {
    OperationType.QUERY: "Query",
    OperationType.MUTATION: "Mutation",
    OperationType.SUBSCRIPTION: "Subscription",
}


@dataclass(slots=True)
class Memory:
    """Empty until the request was met; it lasts no longer than the limits that hold then.

    `passed` is whose scopes were enough, of the newest caller; nothing else depends on who asks.
    `points` are what it costs; `ready` is what it asks made ready, with its variables coerced.
    `operation` is set once its document was found among those prepared.
    """

    operation: Operation | None = None
    passed: Principal | None = None
    points: int = 0
    ready: tuple[Prepared, Bound] | None = None

    def admit(self, principal: Principal, operation: Operation, variables: dict[str, Any]) -> None:
        """Raise FORBIDDEN unless a key may use every root field; ONE_ORDER_FIELD."""
        require_scopes(principal, _ROOTS[operation.type], operation.root_fields)
        if operation.type is OperationType.MUTATION:
            require_one_order(operation.root_fields)
        self.points = operation.cost.points(variables)
        self.passed = principal

    async def find(
        self, operation: Operation, variables: dict[str, Any], among: ReadyOperations
    ) -> tuple[Prepared, Bound]:
        """Return the operation made ready and its variables coerced; see `ReadyOperations`."""
        if self.ready is not None and self.operation is operation:
            return self.ready
        found = await among.find(operation, variables)
        if self.operation is operation:
            self.ready = found
        return found
