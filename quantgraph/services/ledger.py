"""The books of all accounts: read from the journal at first use, then kept as it grows."""

import asyncio

from quantgraph.domain.calendar import day_of, day_start, to_ms
from quantgraph.domain.clock import Clock
from quantgraph.domain.errors import unknown_account
from quantgraph.domain.journal import CancelIntent, Entry, Journal, Recorded
from quantgraph.domain.ports.trading import Accounts
from quantgraph.services.exposure import AccountBook
from quantgraph.services.workers import Workers


class Ledger:
    """Hears the recorder on the loop; so a restart finds the same sums as were there before."""

    def __init__(
        self, journal: Journal, accounts: Accounts, workers: Workers, clock: Clock
    ) -> None:
        """Keep books of the accounts in `journal`."""
        self._journal = journal
        self._accounts = accounts
        self._workers = workers
        self._clock = clock
        self._books: dict[str, AccountBook] = {}
        self._reading = asyncio.Lock()

    @property
    def now(self) -> int:
        """The gateway clock's instant, epoch ms: exchanges count the seconds of their own clock."""
        return to_ms(self._clock.now())

    def heard(self, entry: Entry, recorded: Recorded) -> None:
        """Take what has become durable; of an account that was never asked for, nothing is kept."""
        book = self._books.get(recorded.order.account_id)
        if book is None:
            return
        if isinstance(entry, CancelIntent):
            book.take_cancel(entry, self.now)
        else:
            book.take(recorded.order, self.now)

    def forget(self) -> None:
        """Read everything anew: the journal is another one."""
        self._books.clear()

    async def book(self, account_id: str) -> AccountBook:
        """Return an account's book. Errors: UNKNOWN_ACCOUNT."""
        while (book := self._books.get(account_id)) is None or not book.loaded:
            async with self._reading:
                if self._books.get(account_id) is None:
                    await self._read(account_id)
        return book

    async def _read(self, account_id: str) -> None:
        known = await self._accounts.accounts()
        if all(account.id != account_id for account in known):
            raise unknown_account(account_id)
        # It hears from before it is read: what is told twice counts once.
        book = self._books[account_id] = AccountBook(self.now)
        try:
            start = day_start(day_of(self.now))
            log = await self._workers.run(self._journal.since, account_id, start)
        except BaseException:
            self._books.pop(account_id, None)
            raise
        book.load(log, self.now)
