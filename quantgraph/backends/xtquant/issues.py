"""New issues as the trading side tells them, and how much of them an account may subscribe."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from quantgraph.backends.xtquant.records import Record
from quantgraph.backends.xtquant.trader import TraderLink, away
from quantgraph.domain.errors import unknown_account
from quantgraph.domain.instruments import Board, Market
from quantgraph.domain.ipos import Ipo, IpoQuota
from quantgraph.domain.sources import Source

_logger: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
# The vendor's boards of quotas; the main board of Shenzhen and ChiNext share one.
_PARTS: Mapping[str, tuple[Market, Board | None]] = {
    "SH": (Market.SH, Board.MAIN),
    "KCB": (Market.SH, Board.STAR),
    "SZ": (Market.SZ, None),
    "BJ": (Market.BJ, Board.BSE),
}


class XtIssues:
    """Today's subscriptions, and `IpoQuotas`; nothing here can reach an order function."""

    def __init__(self, link: TraderLink) -> None:
        """Ask over `link`."""
        self._link = link

    async def issues(self) -> Sequence[Ipo]:
        """Return what can be subscribed today, by symbol. Errors: SOURCE_UNAVAILABLE, TIMED_OUT."""
        found = await self._link.ask("query_ipo_data_async", _issues)
        return sorted(found, key=lambda each: each.symbol)

    async def ipo_quotas(self, account_id: str) -> Sequence[IpoQuota]:
        """Return how many shares an account may subscribe, one quota per part of the market.

        Errors: UNKNOWN_ACCOUNT, SOURCE_UNAVAILABLE, TIMED_OUT, TERMINAL_LACKS.
        """
        known = self._link.accounts
        if known is None or not self._link.up:
            raise away()
        if account_id not in known:
            raise unknown_account(account_id)
        ref = known[account_id].ref
        return await self._link.ask("query_new_purchase_limit_async", _quotas, ref)


def _quotas(told: Record) -> list[IpoQuota]:
    """Return the quotas of those parts that there is a word for; others are logged."""
    found: list[IpoQuota] = []
    for each in told or ():
        part = _PARTS.get(each.new_purchase_limit_key)
        if part is None:
            _logger.warning("quota_of_a_strange_board", board=each.new_purchase_limit_key)
        else:
            found.append(IpoQuota(*part, each.new_purchase_limit_value, Source.TERMINAL))
    return sorted(found, key=lambda each: (each.market, each.board or ""))


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
