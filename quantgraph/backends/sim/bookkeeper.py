"""Who answers for invented companies: their reports, none before it was announced."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from quantgraph.backends.sim.company import Quarter, keep_books
from quantgraph.backends.sim.memo import Memo
from quantgraph.backends.sim.statements import ROWS, Values
from quantgraph.backends.sim.universe import INDEX, UNIVERSE, Profile
from quantgraph.domain.calendar import day_start, to_ms
from quantgraph.domain.financials.fields import Statement
from quantgraph.domain.financials.tables import (
    CompanyFinancials,
    FinancialReport,
    FinancialRequest,
    ReportBasis,
)
from quantgraph.domain.sources import Source

_KEPT = 256


class Bookkeeper:
    """Answers requests for the universe's reports, none before it was announced."""

    def __init__(self, seed: int, last_year: int) -> None:
        """Write nothing yet; books reach to the end of `last_year`."""
        self._seed = seed
        self._last_year = last_year
        self._books: Memo[str, list[Quarter]] = Memo(_KEPT)

    def read(self, symbol: str, request: FinancialRequest, today: date) -> CompanyFinancials:
        """Return the asked statements; a symbol without books has none of them."""
        profile = UNIVERSE.get(symbol)
        quarters: list[Quarter] = []
        if profile is not None and symbol != INDEX:
            quarters = self._books.fetch(
                symbol, lambda: keep_books(profile, self._seed, self._last_year)
            )
        chosen = [quarter for quarter in quarters if _shown(quarter, request, today)]
        if profile is None:
            return CompanyFinancials(symbol, dict.fromkeys(request.fields, ()))
        return CompanyFinancials(
            symbol,
            {
                statement: tuple(
                    _report(profile, statement, quarter, (values, fields))
                    for quarter in chosen
                    for values in ROWS[statement](profile, quarter)
                )
                for statement, fields in request.fields.items()
            },
        )


def _shown(quarter: Quarter, request: FinancialRequest, today: date) -> bool:
    by_report = request.basis is ReportBasis.REPORT_DATE
    day = quarter.end if by_report else quarter.announced
    known = quarter.announced < today and (
        request.as_of is None or _known_at(quarter.announced, request.as_of)
    )
    after = request.start is None or request.start <= day
    before = request.end is None or day <= request.end
    return known and after and before


def _known_at(announced: date, instant: datetime) -> bool:
    return to_ms(instant) >= day_start(announced + timedelta(days=1))


def _report(
    profile: Profile,
    statement: Statement,
    quarter: Quarter,
    row: tuple[Values, Sequence[str]],
) -> FinancialReport:
    values, fields = row
    return FinancialReport(
        symbol=profile.symbol,
        statement=statement,
        report_date=quarter.end,
        announce_date=quarter.announced,
        source=Source.SIMULATED,
        values={name: values[name] for name in fields if name in values},
    )
