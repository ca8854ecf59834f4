"""Whether a gateway keeps up with a recorded day at x1000: orders resting, quotes subscribed to.

    uv run python -m bench.lived [--rounds 3] [--orders 10] [--data ../shared/data]

The level-2 day of 600519, 2023-02-01, from 09:30 to the close in a gateway as a user starts it,
with the exchange in its own process and in the gateway's. The clock is held back where order books
cannot follow, so that the speed which it had is what the whole way kept up with; the age of a quote
is the clock's time just after it came less the quote's own, in simulated seconds. Writes its table
into docs/performance.md.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.beside import Running, Setup, started
from bench.report import write_table
from bench.startup import ROOT

SYMBOL, FAST = "600519.SH", 1_000.0
_CLOCK = "{ serverInfo { clock { now speed lagging effectiveSpeed phase } } }"
_QUOTES = f'subscription {{ quotes(symbols: ["{SYMBOL}"]) {{ kind quote {{ time volume }} }} }}'
_ORDER = "mutation($i: SubmitOrderInput!) { submitOrder(input: $i) { __typename } }"


Lived = tuple[float, float, list[float], int]


class Follower(threading.Thread):
    """Reads the events of a subscription, by the clock."""

    def __init__(self, server: Running) -> None:
        super().__init__(daemon=True)
        self.server, self.times = server, list[datetime]()

    def run(self) -> None:
        body = json.dumps({"query": _QUOTES}).encode()
        heads = {"content-type": "application/json", "accept": "text/event-stream"}
        url = f"http://127.0.0.1:{self.server.port}/graphql"
        request = urllib.request.Request(url, body, heads)
        with urllib.request.urlopen(request, timeout=60) as answer:
            for line in answer:
                quote = _quote(line)
                if quote is not None:
                    self.times.append(datetime.fromisoformat(quote["time"]))


def _quote(line: bytes) -> dict[str, Any] | None:
    if not line.startswith(b"data:") or b'"quote"' not in line:
        return None
    return json.loads(line[5:])["data"]["quotes"]["quote"]


def prepare(folder: Path, data: Path, *, process: bool) -> None:
    for kind, name in (("quotes", "snapshot"), ("trades", "trade")):
        files = [str(each) for each in sorted(data.glob(f"l2/600519_20230201_{name}.csv.gz"))]
        if not files:
            raise SystemExit(f"There is no recorded day below {data}; see --data.")
        command = [sys.executable, "-m", "quantgraph", "import", kind, *files]
        command += ["--data-dir", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    text = (ROOT / "config.toml").read_text("utf-8")
    text = text.replace('liquidity = "generated"', 'liquidity = "replay"')
    text = text.replace('cash = "1000000.00"', 'cash = "900000000.00"')
    text = text.replace("orders = 100 ", "orders = 1000000 ")
    text = text.replace("actions_per_second = 5 ", "actions_per_second = 1000 ")
    text = text.replace("process = false", f"process = {str(process).lower()}")
    (folder / "config.toml").write_text(text, "utf-8")


def rest(server: Running, count: int) -> None:
    """Let so many orders rest: the nearest trade within minutes, the others wait all day."""
    quote = server.ask(f'{{ quote(symbol: "{SYMBOL}") {{ lastPrice }} }}')["quote"]
    for number in range(count):
        told = {"accountId": "sim-1", "clientOrderId": f"k{number}", "symbol": SYMBOL}
        price = f"{quote['lastPrice'] - 1 - 2 * number:.2f}"
        more = {"side": "BUY", "quantity": 100, "limitPrice": price}
        done = server.ask(_ORDER, {"i": told | more})["submitOrder"]["__typename"]
        assert done == "SubmitOrderSuccess", done


def live(server: Running, orders: int) -> Lived:
    """Live the day; return its speed, the slowest moment's, the ages of quotes, and how many."""
    rest(server, orders)
    follower = Follower(server)
    follower.start()
    server.turn(f"{{ speed: {FAST}, paused: false }}")
    begun, first = time.perf_counter(), _clock(server)
    ages, slowest = list[float](), FAST
    while (clock := _clock(server))["phase"] in ("CONTINUOUS", "LUNCH", "CLOSE_AUCTION"):
        slowest = min(slowest, clock["effectiveSpeed"])
        if follower.times:
            newest = follower.times[-1]
            ages.append((_time(clock) - newest).total_seconds())
        last, until = clock, time.perf_counter()
        time.sleep(0.02)
    server.turn("{ paused: true }")
    lunch = 5_400 if _time(first).hour < 12 <= _time(last).hour else 0
    passed = (_time(last) - _time(first)).total_seconds() - lunch
    return passed / (until - begun), slowest, ages, len(follower.times)


def _clock(server: Running) -> dict[str, Any]:
    return server.ask(_CLOCK)["serverInfo"]["clock"]


def _time(clock: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(clock["now"])


def rows(asked: argparse.Namespace) -> Iterator[str]:
    for process in (True, False):
        found = list[Lived]()
        for _ in range(asked.rounds):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                prepare(folder, asked.data, process=process)
                with started(Setup("", 0, process=process), folder) as server:
                    found.append(live(server, asked.orders))
        speeds = sorted(each[0] for each in found)
        ages = sorted(age for each in found for age in each[2])
        cells = [
            "own" if process else "the gateway's",
            f"{speeds[0]:,.0f} / **{statistics.median(speeds):,.0f}** / {speeds[-1]:,.0f}",
            f"{min(each[1] for each in found):,.0f}",
            f"{statistics.median(ages):.1f} / {ages[int(len(ages) * 0.99)]:.1f}",
            f"{statistics.median(each[3] for each in found):,.0f}",
        ]
        row = f"| {' | '.join(cells)} |"
        print(row)
        yield row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, default=10)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    intro = (
        f"A recorded level-2 day at ×{FAST:,.0f} through a gateway, {asked.orders} orders "
        f"resting, {asked.rounds} rounds each; CPython {platform.python_version()}, "
        f"{platform.machine()}."
    )
    head = (
        "| the exchange's process | simulated seconds per second (min / median / max) | slowest "
        "second or two | age of the newest quote, simulated s (p50 / p99) | quotes |"
    )
    lines = [intro, "", head, "|---|--:|--:|--:|--:|", *rows(asked)]
    write_table("lived", "\n".join(lines))


if __name__ == "__main__":
    main()
