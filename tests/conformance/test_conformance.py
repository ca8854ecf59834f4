"""One table of checks, two back-ends: the simulated one, and the real SDK over its double."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from api.cli import app
from api.conformance import SYMBOLS, Wish, inspect
from quantgraph.domain.errors import ChangeRefused, GatewayError, StartupError, Unavailable
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Capability
from quantgraph.domain.terminals import AccountLogin
from quantgraph.loading import load_config
from quantgraph.services.conformance.accounts import ACCOUNTS, LINK
from quantgraph.services.conformance.market import MARKET
from quantgraph.services.conformance.orders import ORDERS
from quantgraph.services.conformance.running import Check, Subject, Verdict, outcomes
from tests.api.real import ACCOUNT as SIMULATED
from tests.api.real import ROOT, Terminal, make_keys
from tests.doubles.far import far, world
from tests.doubles.world import ACCOUNT

# Fixtures that pytest finds here.
__all__ = ["far", "world"]
READS = (*LINK, *MARKET, *ACCOUNTS)
# An id that nothing but the terminal tells for one.
NAMED = "home-1"
EXPECTED = {each.name: Verdict.PASSED for each in READS}


@pytest_asyncio.fixture
async def sim():
    terminal = Terminal()
    backend = terminal.backend(None, terminal.calendar)
    yield Subject(backend, terminal.clock, SYMBOLS, terminal.counter, SIMULATED)
    await terminal.close()


@pytest_asyncio.fixture
async def sdk(far):
    backend = far.backend(None, far.world.calendar)
    sender = backend.sender()
    await backend.start()
    yield Subject(backend, far.world, SYMBOLS, sender, ACCOUNT)
    await backend.close()


async def verdicts(checks, subject, seconds=20):
    """Return what came of each check; a failure with its words."""
    found = {each.check: each async for each in outcomes(checks, subject, seconds)}
    return {
        name: each.verdict if each.verdict is Verdict.PASSED else (each.verdict, each.found)
        for name, each in found.items()
    }


async def test_the_simulated_terminal_conforms(sim):
    assert await verdicts((*READS, *ORDERS), sim) == EXPECTED | {ORDERS[0].name: Verdict.PASSED}


async def test_the_sdk_over_its_double_conforms(sdk, far):
    assert await verdicts(READS, sdk) == EXPECTED
    assert await verdicts(ORDERS, sdk) == {ORDERS[0].name: Verdict.PASSED}
    (row,) = far.counter.rows
    assert (row.state.final, row.filled) == (True, 0)


async def test_without_a_sender_nothing_is_sent(sdk, far):
    ((verdict, _),) = (await verdicts(ORDERS, replace(sdk, sender=None))).values()
    assert verdict is Verdict.SKIPPED
    assert far.counter.rows == []


class Wrong:
    """Another port that answers some calls otherwise."""

    def __init__(self, inner, **changed):
        self._inner = inner
        vars(self).update(changed)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def spoiled(subject, port, method, change):
    """Return a subject whose back-end answers one method otherwise."""
    inner = getattr(subject.backend, port)

    async def answered(*args):
        return change(await getattr(inner, method)(*args))

    wrong = Wrong(inner, **{method: answered})
    return replace(subject, backend=replace(subject.backend, **{port: wrong}))


def each_quote(**changed):
    return lambda quotes: [
        each if isinstance(each, GatewayError) else replace(each, **changed) for each in quotes
    ]


def in_lots(quotes):
    return [
        each if isinstance(each, GatewayError) else replace(each, volume=each.volume // 100)
        for each in quotes
    ]


def each_series(change):
    def changed(found):
        return [
            each if isinstance(each, GatewayError) else replace(each, columns=change(each.columns))
            for each in found
        ]

    return changed


def later(minutes):
    def moved(columns):
        times = columns.values["time"] + int(timedelta(minutes=minutes).total_seconds()) * 1_000
        return replace(columns, values={**columns.values, "time": times})

    return moved


def backwards(columns):
    return columns.take(slice(None, None, -1))


def too_many(found):
    return [[replace(each, sellable=each.quantity + 1) for each in found[0]], *found[1:]]


@pytest.mark.parametrize(
    ("check", "port", "method", "change"),
    [
        (MARKET[0], "reference", "instruments", lambda found: [found[0]] * len(found)),
        (MARKET[2], "quotes", "quotes", in_lots),
        (MARKET[2], "quotes", "quotes", each_quote(last_price=0.0)),
        (MARKET[2], "quotes", "quotes", lambda found: [*found[:-1], found[0]]),
        (MARKET[2], "quotes", "quotes", each_quote(time=2_000_000_000_000)),
        (MARKET[4], "data", "bars", each_series(later(15 * 60))),
        (MARKET[4], "data", "bars", each_series(backwards)),
        (MARKET[5], "data", "bars", each_series(later(1))),
        (ACCOUNTS[0], "accounts", "accounts", lambda found: [*found, *found]),
        (ACCOUNTS[1], "accounts", "assets", lambda found: [*found[:-1], found[0]]),
        (ACCOUNTS[2], "accounts", "holdings", too_many),
    ],
)
async def test_what_does_not_conform_fails_its_check(sim, check, port, method, change):
    ((verdict, found),) = (await verdicts([check], spoiled(sim, port, method, change))).values()
    assert (verdict, bool(found)) == (Verdict.FAILED, True)


async def test_an_operation_that_nothing_is_said_of_fails(sim):
    rows = (Capability("bars", available=True),)
    backend = replace(sim.backend, capabilities=lambda: rows)
    ((verdict, found),) = (await verdicts(LINK[1:], replace(sim, backend=backend))).values()
    assert (verdict, "trading.submit" in found) == (Verdict.FAILED, True)


async def test_a_check_that_hangs_or_breaks_stops_no_other(sim):
    async def hangs(subject):
        async for _ in subject.backend.quotes.follow(SYMBOLS[0]):
            pass

    async def breaks(subject):
        raise ValueError(subject.account_id)

    checks = [Check("hangs", hangs), Check("breaks", breaks), LINK[0]]
    found = await verdicts(checks, sim, 0.2)
    assert found["hangs"] == (Verdict.FAILED, "no answer within 0.2 s")
    assert found["breaks"] == (Verdict.FAILED, f"ValueError: {SIMULATED}")
    assert found[LINK[0].name] is Verdict.PASSED


def config(folder, mode, **sections):
    return load_config(ROOT / "config.toml", {"data_dir": str(folder), "mode": mode, **sections})


async def test_a_report_names_no_account(far, tmp_path):
    heard = []
    report = await inspect(config(tmp_path, "dev"), Wish(), far.backend, heard.append)
    text = json.dumps(report.document(), ensure_ascii=False)
    assert not report.failed
    assert [each.check for each in heard] == [each.name for each in READS]
    assert ACCOUNT not in text
    assert report.document()["terminal"]["logins"][0]["account_id"] == f"***{ACCOUNT[-2:]}"
    assert far.counter.rows == []


async def test_words_of_a_failure_name_no_account_either(tmp_path):
    terminal = Terminal()

    async def away():
        raise Unavailable(Reason.SOURCE_UNAVAILABLE, f"{NAMED} is away.")

    def backend(config, calendar):
        made = terminal.backend(config, calendar)
        status = replace(terminal.status(), logins=(AccountLogin(NAMED, True, None),))
        wrong = Wrong(made.accounts, accounts=away)
        return replace(made, accounts=wrong, status=lambda: status)

    report = await inspect(config(tmp_path, "dev"), Wish(), backend)
    await terminal.close()
    assert report.failed
    assert "*** is away." in json.dumps(report.document())
    assert NAMED not in json.dumps(report.document())


async def test_an_order_needs_prod_its_report_and_the_arming_secret(far, tmp_path):
    with pytest.raises(StartupError):
        await inspect(config(tmp_path, "mock"), Wish(), far.backend)
    reported = {"trading": {"programmatic_trading_reported": True}}
    for mode, sections in (("dev", reported), ("prod", {})):
        with pytest.raises(GatewayError) as caught:
            await inspect(config(tmp_path, mode, **sections), Wish(account_id=ACCOUNT), far.backend)
        assert caught.value.reason is Reason.BAD_REQUEST
    secret = make_keys(tmp_path, "prod")[1].create()
    armed = config(tmp_path, "prod", **reported)
    for wrong in (None, f"{secret}x"):
        with pytest.raises(ChangeRefused):
            await inspect(armed, Wish(account_id=ACCOUNT, secret=wrong), far.backend)
    assert far.counter.rows == []
    report = await inspect(armed, Wish(account_id=ACCOUNT, secret=secret), far.backend)
    assert not report.failed
    assert [row.filled for row in far.counter.rows] == [0]


def test_the_command_prints_each_check_and_writes_the_report(far, tmp_path, monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)
    file, out = tmp_path / "own.toml", tmp_path / "report.json"
    file.write_text('mode = "dev"\n[terminal]\npath = "/userdata_mini"\n')
    place = ["--config", str(file), "--data-dir", str(tmp_path), "--out", str(out)]
    done = CliRunner().invoke(app, ["conformance", *place])
    assert done.exit_code == 0, done.output
    assert [line.partition(" (")[0] for line in done.stdout.splitlines()] == [
        f"PASSED  {each.name}" for each in READS
    ]
    report = json.loads(out.read_text("utf-8"))
    assert [each["verdict"] for each in report["outcomes"]] == ["PASSED"] * len(READS)
    assert {"version", "python", "machine", "zone", "capabilities"} <= report.keys()
    assert ACCOUNT not in done.stdout + out.read_text("utf-8")
    far.counter.script.when("queryStockAssetWithSeq", RuntimeError("内部错误"), -1)
    done = CliRunner().invoke(app, ["conformance", *place])
    assert done.exit_code == 1
    assert "FAILED  money adds up" in done.stdout
