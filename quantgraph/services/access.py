"""The one check of who calls, below all wires."""

from quantgraph.domain.access import KeyRing, Principal, Scope
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers

LOCAL = Principal("local", Scope.ADMIN)
_LONGEST_KEY = 200


class KeyAccess:
    """Checks API keys. With `open_locally` a caller without a key is let in (mock on loopback)."""

    def __init__(self, keys: KeyRing, workers: Workers, *, open_locally: bool) -> None:
        """Hold the key file; nothing is cached, so that a revoked key is useless at once."""
        self._keys = keys
        self._workers = workers
        self._open = open_locally

    def known(self, credential: str | None) -> Principal | None:
        """Return who calls where no key decides it."""
        return LOCAL if self._open and credential is None else None

    async def authenticate(self, credential: str | None) -> Principal:
        """Return whose key this is. Errors: UNAUTHENTICATED.

        A wrong key is refused even where none is needed: whoever gives one means it.
        """
        known = self.known(credential)
        if known is not None:
            return known
        if credential is None:
            text = "An API key is required: X-API-Key or Authorization: Bearer. "
            raise Unauthenticated(
                Reason.UNAUTHENTICATED, text + "`quantgraph keys create` makes one."
            )
        principal = None
        if 0 < len(credential) <= _LONGEST_KEY:
            principal = await self._workers.run(self._keys.check, credential)
        if principal is None:
            raise Unauthenticated(
                Reason.UNAUTHENTICATED, "This API key is not known, or it was revoked."
            )
        return principal
