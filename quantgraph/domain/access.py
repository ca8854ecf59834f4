"""Who calls, and what the key allows."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from quantgraph.domain.errors import Forbidden, unknown_account
from quantgraph.domain.reasons import Reason


class Scope(StrEnum):
    """What a key may do; `trade` includes `read`, `admin` includes both."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"


_INCLUDES = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.TRADE: frozenset({Scope.READ, Scope.TRADE}),
    Scope.ADMIN: frozenset(Scope),
}


class KeyRing(Protocol):
    """API keys at rest."""

    def check(self, key: str) -> "Principal | None":
        """Return whose key this is, or None; the comparison takes constant time.

        Blocking: call it through `Workers`.
        """
        ...

    def version(self) -> Hashable:
        """Return a value that differs after every change, never waiting for a writer.

        None where a change is so recent that the next could look the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `accounts` None means every account."""

    key_id: str
    scope: Scope
    accounts: frozenset[str] | None = None

    def require(self, scope: Scope) -> None:
        """Raise FORBIDDEN unless the key has the scope."""
        if scope not in _INCLUDES[self.scope]:
            text = f"Key {self.key_id} has scope {self.scope}, this needs {scope}."
            raise Forbidden(Reason.FORBIDDEN, text, scope=scope)

    def sees(self, account_id: str) -> bool:
        """Return whether the key may know of the account."""
        return self.accounts is None or account_id in self.accounts

    def require_account(self, account_id: str, scope: Scope) -> None:
        """Raise unless the key has the scope on the account; others' accounts do not exist."""
        self.require(scope)
        if not self.sees(account_id):
            raise unknown_account(account_id)
