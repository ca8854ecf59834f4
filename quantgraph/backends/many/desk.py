"""The desks of several gateways as one: whatever has an account goes to the one that keeps it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import wraps
from inspect import isasyncgenfunction
from typing import Any, TypeVar, cast

from quantgraph.backends.many.accounts import ManyAccounts
from quantgraph.backends.many.controls import ManyControls, freest
from quantgraph.backends.many.directory import Directory
from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.ports.backend import Backend
from quantgraph.domain.ports.desk import Desk, FarDesk
from quantgraph.domain.system import Mode

T = TypeVar("T")


def open_desk(terminals: Sequence[Backend], directory: Directory) -> FarDesk | None:
    """Return the desk of terminals that all have one at their own gateway, else None."""
    desks = {each.name: each.desk for each in terminals if each.desk is not None}
    return ManyDesks(desks, directory).far() if len(desks) == len(terminals) else None


class ManyDesks:
    """Sends each question to the desk of its account; nothing is kept here."""

    def __init__(self, desks: Mapping[str, FarDesk], directory: Directory) -> None:
        """Take the desks by their terminals' names; `directory` finds whose an account is."""
        self._desks, self._directory = desks, directory

    def far(self) -> FarDesk:
        """Return them as one."""
        accounts = ManyAccounts(self._directory)
        desk = Desk(
            accounts=accounts,
            connections=self._by_account(lambda desk: desk.connections),
            controls=ManyControls(self._desks, self._owner),
            trading=self._by_account(lambda desk: desk.trading),
            batches=self._by_account(lambda desk: desk.batches),
            previews=self._by_account(lambda desk: desk.previews),
            allowances=self._by_account(lambda desk: desk.allowances),
            fills=self._by_account(lambda desk: desk.fills),
            portfolio=self._by_account(lambda desk: desk.portfolio),
            quotas=accounts,
        )
        return FarDesk(desk, self._mode, self._status, self._problems, self._drain)

    def _by_account(self, part: Callable[[Desk], T]) -> T:
        first = part(next(iter(self._desks.values())).desk)
        return cast("T", _ByAccount(first, part, self._owner))

    async def _owner(self, account_id: str) -> Desk:
        terminal = await self._directory.owner(account_id)
        return self._desks[terminal.name].desk

    def _mode(self) -> Mode | None:
        """Return the mode of all, None where it is not known, or not the same."""
        modes = {each.mode() for each in self._desks.values()}
        return modes.pop() if len(modes) == 1 else None

    def _status(self) -> TradingStatus:
        return freest([each.status() for each in self._desks.values()])

    def _problems(self) -> Mapping[str, str]:
        return {
            f"{name}.{part}": text
            for name, each in self._desks.items()
            for part, text in each.problems().items()
        }

    def _drain(self) -> None:
        for each in self._desks.values():
            each.drain()


class _ByAccount:
    """A port whose every question begins with an account, or with something that has one."""

    def __init__(
        self, form: object, part: Callable[[Desk], object], owner: Callable[[str], Awaitable[Desk]]
    ) -> None:
        self._form, self._part, self._owner = form, part, owner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the port has
        form = getattr(self._form, name)  # whose signature the audit log reads
        routed = wraps(form)((self._told if isasyncgenfunction(form) else self._asked)(name))
        setattr(self, name, routed)  # found at once from now on
        return routed

    def _asked(self, name: str) -> Callable[..., Any]:
        async def ask(*wanted: Any, **named: Any) -> Any:  # noqa: ANN401 whatever it takes and gives
            desk = await self._owner(_account(wanted, named))
            return await getattr(self._part(desk), name)(*wanted, **named)

        return ask

    def _told(self, name: str) -> Callable[..., Any]:
        async def tell(*wanted: Any, **named: Any) -> AsyncGenerator[Any, None]:  # noqa: ANN401 whatever it takes and gives
            desk = await self._owner(_account(wanted, named))
            async with aclosing(getattr(self._part(desk), name)(*wanted, **named)) as items:
                async for item in items:
                    yield item

        return tell


def _account(wanted: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    first = wanted[0] if wanted else next(iter(named.values()))
    return first if isinstance(first, str) else first.account_id
