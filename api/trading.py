"""The way of orders over a terminal: guard, limits, journal and gate, and who switches them."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta

from api.ledgers import Logs
from api.worlds import World
from quantgraph.config import Config
from quantgraph.domain.clock import RandomIds
from quantgraph.domain.controls import TradingStatus
from quantgraph.domain.orders import Order, OrderKey, OrderState, PriceType
from quantgraph.domain.ports.desk import Desk
from quantgraph.domain.rules.trust import trust_of
from quantgraph.domain.system import Mode
from quantgraph.services.acts import BATCHES, CONNECTIONS, CONTROLS, TRADING
from quantgraph.services.arming import Arming, ArmingParts
from quantgraph.services.audit import audited, noted
from quantgraph.services.batches import OrderBatches
from quantgraph.services.connections import SwitchedAccounts, SwitchParts
from quantgraph.services.controls import ControlParts, TradingControls
from quantgraph.services.desk import OrderDesk
from quantgraph.services.fills import JournalledFills
from quantgraph.services.gate import Gate
from quantgraph.services.guard import OrderGuard
from quantgraph.services.judging import GuardSources
from quantgraph.services.latency import Timings
from quantgraph.services.ledger import Ledger
from quantgraph.services.limits import LimitedTrading, LimitParts
from quantgraph.services.orders import JournaledTrading
from quantgraph.services.portfolio import PortfolioDesk, PortfolioSources
from quantgraph.services.previews import OrderPreviews, PreviewParts
from quantgraph.services.redacted import CleanTerminal
from quantgraph.services.states import CountedStates
from quantgraph.services.valuing import Valuer
from quantgraph.services.workers import Workers
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.install import load_install

# Halts and resumes that wait to be written down.
_SWITCHES = 256


class OrderPath:
    """Implements `OrderWay` over a journal of this gateway's own.

    The parts that an order passes, outermost `guard`, which judges by `sources`.
    """

    def __init__(self, world: World, logs: Logs, timings: Timings) -> None:
        """Wire them over the world's terminal; `start` in the running loop."""
        self._world, self._logs = world, logs
        self.timings, self.states = timings, Counter[OrderState]()
        self.gate = Gate(logs.controls.present())
        # A thread of their own: a gateway that is busy can be halted.
        self._switching = Workers(1, _SWITCHES)
        self.gate.arming = self._arming()
        self.controls = TradingControls(self.gate, self._switches())
        ledger = Ledger(logs.journal, world.holder, world.workers, world.clock)
        clean = CleanTerminal(world.sender())
        self.trading = JournaledTrading(logs.journal, clean, world.holder, self._parts(ledger))
        self.limited = LimitedTrading(self.trading, self._limits(ledger))
        switch = SwitchParts(
            logs.statuses, world.workers, world.clock, lambda: self.trading.connected
        )
        self.accounts = SwitchedAccounts(world.holder, switch)
        self.gate.on_change(self.accounts.pulse)
        self.sources = self._judged_by()
        self.guard = OrderGuard(self.limited, self.sources)
        self._audited = audited(self.guard, logs.audit, TRADING)
        self._batches = OrderBatches(self._audited, world.config.limits.batch_orders)

    def desk(self) -> Desk:
        """Return the ports, what is done by them noted in the audit log."""
        logs, world = self._logs, self._world
        return Desk(
            accounts=self.accounts,
            connections=audited(self.accounts, logs.audit, CONNECTIONS),
            controls=audited(self.controls, logs.audit, CONTROLS),
            trading=self._audited,
            batches=audited(self._batches, logs.audit, BATCHES),
            previews=OrderPreviews(PreviewParts(self.sources, self.limited, self.gate)),
            allowances=self.limited,
            fills=JournalledFills(logs.journal, world.holder, world.workers, self.trading.events),
            portfolio=self._portfolio(),
            quotas=world.quotas,
        )

    def mode(self) -> Mode:
        """Return which world the orders belong to."""
        return self._world.config.mode

    def status(self) -> TradingStatus:
        """Return where all trading stands now."""
        return self.gate.status(None)

    def connected(self) -> bool:
        """Return whether the terminal answers, and its reports are taken."""
        return self.trading.connected

    def problems(self) -> Mapping[str, str]:
        """Return what of it keeps the gateway from being ready, by part."""
        return {**self.controls.problems(), **self.trading.problems()}

    def on_change(self, heard: Callable[[], None]) -> None:
        """Call `heard` whenever trading may stand otherwise."""
        self.gate.on_change(heard)

    def adopt(self, config: Config) -> None:
        """Take limits from a changed configuration."""
        self.limited.adopt(config.trading.table)
        self.trading.resize(config.limits.orders_in_flight)
        self._batches.most = config.limits.batch_orders

    def start(self) -> None:
        """Take the terminal's reports from now on."""
        self.trading.start()

    def drain(self) -> None:
        """End every stream, telling its reader to come back later."""
        self.trading.drain()
        self.accounts.drain()
        self.controls.drain()

    async def rest(self) -> None:
        """Let switches that are being turned end, while the terminal is still there."""
        await self.controls.close()
        await self.accounts.close()

    async def close(self) -> None:
        """Finish what is on its way; the terminal is closed before."""
        await self.trading.close()
        await self.limited.close()
        self._switching.close()

    def _parts(self, ledger: Ledger) -> OrderDesk:
        config, clock = self._world.config, self._world.clock
        return OrderDesk(
            workers=self._world.workers,
            clock=clock,
            ids=RandomIds(),
            destination=self._world.destination,
            id_prefix=self._world.prefix,
            install_id=load_install(config.desk_path),
            in_flight=config.limits.orders_in_flight,
            answer_seconds=config.trading.answer_seconds,
            check_seconds=config.trading.compare_seconds,
            gate=self.gate,
            approval=timedelta(minutes=config.trading.approval_minutes),
            ledger=CountedStates(ledger, self.states),
            timings=self.timings,
            settle_seconds=config.trading.settle_seconds,
            # What the simulated terminal does late it does late by its own clock.
            timer=lambda: clock.moment().ms / 1_000,
            alarm=self.controls.alarm,
        )

    def _portfolio(self) -> PortfolioDesk:
        world = self._world
        sources = (world.clock, world.holder, world.market, world.recorded)
        return PortfolioDesk(PortfolioSources(*sources, self._logs.journal, world.workers))

    def _arming(self) -> Arming | None:
        """Return what arms trading; None in a mode that needs no arming."""
        trading, real = self._world.config.trading, self._world.config.mode is Mode.PROD
        if not (real or trading.require_arming):
            return None
        keeper = ArmingSecret(self._world.config.desk_path / "keys.sqlite")
        reported = trading.programmatic_trading_reported or not real
        parts = (keeper, self._world.workers, self._world.clock, trading.arming_minutes, reported)
        return Arming(ArmingParts(*parts))

    def _switches(self) -> ControlParts:
        async def open_orders(account_id: str) -> list[Order]:
            orders, _ = await self._world.workers.run(self._logs.journal.open_orders, account_id)
            return orders

        async def cancel(key: OrderKey) -> Order:  # what takes it is assembled later
            return await self.trading.cancel(key)

        switches = (self._logs.controls, self._switching, self._world.clock, self._world.holder)
        answer = self._world.config.trading.answer_seconds
        audited_cancel = noted(cancel, self._logs.audit, TRADING["cancel"])
        return ControlParts(*switches, open_orders, audited_cancel, answer, audit=self._logs.audit)

    def _limits(self, ledger: Ledger) -> LimitParts:
        world = self._world
        valuer = Valuer(world.clock, world.calendar, world.recorded, world.market)
        table = world.config.trading.table
        return LimitParts(table, ledger, valuer, world.holder, world.holder)

    def _judged_by(self) -> GuardSources:
        world = self._world
        return GuardSources(
            world.clock,
            world.calendar,
            world.recorded,
            world.market,
            self.accounts,
            world.config.rules.fees,
            frozenset(PriceType),
            trust_of(world.config.mode, world.config.rules.accept_unverified),
        )
