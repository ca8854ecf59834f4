"""Clients that ask one gateway all the while, and what each was answered, when and how fast."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import httpx

from tests.doubles.agent import COMMAND
from tests.doubles.world import ACCOUNT
from tests.e2e.processes import placed_in, quantgraph, serving

QUOTE = '{ quote(symbol: "600519.SH") { source } }'
BARS = '{ bars(symbol: "600519.SH", period: DAY_1, last: 5) { source rows { time } } }'
MONEY = "query($id: ID!) { accounts(ids: [$id]) { id status asset { source } } }"
# Beyond this an answer has not come: no operation here may take as long.
LIMIT_S = 20.0
_PAUSE_S = 0.05
_DEV = """mode = "dev"
[[terminals]]
name = "east"
path = "C:/QMT/userdata_mini"
[[terminals]]
name = "west"
kind = "remote"
remote.target = "{target}"
remote.tls = false
"""


@dataclass(frozen=True)
class Seen:
    """One answer: when it was asked for, how many ms it took, and its source or code."""

    at: float
    ms: float
    told: str


def waited(seen, start, end):
    """Return what was waited for between two moments, also what was asked for before the first."""
    return [each for each in seen if each.at < end and each.at + each.ms / 1_000 >= start]


class Probe(threading.Thread):
    """Asks one thing again and again until it is told to end."""

    def __init__(self, gateway, path, body=None):
        super().__init__(daemon=True)
        self._url, self._key = gateway.http, gateway.key
        self._path, self._body = path, body
        self._end = threading.Event()
        self.seen = []

    def run(self):
        headers = {"X-API-Key": self._key}
        with httpx.Client(base_url=self._url, headers=headers, timeout=LIMIT_S) as client:
            while not self._end.wait(_PAUSE_S):
                begun = monotonic()
                told = self._ask(client)
                self.seen.append(Seen(begun, (monotonic() - begun) * 1_000, told))

    def end(self):
        self._end.set()
        self.join()

    def _ask(self, client):
        if self._body is None:
            return str(client.get(self._path).status_code)
        try:
            return _told(client.post(self._path, json=self._body).json())
        except httpx.TimeoutException:
            return "TOO LATE"


def _told(answer):
    """Return where an answer came from, or the code of what it was refused with."""
    codes = [each["extensions"]["code"] for each in answer.get("errors", ())]
    if codes:
        return codes[0]
    (found,) = answer["data"].values()
    found = found[0]["asset"] if isinstance(found, list) else found
    return found["source"]


def load(gateway):
    """Return probes by name: of the gateway, of a terminal that is well, and of the other."""
    bodies = {
        "other terminal": {"query": MONEY, "variables": {"id": "sim-1"}},
        "quote": {"query": QUOTE},
        "account": {"query": MONEY, "variables": {"id": ACCOUNT}},
    }
    asked = {name: Probe(gateway, "/graphql", body) for name, body in bodies.items()}
    return {"/health/live": Probe(gateway, "/health/live"), **asked}


@contextmanager
def probed(gateway):
    """Ask all the while; give the probes."""
    probes = load(gateway)
    for each in probes.values():
        each.start()
    try:
        yield probes
    finally:
        for each in probes.values():
            each.end()


@contextmanager
def two_terminals(folder, silent_s):
    """Serve a gateway over an agent of its own, given so long to be silent, and another terminal.

    Give it, and what returns its agent's process.
    """
    west = placed_in(folder / "west", 'mode = "mock"\n')
    with serving((*COMMAND[:2], "quantgraph", "serve", *west), "") as there:
        own = placed_in(folder / "own", _DEV.format(target=there.grpc))
        key = quantgraph(own, "keys", "create", "--scope", "read")
        command = (*COMMAND, "serve", *own, "--isolate")

        def agent():
            (file,) = (folder / "own").glob("data/dev/agents/*/dev/gateway.pid")
            return int(file.read_text())

        with serving(command, key, DOUBLE_SILENT_S=str(silent_s)) as gateway:
            gateway.settled(lambda problems: not problems)
            yield gateway, agent
