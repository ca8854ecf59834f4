"""The double's quote service: our simulated market, answering as the terminal's native client.

It lives on an event loop in a thread of its own, as the terminal lives in a process of its own.
"""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from quantgraph.domain.bars import BarRequest, Period, Window
from quantgraph.domain.bonds import BondRequest
from quantgraph.domain.errors import GatewayError
from quantgraph.domain.financials.tables import STATEMENTS, FinancialRequest
from quantgraph.domain.futures import MainRequest
from quantgraph.domain.instruments import Market
from quantgraph.domain.ipos import IpoRequest
from tests.doubles import rendering as words
from tests.doubles.verbs import BROKERS, answer

_PERIODS = {"1m": Period.MIN_1, "1d": Period.DAY_1}
_MAIN, _ETF = (5004, 86400000), (2004, 86401000)
_CHAINS = (9502, 86400000)
_LISTS = {"上证期权": "SHO", "深证期权": "SZO"}


@dataclass
class Exchange:
    """What all clients of the terminal share: the market, what was downloaded, and incidents.

    `recordings`: rows by (period, code), for what the simulated market has no history of.
    `unrealized`, `refused_periods`: verbs and subscriptions of a newer terminal. `hang`: functions
    that do not come back before `free` is set, and fail where the connection was lost meanwhile.
    `options`: contracts by code; `bonds`, `funds`: codes of what is listed.
    """

    market: Any
    clock: Any
    recordings: dict[tuple[str, str], Any] = field(default_factory=dict)
    unrealized: set[str] = field(default_factory=set)
    refused_periods: set[str] = field(default_factory=set)
    hang: set[str] = field(default_factory=set)
    free: threading.Event = field(default_factory=threading.Event)
    hung: threading.Event = field(default_factory=threading.Event)
    connected: bool = True
    clients: list["Quotes"] = field(default_factory=list)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    funds: tuple[str, ...] = ()
    underlying: str = "510300.SH"
    data_dir: str = "/terminal/datadir"
    authorized: tuple[str, ...] = ()
    # The vendor's list of tables, as its verb tells it.
    tables: tuple[dict[str, Any], ...] = ()
    abroad: tuple[str, ...] = ()
    periods: tuple[str, ...] = ("tick", "1m", "1d")
    # Rows of today's minutes by code, where the terminal has the mirror of bars.
    mirror: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # The vendor's numbers of the tags that a code has.
    tags: dict[str, set[int]] = field(default_factory=dict)
    # Names of brokers of Hong Kong with their numbers; None: the login has not that market.
    brokers: dict[str, list[int]] | None = None
    # What it says of a table's download, each time that it is asked.
    works: list[dict[str, Any]] = field(default_factory=list)
    # What a download says, in its order; None: what a good one says, which brings what was empty.
    # `refused`: codes that none may be of. `stopped` counts stops.
    steps: list[dict[str, Any]] | None = None
    refused: set[str] = field(default_factory=set)
    stopped: int = 0
    # What verbs of level 2 answer, and what they were asked last.
    told: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        # What this terminal cannot do, as an older one says it.
        self._seqs = count(1)

    def ask(self, question):
        """Let the market answer on its own loop."""
        if self.free.is_set() and not self.loop.is_running():
            question.close()
            raise RuntimeError("this terminal is closed")
        return asyncio.run_coroutine_threadsafe(question, self.loop).result(30)

    def now(self):
        """Return the market's instant, epoch ms."""
        return self.clock.moment().ms

    def close(self):
        self.free.set()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()

    def client(self, fire):
        """Make what answers one native client."""
        made = Quotes(self, fire)
        self.clients.append(made)
        return made

    def number(self):
        return next(self._seqs)

    def drop(self):
        """Lose every client, as when the terminal is closed."""
        self.connected = False
        for each in self.clients:
            each.alive = False

    def push(self, *symbols):
        """Push the present quote of these symbols to whoever subscribed; from this thread."""
        found = self.ask(self.market.quotes(symbols))
        told = {
            words.code_of(quote.symbol): words.tick(
                quote, words.code_of(quote.symbol), pulled=False
            )
            for quote in found
        }
        self.deliver("tick", told)

    def push_minutes(self, symbol):
        """Push the minute under way of a symbol; the first of a day after its auction's row."""
        forming = self.ask(self.market.forming(symbol, Period.MIN_1))
        code = words.code_of(symbol)
        cells = {name: getattr(forming.bar, name) for name in words.FIELDS[:7]}
        cells |= {"volume": cells["volume"] / words.lot(code)}
        cells |= {"preClose": forming.bar.previous_close, "suspendFlag": 0}
        for row in words.minute_rows(cells):
            self.deliver("1m", {code: row})

    def deliver(self, period, told):
        """Push rows by code to every client that is alive."""
        for each in self.clients:
            each.deliver(period, told)

    @property
    def subscriptions(self):
        """What is subscribed at clients that are alive: codes and period, "whole" for many."""
        alive = (each for each in self.clients if each.alive)
        return [(codes, form) for each in alive for codes, form, _ in each.held.values()]


class Quotes:
    """One native client."""

    def __init__(self, exchange, fire):
        self.exchange, self.alive, self.addr = exchange, False, ""
        self.held: dict[int, tuple[tuple[str, ...], str, Any]] = {}

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found
        exchange = super().__getattribute__("exchange")
        if name in exchange.hang:
            exchange.hung.set()
            exchange.free.wait(30)
            if name != "is_connected" and not super().__getattribute__("alive"):
                raise RuntimeError("[xtquant]the connection is lost")
        return found

    def init(self):
        return 0

    def load_config(self, file, section):
        return 0

    def set_config_addr(self, addr):
        self.addr = addr

    def get_peer_addr(self):
        return self.addr

    def connect(self):
        self.alive = self.exchange.connected
        return (0, "") if self.alive else (-1, "refused")

    def is_connected(self):
        return self.alive

    def shutdown(self):
        self.alive = False
        return 0

    def get_data_dir(self):
        return self.exchange.data_dir

    get_app_dir = get_data_dir

    def get_server_tag(self):
        return _encoded({"version": "1.0.0", "edition": "mini"})

    def commonControl(self, verb, body):
        self.exchange.calls.append((verb,))
        if verb in self.exchange.unrealized:
            raise RuntimeError(f"[xtquant]function not realize. name:{verb}")
        return _encoded(answer(self.exchange, verb, lambda: _decoded(body)))

    def get_market_data3(self, fields, codes, period, start, end, limit, dividend, fill, form, *_):
        self.exchange.calls.append(("get_market_data3", tuple(fields), tuple(codes), period))
        if period not in _PERIODS:
            rows = {code: self.exchange.recordings.get((period, code)) for code in codes}
            return {code: found for code, found in rows.items() if found is not None}
        assert (dividend, fill, form) == ("none", False, "v4")
        return [
            words.frame(code, self._rows(code, period, start, end, limit), fields, period)
            for code in codes
        ]

    def _rows(self, code, period, start, end, limit):
        recorded = self.exchange.recordings.get((period, code))
        first = words.ms_of(start) if start else 0
        rows = recorded if recorded is not None else self._made(code, period, (first, limit))
        last = words.ms_of(end) + (86_399_999 if len(end) == 8 else 0) if end else 1 << 60
        rows = [row for row in rows if first <= row["time"] <= last]
        return rows if limit < 0 else rows[max(len(rows) - limit, 0) :]

    def _made(self, code, period, asked):
        symbol, market, ours = words.symbol_of(code), self.exchange.market, _PERIODS[period]
        first, limit = asked
        # Minutes are dear to make: no older ones than can be asked for.
        few = 0 if period == "1d" else self.exchange.now() - (limit // 200 + 12) * 86_400_000
        request = BarRequest((symbol,), ours, Window(start=max(first, few)))
        (series,) = self.exchange.ask(market.bars(request))
        if isinstance(series, GatewayError):
            return []
        rows = words.bar_rows(series.columns, code, period)
        # The terminal tells the bar under way as well.
        forming = self.exchange.ask(market.forming(symbol, ours))
        if forming is not None and (not rows or forming.bar.time >= rows[-1]["time"]):
            last = {name: getattr(forming.bar, name) for name in words.FIELDS[:7]}
            shift = 60_000 if period == "1m" else 0
            last |= {"time": last["time"] + shift, "volume": last["volume"] / words.lot(code)}
            rows.append({**last, "preClose": forming.bar.previous_close, "suspendFlag": 0})
        return rows

    def get_full_tick(self, codes):
        if self.exchange.hang & {"answer"}:
            self.exchange.free.wait(30)
        symbols = [words.symbol_of(code) for code in codes if "." in code]
        for market in (code for code in codes if "." not in code):
            ours = Market("CFFEX" if market == "IF" else market)
            symbols += self.exchange.ask(self.exchange.market.market_symbols(ours))
        found = self.exchange.ask(self.exchange.market.quotes(symbols))
        pairs = [(words.code_of(s), q) for s, q in zip(symbols, found, strict=True)]
        told = {
            code: words.tick(quote, code, pulled=True)
            for code, quote in pairs
            if not isinstance(quote, GatewayError)
        }
        return json.dumps(told)

    def subscribe_quote(self, meta, region, param, callback):
        told = _decoded(meta)
        if told["period"] in self.exchange.refused_periods:
            raise RuntimeError("[xtquant]function not realize. name:subscribe_quote")
        return self._hold((told["stockCode"],), told["period"], callback)

    def subscribe_whole_quote(self, codes, param, callback):
        return self._hold(tuple(codes), "whole", callback)

    def unsubscribe_quote(self, seq):
        self.held.pop(seq, None)

    def _hold(self, codes, form, callback):
        seq = self.exchange.number()
        self.held[seq] = (codes, form, callback)
        return seq

    def deliver(self, period, told):
        for codes, form, callback in list(self.held.values()) if self.alive else ():
            mine = {code: row for code, row in told.items() if code in codes}
            if mine and callback is not None and form in (period, "whole"):
                rows = mine if form == "whole" else {code: [row] for code, row in mine.items()}
                callback(_encoded(rows))

    def get_instrument_detail(self, code):
        (found,) = self.exchange.ask(self.exchange.market.instruments([words.symbol_of(code)]))
        if found is None:
            return b""
        told = words.detail(found)
        contracts = {c.symbol: c for c in self._contracts()} if found.kind == "OPTION" else {}
        contract = contracts.get(found.symbol)
        return _encoded(
            told | (words.option(contract, self.exchange.underlying) if contract else {})
        )

    def is_stock_type(self, code, tag):
        if "is_stock_type" in self.exchange.unrealized:
            raise RuntimeError("[xtquant]function not realize. name:is_stock_type")
        return tag in self.exchange.tags.get(code, set())

    def get_sector_list(self):
        return [each.name for each in self.exchange.ask(self.exchange.market.sectors())]

    def get_stock_list_in_sector(self, name, when):
        if name == "沪深转债":
            found = self.exchange.ask(self.exchange.market.catalog.bonds(BondRequest()))
            return [bond.symbol for bond in found]
        if name in _LISTS:
            contracts = [words.code_of(each.symbol) for each in self._contracts()]
            return [code for code in contracts if code.endswith(_LISTS[name])]
        day = None if when < 0 else words.a_day(when)
        try:
            found = self.exchange.ask(self.exchange.market.sector(name, day))
        except GatewayError:
            return []
        return [] if found is None else list(found.symbols)

    def get_weight_in_index(self, code):
        found = self.exchange.ask(self.exchange.market.weights(words.symbol_of(code)))
        return {words.code_of(each.symbol): each.weight for each in found}

    def get_divid_factors(self, code, start, end):
        symbols = [words.symbol_of(code)]
        (found,) = self.exchange.ask(self.exchange.market.dividends(symbols, Period.DAY_1))
        return dict(words.dividend(each) for each in found or ())

    def get_financial_data(self, codes, tables, start, end, basis):
        picked = {s: tuple(t.fields) for s, t in STATEMENTS.items() if t.native in tables}
        request = FinancialRequest(tuple(map(words.symbol_of, codes)), picked)
        found = self.exchange.ask(self.exchange.market.financials(request))
        return {
            code: {
                STATEMENTS[s].native: [words.report(r, STATEMENTS[s].fields) for r in rows]
                for s, rows in company.reports.items()
            }
            for code, company in zip(codes, found, strict=True)
            if company is not None
        }

    def get_cb_info(self, code):
        request = BondRequest(symbols=(words.symbol_of(code),))
        found = self.exchange.ask(self.exchange.market.catalog.bonds(request))
        return _encoded(words.bond(found[0]) if found else {})

    def get_ipo_info(self, start, end):
        found = self.exchange.ask(self.exchange.market.catalog.ipos(IpoRequest()))
        return [words.issue(each) for each in found]

    def get_main_contract(self, code):
        found = self._mains(code, MainRequest(code.split("00")[0]))
        return found[-1].symbol.split(".")[0] if found else ""

    def read_local_data(self, file, start, end, limit):
        meta, number, code = file.split("|")
        if (int(meta), int(number)) == _MAIN:
            now = self.exchange.now()
            span = (words.a_day(now - 200 * 86_400_000), words.a_day(now))
            days = MainRequest(code.split("00")[0], *span)
            return [_encoded(words.main_row(each)) for each in self._mains(code, days)]
        if (int(meta), int(number)) == _CHAINS:
            return [_encoded(row) for row in self._listings(start, end)]
        if (int(meta), int(number)) == BROKERS:
            listed = (self.exchange.brokers or {}).items()
            return [_encoded({"0": name, "1": numbers}) for name, numbers in listed]
        catalog, market = self.exchange.market.catalog, code.split(".")[1]
        funds = [each for each in self.exchange.funds if each.endswith(market)]
        found = [self.exchange.ask(catalog.etf_basket(each)) for each in funds]
        return [_encoded(words.basket(each)) for each in found if each is not None]

    def supply_history_data2(self, codes, period, start, end, param, heard):
        told = _decoded(param)
        self.exchange.calls.append(("download", tuple(codes), period, start, end, told))
        total = max(len(codes), 1)
        steps = self.exchange.steps
        if self.exchange.refused & set(codes):
            steps = [{"finished": 0, "total": -1, "message": "无权限"}]
        if steps is None:
            steps = [{"finished": n + 1, "total": total, "message": ""} for n in range(total)]
            for code in codes:
                if self.exchange.recordings.get((period, code)) == []:
                    del self.exchange.recordings[period, code]

        def tell():
            for step in steps:
                if heard(step):
                    return

        threading.Thread(target=tell, daemon=True).start()
        return True

    def stop_supply_history_data2(self):
        self.exchange.stopped += 1
        return True

    def down_index_weight(self):
        self.exchange.calls.append(("weights",))

    def down_history_contracts(self, incrementally):
        self.exchange.calls.append(("expired", incrementally))

    def down_cb_data(self):
        self.exchange.calls.append(("bonds",))

    def _mains(self, code, request):
        return self.exchange.ask(self.exchange.market.catalog.main_contracts(request)) or []

    def _listings(self, start, end):
        """Return the lists of each month's first day: what was listed since the one before."""
        last = min(words.ms_of(end), self.exchange.now())
        days = [words.a_day(ms) for ms in range(words.ms_of(start), last + 1, 86_400_000)]
        for first in (day for day in days if day.day == 1):
            weeks = [first - timedelta(days=n) for n in (0, 7, 14, 21, 28)]
            listed = {c.symbol: c for day in weeks for c in self._contracts(day)}
            for each in listed.values():
                yield words.listing(each, first, self.exchange.underlying)
                yield {**words.listing(each, first, "510050.SH"), "0": "10000001"}
                yield {**words.listing(each, first, self.exchange.underlying), "5": ""}

    def _contracts(self, day=None):
        chain = self.exchange.ask(
            self.exchange.market.catalog.option_chain(self.exchange.underlying, day)
        )
        pairs = [strike for expiry in chain.expiries for strike in expiry.strikes]
        return [each for pair in pairs for each in (pair.call, pair.put) if each is not None]


def _encoded(document):
    from xtquant import xtbson

    # Exactly bytes: the SDK's own encoder returns a subclass, which its decoder passes by.
    return bytes(xtbson.BSON.encode(document))


def _decoded(blob):
    from xtquant import xtbson

    return xtbson.BSON.decode(blob)
