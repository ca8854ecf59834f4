"""What the simulated terminal lists besides instruments, as of its clock's day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from quantgraph.backends.sim.bonds import list_bonds
from quantgraph.backends.sim.etfs import EtfDesk
from quantgraph.backends.sim.feed import Runner
from quantgraph.backends.sim.futures import PRODUCT, FuturesDesk
from quantgraph.backends.sim.moments import MarketClock
from quantgraph.backends.sim.options import OptionDesk
from quantgraph.backends.sim.paths import Paths
from quantgraph.backends.sim.tables import TABLES, rows_of
from quantgraph.backends.sim.universe import FIRST_DAY
from quantgraph.domain.bonds import BondRequest, ConvertibleBond
from quantgraph.domain.errors import Unsupported
from quantgraph.domain.etfs import EtfBasket
from quantgraph.domain.futures import MainContract, MainRequest
from quantgraph.domain.instrument_tags import InstrumentTags, TagRequest
from quantgraph.domain.instruments import Instrument, InstrumentKind, classify
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.options import OptionChain, day_to_come
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source
from quantgraph.domain.tables import TableRequest, TableSlice, TerminalTable
from quantgraph.domain.terminal_subscriptions import TerminalSubscription
from quantgraph.domain.treatments import SpecialTreatment, TreatmentKind

NO_TAGS = "The simulated terminal has no tags: `kind` and `board` tell what an instrument is."
NO_PROGRAMS = "No other program is connected to the simulated terminal: see `mySubscriptions`."


class SimCatalog:
    """Implements `Catalog`."""

    def __init__(self, clock: MarketClock, runner: Runner, paths: Paths) -> None:
        """List by the clock and the paths' prices; the runner does what blocks."""
        self._clock = clock
        self._run = runner.run
        self._etfs = EtfDesk(paths)
        self._issues = paths.issues
        self._paths = paths
        self._events = paths.world.announced.of
        self._options = OptionDesk(paths)
        self._futures = FuturesDesk(paths.world.calendar)

    async def etf_basket(self, symbol: str) -> EtfBasket | None:
        """Return the fund's list of the clock's day, None for anything else."""
        return await self._run(self._etfs.basket, symbol, self._clock.moment().day)

    async def bonds(self, request: BondRequest) -> Sequence[ConvertibleBond]:
        """Return the listed bonds of a request, by symbol."""
        return list_bonds(request, self._clock.moment().day, self._events)

    async def option_chain(self, underlying: str, day: date | None = None) -> OptionChain:
        """Return the contracts that are listed on a day up to the clock's, or on that."""
        today = self._clock.moment().day
        if day is not None and day > today:
            raise day_to_come(day, today)
        return await self._run(self._options.chain, underlying, day or today)

    async def ipos(self, request: IpoRequest) -> Sequence[Ipo]:
        """Return the new issues that are announced on the clock's day."""
        return await self._run(self._issues.ipos, request, self._clock.moment().day)

    async def main_contracts(self, request: MainRequest) -> Sequence[MainContract] | None:
        """Return the main contract of each asked trading day up to the clock's."""
        if request.product != PRODUCT:
            return None
        today = self._clock.moment().day
        end = min(request.end or today, today)
        start = request.start or end
        return self._futures.main_contracts(start, end) if start <= end else ()

    async def tables(self) -> Sequence[TerminalTable]:
        """Return the simulated terminal's tables, by name."""
        return TABLES

    async def table_slice(
        self, table: TerminalTable, request: TableRequest, first: int
    ) -> TableSlice:
        """Return some of a table's rows as of the clock's day."""
        found = rows_of(table, request, self._clock.moment().day, self._events)
        return replace(found, rows=found.rows[first : first + request.first])

    async def special_treatments(self, symbols: Sequence[str]) -> Sequence[SpecialTreatment]:
        """Return the marks of the clock's day; in this market none ever changes."""
        return await self._run(self._treated, symbols, self._clock.moment().day)

    def _treated(self, symbols: Sequence[str], day: date) -> Sequence[SpecialTreatment]:
        held = self._paths.instruments(symbols, day)
        found = (held.get(symbol) for symbol in dict.fromkeys(symbols))
        return [_treatment(each, day) for each in found if each is not None and each.is_st]

    async def instrument_tags(self, request: TagRequest) -> Sequence[InstrumentTags]:
        """Refuse: they are a vendor's own. Errors: TERMINAL_LACKS."""
        del request
        raise Unsupported(Reason.TERMINAL_LACKS, NO_TAGS)

    async def terminal_subscriptions(self) -> Sequence[TerminalSubscription]:
        """Refuse. Errors: TERMINAL_LACKS."""
        raise Unsupported(Reason.TERMINAL_LACKS, NO_PROGRAMS)

    def find(self, symbols: Sequence[str], day: date) -> Mapping[str, Instrument]:
        """Return options, futures and issues still to be listed among the symbols: blocking."""
        desks = {
            InstrumentKind.OPTION: self._options,
            InstrumentKind.FUTURE: self._futures,
            InstrumentKind.STOCK: self._issues,
        }
        asked = {symbol: desks.get(classify(symbol)[1]) for symbol in symbols}
        found = {s: None if desk is None else desk.find(s, day) for s, desk in asked.items()}
        return {symbol: one for symbol, one in found.items() if one is not None}


def _treatment(share: Instrument, day: date) -> SpecialTreatment:
    """Return the mark of a share; of an imported one nobody tells since when."""
    star = share.name is not None and share.name.startswith(("*ST", "S*ST"))
    since = max(share.list_date or FIRST_DAY, FIRST_DAY)
    told = share.source is Source.SIMULATED and since <= day
    kind = TreatmentKind.STAR_ST if star else TreatmentKind.ST
    return SpecialTreatment(share.symbol, kind, since if told else None, None, share.source)
