"""Who calls, and what the key allows."""

import re
from collections.abc import Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Protocol, TypeAlias
from urllib.parse import unquote

from quantgraph.domain.errors import Forbidden, bad_request, unknown_account
from quantgraph.domain.reasons import Reason

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def address_of(peer: str) -> Address | None:
    """Return the address in `host:port`, `ipv4:host:port` or `ipv6:%5Bhost%5D:port`.

    None where there is none, as with a Unix socket. An IPv4 address in IPv6's clothes is itself.
    """
    text = unquote(peer).removeprefix("ipv4:").removeprefix("ipv6:")
    host = text.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


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

    def find(self, key_id: str) -> "Principal | None":
        """Return what the key of this id may now; None where it was revoked. Blocking."""
        ...

    def version(self) -> Hashable:
        """Return a value that differs after every change, never waiting for a writer.

        None where a change is so recent that the next could look the same.
        """
        ...


class Naming(StrEnum):
    """How a gateway that passes acts on names whose they are: by the ids of its clients' keys.

    OWN: as they are, for keys of one data folder. BELOW: below the gateway's own key, which keeps
    names of elsewhere apart from each other and from ours.
    """

    OWN = "own"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Terms:
    """Until when a key is good, and from where; None means for ever, and from everywhere.

    `names`: who shows it is a gateway, and believed whose act each is; None of all others.
    """

    expires_at: datetime | None = None
    networks: tuple[Network, ...] | None = None
    names: Naming | None = None

    def hold(self, now: datetime, peer: str) -> bool:
        """Return whether they hold now for a caller at `peer`, `host:port` or as gRPC says it."""
        if self.expires_at is not None and now >= self.expires_at:
            return False
        if self.networks is None:
            return True
        address = address_of(peer)
        return address is not None and any(address in each for each in self.networks)


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `accounts` None means every account, `terms` None none at all."""

    key_id: str
    scope: Scope
    accounts: frozenset[str] | None = None
    terms: Terms | None = field(default=None, compare=False)

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

    def require_switch(self, account_id: str | None, scope: Scope) -> None:
        """Raise unless the key has the scope on the account; None: on every account."""
        if account_id is not None:
            self.require_account(account_id, scope)
            return
        self.require(scope)
        if self.accounts is not None:
            text = f"Key {self.key_id} is of some accounts only: name one of them."
            raise Forbidden(Reason.FORBIDDEN, text)


# What a gateway may call those whose acts it passes on: key ids, joined over several gateways.
_NAME = re.compile(r"[0-9A-Za-z._-]{1,64}(/[0-9A-Za-z._-]{1,64}){0,3}")
_LONGEST_PEER = 100


class Wire(StrEnum):
    """Which contract an act came by; GATEWAY: by none, it is the gateway's own."""

    GRAPHQL = "GRAPHQL"
    GRPC = "GRPC"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whose act it is: key, wire, and the address of the caller's connection, where it has one."""

    key_id: str
    wire: Wire
    peer: str = ""


def acting(own: Actor, named: Actor | None, names: Naming | None) -> Actor:
    """Return whose act a call is: of whom a gateway names, else of who calls.

    Whoever may name nobody acts itself all the same. Errors: BAD_REQUEST.
    """
    if named is None or names is None:
        return own
    if _NAME.fullmatch(named.key_id) is None or len(named.peer) > _LONGEST_PEER:
        text = f"An act is named by key ids, up to four joined by /; found {named.key_id!r}."
        raise bad_request(text)
    if names is Naming.OWN:
        return named
    return Actor(f"{own.key_id}/{named.key_id}", named.wire, named.peer)


# What nobody asked for: timers, reports of the terminal, a restart.
GATEWAY = Actor("gateway", Wire.GATEWAY)
_actor: ContextVar[Actor] = ContextVar("actor", default=GATEWAY)


def act_as(actor: Actor) -> None:
    """Say whose acts follow in this context and in the tasks begun in it.

    The wires say so, each call in a context of its own; whatever lies below only asks.
    """
    _actor.set(actor)


def present_actor() -> Actor:
    """Return who acts now."""
    return _actor.get()
