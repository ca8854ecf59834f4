"""The accounts that a terminal serves, and how each of them is logged in."""

from dataclasses import dataclass

from quantgraph.backends.xtquant.order_codes import ACCOUNT_STATUSES, CASH_ACCOUNT
from quantgraph.backends.xtquant.records import Record
from quantgraph.backends.xtquant.session import AccountRef
from quantgraph.domain.terminals import AccountLogin

# Of futures: what it holds is told, and it is not traded.
FUTURES_ACCOUNT = 1
_STRANGE = "The terminal says of the account what nobody has listed."


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account that the terminal serves, and why it takes no orders, None: it does."""

    ref: AccountRef
    name: str
    closed: str | None

    def login(self) -> AccountLogin:
        """Return it as the gateway tells it."""
        return AccountLogin(self.ref.account_id, self.closed is None, self.closed)


def closed_by(status: int) -> str | None:
    """Return why an account of a status takes no orders, None: it does."""
    return ACCOUNT_STATUSES.get(status, _STRANGE)


def served(account: AccountState) -> bool:
    """Return whether it is of a type that orders are sent for."""
    return account.ref.account_type == CASH_ACCOUNT


def read_accounts(told: Record) -> list[AccountState]:
    """Return every account of an answer."""
    return [
        AccountState(
            AccountRef(each.account_id, each.account_type),
            each.broker_name or each.product_name or each.account_id,
            closed_by(each.login_status),
        )
        for each in told or ()
    ]
