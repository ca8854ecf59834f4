"""Which terminal has which account, as each has told it last."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from quantgraph.backends.many.members import stands
from quantgraph.domain.accounts import Account, AccountStatus
from quantgraph.domain.errors import GatewayError, Unavailable, Unsupported, unknown_account
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.trading import Accounts
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminals import TerminalPart

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# Seconds to wait for the newest word of all terminals, where what is asked for is known.
_KNOWN_S = 1.0
# Seconds that a terminal has to tell its accounts.
_TELL_S = 5.0


class Memory(Protocol):
    """Which accounts a terminal has told last, kept over restarts. All methods block."""

    def read(self) -> Mapping[str, frozenset[str]]:
        """Return ids by the terminal's name."""
        ...

    def write(self, held: Mapping[str, Iterable[str]]) -> None:
        """Keep them. Errors: STORE_UNAVAILABLE."""
        ...


class Directory:
    """Finds the terminal of an account; one that two terminals claim has none.

    What a terminal has told stays known while it is away, over a restart of ours as well. Nothing
    is asked of one that is.
    """

    def __init__(self, terminals: Sequence[Backend], memory: Memory | None = None) -> None:
        """Know what is remembered."""
        self._terminals = tuple(terminals)
        self._memory = memory
        self._remembered = {} if memory is None else dict(memory.read())
        self._told: dict[str, tuple[Account, ...]] = {}
        # Who has answered the last look.
        self._answered = frozenset[str]()
        self._fresh, self._changes = False, 0
        self._look_task: asyncio.Task[frozenset[str]] | None = None

    def changed(self) -> None:
        """Hear that one of them may have other accounts now, or be away."""
        self._fresh = False
        self._changes += 1
        self._look_task = None  # it may wait for who is away by now

    @property
    def claimed(self) -> frozenset[str]:
        """Accounts that several terminals have."""
        ids = Counter(id_ for each in self._terminals for id_ in self._ids(each.name))
        return frozenset(each for each, count in ids.items() if count > 1)

    async def accounts(self) -> Sequence[Account]:
        """Return the accounts of all, each at its terminal; those of one that is away as well.

        Those that several claim are left out. Of one that is slow to tell they are as it told last.
        Errors: TERMINAL_OFFLINE before anybody told any.
        """
        look = self._looking()
        if len(self._told) == len(self._terminals):
            await asyncio.wait({look}, timeout=_KNOWN_S)
        else:
            await asyncio.shield(look)
        answered = look.result() if look.done() else self._answered
        claimed = self.claimed
        if not self._told:
            raise Unavailable(Reason.TERMINAL_OFFLINE, "No terminal has told its accounts yet.")
        return [
            each if terminal in answered else replace(each, status=AccountStatus.DISCONNECTED)
            for terminal, told in self._told.items()
            for each in told
            if each.id not in claimed
        ]

    async def serving(self, account_id: str) -> Backend:
        """Return the terminal of an account, which can be asked now.

        Errors: as of `owner`, and TERMINAL_OFFLINE while it is away.
        """
        found = await self.owner(account_id)
        if not stands(found, TerminalPart.TRADING):
            raise _away(found.name)
        return found

    async def owner(self, account_id: str) -> Backend:
        """Return the terminal of an account.

        Errors: UNKNOWN_ACCOUNT, ACCOUNT_AMBIGUOUS; TERMINAL_OFFLINE where a terminal may have it
        that never told its accounts.
        """
        if not self._owners(account_id):
            await asyncio.shield(self._looking())
        elif not self._fresh:
            # One that is slow to tell holds up nobody whose terminal is known.
            await asyncio.wait({self._looking()}, timeout=_KNOWN_S)
        owners = self._owners(account_id)
        if len(owners) > 1:
            raise _ambiguous(account_id, owners)
        if not owners:
            raise self._unknown(account_id)
        return owners[0]

    def _owners(self, account_id: str) -> list[Backend]:
        return [each for each in self._terminals if account_id in self._ids(each.name)]

    def _ids(self, name: str) -> frozenset[str]:
        """Return the accounts that a terminal told last; before it tells, what is remembered."""
        told = self._told.get(name)
        if told is None:
            return self._remembered.get(name, frozenset())
        return frozenset(each.id for each in told)

    async def _remember(self) -> None:
        """Have it outlive us; where that fails it is tried again with the next look."""
        known = {each.name: self._ids(each.name) for each in self._terminals}
        if self._memory is None or known == self._remembered:
            return
        try:
            await asyncio.to_thread(self._memory.write, known)
        except GatewayError as error:
            _logger.warning("accounts_not_remembered", reason=error.reason.value)
        else:
            self._remembered = known

    def _unknown(self, account_id: str) -> GatewayError:
        untold = [each.name for each in self._terminals if each.name not in self._told]
        return _away(untold[0]) if untold else unknown_account(account_id)

    def _looking(self) -> asyncio.Task[frozenset[str]]:
        """Return the look that is taken now: whoever wants one shares it."""
        if self._look_task is None or self._look_task.done():
            self._look_task = asyncio.get_running_loop().create_task(self._look())
        return self._look_task

    async def _look(self) -> frozenset[str]:
        """Ask all that can be asked; return who has answered."""
        self._fresh = True  # first: what changes meanwhile is looked at again
        changes = self._changes
        asked = [each for each in self._terminals if stands(each, TerminalPart.TRADING)]
        found = await asyncio.gather(*map(_ask, asked))
        answered = {
            each.name: told for each, told in zip(asked, found, strict=True) if told is not None
        }
        outdated = changes != self._changes  # what a newer look has brought holds
        kept = {**answered, **self._told} if outdated else {**self._told, **answered}
        self._told = {each.name: kept[each.name] for each in self._terminals if each.name in kept}
        # Those that are away are heard of when they come back.
        if not outdated:
            self._fresh = len(answered) == len(asked)
        self._answered = frozenset(answered)
        await self._remember()
        return self._answered


def accounts_of(terminal: Backend) -> Accounts:
    """Return whom to ask about the terminal's accounts: its own gateway where that keeps them."""
    return terminal.accounts if terminal.desk is None else terminal.desk.desk.accounts


async def _ask(terminal: Backend) -> tuple[Account, ...] | None:
    try:
        async with asyncio.timeout(_TELL_S):
            told = await accounts_of(terminal).accounts()
    except (GatewayError, TimeoutError):
        return None
    return tuple(replace(each, terminal=terminal.name) for each in told)


def _away(name: str) -> GatewayError:
    text = f"Terminal {name} is away: nothing is known of its accounts now."
    return Unavailable(Reason.TERMINAL_OFFLINE, text, terminal=name)


def _ambiguous(account_id: str, owners: Sequence[Backend]) -> GatewayError:
    names = " and ".join(each.name for each in owners)
    text = (
        f"The terminals {names} both have account {account_id}: it is not guessed which is meant."
    )
    return Unsupported(Reason.ACCOUNT_AMBIGUOUS, text, account_id=account_id)
