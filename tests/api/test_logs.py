"""Logs are read by others than traders: no account number is in them."""

import io
import json
import logging
import sys

import pytest
import structlog

from api import logs
from quantgraph.config import LoggingConfig

NUMBER = "88001234567"


@pytest.fixture
def begin(monkeypatch):
    """Log into what is returned, in a form."""
    handlers, level = logging.root.handlers[:], logging.root.level

    def configured(form):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        logs.configure(LoggingConfig(level="info", format=form))
        return stream

    yield configured
    structlog.reset_defaults()
    logging.basicConfig(handlers=handlers, level=level, force=True)


@pytest.mark.parametrize("form", ["console", "json"])
def test_neither_kind_of_log_shows_a_number_that_is_no_id(begin, form):
    written = begin(form)
    try:
        json.loads(f"fund_account={NUMBER}")
    except ValueError as error:
        error.args = (error.doc,)
        structlog.get_logger("x").exception("failed", account=NUMBER)
        logging.getLogger("y").exception("资金账号：%s不存在", NUMBER)
    shown = written.getvalue()
    assert NUMBER not in shown
    assert shown.count("JSONDecodeError: fund_account=***") == 2
    words = "资金账号：***不存在"
    assert (json.dumps(words)[1:-1] if form == "json" else words) in shown


def test_what_finds_an_order_again_stays(begin):
    written = begin("json")
    structlog.get_logger("x").info("sent", order_id="o1", broker=NUMBER, account="sim-1", count=7)
    found = json.loads(written.getvalue())
    del found["timestamp"]
    assert found == {
        "event": "sent", "level": "info", "order_id": "o1", "broker": NUMBER, "account": "sim-1",
        "count": 7,
    }  # fmt: skip
