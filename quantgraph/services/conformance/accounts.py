"""Checks of the link, the capability report, and accounts; none of them places an order."""

import asyncio
from decimal import Decimal

from quantgraph.domain.errors import GatewayError
from quantgraph.domain.operations import operations
from quantgraph.domain.reasons import Reason
from quantgraph.domain.terminals import TerminalState
from quantgraph.services.conformance.running import Check, SkippedError, Subject, expect

_NOBODY = "no such account"
_ROUNDED = Decimal("1.00")
_LOOK_S = 0.05


async def _connected(subject: Subject) -> str:
    while True:
        status = subject.backend.status()
        if status.state is TerminalState.CONNECTED:
            break
        await asyncio.sleep(_LOOK_S)
    versions = f"terminal {status.terminal_version}, SDK {status.sdk_version}"
    return f"{len(status.links)} links stand; {versions}"


async def _capabilities(subject: Subject) -> str:
    rows = subject.backend.capabilities()
    missing = set(operations()) - {each.operation for each in rows}
    expect(not missing, f"nothing is said of {', '.join(sorted(missing))}")
    silent = [each.operation for each in rows if each.available is not (each.reason is None)]
    expect(not silent, f"no reason, or one too many: {', '.join(silent)}")
    absent = [each.operation for each in rows if not each.available]
    return f"{len(rows)} operations; not available: {', '.join(absent) or 'none'}"


async def _accounts(subject: Subject) -> str:
    ids = await _ids(subject)
    expect(len(set(ids)) == len(ids), "an account is listed twice")
    logins = {each.account_id: each for each in subject.backend.status().logins}
    out = [each for each in ids if each in logins and not logins[each].ready]
    return f"{len(ids)} accounts, {len(out)} of them take no orders"


async def _money(subject: Subject) -> str:
    ids = await _ids(subject)
    *found, unknown = await subject.backend.accounts.assets([*ids, _NOBODY])
    _check_unknown(unknown)
    for each in found:
        if isinstance(each, GatewayError):
            raise each
        parts = each.cash + each.frozen_cash + each.market_value
        expect(abs(each.total - parts) <= _ROUNDED, "the money of an account does not add up")
    return f"the money of {len(found)} accounts adds up"


async def _holdings(subject: Subject) -> str:
    ids = await _ids(subject)
    *found, unknown = await subject.backend.accounts.holdings([*ids, _NOBODY])
    _check_unknown(unknown)
    count = 0
    for each in found:
        if isinstance(each, GatewayError):
            raise each
        symbols = [held.symbol for held in each]
        expect(symbols == sorted(set(symbols)), "holdings are not by symbol, each once")
        sound = all(0 <= held.sellable <= held.quantity for held in each)
        expect(sound, "more can be sold than is held")
        count += len(symbols)
    return f"{count} holdings"


async def _means(subject: Subject) -> str:
    (account_id, *_) = await _ids(subject)
    means = await subject.backend.accounts.means(account_id, subject.symbols[0])
    expect(means.cash >= 0, "an order may use less than nothing")
    return "what an order may use is told"


async def _quotas(subject: Subject) -> str:
    (account_id, *_) = await _ids(subject)
    found = await subject.backend.quotas.ipo_quotas(account_id)
    parts = [(each.market, each.board) for each in found]
    expect(len(set(parts)) == len(parts), "a part of the market has two quotas")
    expect(all(each.quantity >= 0 for each in found), "a quota is below zero")
    return f"{len(parts)} quotas of new issues"


async def _ids(subject: Subject) -> list[str]:
    found = [each.id for each in await subject.backend.accounts.accounts()]
    if not found:
        raise SkippedError("no account is served")
    return found


def _check_unknown(found: object) -> None:
    known = isinstance(found, GatewayError) and found.reason is Reason.UNKNOWN_ACCOUNT
    expect(known, "an account that is not there has no error UNKNOWN_ACCOUNT in its place")


LINK = (
    Check("both links stand", _connected),
    Check("every operation is available, or says why not", _capabilities),
)
ACCOUNTS = (
    Check("accounts are listed once", _accounts),
    Check("money adds up, and others' accounts are unknown", _money),
    Check("no more can be sold than is held", _holdings),
    Check("what an order may use is told", _means),
    Check("quotas of new issues are told once", _quotas),
)
