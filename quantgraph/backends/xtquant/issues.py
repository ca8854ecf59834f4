"""New issues as the trading side tells them, and how much of them an account may subscribe."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from quantgraph.backends.xtquant.records import Record
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.errors import unknown_account
from quantgraph.domain.ipos import Ipo
from quantgraph.domain.sources import Source


class XtIssues:
    """Today's subscriptions; nothing here can reach an order function."""

    def __init__(self, link: TraderLink) -> None:
        """Ask over `link`."""
        self._link = link

    async def issues(self) -> Sequence[Ipo]:
        """Return what can be subscribed today, by symbol. Errors: SOURCE_UNAVAILABLE, TIMED_OUT."""
        found = await self._link.ask("query_ipo_data_async", _issues)
        return sorted(found, key=lambda each: each.symbol)

    async def limits(self, account_id: str) -> Mapping[str, int]:
        """Return how many shares an account may subscribe, by the vendor's board: SH, SZ, KCB.

        Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE, TIMED_OUT.
        """
        known = self._link.accounts
        if known is None:
            raise away()
        if account_id not in known:
            raise unknown_account(account_id)
        ref = known[account_id].ref
        return await self._link.ask("query_new_purchase_limit_async", _limits, ref)


def _limits(told: Record) -> dict[str, int]:
    return {each.new_purchase_limit_key: each.new_purchase_limit_value for each in told or ()}


def _issues(told: Record) -> list[Ipo]:
    return [issue for each in told or () if (issue := _issue(each)) is not None]


def _issue(record: Record) -> Ipo | None:
    """Return an issue; None of one without a day, which is none of today's."""
    try:
        day = datetime.strptime(record.purchase_date, "%Y%m%d").date()  # noqa: DTZ007 a date alone
    except ValueError:
        return None
    return Ipo(
        symbol=record.ipo_code,
        name=record.ipo_name or None,
        subscription_code=None,
        subscription_date=day,
        # Before it is fixed the terminal writes 0.
        issue_price=record.issue_price if 0 < record.issue_price < 1e6 else None,
        issue_quantity=None,
        online_quantity=None,
        max_subscription=record.max_purchase_num or None,
        min_subscription=record.min_purchase_num or None,
        announce_date=None,
        payment_date=None,
        list_date=None,
        industry_pe=None,
        pe_before=None,
        pe_after=None,
        profitable=None,
        win_rate=None,
        source=Source.TERMINAL,
    )
