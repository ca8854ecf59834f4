"""The domain's enums as GraphQL enums, every value described."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

import strawberry

from quantgraph.domain.accounts import AccountStatus
from quantgraph.domain.bars import Adjustment, Period
from quantgraph.domain.controls import HaltCause, TradingState
from quantgraph.domain.downloads import DownloadKind, DownloadState
from quantgraph.domain.etfs import CashSubstitution
from quantgraph.domain.financials.tables import ReportBasis
from quantgraph.domain.futures_positions import HedgeFlag, PositionDirection
from quantgraph.domain.instruments import Board, InstrumentKind, Market
from quantgraph.domain.level2 import EntrustSide, EntrustType, QuotePhase
from quantgraph.domain.options import OptionType
from quantgraph.domain.orders import Destination, OrderState, Origin, PriceType, Side
from quantgraph.domain.quotes import QuotePolicy
from quantgraph.domain.rules.lots import OddLot
from quantgraph.domain.rules.sessions import Act, Phase
from quantgraph.domain.sources import Source
from quantgraph.domain.streams import StreamKind
from quantgraph.domain.system import Mode
from quantgraph.domain.tables import CellKind
from quantgraph.domain.terminals import TerminalPart, TerminalState
from quantgraph.domain.ticks import TradeSide
from quantgraph.domain.treatments import TreatmentKind

E = TypeVar("E", bound=Enum)


def _publish(enum: type[E], name: str, description: str, values: Mapping[str, str]) -> type[E]:
    """Register an enum with a description for every value; a missing one stops the import."""
    published = strawberry.enum(enum, name=name, description=description)
    for value in published.__strawberry_definition__.values:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] untyped there
        value.description = values[value.name]  # pyright: ignore[reportUnknownMemberType] untyped there
    return published


PUBLISHED: tuple[type[Enum], ...] = (
    _publish(
        Period,
        "Period",
        "Length of a bar. Intraday periods follow session time and never span lunch.",
        {
            "MIN_1": "One minute.",
            "MIN_5": "Five minutes.",
            "MIN_15": "Fifteen minutes.",
            "MIN_30": "Half an hour.",
            "HOUR_1": "One hour of session time: 09:30, 10:30, 13:00 and 14:00.",
            "DAY_1": "One trading day.",
            "WEEK_1": "One calendar week.",
            "MONTH_1": "One calendar month.",
            "QUARTER_1": "One calendar quarter.",
            "HALF_YEAR_1": "Half a calendar year.",
            "YEAR_1": "One calendar year.",
        },
    ),
    _publish(
        Adjustment,
        "Adjustment",
        "How prices are made comparable across ex-right days (复权).",
        {
            "NONE": "Prices as traded (不复权).",
            "FRONT": "Additive, newest bar unchanged (前复权): cash is subtracted, shares divide.",
            "BACK": "Additive, oldest bar unchanged (后复权).",
            "FRONT_RATIO": "By ratio, newest held bar unchanged (等比前复权).",
            "BACK_RATIO": "By ratio, oldest held bar unchanged (等比后复权).",
        },
    ),
    _publish(
        CellKind,
        "CellKind",
        "What a column of a terminal's table holds.",
        {
            "INTEGER": "Whole numbers.",
            "NUMBER": "Numbers as the terminal holds them: doubles, in the unit of the column.",
            "TEXT": "Texts: symbols, words, and what is bytes there in base64.",
            "TIME": "Instants.",
        },
    ),
    _publish(
        DownloadKind,
        "DownloadKind",
        "What is fetched into the terminal's cache: of named symbols, or as a whole list.",
        {
            "MINUTES": "One-minute bars of symbols.",
            "DAYS": "Daily bars of symbols.",
            "TICKS": "Recorded quotes of symbols.",
            "FINANCIALS": "All statements of symbols; start and end are days of announcement.",
            "SECTORS": "All sectors and their members.",
            "WEIGHTS": "The weights of all indices.",
            "FUND_LISTS": "What all funds may be made of (申购赎回清单).",
            "BONDS": "All convertible bonds.",
            "HOLIDAYS": "The exchanges' holidays.",
            "MAIN_CONTRACTS": "The main contracts of index futures, day by day.",
            "EXPIRED_CONTRACTS": "Contracts that have expired.",
            "OPTION_HISTORY": "Which options on funds were listed, day by day.",
            "SPECIAL_TREATMENTS": "Days of special treatment (ST, *ST, PT) of all shares.",
            "TABLE_LIST": "The list of the terminal's tables.",
            "TABLE": "One of the terminal's tables, for symbols; start and end are days of its "
            "own time.",
        },
    ),
    _publish(
        DownloadState,
        "DownloadState",
        "Where a download stands; the last three are ends.",
        {
            "QUEUED": "It waits for its turn, or for a terminal that is away; `message` says so.",
            "RUNNING": "It is fetched now.",
            "DONE": "It has ended; symbols that could not be had are in `failures`.",
            "FAILED": "It has ended, and nothing more came; `code` and `message` say why.",
            "CANCELED": "Somebody has ended it.",
        },
    ),
    _publish(
        Source,
        "DataSource",
        "Where data comes from; one series never mixes two.",
        {
            "IMPORTED": "Imported from recorded files.",
            "SIMULATED": "Generated by the simulator; not market data.",
            "TERMINAL": "Read from the trading terminal.",
            "CACHE": "Read from the terminal earlier and kept.",
            "REPLAY": "A recording played back.",
            "USER": "Made by a user of this gateway.",
        },
    ),
    _publish(
        Market,
        "Market",
        "Exchange, as the suffix of its symbols.",
        {
            "SH": "Shanghai (上交所).",
            "SZ": "Shenzhen (深交所).",
            "BJ": "Beijing (北交所).",
            "CFFEX": "China Financial Futures Exchange (中金所).",
        },
    ),
    _publish(
        InstrumentKind,
        "InstrumentKind",
        "What sort of thing is traded.",
        {
            "STOCK": "Share (股票).",
            "FUND": "Exchange-traded fund (基金).",
            "BOND": "Bond (债券).",
            "INDEX": "Index; not tradable (指数).",
            "OPTION": "Option contract (期权).",
            "FUTURE": "Futures contract (期货).",
            "OTHER": "Anything else.",
        },
    ),
    _publish(
        PositionDirection,
        "PositionDirection",
        "Which way a position of futures goes (多空).",
        {"LONG": "It gains when the price rises (多).", "SHORT": "It gains when it falls (空)."},
    ),
    _publish(
        HedgeFlag,
        "HedgeFlag",
        "What a position of futures is for (投保标志).",
        {
            "SPECULATION": "To gain by it alone (投机).",
            "ARBITRAGE": "To gain by a spread (套利).",
            "HEDGE": "To hedge something else that is held (套保).",
        },
    ),
    _publish(
        Board,
        "Board",
        "Segment of the exchange, which decides price bands, lots and sizes.",
        {
            "MAIN": "Main board (主板).",
            "STAR": "STAR market (科创板).",
            "CHINEXT": "ChiNext (创业板).",
            "BSE": "Beijing Stock Exchange (北交所).",
        },
    ),
    _publish(
        OddLot,
        "OddLot",
        "How a quantity is sold that does not fit the lot.",
        {
            "REMAINDER": "What is left beyond whole lots is sold whole: alone, or at the end of "
            "whole lots (零股一次性卖出).",
            "WHOLE_HOLDING": "Only all that is held, where that is below the smallest order.",
        },
    ),
    _publish(
        Phase,
        "SessionPhase",
        "A stretch of a trading day.",
        {
            "CLOSED": "Before, between and after the phases; never part of a list.",
            "OPEN_AUCTION": "Opening auction; orders can be cancelled (开盘集合竞价).",
            "OPEN_AUCTION_FIXED": "Opening auction; no cancels any more (不可撤单).",
            "PRE_OPEN": "The opening price is known, trading has not begun.",
            "CONTINUOUS": "Continuous trading (连续竞价).",
            "LUNCH": "Lunch break (午间休市).",
            "CLOSE_AUCTION": "Closing auction; no cancels (收盘集合竞价).",
            "AFTER_HOURS": "Trading at the closing price alone (盘后固定价格交易).",
        },
    ),
    _publish(
        Act,
        "SessionAct",
        "What an exchange takes during a phase.",
        {
            "SUBMIT": "Orders at any price within the day's band.",
            "SUBMIT_AT_CLOSE": "Orders at the closing price.",
            "CANCEL": "Cancels of orders that are not filled.",
        },
    ),
    _publish(
        CashSubstitution,
        "CashSubstitution",
        "Whether cash may stand for a component of a fund's list (现金替代标志).",
        {
            "FORBIDDEN": "Shares only (禁止现金替代).",
            "ALLOWED": "Shares, or cash at a premium (允许现金替代).",
            "REQUIRED": "Cash only (必须现金替代).",
            "REFUNDED": "Cash, settled later at what the fund traded the shares at (退补现金替代).",
        },
    ),
    _publish(
        OptionType,
        "OptionType",
        "Which right an option gives.",
        {"CALL": "To buy at the strike (认购).", "PUT": "To sell at the strike (认沽)."},
    ),
    _publish(
        TreatmentKind,
        "TreatmentKind",
        "How a share was marked (特别处理).",
        {
            "ST": "ST: other risks.",
            "STAR_ST": "*ST: it may be delisted.",
            "PT": "PT: it was traded on Fridays alone, up to 2002.",
        },
    ),
    _publish(
        ReportBasis,
        "ReportBasis",
        "Which date of a report `start` and `end` bound.",
        {
            "REPORT_DATE": "End of the reported period (截止日期).",
            "ANNOUNCE_DATE": "Day of announcement (披露日期).",
        },
    ),
    _publish(
        Side,
        "Side",
        "Direction of an order.",
        {"BUY": "Buy (买入).", "SELL": "Sell (卖出)."},
    ),
    _publish(
        PriceType,
        "PriceType",
        "How an order's price is found; each where the exchange has it.",
        {
            "LIMIT": "At the limit price or better (限价).",
            "OWN_BEST": "At the best price of its own side (本方最优).",
            "OPPOSITE_BEST": "At the best price of the other side (对手方最优).",
            "BEST_FIVE_CANCEL": "Best five levels, the rest cancelled (最优五档即时成交剩余撤销).",
            "BEST_FIVE_LIMIT": "Best five levels, the rest as a limit order (最优五档剩余转限价).",
            "FILL_OR_KILL": "Whole and at once, or not at all (全额成交或撤销).",
            "AFTER_HOURS": "At the closing price from 15:05 to 15:30; the limit is the worst close "
            "that the order accepts (盘后固定价格).",
        },
    ),
    _publish(
        OrderState,
        "OrderState",
        "Where an order stands.",
        {
            "ACCEPTED": "Recorded; SENT or PENDING_APPROVAL comes with the same commit.",
            "PENDING_APPROVAL": "Recorded; waits for a second key.",
            "SENT": "May be at the terminal from here on: recorded before it is called.",
            "WORKING": "Live at the exchange (已报).",
            "UNKNOWN": "May be live; never sent again. Counts as full exposure.",
            "PARTIALLY_FILLED": "Filled in part, the rest is live (部成).",
            "PENDING_CANCEL": "A cancel was sent, no answer yet (待撤).",
            "FILLED": "Filled completely (已成).",
            "CANCELED": "Cancelled; what was filled before stays filled (已撤).",
            "EXPIRED": "Ended by the end of the day or of its validity.",
            "REJECTED": "Refused by the terminal or the exchange (废单), or not sent for certain.",
        },
    ),
    _publish(
        Destination,
        "OrderDestination",
        "Who matches the order: a label, not a state.",
        {
            "SIMULATED": "The simulated exchange (mock mode).",
            "INTERCEPTED": "Kept from the terminal and matched by simulation (dev mode).",
            "TERMINAL": "The real terminal (prod mode).",
        },
    ),
    _publish(
        Origin,
        "OrderOrigin",
        "Whether this gateway made the order.",
        {"OURS": "Submitted through this gateway.", "EXTERNAL": "Found at the terminal."},
    ),
    _publish(
        AccountStatus,
        "AccountStatus",
        "Whether new orders of the account are taken now.",
        {
            "CONNECTED": "The terminal serves it, and nobody disconnected it.",
            "DISCONNECTED": "It was disconnected: submits are refused (ACCOUNT_DISCONNECTED), "
            "reads and cancels go on; or the terminal does not serve it.",
        },
    ),
    _publish(
        TradeSide,
        "TradeSide",
        "Who took in a trade.",
        {
            "BUY": "The buyer took a waiting sell order.",
            "SELL": "The seller took a waiting buy order.",
            "NONE": "An auction, or nobody says.",
        },
    ),
    _publish(
        QuotePhase,
        "Level2Phase",
        "What the exchange was doing when it published a level-2 quote.",
        {
            "START": "Before the opening auction (开市前).",
            "OPENING_AUCTION": "Opening auction (开盘集合竞价).",
            "CONTINUOUS": "Continuous trading (连续竞价).",
            "BREAK": "Lunch, or between two phases (休市).",
            "CLOSING_AUCTION": "Closing auction (收盘集合竞价).",
            "ENDED": "Trading has ended (交易结束).",
            "CLOSED": "The day is closed (闭市).",
            "SUSPENDED": "Suspended (停牌).",
        },
    ),
    _publish(
        EntrustSide,
        "Level2Side",
        "Direction of a level-2 order.",
        {"BUY": "Buy (买入).", "SELL": "Sell (卖出)."},
    ),
    _publish(
        EntrustType,
        "Level2OrderType",
        "What a level-2 order message asks the exchange for.",
        {
            "LIMIT": "An order at a price (限价).",
            "MARKET": "An order at any price (市价).",
            "OWN_BEST": "An order at the best price of its own side (本方最优).",
            "CANCEL": "The withdrawal of an order (撤单).",
        },
    ),
    _publish(
        QuotePolicy,
        "QuotePolicy",
        "What happens when quotes arrive faster than the subscriber takes them.",
        {
            "LATEST": "One slot per symbol, newest wins; `conflatedCount` says how many it hides.",
            "BUFFER": "Every quote, up to `bufferSize`; more ends the stream with SLOW_CONSUMER.",
        },
    ),
    _publish(
        StreamKind,
        "StreamKind",
        "What an event of a live stream is; fields that a kind does not have are null.",
        {
            "SNAPSHOT": "State at the start of the stream.",
            "UPDATE": "A change.",
            "CAUGHT_UP": "The replay is done; live from here.",
            "HEARTBEAT": "Every 5 s: tells a quiet market from a dead source.",
        },
    ),
    _publish(
        Mode,
        "Mode",
        "Which world data and orders belong to.",
        {
            "MOCK": "Simulated exchange; no terminal.",
            "DEV": "Real data; orders are intercepted and simulated.",
            "PROD": "Real data and real orders.",
        },
    ),
    _publish(
        TradingState,
        "TradingState",
        "Whether orders are taken; cancels are in every state but DISCONNECTED. HALTED is told "
        "before what the terminal's link says, and that before DISARMED and REDUCING.",
        {
            "ACTIVE": "Orders are taken.",
            "RECONCILING": "Open orders are being compared with the terminal's list: it was "
            "away, or the gateway has just started.",
            "DISARMED": "Prod before arming.",
            "HALTED": "Stopped until somebody resumes it; `TradingStatus.cause` says by whom.",
            "REDUCING": "Sells of what is held alone, until somebody resumes trading.",
            "DISCONNECTED": "The terminal is away; cancels cannot reach it either.",
        },
    ),
    _publish(
        TerminalPart,
        "TerminalPart",
        "What of a terminal a link is to: each comes and goes by itself.",
        {
            "MARKET_DATA": "Quotes, bars and reference data.",
            "TRADING": "Accounts and orders.",
        },
    ),
    _publish(
        TerminalState,
        "TerminalState",
        "Whether a link to a terminal stands.",
        {
            "CONNECTED": "It does.",
            "CONNECTING": "It never has yet; it is being tried.",
            "LOST": "It did, and is being tried again.",
        },
    ),
    _publish(
        HaltCause,
        "HaltCause",
        "Who or what stopped trading.",
        {
            "OPERATOR": "A caller ordered it.",
            "DUPLICATE_TAG": "The terminal lists two orders under one tag of ours: one of them was "
            "never meant.",
            "REOPENED_ORDER": "The terminal lists an order that was taken for never sent.",
            "DEAD_MAN": "The dead man's timer was not set again in time.",
            "JOURNAL_CUT": "The order journal was damaged: what could be read of it goes on, and "
            "the terminal may have orders that it lacks. `TradingStatus.reason` says more.",
            "FOREIGN_TAG": "The terminal lists an order under a tag of ours that was not placed by "
            "us so: another symbol, side, quantity or price.",
            "UNLISTED_STATUS": "The terminal says a status of an order that no list of its "
            "statuses has: the order is UNKNOWN. `TradingStatus.reason` says which.",
        },
    ),
)
