"""Previews: the pipeline's own judges asked for all that they have to say; nothing is sent."""

from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from quantgraph.domain.errors import GatewayError, IdempotencyConflict
from quantgraph.domain.orders import OrderTicket, Side
from quantgraph.domain.previews import Estimate, OrderPreview
from quantgraph.domain.rules.bands import Band
from quantgraph.domain.rules.checks import day_band, worst_price
from quantgraph.domain.rules.daily import Basis
from quantgraph.domain.rules.rows import Row
from quantgraph.services.gate import Gate
from quantgraph.services.judging import DIGITS, GuardSources, Judged, OrderJudge
from quantgraph.services.limits import LimitedTrading

# Yuan, beyond which neither wire can write an amount; no rule allows such an order.
_MOST = Decimal(10**15)


@dataclass(frozen=True, slots=True)
class PreviewParts:
    """What the guard looks at, the limits, and the gate, in the order in which a submit meets them.

    The same objects that submits pass: whatever they learn, a preview knows.
    """

    sources: GuardSources
    limits: LimitedTrading
    gate: Gate


class OrderPreviews:
    """Implements `Previews`. It reads; it journals, reserves, counts and sends nothing."""

    def __init__(self, parts: PreviewParts) -> None:
        """Ask `parts`."""
        self._parts = parts
        self._judge = OrderJudge(parts.sources)

    async def preview(self, ticket: OrderTicket) -> OrderPreview:
        """Judge an order as a submit would be; see `ports.Previews`."""
        limits, now = self._parts.limits, self._parts.sources.clock.now()
        self._judge.check_form(ticket)
        limited, waits = await limits.verdict(ticket)
        found: list[GatewayError] = []
        try:
            earlier = await limits.recall(ticket)
        except IdempotencyConflict as conflict:
            found.append(conflict)
        else:
            if earlier is not None:
                return OrderPreview(now, earlier=earlier.order)
        judged = await self._judge.judge(ticket, found.append)
        shut = self._parts.gate.refusal(ticket.account_id, ticket.side)
        # Rules and limits both count shares: the first to say so is heard.
        said = {each.reason for each in found}
        found += [each for each in limited if each.reason not in said]
        refusals = (*found, *([] if shut is None else [shut]))
        if judged is None:
            return OrderPreview(now, refusals, needs_approval=waits)
        return replace(self._shown(judged), refusals=refusals, needs_approval=waits)

    def _shown(self, judged: Judged) -> OrderPreview:
        estimate, buys = self._estimate(judged), judged.wish.side is Side.BUY
        due = None if estimate is None else estimate.amount + estimate.fees.total
        return OrderPreview(
            time=self._parts.sources.clock.now(),
            estimate=estimate,
            cash_needed=due if buys else None,
            cash=judged.means.cash,
            shares_needed=None if buys else judged.wish.quantity,
            sellable=judged.means.sellable,
            band=_band(judged),
            rules=self._rules(judged),
        )

    def _estimate(self, judged: Judged) -> Estimate | None:
        wish, situation = judged.wish, judged.situation
        if wish.price_type.priced and wish.limit_price is None:
            return None
        try:
            price = worst_price(wish, situation)
            with localcontext(prec=DIGITS):
                amount = price * wish.quantity
                if not 0 < amount < _MOST:
                    return None
                fees = self._parts.sources.fees.order_fees(
                    situation.instrument, wish.side, amount, situation.day
                )
        except GatewayError:
            return None  # it is among the refusals
        return Estimate(price, amount, fees)

    def _rules(self, judged: Judged) -> tuple[Basis, ...]:
        rows: list[Row] = list(judged.rows)
        situation = judged.situation
        with suppress(GatewayError):  # it is among the refusals
            rows += self._parts.sources.fees.rules(situation.instrument, situation.day)
        return tuple(dict.fromkeys(map(Basis.of, rows)))


def _band(judged: Judged) -> Band | None:
    try:
        return day_band(judged.situation)
    except GatewayError:
        return None  # it is among the refusals
