"""What reads a download, each in a process of its own, as a user's program would.

    python -m bench.readers gateway|rows|flight|tuned|blobs PORT[/KEY] SYMBOL...

It reads everything once for each line on its standard input, and prints how many bars or bytes
came and in how many seconds. `tuned` is Arrow Flight with the memory settings that our client makes
in its own process: whoever calls them there gets as much out of them.
"""

import sys
import time
from collections.abc import Callable

from bench import peers
from quantgraph.client import Client, connect
from quantgraph.client.downloads import FailedSymbol
from quantgraph.wire.memory import keep_freed

SPAN = {"period": "MIN_1", "start": "2021-01-01", "end": "2024-06-28", "fields": peers.NAMES}


def read_gateway(client: Client, names: list[str]) -> int:
    """Download everything as one array per column and symbol, each chunk's hash checked."""
    count = 0
    for each in client.stream_bars(names, **SPAN):
        assert not isinstance(each, FailedSymbol), each
        count += each.columns.length
    return count


def reader(name: str, place: str, names: list[str]) -> Callable[[], int]:
    told, _, key = place.partition("/")
    port = int(told)
    if name == "gateway":
        client = connect(f"127.0.0.1:{port}", key or None)
        return lambda: read_gateway(client, names)
    if name == "rows":
        return lambda: peers.read_rows(port, names)
    if name == "blobs":
        return lambda: peers.read_blobs(port)
    if name == "tuned":
        keep_freed()
    return lambda: peers.read_flight(port)


def main(name: str, place: str, *names: str) -> None:
    read = reader(name, place, list(names))
    for _ in sys.stdin:
        began = time.perf_counter()
        count = read()
        print(count, time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
