"""Three seconds as one bar: nothing is lost, nothing is told twice."""

from datetime import date

import pytest

from quantgraph.backends.sim.quoting import Quoter
from quantgraph.backends.sim.tape import Running

DAY = date(2023, 2, 1)


@pytest.mark.parametrize("symbol", ["600519.SH", "000001.SZ", "510300.SH"])
def test_lapses_are_the_seconds_of_their_minute(quoter: Quoter, symbol: str) -> None:
    frames = quoter.frames(quoter._paths.load([symbol], DAY)[symbol], DAY)
    assert frames is not None
    tape = frames._tape
    for minute in (0, 1, 9, 10, 100, 239):
        seconds: Running = frames._tapes.minute(tape, minute)
        before = tape.rising_before(minute)
        for place, lapse in enumerate(frames._read(minute)):
            first, last = 3 * place, 3 * place + 2
            told = slice(first, last + 1)
            parts = seconds.parts.take(told)
            risen = bool(seconds.rising[first - 1]) if first else before
            assert (lapse.risen, lapse.rising) == (risen, bool(seconds.rising[last]))
            assert (lapse.open, lapse.close) == (parts.open[0], parts.close[-1])
            assert (lapse.high, lapse.low) == (parts.high.max(), parts.low.min())
            # the opening auction has a screen of its own
            own = 1 if minute == place == 0 else 0
            assert lapse.volume == parts.volume[own:].sum()
            assert lapse.turnover == sum(round(x * tape.scale) for x in parts.amount[own:].tolist())


def test_minutes_are_the_same_whichever_are_asked_before(quoter: Quoter) -> None:
    path = quoter._paths.load(["688981.SH"], DAY)["688981.SH"]
    one, other = quoter.frames(path, DAY), quoter.frames(path, DAY)
    assert one is not None and other is not None
    forward = [list(one._read(minute)) for minute in range(25)]
    assert forward[::-1] == [list(other._read(minute)) for minute in range(24, -1, -1)]
