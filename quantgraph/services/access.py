"""The one check of who calls, below all wires."""

import hashlib
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from cachetools import LRUCache

from quantgraph.domain.access import KeyRing, Principal, Scope
from quantgraph.domain.errors import Unauthenticated
from quantgraph.domain.reasons import Reason
from quantgraph.services.workers import Workers

LOCAL = Principal("local", Scope.ADMIN)
_LONGEST_KEY = 200
# Keys that are known by their digest.
_KNOWN = 256


def _now() -> datetime:
    return datetime.now(UTC)


class KeyAccess:
    """Checks API keys. With `open_locally` a caller without a key is let in (mock on loopback)."""

    def __init__(
        self,
        keys: KeyRing,
        workers: Workers,
        *,
        open_locally: bool,
        now: Callable[[], datetime] = _now,
    ) -> None:
        """Hold the key file. Who was found is known until anything about the file changes."""
        self._keys = keys
        self._now = now
        self._workers = workers
        self._open = open_locally
        self._seen: Hashable = None
        self._known: LRUCache[bytes, Principal] = LRUCache(_KNOWN)
        # What keys may now, by their ids: for those that were let in before.
        self._present: LRUCache[str, Principal] = LRUCache(_KNOWN)

    def known(self, credential: str | None) -> Principal | None:
        """Return whose key this is where nothing has changed since it was last read.

        None of a key that is good from some addresses alone.
        """
        found = self._remembered(credential)
        return found if found is not None and self._holds(found, "") else None

    def _remembered(self, credential: str | None) -> Principal | None:
        if credential is None:
            return LOCAL if self._open else None
        if self._refresh() is None:
            return None
        return self._known.get(_digest(credential))

    def _holds(self, principal: Principal, peer: str) -> bool:
        return principal.terms is None or principal.terms.hold(self._now(), peer)

    async def authenticate(self, credential: str | None, peer: str = "") -> Principal:
        """Return whose key a caller at `peer` shows. Errors: UNAUTHENTICATED.

        A wrong key is refused even where none is needed: whoever gives one means it.
        """
        known = self._remembered(credential)
        if known is not None:
            return self._admitted(known, peer)
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
        return self._admitted(principal, peer)

    async def recheck(self, principal: Principal, peer: str = "") -> None:
        """Raise UNAUTHENTICATED where a key that was let in before is good no longer.

        It is read again only after anything about the key file has changed.
        """
        if principal is LOCAL:
            return
        version, key_id = self._refresh(), principal.key_id
        found = None if version is None else self._present.get(key_id)
        if found is None:
            found = await self._workers.run(self._keys.find, key_id)
            if found is not None and version is not None and self._refresh() == version:
                self._present[key_id] = found
        if found is None or found != principal:
            text = f"Key {key_id} was revoked."
            raise Unauthenticated(Reason.UNAUTHENTICATED, text)
        self._admitted(found, peer)

    def _admitted(self, principal: Principal, peer: str) -> Principal:
        if not self._holds(principal, peer):
            text = f"Key {principal.key_id} has expired, or is not good from this address."
            raise Unauthenticated(Reason.UNAUTHENTICATED, text)
        return principal

    def _refresh(self) -> Hashable:
        version = self._keys.version()
        if version != self._seen:
            self._known.clear()
            self._present.clear()
            self._seen = version
        return version


def _digest(credential: str) -> bytes:
    # Found by its digest, so that the time to find it tells nothing of the key.
    return hashlib.sha256(credential.encode()).digest()
