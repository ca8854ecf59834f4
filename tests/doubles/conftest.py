"""The double of a terminal, with the REAL SDK's trader upon it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.doubles import native
from tests.doubles.fixtures import counter, double, far_side

# Fixtures that pytest finds here.
__all__ = ["counter", "double", "far_side"]


@pytest.fixture
def make_trader(double):
    """Make the SDK's traders as it can be done without harm: off the main thread."""

    class Trader(native.sdk("xttrader").XtQuantTrader):
        # Collected in the main thread, the SDK's own would replace that thread's event loop.
        def __del__(self):
            pass

    made = []

    def make(callback=None, session=7, path="C:/迅投/userdata_mini"):
        with ThreadPoolExecutor(1) as thread:
            made.append(thread.submit(Trader, path, session, callback).result())
        return made[-1]

    yield make
    for trader in made:
        if trader.executor is not None:
            trader.stop()
        trader.loop.close()
