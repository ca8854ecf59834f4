"""Has the audit log hear of mutations that are refused before any port is asked."""

from collections.abc import Container, Iterable

from graphql import FieldNode, GraphQLError, OperationType

from api.callers import Caller
from api.documents import Operation
from quantgraph.domain.access import Actor, Wire, act_as
from quantgraph.domain.audit import Audit
from quantgraph.domain.errors import GatewayError


def actor_of(caller: Caller) -> Actor:
    """Return a caller as the audit log names it."""
    return Actor(caller.principal.key_id, Wire.GRAPHQL, caller.peer)


class Refusals:
    """Tells `audit`: of whole operations, and of root fields that no port was asked for."""

    def __init__(self, audit: Audit) -> None:
        """Tell nothing yet."""
        self._audit = audit

    def whole(self, operation: Operation, caller: Caller, error: GatewayError) -> None:
        """Note that an operation was refused before it ran; queries are no acts."""
        if operation.type is OperationType.MUTATION:
            act_as(actor_of(caller))
            for field in operation.root_fields:
                self._audit.refused(field, None, error)

    def fields(self, errors: Iterable[GraphQLError], heard: Container[str]) -> None:
        """Note the root fields that failed, but for those of which a port was `heard`."""
        for error in errors:
            cause, at_root = error.original_error, len(error.path or ()) == 1
            node = error.nodes[0] if error.nodes else None
            if at_root and isinstance(cause, GatewayError) and isinstance(node, FieldNode):
                name = node.name.value
                if name not in heard:
                    self._audit.refused(name, None, cause)
