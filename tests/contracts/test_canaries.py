"""No account number that a counter names gets out, whatever incident of a terminal it meets."""

import asyncio
import io
import itertools
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog

from api import logs
from quantgraph.backends.sim import rejections
from quantgraph.config import Config
from quantgraph.domain.controls import HaltCause
from quantgraph.domain.incidents import Incident
from quantgraph.domain.orders import OrderQuery, OrderState
from quantgraph.loading import load_config
from quantgraph.watching import LoggingConfig
from tests.contracts.opened import Answer, Caller, followed, opened
from tests.contracts.problems import done, ticket

ROOT = Path(__file__).parents[2]
# What the counter calls the account, and what the gateway does, as real terminals do: its number.
NUMBER, ACCOUNT = "88001234567", "88007654321"
LARGE = {"quantity": 40_000}  # two of them cost more than there is
pytestmark = pytest.mark.asyncio(loop_scope="module")
SHOWN = """query($id: ID!) { orders(accountId: $id, first: 500) { nodes {
  id state rejectCode rejectMessage rejectMessageZh note } } }"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("APP_MODE", raising=False)
        accounts = [{"id": ACCOUNT, "name": "one", "cash": "1000000"}]
        limits = {"actions_per_second": 10_000, "actions_per_day": 10_000}
        sections = {
            "mock": {"accounts": accounts, "speed": 200, "quote_interval_ms": 1000},
            "trading": {"limits": limits, "compare_seconds": 1},
        }
        folder = str(tmp_path_factory.mktemp("canaries"))
        return load_config(ROOT / "config.toml", {"data_dir": folder, **sections})


@pytest.fixture(scope="module")
def written() -> Iterator[Callable[[], str]]:
    """All that the gateway logs, as it is written for machines."""
    stream, handlers = io.StringIO(), logging.root.handlers[:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        writer = logs.configure(LoggingConfig(level="debug", format="json"))

    def text() -> str:
        assert writer.flush()
        return stream.getvalue()

    yield text
    writer.close()
    structlog.reset_defaults()
    logging.basicConfig(handlers=handlers, level=logging.WARNING, force=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(config: Config, written: Callable[[], str]) -> AsyncIterator[Caller]:
    del written  # before anything is logged
    with pytest.MonkeyPatch.context() as patch:
        named = f"fund_account={NUMBER},stock_account=A{NUMBER}"
        patch.setattr(rejections, "_ACCOUNT", named)
        async with opened(config) as caller:
            yield caller


def is_clean(text: str) -> bool:
    return NUMBER not in text


async def asked(caller: Caller) -> list[Answer]:
    """Two orders by each wire at once: one of each costs more than the others leave."""
    small, large = ({"accountId": ACCOUNT}, {"accountId": ACCOUNT, **LARGE})
    return await asyncio.gather(
        *(ask("submitOrder", ticket(each)) for ask, each in itertools.product(
            (caller.graphql, caller.grpc), (small, large)
        ))
    )  # fmt: skip


@pytest.mark.parametrize("incident", Incident)
async def test_an_incident_lets_no_number_out(
    caller: Caller, written: Callable[[], str], incident: Incident
) -> None:
    # Beside each incident the counter refuses what it has taken, in its own words.
    faults = {incident, Incident.ERROR_WITHOUT_IDS, Incident.REJECTED_TWICE}
    await done(caller, "setFaults", {"settings": [f"{each} times=1" for each in sorted(faults)]})
    told = [*await asked(caller), *await asked(caller)]
    assert all(is_clean(repr(each)) for each in told)
    await settled(caller)
    await done(caller, "setFaults", {"settings": []})
    await done(caller, "resumeTrading", {"accountId": ACCOUNT})
    shown = json.dumps(await caller.post(SHOWN, id=ACCOUNT), ensure_ascii=False)
    assert is_clean(shown)
    assert is_clean(written())
    assert ACCOUNT not in written()


async def settled(caller: Caller) -> None:
    """Wait until it is known what became of the orders."""
    unknown = {OrderState.SENT, OrderState.UNKNOWN}
    trading = caller.assembly.gateway.trading
    await followed(trading, ACCOUNT, lambda found: unknown.isdisjoint(found.values()))


async def test_what_the_gateway_itself_finds_is_logged_without_it(
    caller: Caller, written: Callable[[], str]
) -> None:
    text = f"Two orders of {ACCOUNT} under one tag."
    caller.assembly.way.controls.alarm(ACCOUNT, HaltCause.DUPLICATE_TAG, text)
    logging.getLogger("asyncio").error("never retrieved: %s", text, exc_info=ValueError(text))
    found = [json.loads(line) for line in written().splitlines()]
    assert {"trading_halted"} <= {each["event"] for each in found}
    assert any("ValueError: Two orders of ***" in each.get("exception", "") for each in found)
    assert is_clean(written())
    assert ACCOUNT not in written()


async def test_what_is_kept_names_it_nowhere(caller: Caller, config: Config) -> None:
    shown = json.dumps(await caller.post(SHOWN, id=ACCOUNT), ensure_ascii=False)
    assert "[fund_account=***,stock_account=***" in shown  # so it was there to be taken out
    await caller.assembly.gateway.trading.orders(OrderQuery(ACCOUNT))
    for file in config.data_path.rglob("*"):
        if file.is_file():
            assert NUMBER.encode() not in file.read_bytes(), file
