"""What an exchange takes at an instant: orders, and cancels of them."""

from quantgraph.domain.calendar import TradingCalendar, day_of
from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.orders import PriceType
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.late_orders import LateRow
from quantgraph.domain.rules.sessions import Act, Phase, PhaseRow, late_row, phase_row

_HOURS = (
    "orders are taken from 09:15 to 09:25, 09:30 to 11:30 and 13:00 to 15:00 Shanghai time on "
    "trading days."
)
_LATE_HOURS = (
    "where there is after-hours trading, orders for it are taken from 09:30 (Shenzhen: 09:15) to "
    "11:30 and from 13:00 to 15:30 Shanghai time on trading days."
)


def phase_at(instant_ms: int, instrument: Instrument, calendar: TradingCalendar) -> Phase:
    """Return what the instrument's exchange does at an instant (epoch ms).

    Raises CALENDAR_NOT_COVERED, and OrderRefused RULE_UNKNOWN where no row tells the day's phases.
    """
    row = row_at(instant_ms, instrument, calendar)
    return Phase.CLOSED if row is None else row.phase


def row_at(instant_ms: int, instrument: Instrument, calendar: TradingCalendar) -> PhaseRow | None:
    """Return the row of the phase at an instant, None when closed. Raises as `phase_at`."""
    open_ = calendar.is_session(day_of(instant_ms))
    return phase_row(instrument, instant_ms) if open_ else None


def _late_at(instant_ms: int, instrument: Instrument, calendar: TradingCalendar) -> LateRow | None:
    open_ = calendar.is_session(day_of(instant_ms))
    return late_row(instrument, instant_ms) if open_ else None


def check_session(
    instant_ms: int,
    instrument: Instrument,
    calendar: TradingCalendar,
    price_type: PriceType = PriceType.LIMIT,
) -> PhaseRow | LateRow:
    """Return the row that lets such an order in now, or raise SESSION_CLOSED."""
    if price_type is PriceType.AFTER_HOURS:
        late = _late_at(instant_ms, instrument, calendar)
        if late is not None:
            return late
    else:
        row = row_at(instant_ms, instrument, calendar)
        if row is not None and row.phase.takes_orders:
            return row
    phase = phase_at(instant_ms, instrument, calendar)
    hours = _LATE_HOURS if price_type is PriceType.AFTER_HOURS else _HOURS
    text = f"{instrument.symbol} takes no {price_type} orders now ({phase}); {hours}"
    raise OrderRefused(Reason.SESSION_CLOSED, text, symbol=instrument.symbol, phase=phase)


def check_cancel(
    price_type: PriceType, instrument: Instrument, instant_ms: int, calendar: TradingCalendar
) -> PhaseRow | LateRow:
    """Return the row that lets a cancel of such an order in now, or raise CANCEL_CLOSED.

    An auction about to be held takes none (09:20 to 09:25, 14:57 to 15:00), nor does an exchange
    that takes nothing at all. Raises as well what `phase_at` raises.
    """
    if price_type is PriceType.AFTER_HOURS:
        late = _late_at(instant_ms, instrument, calendar)
        if late is not None:
            return late
    else:
        row = row_at(instant_ms, instrument, calendar)
        if row is not None and Act.CANCEL in row.phase.acts:
            return row
    phase = phase_at(instant_ms, instrument, calendar)
    text = f"{instrument.symbol} takes no cancels now ({phase}); cancel again when trading goes on."
    raise OrderRefused(Reason.CANCEL_CLOSED, text, symbol=instrument.symbol, phase=phase)
