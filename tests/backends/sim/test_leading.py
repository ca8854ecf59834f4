"""Generated days that end where recorded ones begin."""

from datetime import date

import numpy as np
import pytest

from quantgraph.backends.sim.daily import band_rates
from quantgraph.backends.sim.leading import lead_to
from quantgraph.backends.sim.origins import Origin
from quantgraph.backends.sim.universe import LISTED

from .conftest import make_calendar

DAYS = make_calendar().between(date(2015, 1, 5), date(2023, 1, 31))
SYMBOLS = ["600519.SH", "000001.SZ", "688981.SH", "300750.SZ"]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("close", [700, 1_369, 184_576])
@pytest.mark.parametrize("length", [1, 2, 900, len(DAYS)])
def test_a_path_ends_at_the_wanted_close_inside_of_its_bands(symbol, close, length):
    profile = LISTED[symbol]
    instrument, days = profile.instrument(), DAYS[-length:]
    path = lead_to(Origin(profile, instrument, 1, 100, 5_000, pays=True), days, close)
    bars = path.bars
    assert abs(int(bars.close[-1]) - close) <= max(close // 1_000, 1)
    rates = band_rates(instrument, path.days)
    least = np.floor(path.previous * (10_000 - rates) / 10_000 + 0.5)
    most = np.floor(path.previous * (10_000 + rates) / 10_000 + 0.5)
    assert (bars.close >= np.minimum(least, path.previous - 1)).all()
    assert (bars.close <= np.maximum(most, path.previous + 1)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (path.previous[1:] <= bars.close[:-1]).all()
