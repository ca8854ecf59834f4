"""Enumerations: the domain's member X is PREFIX_X on the wire, and 0 is nobody."""

from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from quantgraph.domain import (
    accounts,
    bars,
    controls,
    downloads,
    etfs,
    futures_positions,
    instruments,
    options,
    orders,
    quotes,
    streams,
    system,
    terminals,
    ticks,
    treatments,
)
from quantgraph.domain import tables as terminal_tables
from quantgraph.domain.financials import tables
from quantgraph.domain.rules import lots, sessions
from quantgraph.domain.sources import Source
from quantgraph.v1 import (
    accounts_pb2,
    bars_pb2,
    calendar_pb2,
    downloads_pb2,
    etfs_pb2,
    financials_pb2,
    futures_positions_pb2,
    instruments_pb2,
    options_pb2,
    orders_pb2,
    quotes_pb2,
    streams_pb2,
    system_pb2,
    tables_pb2,
    terminals_pb2,
    ticks_pb2,
    treatments_pb2,
    types_pb2,
)
from quantgraph.wire.fields import invalid_field

if TYPE_CHECKING:  # the class has another name at run time
    from google.protobuf.internal.enum_type_wrapper import (
        _EnumTypeWrapper,  # pyright: ignore[reportPrivateUsage] no public name
    )

D = TypeVar("D", bound=Enum)
V = TypeVar("V", bound=int)


class EnumCodec(Generic[D, V]):
    """Both directions of one enumeration."""

    def __init__(self, domain: type[D], wire: "_EnumTypeWrapper[V]") -> None:
        """Pair the members by name; a member without its partner stops the import."""
        names = wire.keys()
        self._prefix = names[0].removesuffix("UNSPECIFIED")
        if set(names[1:]) != {self._prefix + member.name for member in domain}:
            raise ValueError(f"{domain.__name__} and {names[0]} … do not match")
        self._numbers = {member: wire.Value(self._prefix + member.name) for member in domain}
        self._members = {int(number): member for member, number in self._numbers.items()}

    def to_proto(self, member: D) -> V:
        """Return the number of a member."""
        return self._numbers[member]

    def from_proto(self, number: int, field: str) -> D:
        """Return the member of a number; BAD_REQUEST names the field for 0 and unknown ones."""
        member = self._members.get(number)
        if member is None:
            shown = f"{self._prefix}UNSPECIFIED" if number == 0 else str(number)
            known = ", ".join(self._prefix + each.name for each in self._numbers)
            raise invalid_field(field, f"{shown} is not one of {known}.")
        return member


SOURCE = EnumCodec(Source, types_pb2.Source)
STREAM_KIND = EnumCodec(streams.StreamKind, streams_pb2.StreamKind)
PERIOD = EnumCodec(bars.Period, bars_pb2.Period)
ADJUSTMENT = EnumCodec(bars.Adjustment, bars_pb2.Adjustment)
TICK_KIND = EnumCodec(ticks.TickKind, ticks_pb2.TickKind)
QUOTE_POLICY = EnumCodec(quotes.QuotePolicy, quotes_pb2.QuotePolicy)
MARKET = EnumCodec(instruments.Market, instruments_pb2.Market)
INSTRUMENT_KIND = EnumCodec(instruments.InstrumentKind, instruments_pb2.InstrumentKind)
POSITION_DIRECTION = EnumCodec(
    futures_positions.PositionDirection, futures_positions_pb2.PositionDirection
)
HEDGE_FLAG = EnumCodec(futures_positions.HedgeFlag, futures_positions_pb2.HedgeFlag)
BOARD = EnumCodec(instruments.Board, instruments_pb2.Board)
ODD_LOT = EnumCodec(lots.OddLot, instruments_pb2.OddLot)
PHASE = EnumCodec(sessions.Phase, calendar_pb2.SessionPhase)
ACT = EnumCodec(sessions.Act, calendar_pb2.SessionAct)
OPTION_TYPE = EnumCodec(options.OptionType, options_pb2.OptionType)
TREATMENT_KIND = EnumCodec(treatments.TreatmentKind, treatments_pb2.TreatmentKind)
CASH_SUBSTITUTION = EnumCodec(etfs.CashSubstitution, etfs_pb2.CashSubstitution)
CELL_KIND = EnumCodec(terminal_tables.CellKind, tables_pb2.CellKind)
REPORT_BASIS = EnumCodec(tables.ReportBasis, financials_pb2.ReportBasis)
ACCOUNT_STATUS = EnumCodec(accounts.AccountStatus, accounts_pb2.AccountStatus)
SIDE = EnumCodec(orders.Side, orders_pb2.Side)
PRICE_TYPE = EnumCodec(orders.PriceType, orders_pb2.PriceType)
ORDER_STATE = EnumCodec(orders.OrderState, orders_pb2.OrderState)
DESTINATION = EnumCodec(orders.Destination, orders_pb2.OrderDestination)
ORIGIN = EnumCodec(orders.Origin, orders_pb2.OrderOrigin)
DOWNLOAD_KIND = EnumCodec(downloads.DownloadKind, downloads_pb2.DownloadKind)
DOWNLOAD_STATE = EnumCodec(downloads.DownloadState, downloads_pb2.DownloadState)
MODE = EnumCodec(system.Mode, system_pb2.Mode)
TRADING_STATE = EnumCodec(controls.TradingState, system_pb2.TradingState)
TERMINAL_PART = EnumCodec(terminals.TerminalPart, terminals_pb2.TerminalPart)
TERMINAL_STATE = EnumCodec(terminals.TerminalState, terminals_pb2.TerminalState)
HALT_CAUSE = EnumCodec(controls.HaltCause, system_pb2.HaltCause)
