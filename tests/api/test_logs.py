"""Logs are read by others than traders: no account number is in them."""

import gzip
import io
import json
import logging
import os
import sys
import time
from datetime import UTC, datetime
from threading import Event as Latch

import pytest
import structlog

from api import logs
from api.log_files import Keeping, RotatedFile
from api.log_lines import call_json, call_text, event_json
from api.log_writer import Event, LogWriter
from quantgraph.domain.access import Actor, Wire
from quantgraph.domain.audit import Act
from quantgraph.domain.calls import Call, Transport
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.watching import LoggingConfig

NUMBER = "88001234567"


class Written:
    """What a writer has written to standard error by now."""

    def __init__(self, writer, stream):
        self.writer, self.stream = writer, stream

    def getvalue(self):
        assert self.writer.flush()
        return self.stream.getvalue()


@pytest.fixture
def begin(monkeypatch):
    """Log into what is returned, in a form."""
    handlers, level = logging.root.handlers[:], logging.root.level

    writers = []

    def configured(form="json", **more):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        writers.append(logs.configure(LoggingConfig(level="info", format=form, **more)))
        return Written(writers[-1], stream)

    yield configured
    for writer in writers:
        writer.close()
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
    assert "资金账号：***不存在" in shown


def test_what_finds_an_order_again_stays(begin):
    written = begin("json")
    structlog.get_logger("x").info("sent", order_id="o1", broker=NUMBER, account="sim-1", count=7)
    found = json.loads(written.getvalue())
    del found["timestamp"]
    assert found == {
        "event": "sent", "level": "info", "order_id": "o1", "broker": NUMBER, "account": "sim-1",
        "count": 7,
    }  # fmt: skip


def test_files_hold_events_errors_requests_and_acts_apart(begin, tmp_path):
    written = begin(folder=str(tmp_path / "logs"))
    structlog.get_logger().info("began", account=NUMBER)
    structlog.get_logger().error("broke")
    written.writer.put(CALL)
    written.writer.put(act(NUMBER))
    shown = written.getvalue()
    held = {file.name: lines(file) for file in (tmp_path / "logs").iterdir()}
    assert [each["event"] for each in held["gateway.log"]] == ["began", "broke"]
    assert [each["event"] for each in held["errors.log"]] == ["broke"]
    assert [each["request_id"] for each in held["requests.log"]] == ["r1"]
    assert [each["account"] for each in held["audit.log"]] == ["***"]
    # People at the terminal see what happens; each request has its file.
    assert [json.loads(line)["event"] for line in shown.splitlines()] == ["began", "broke"]


def test_without_files_requests_are_on_standard_error_in_the_form_of_its_reader(begin):
    written = begin("console")
    written.writer.put(CALL)
    assert written.getvalue() == (
        "2023-11-14T22:13:20.250Z http OK quote, bars (Chart) 1.5 ms cost=3 key=k1 id=r1\n"
    )


def test_requests_may_be_left_out(begin):
    written = begin(requests=False)
    assert not written.writer.takes(Call)
    written.writer.put(CALL)
    assert written.getvalue() == ""


def test_a_folder_that_cannot_be_written_stops_the_start(begin, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError) as caught:
        begin(folder=str(tmp_path / "file"))
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "logging.folder" in caught.value.message


def test_lines_that_find_no_room_are_dropped_counted_and_told(begin):
    gate = Gate()
    writer = LogWriter({Event: [(event_json, gate)]}, places=3)
    try:
        writer.put(Event(event="first"))
        assert gate.reached.wait(20)  # the writer is at its disk, and stays there
        for name in "abcde":
            writer.put(Event(event=name))
        assert writer.dropped == 2
        gate.open.set()
        assert writer.flush()
    finally:
        gate.open.set()
        writer.close()
    told = [json.loads(line) for line in "".join(gate.texts).splitlines()]
    count = next(each for each in told if each["event"] == "log_lines_dropped")["count"]
    assert [each["event"] for each in told if each["event"] in "firstabcde"] == ["first", *"abc"]
    assert count == 2


def test_a_disk_that_refuses_ends_nothing():
    full = Gate()
    full.open.set()
    full.fails = True
    writer = LogWriter({Event: [(event_json, full)]}, places=100)
    writer.put(Event(event="lost"))
    assert writer.flush()
    assert writer.dropped == 1
    full.fails = False
    writer.put(Event(event="after"))
    writer.close()
    assert "after" in full.texts[-1]


def test_a_full_file_is_put_aside_compressed_and_only_so_many_are_kept(tmp_path):
    file = RotatedFile(tmp_path / "gateway.log", Keeping(most=100, files=2, days=1, compress=True))
    for number in range(4):
        file.write(f"{number}" * 80 + "\n")
    file.flush()
    file.close()
    assert (tmp_path / "gateway.log").read_text() == "3" * 80 + "\n"
    aside = sorted(tmp_path.glob("gateway.log.*"))
    assert [gzip.decompress(each.read_bytes())[:1] for each in aside] == [b"2", b"1"]


def test_files_of_other_days_are_deleted(tmp_path):
    old, new = tmp_path / "gateway.log.7", tmp_path / "gateway.log.1.gz"
    for file in (old, new):
        file.write_text("")
    os.utime(old, (0, 0))
    RotatedFile(tmp_path / "gateway.log", Keeping(100, 5, 30, compress=True)).close()
    assert (old.exists(), new.exists()) == (False, True)


def test_files_that_are_too_many_are_deleted_though_nobody_put_them_aside(tmp_path):
    now = time.time()
    for number in range(5):
        (tmp_path / f"gateway.log.{number}").write_text("")
        os.utime(tmp_path / f"gateway.log.{number}", (now, now - number))
    RotatedFile(tmp_path / "gateway.log", Keeping(100, 2, 30, compress=True)).close()
    assert sorted(each.name[-2:] for each in tmp_path.glob("gateway.log.*")) == [".0", ".1"]


def test_a_compressed_file_is_as_old_as_its_lines(tmp_path):
    file = RotatedFile(tmp_path / "gateway.log", Keeping(100, 5, 30, compress=True))
    file.write("0" * 80)
    file.flush()
    yesterday = time.time() - 86_400
    os.utime(tmp_path / "gateway.log", (yesterday, yesterday))
    file.write("1" * 80)
    file.close()
    [aside] = tmp_path.glob("gateway.log.*")
    assert aside.stat().st_mtime == pytest.approx(yesterday, abs=2)


def test_lines_are_written_on_after_a_file_could_not_be_put_aside(tmp_path):
    file = RotatedFile(tmp_path / "gateway.log", Keeping(100, 5, 30, compress=False))

    def full(_source, _target):
        raise OSError

    file.write("0" * 80)
    file.rotator = full
    with pytest.raises(OSError):
        file.write("1" * 80)
    file.rotator = None
    file.write("2" * 10)
    file.close()
    assert (tmp_path / "gateway.log").read_text() == "0" * 80 + "2" * 10


@pytest.mark.parametrize("show", [call_json, call_text])
def test_an_operation_that_is_named_like_an_account_is_not_told_by_its_name(show):
    assert "Chart" in show(CALL)
    assert NUMBER not in show(CALL._replace(name=f"A{NUMBER}"))


class Gate:
    """An end of the log that writes once it is open."""

    def __init__(self):
        self.open, self.reached, self.texts, self.fails = Latch(), Latch(), [], False

    def write(self, text):
        self.reached.set()
        assert self.open.wait(20)
        if self.fails:
            raise OSError
        self.texts.append(text)

    def flush(self):
        pass


CALL = Call(
    1_700_000_000.25, 0.0015, Transport.HTTP, ("quote", "bars"), "Chart", "k1", "r1", 3, "OK", False
)


def act(account):
    who = Actor("k1", Wire.GRAPHQL, "127.0.0.1:1")
    return Act(datetime.now(UTC), who, "submitOrder", account, "{}", "OK")


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]
