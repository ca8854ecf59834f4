"""Runs lives of a gateway, kills it, and holds its journal against what the terminal has."""

import os
import shutil
import signal
import sqlite3
import traceback
from collections import Counter, defaultdict
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from quantgraph.domain.orders import FillQuery, OrderState, Origin
from quantgraph.domain.tags import tag_of
from quantgraph.store.audit import ActQuery, read_acts, verify_audit
from quantgraph.store.journal import OrderJournal
from quantgraph.store.journal_tables import BODY, LOG
from quantgraph.store.records import read_order
from quantgraph.store.verifying import verify_journal
from tests.services.kills.exchange import Exchange
from tests.services.kills.gateway import Life, heads, live

S = OrderState
# Seconds that a gateway may be silent: hundreds of times what it needs.
_STUCK_S = 10.0
_PLAIN = {"silent": "doubted", "swallowed": "nothing", "filled_silent": "filled"}
ACCOUNT = "one"


@dataclass(frozen=True)
class Heard:
    """The `nth` question of these kinds: the gateway dies before it hears the answer."""

    acts: tuple[str, ...] = ("place", "withdraw", "find", "orders_today")
    nth: int = 1


@dataclass
class Course:
    """One gateway's lives, and the terminal that sees them all.

    `fate` says by key what becomes of an order at the terminal, `cancel_fate` of its cancel.
    `callbacks` may lose, repeat and mix what the terminal reports. Of what is late, `later` comes
    when the gateway has concluded that it never came.
    """

    folder: Path
    calendar: Any
    fate: Any
    cancel_fate: Any = lambda key: "canceled"
    callbacks: Any = lambda told: told
    later: Any = frozenset()
    kills: int = 0
    faults: list = field(default_factory=list)
    unsettled: dict = field(default_factory=dict)

    def __post_init__(self):
        self.folder.mkdir(parents=True)
        self.exchange = Exchange(self.folder / "journal.sqlite")
        self.keys, self.ids, self.news = {}, defaultdict(set), Counter()

    def copied(self, folder):
        """Return a course that stands where this one does, in a folder of its own."""
        made = Course(folder, self.calendar, self.fate, self.cancel_fate, self.callbacks)
        for file in self.folder.iterdir():
            shutil.copy(file, folder / file.name)
        journal, made.exchange = made.exchange.journal, deepcopy(self.exchange)
        made.exchange.journal = journal
        made.keys, made.kills = dict(self.keys), self.kills
        made.ids, made.news = deepcopy(self.ids), Counter(self.news)
        return made

    def live(self, life: Life, heard=None):
        """Let a gateway live until it is killed; `heard`: at which question of those acts too."""
        if life.last:
            self.earlier = self._ours().keys() if self.exchange.journal.exists() else ()
            self.asked = Counter((*life.new, *life.old, *life.old))
        ours, theirs = Pipe()
        self.keys |= {tag_of("one", ACCOUNT, key): key for key in (*life.new, *life.old)}
        pid = os.fork()
        if not pid:
            ours.close()
            self._be(theirs, life)
        theirs.close()
        with closing(ours):
            rested = self._serve(ours, pid, life, heard)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.kills += status == -signal.SIGKILL
        if status not in (0, -signal.SIGKILL) or (life.last and (status or not rested)):
            self.faults.append(f"the gateway ended with {status}")

    def _be(self, pipe, life):
        status = 1
        try:
            live(self.folder, self.calendar, pipe, life)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _serve(self, pipe, pid, life, heard):
        """Be the terminal until the gateway is gone; return whether it had come to rest."""
        rest = None
        while True:
            if not pipe.poll(_STUCK_S):
                self.faults.append("the gateway is stuck")
                os.kill(pid, signal.SIGKILL)
            try:
                number, act, *words = pipe.recv()
            except (EOFError, ConnectionResetError):
                return rest is not None
            if number is not None:
                if heard is not None and act in heard.acts:
                    heard = replace(heard, nth=heard.nth - 1)
                    if not heard.nth:
                        os.kill(pid, signal.SIGKILL)
                self._answer(pipe, number, act, words, life)
            elif act in ("told", "refused"):
                self._told(*words)
            elif life.last:
                rest = rest or self._rest(pipe)
                self._send(pipe, None, next(rest))
            else:
                os.kill(pid, signal.SIGKILL)

    def _answer(self, pipe, number, act, words, life):
        if act in ("place", "withdraw"):
            key = self.keys[words[0].tag if act == "place" else words[0]]
            fate = self.fate(key) if act == "place" else self.cancel_fate(key)
            words = (*words, _PLAIN.get(fate, fate) if life.last else fate)
        answer, told = self.exchange.ask(act, *words)
        if answer is not None:
            self._send(pipe, number, *answer)
        self._report(pipe, told)

    def _report(self, pipe, told):
        for report in self.callbacks(told):
            self._send(pipe, None, "event", report)

    def _send(self, pipe, *words):
        with suppress(BrokenPipeError, ConnectionResetError):  # a dead gateway hears nothing
            pipe.send(words)

    def _told(self, key, order_id=None, state=None, replayed=None):
        """Remember what a client was told: the id of its order, or a refusal's."""
        if replayed is None:
            order_id = state
        if order_id is not None:
            self.ids[key].add(order_id)
            self.news[key] += replayed is False

    def _rest(self, pipe):
        """Hold the journal against the terminal, before and after what is missing has settled."""
        self.unsettled = self._ours()
        self.faults += [
            f"{key} is {order.state}, unsettled; the terminal has {row and row.state}"
            for key, order, row in self._pairs()
            if not (same(order, row) if row else self._open(order))
        ]
        for tag in [tag for tag in self.exchange.late if self.keys[tag] not in self.later]:
            self._report(pipe, self.exchange.arrive(tag))
        yield "look"
        self._check("come late")
        yield "jump"
        self._check("settled")
        for tag in list(self.exchange.late):
            self._report(pipe, self.exchange.arrive(tag))
        yield "look"
        self._check("come alive after all")
        yield "end"

    def _open(self, order):
        """Return whether an order that the terminal does not list is where it has to be."""
        refused = order.tag in self.exchange.refused and order.state is S.REJECTED
        return order.state is S.UNKNOWN or (refused and order.reject_code == "TERMINAL_REFUSED")

    def _check(self, when):
        known = {order.tag for order in self._ours().values()}
        for row in self.exchange.rows.values():
            if row.tag is not None and row.tag not in known:
                self.faults.append(f"{self.keys[row.tag]} is at the terminal alone, {when}")
        for key, order, row in self._pairs():
            waits = when == "come late" and row is None and self._open(order)
            if not (waits or (same(order, row) if row else order.state is S.REJECTED)):
                has = row and row.state
                self.faults.append(f"{key} is {order.state}, {when}; the terminal has {has}")

    def _ours(self):
        with closing(sqlite3.connect(f"file:{self.exchange.journal}?mode=ro", uri=True)) as file:
            orders = [read_order(row[0]) for row in file.execute(f"SELECT {BODY} FROM orders")]
        return {each.client_order_id: each for each in orders if each.origin is Origin.OURS}

    def _pairs(self):
        rows = {row.tag: row for row in self.exchange.rows.values()}
        return [(key, order, rows.get(order.tag)) for key, order in self._ours().items()]

    def judge(self):
        """Read the journal that is left, and return all that is wrong."""
        self.faults += self.exchange.faults
        path = self.exchange.journal
        self._judge_audit(path.with_name("audit.sqlite"))
        verdict = verify_journal(path, heads(self.folder), LOG)
        if verdict.fault is not None:
            self.faults.append(verdict.fault)
        with closing(OrderJournal(path, "e2", heads(self.folder))) as journal:
            self._judge_log(journal)
            self._judge_fills(journal)
        ours = self._ours()
        for key, told in self.ids.items():
            if told != {ours[key].id if key in ours else None} or self.news[key] > 1:
                self.faults.append(f"{key} was told as {told}, {self.news[key]} times as new")
        self.faults += [f"{key} is lost" for key in self.keys.values() if key not in ours]
        return self.faults

    def _judge_audit(self, path):
        """Each submit that made an order is in the log, and each of the life that ended well."""
        verdict = verify_audit(path, heads(self.folder))
        if verdict.fault is not None:
            self.faults.append(verdict.fault)
        acts = list(read_acts(path, ActQuery()))
        found = Counter(each.order_id for each in acts if each.operation == "submitOrder")
        approved = {
            (each.order_id, each.actor.key_id) for each in acts if each.operation == "approveOrder"
        }
        for key, order in self._ours().items():
            if order.approved_by and (order.id, order.approved_by) not in approved:
                self.faults.append(f"who approved {key} is not in the log")
            # A new order may have been refused before, while the list was not known.
            wanted = 1 + self.asked[key] if key in self.earlier else 1
            if found[order.id] < wanted:
                self.faults.append(f"{key} has {found[order.id]} acts of {wanted}")

    def _judge_log(self, journal):
        events = journal.events(ACCOUNT, 0, 1_000_000)
        if [each.sequence for each in events] != list(range(1, len(events) + 1)):
            self.faults.append("the log has gaps")
        said = Counter((each.order, each.fill) for each in events)
        self.faults += [f"{pair[0].id} is told twice" for pair, n in said.items() if n > 1]

    def _judge_fills(self, journal):
        """Every fill is there once, those of others as well, which are EXTERNAL."""
        filled = Counter()
        for fill in journal.fills(FillQuery(ACCOUNT, first=10_000)).fills:
            filled[fill.id] += fill.quantity
        wanted = Counter({f.id: f.quantity for r in self.exchange.rows.values() for f in r.fills})
        if filled != wanted:
            self.faults.append(f"fills {filled} are recorded of {wanted}")
        with closing(sqlite3.connect(self.exchange.journal)) as file:
            orders = [read_order(row[0]) for row in file.execute(f"SELECT {BODY} FROM orders")]
        foreign = {each.broker_order_id for each in orders if each.origin is Origin.EXTERNAL}
        if foreign != {name for name, row in self.exchange.rows.items() if row.tag is None}:
            self.faults.append(f"of others {foreign} are recorded")


def same(order, row):
    """Return whether an order is recorded as the terminal has it."""
    states = {row.state} if row.state.final else {row.state, S.PENDING_CANCEL}
    filled = order.filled_quantity == row.filled_quantity
    return order.state in states and filled and order.broker_order_id == row.broker_order_id
