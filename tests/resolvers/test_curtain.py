"""A gateway that starts before the newest import tells nothing of what was recorded later."""

import re
import shutil
from datetime import datetime

import httpx
import pytest

from quantgraph.services.curtain import View

START = "2018-01-15"
PERIODS = ("MIN_1", "MIN_5", "HOUR_1", "DAY_1", "WEEK_1", "MONTH_1", "YEAR_1")
BARS = [
    f'bars(symbol: "{symbol}", period: {period}, last: 300) {{ rows {{ time close }} }}'
    for period in PERIODS
    for symbol in ("000001.SZ", "600519.SH", "000001.SH")
]
OTHERS = [
    'financials(symbols: ["600519.SH", "000001.SZ"]) { balance { announceDate } }',
    'quote(symbol: "600519.SH") { time }',
    'ticks(symbol: "600519.SH") { rows { time } }',
    "sectors { name date }",
    'indexWeights(indexSymbol: "000300.SH") { date }',
]
STAMP = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+\+08:00)?")


@pytest.fixture(scope="module")
def folder(imported, tmp_path_factory):
    return shutil.copytree(imported, tmp_path_factory.mktemp("early") / "data")


def texts(value):
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) and STAMP.fullmatch(value) else []


def stamps(running, fields):
    """Every date and instant of the answers, and the clock after them."""
    found = []
    for field in [*fields, "serverInfo { clock { now } }"]:
        answer = httpx.post(
            f"{running.addresses.http}/graphql", json={"query": f"{{ {field} }}"}, timeout=60
        ).json()
        assert "errors" not in answer, (field, answer)
        found.append(texts(answer["data"]))
    now = datetime.fromisoformat(found.pop()[0])
    return found, now


def late(found, now):
    return [
        text for each in found for text in each if text[:19] > now.isoformat()[: len(text)][:19]
    ]


def test_no_answer_is_later_than_the_clock(start_gateway, folder, monkeypatch):
    with start_gateway(folder, mock={"start": START}) as running:
        found, now = stamps(running, BARS + OTHERS)
    assert now.date().isoformat() == START
    assert all(each for each in found[: len(BARS)])
    assert late(found, now) == []
    # without the curtain the same walk finds what is recorded later
    monkeypatch.setattr(View, "bound", lambda *_: 1 << 61)
    with start_gateway(folder, mock={"start": START}) as running:
        found, now = stamps(running, BARS)
    assert late(found, now)
