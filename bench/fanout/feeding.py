"""The feed of every Python server here: says quotes as its standard input asks.

"saturate N": N quotes of different symbols at once, again as soon as all were told; "pace N M":
N quotes a second, M at once; "stop". A quote's volume is the moment it was said, in microseconds of
the machine's monotonic clock, which the load client knows too.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice

# Of a server that is far behind no more than this is asked at once.
_BACKLOG_S = 0.1
Say = Callable[[str, int], None]


def codes(count: int) -> list[str]:
    """Return codes of Shanghai's main board."""
    return [f"{600_000 + number}.SH" for number in range(count)]


def now_us() -> int:
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000


class Feeding:
    """Follows the commands of standard input."""

    def __init__(
        self, say: Say, told: Callable[[], Awaitable[None]], symbols: Sequence[str]
    ) -> None:
        self._say = say
        self._told = told
        self._symbols = cycle(symbols)
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Return when standard input ends."""
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().split():
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
                self._task = None
            match line:
                case ["saturate", burst]:
                    self._task = asyncio.create_task(self._saturate(int(burst)))
                case ["pace", rate, burst]:
                    self._task = asyncio.create_task(self.pace(float(rate), int(burst)))
                case _:
                    pass
            print("done", flush=True)

    def _burst(self, count: int) -> None:
        for symbol in islice(self._symbols, count):
            self._say(symbol, now_us())

    async def _saturate(self, burst: int) -> None:
        while True:
            self._burst(burst)
            await self._told()

    async def pace(self, rate: float, burst: int) -> None:
        """Say so many quotes a second, `burst` at once, until cancelled."""
        said, began = 0, time.monotonic()
        while True:
            # Whatever the loop was busy with, the terminal has gone on meanwhile.
            owed = max(int((time.monotonic() - began) * rate) - said, burst)
            self._burst(min(owed, int(rate * _BACKLOG_S)))
            said += owed
            await asyncio.sleep(max(began + said / rate - time.monotonic(), 0))
