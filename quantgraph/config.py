"""config.toml, validated into frozen models; an unknown key or mode stops the start."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from quantgraph.domain.limits import MOST_PER_DAY, MOST_PER_SECOND, LimitTable
from quantgraph.domain.rates import Rates
from quantgraph.domain.system import Mode
from quantgraph.limits import AccountLimits, NamedLimits, limit_table
from quantgraph.market_rules import CalendarConfig, RulesConfig
from quantgraph.places import BusConfig, TerminalConfig, check_simulated
from quantgraph.seeds import (
    Faults,
    SeedAccount,
    default_accounts,
    twice,
)
from quantgraph.watching import LoggingConfig, MetricsConfig, ShutdownConfig, TracingConfig
from quantgraph.wires import (
    GrpcConfig,
    HttpConfig,
    Positive,
    Section,
    TlsConfig,
)

# Where a gateway notes what it was asked while its own agent writes the audit log of its folder.
ASKED = "asked"
Natural = Annotated[int, Field(ge=0)]


class LimitsConfig(Section):
    """What one request or connection may ask for."""

    bar_rows: Positive = 100_000
    ordinary_rows: Positive = 2_000
    batch_symbols: Positive = 1_000
    query_tokens: Positive = 2_000
    query_depth: Positive = 12
    query_aliases: Positive = 30
    query_repeats: Positive = 20
    query_directives: Positive = 50
    query_roots: Positive = 50
    query_cost: Positive = 50_000
    json_depth: Annotated[int, Field(gt=0, le=200)] = 64
    custom_sectors: Positive = 200
    sector_members: Positive = 6_000
    subscriptions: Positive = 100
    key_subscriptions: Positive = 10_000
    key_connections: Positive = 2_000
    key_check_seconds: Positive = 5
    event_streams: Positive = 200
    resolver_seconds: Positive = 30
    worker_threads: Positive = 4
    worker_backlog: Positive = 256
    orders_in_flight: Positive = 1_000
    batch_orders: Positive = 50


class RatesConfig(Section):
    """What one key may ask for in a while, on both wires together."""

    read_points: Positive = 500_000
    read_points_per_second: Positive = 100_000
    orders: Positive = 100
    orders_per_second: Positive = 50

    @property
    def rates(self) -> Rates:
        """The buckets of every key."""
        return Rates(
            self.read_points, self.read_points_per_second, self.orders, self.orders_per_second
        )


class TradingConfig(Section):
    """How long a terminal is believed, what arms trading, and what accounts may do."""

    answer_seconds: Positive = 10
    compare_seconds: Positive = 15
    settle_seconds: Positive = 120
    approval_minutes: Positive = 5
    require_arming: bool = False
    arming_minutes: Annotated[int, Field(gt=0, le=1_440)] = 480
    programmatic_trading_reported: bool = False
    limits: AccountLimits = AccountLimits()
    accounts: tuple[NamedLimits, ...] = ()

    @field_validator("accounts")
    @classmethod
    def _once(cls, value: tuple[NamedLimits, ...]) -> tuple[NamedLimits, ...]:
        name = twice([each.id for each in value])
        if name is not None:
            raise ValueError(f"account {name!r} is named twice")
        return value

    @property
    def table(self) -> LimitTable:
        """The limits of every account."""
        return limit_table(self.limits, self.accounts)


class AuditConfig(Section):
    """What shows that a log of what was done was cut."""

    head_file: str = ""


class CacheConfig(Section):
    """What may be kept in memory; 0 keeps nothing."""

    columns_mb: Natural = 128
    bars_mb: Natural = 128
    texts_mb: Natural = 64


class MockConfig(Section):
    """The simulated exchange."""

    seed: int = 1
    speed: Annotated[float, Field(gt=0, le=1000)] = 1.0
    quote_interval_ms: Positive = 3_000
    liquidity: Literal["generated", "replay"] = "generated"
    start: date | None = None
    faults: Faults = ()
    account_limit: Positive = 1_000
    rejection_style: Literal["coded", "plain"] = "coded"
    snapshots: Positive = 20
    snapshot_mb: Positive = 256
    open_orders: Positive = 1_000
    live_symbols: Positive = 500
    process: bool = False
    process_seconds: Positive = 30
    download_ms: Natural = 200
    accounts: Annotated[tuple[SeedAccount, ...], Field(min_length=1)] = Field(
        default_factory=default_accounts
    )

    @field_validator("start", mode="before")
    @classmethod
    def _start(cls, value: object) -> object:
        return None if value == "" else value


class DownloadsConfig(Section):
    """Downloads into the terminal's own cache."""

    waiting: Positive = 100
    kept: Positive = 200
    silent_seconds: Positive = 120
    away_seconds: Positive = 15
    again_minutes: Natural = 30


class Config(BaseSettings):
    """The whole configuration; config.toml shows every key with its default, unit and reason."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="QUANTGRAPH_", env_nested_delimiter="__"
    )

    mode: Mode = Mode.MOCK
    data_dir: str = ""
    desk_dir: str = ""
    http: HttpConfig = HttpConfig()
    grpc: GrpcConfig = GrpcConfig()
    tls: TlsConfig = TlsConfig()
    limits: LimitsConfig = LimitsConfig()
    rates: RatesConfig = RatesConfig()
    trading: TradingConfig = TradingConfig()
    audit: AuditConfig = AuditConfig()
    cache: CacheConfig = CacheConfig()
    terminal: TerminalConfig = TerminalConfig()
    terminals: tuple[TerminalConfig, ...] = ()
    isolate: bool = False
    bus: BusConfig = BusConfig()
    downloads: DownloadsConfig = DownloadsConfig()
    mock: MockConfig = MockConfig()
    rules: RulesConfig = RulesConfig()
    calendar: CalendarConfig = CalendarConfig()
    logging: LoggingConfig = LoggingConfig()
    metrics: MetricsConfig = MetricsConfig()
    shutdown: ShutdownConfig = ShutdownConfig()
    tracing: TracingConfig = TracingConfig()

    @model_validator(mode="after")
    def _far_below(self) -> "Config":
        """Keep real orders far below what the exchanges call high-frequency trading."""
        for limits in (self.trading.limits, *self.trading.accounts):
            per_second, per_day = limits.actions_per_second, limits.actions_per_day
            above = per_second > MOST_PER_SECOND or per_day > MOST_PER_DAY
            if self.mode is Mode.PROD and above:
                raise ValueError(
                    f"trading.limits: {per_second} actions per second and {per_day} per day; prod "
                    f"allows {MOST_PER_SECOND} and {MOST_PER_DAY}, far below high-frequency trading"
                )
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> "Config":
        if self.terminals and self.terminal != TerminalConfig():
            raise ValueError(
                "[terminal] and [[terminals]] are both given: make [terminal] one of [[terminals]]"
            )
        name = twice([each.name for each in self.chosen])
        if name is not None:
            raise ValueError(f"[[terminals]]: two are called {name!r}")
        if not any(each.market_data for each in self.chosen):
            raise ValueError("no terminal has market_data = true: nobody could be asked for any")
        return self

    @model_validator(mode="after")
    def _one_desk(self) -> "Config":
        own = [each.name for each in self.chosen if each.kind == "xtquant"]
        if self.mode is Mode.PROD and own and len(self.chosen) > 1:
            raise ValueError(
                f"[[terminals]]: in prod each of several keeps its own journal, and {own[0]!r} has "
                'no gateway of its own: start one beside it, and set kind = "remote"'
            )
        return self

    @model_validator(mode="after")
    def _judged_there(self) -> "Config":
        """Refuse limits that nobody here would hold: they would protect nobody, in silence."""
        here = {each.kind for each in self.chosen} != {"remote"}
        if self.mode is Mode.PROD and not here and self.trading != TradingConfig():
            raise ValueError(
                "[trading] is of no use here: in prod over other gateways limits, approvals and "
                "arming are theirs. Give it in their config.toml and leave it out of this one"
            )
        return self

    @model_validator(mode="after")
    def _apart(self) -> "Config":
        if self.isolate and "xtquant" not in {each.kind for each in self.chosen}:
            raise ValueError("isolate: no terminal of this machine is named")
        return self

    @model_validator(mode="after")
    def _simulated(self) -> "Config":
        check_simulated(self.chosen, self.mode)
        return self

    @property
    def venues(self) -> tuple[TerminalConfig, ...]:
        """The terminals of mock, where any is named that is simulated; else mock is one world."""
        found = self.chosen if self.mode is Mode.MOCK else ()
        return found if any(each.kind == "sim" for each in found) else ()

    @property
    def chosen(self) -> tuple[TerminalConfig, ...]:
        """The terminals that are named, those that are asked first for market data first."""
        return self.terminals or (self.terminal,)

    @property
    def data_path(self) -> Path:
        """The folder that holds the store, by mode: what mock stored is never read elsewhere."""
        root = self.data_dir or platformdirs.user_data_dir("quantgraph", appauthor=False)
        return Path(root).expanduser() / self.mode.value

    @property
    def desk_path(self) -> Path:
        """The folder of the orders' journal and of what goes with it, by mode."""
        return (
            Path(self.desk_dir).expanduser() / self.mode.value if self.desk_dir else self.data_path
        )

    @property
    def head_path(self) -> Path:
        """The file that holds the newest hash of each log."""
        given = self.audit.head_file
        return Path(given).expanduser() if given else self.desk_path / "heads"

    @property
    def asked_path(self) -> Path:
        """The folder of the audit log of a gateway whose orders another one keeps.

        Where that one is its own agent, which writes the one of this data folder, it is another.
        """
        return self.data_path / ASKED if self.isolate else self.data_path
