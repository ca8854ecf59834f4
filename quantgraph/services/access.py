"""The one check of who calls, below all wires."""

import hashlib
from collections.abc import Hashable

from cachetools import LRUCache

from quantgraph.domain.access import KeyRing, Principal, Scope
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers

LOCAL = Principal("local", Scope.ADMIN)
_LONGEST_KEY = 200
# Keys that are known by their digest.
_KNOWN = 256


class KeyAccess:
    """Checks API keys. With `open_locally` a caller without a key is let in (mock on loopback)."""

    def __init__(self, keys: KeyRing, workers: Workers, *, open_locally: bool) -> None:
        """Hold the key file. Who was found is known until anything about the file changes."""
        self._keys = keys
        self._workers = workers
        self._open = open_locally
        self._seen: Hashable = None
        self._known: LRUCache[bytes, Principal] = LRUCache(_KNOWN)

    def known(self, credential: str | None) -> Principal | None:
        """Return whose key this is where nothing has changed since it was last read."""
        if credential is None:
            return LOCAL if self._open else None
        if self._refresh() is None:
            return None
        return self._known.get(_digest(credential))

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
        version = self._refresh()
        principal = None
        if 0 < len(credential) <= _LONGEST_KEY:
            principal = await self._workers.run(self._keys.check, credential)
        if principal is not None and version is not None and self._refresh() == version:
            self._known[_digest(credential)] = principal
        if principal is None:
            raise Unauthenticated(
                Reason.UNAUTHENTICATED, "This API key is not known, or it was revoked."
            )
        return principal

    def _refresh(self) -> Hashable:
        version = self._keys.version()
        if version != self._seen:
            self._known.clear()
            self._seen = version
        return version


def _digest(credential: str) -> bytes:
    # Found by its digest, so that the time to find it tells nothing of the key.
    return hashlib.sha256(credential.encode()).digest()
