"""Every refusal that a mutation's result names is met by both wires of a real gateway."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from graphql import is_union_type

from quantgraph.config import Config
from quantgraph.domain.access import Scope
from quantgraph.domain.reasons import Kind, Reason
from quantgraph.loading import load_config
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.keys import KeyStore
from tests.contracts.fuzz import SCHEMA
from tests.contracts.opened import Caller, opened
from tests.contracts.problems import CASES, ELSEWHERE, LIMITS, OPEN_ORDERS, Case, done
from tests.contracts.test_guards import CASES as RULES
from tools.reasons import RESERVED

PLENTY = {"actions_per_second": 100, "actions_per_day": 5_000}
ROOT = Path(__file__).parents[2]
ACCOUNTS = [
    {"id": name, "name": name, "cash": "1000000"}
    for name in ("sim-1", *(each["id"] for each in LIMITS))
]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("APP_MODE", raising=False)
        trading = {"require_arming": True, "limits": PLENTY, "accounts": LIMITS}
        mock = {"accounts": ACCOUNTS, "open_orders": OPEN_ORDERS, "download_ms": 60_000}
        sections = {"mock": mock, "trading": trading, "downloads": {"waiting": 1}}
        folder = str(tmp_path_factory.mktemp("problems"))
        return load_config(ROOT / "config.toml", {"data_dir": folder, **sections})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(config: Config) -> AsyncIterator[Caller]:
    """A gateway that needs no key, and is armed."""
    config.data_path.mkdir(parents=True, exist_ok=True)
    async with opened(config) as caller:
        caller.secret = ArmingSecret(config.data_path / "keys.sqlite").create()
        await done(caller, "armTrading", {"secret": caller.secret})
        yield caller


@pytest.fixture(scope="module")
def key(config: Config, caller: Caller) -> str:
    """The key of somebody else."""
    return KeyStore(config.data_path / "keys.sqlite").create(Scope.TRADE, None)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_refusal_is_told_by_both_wires(caller: Caller, key: str, case: Case) -> None:
    for ask in (caller.graphql, caller.grpc):
        async with case.place(caller) as found:
            told = await ask(case.mutation, {**case.given, **found}, key if case.second else None)
        assert told.code == case.code
        if ask == caller.graphql:
            assert told.member == case.member


def problems() -> set[tuple[str, str]]:
    """Every mutation with each member of its result that is a problem."""
    found: set[tuple[str, str]] = set()
    for name, field in SCHEMA.mutation_type.fields.items():
        if is_union_type(field.type.of_type):
            members = SCHEMA.get_possible_types(field.type.of_type)
            found |= {(name, each.name) for each in members if each.interfaces}
    return found


async def test_there_is_a_case_for_every_problem_that_a_mutation_may_answer() -> None:
    assert {(each.mutation, each.member) for each in CASES} == problems()


# Kinds that only orders, and what lets them through, are refused with.
RESERVED_CODES = {each.value for each in RESERVED}
ORDERS = {Kind.REJECTED, Kind.CONFLICT, Kind.DISABLED}


async def test_every_reason_that_refuses_an_order_is_met_by_a_test() -> None:
    met = {each.code for each in CASES} | {str(each.values[0]) for each in RULES}
    for code, file in ELSEWHERE.items():
        assert code not in met
        assert code in (ROOT / "tests" / file).read_text("utf-8")
    orders = {each.value for each in Reason if each.kind in ORDERS} - RESERVED_CODES
    assert orders <= met | ELSEWHERE.keys(), sorted(orders - met - ELSEWHERE.keys())
