"""What dev and mock reach for in the vendor's native modules while everything is asked of them.

Every query and mutation of both contracts, every sample of it, and the first event of every stream:
in dev nothing but reading functions may be touched, in mock nothing at all.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
from grpc import aio

from api.app import build_app
from grpc_bridge.server import start
from quantgraph.domain.access import Scope
from quantgraph.domain.system import Mode
from quantgraph.loading import load_config
from resolvers.root import schema_of
from tests.api.real import ROOT, make_keys
from tests.api.test_terminal import ACCOUNT, far, gateway, world  # noqa: F401 fixtures
from tests.contracts.asking import RPCS, document, request_of
from tests.contracts.opened import opened
from tests.contracts.pairs import PAIRS
from tests.grpc_bridge.calls import path

# The functions of the vendor's traders and clients that only read, by their beginning.
TRADER_READS = (
    "bind",
    "connect",
    "init",
    "nextSeq",
    "query",
    "setTimeout",
    "start",
    "stop",
    "subscribeWithSeq",
    "unsubscribeWithSeq",
)
DATA_READS = (
    "commonControl",  # by its verb, which the double's quote service answers for reading ones alone
    "connect",
    "get_",
    "init",
    "is_connected",
    "is_stock_type",
    "load_config",
    "read_local_data",
    "registerCommonControlCallback",
    "set_config_addr",
    "shutdown",
    "subscribe_quote",
    "subscribe_whole_quote",
    "supply_history_data2",  # downloads: into the terminal's own cache, at nobody's account
    "unsubscribe_quote",
)
RECORDS = ("OrderStockReq", "CancelOrderStockReq", "TransferReq", "BankTransferReq", "Smt")


def cases(mode: Mode, root: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return every operation of a root in a mode's contract, with each of its samples."""
    fields = schema_of(mode)._schema.type_map[root].fields
    return [
        (label, sample)
        for label, pair in PAIRS.items()
        for kind, name in [label.split(".")]
        if kind == root and name in fields
        for sample in pair.samples
    ]


def of_account(sample: Mapping[str, Any], account: str) -> Mapping[str, Any]:
    return json.loads(json.dumps(sample).replace("sim-1", account))


async def ask_all(gate: Any, config: Any, mode: Mode, account: str) -> int:
    """Ask everything on both wires; return how often an answer came, good or bad."""
    web, count = build_app(schema_of(mode), gate, config), 0
    server = await start(gate, config.grpc.model_copy(update={"port": 0}))
    headers = {"x-api-key": KEYS[mode]} if mode in KEYS else {}
    transport = httpx.ASGITransport(web)
    async with (
        httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60
        ) as http,
        aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        for root in ("Query", "Mutation"):
            for label, sample in cases(mode, root):
                given = of_account(sample, account)
                body = {"query": document(label, PAIRS[label]), "variables": given}
                answer = await http.post("/graphql", json=body)
                assert answer.status_code < 500, (label, answer.text)
                count += 1 + await call(channel, label, given, headers)
        for label, sample in cases(mode, "Subscription"):
            await first(channel, label, of_account(sample, account), headers)
            count += 1
    await server.stop(0)
    return count


async def call(channel: aio.Channel, label: str, given: Any, headers: Mapping[str, str]) -> int:
    pair = PAIRS[label]
    raw = request_of(pair, given).SerializeToString()
    try:
        await channel.unary_unary(path(RPCS[pair.rpc]))(raw, metadata=tuple(headers.items()))
    except aio.AioRpcError as error:
        assert error.code().name not in ("INTERNAL", "UNKNOWN"), (label, error.details())
    return 1


async def first(channel: aio.Channel, label: str, given: Any, headers: Mapping[str, str]) -> None:
    """Read one message of a stream, or why there is none."""
    pair = PAIRS[label]
    raw = request_of(pair, given).SerializeToString()
    stream = channel.unary_stream(path(RPCS[pair.rpc]))(raw, metadata=tuple(headers.items()))
    try:
        async with asyncio.timeout(20):
            await stream.read()
    except aio.AioRpcError as error:
        assert error.code().name not in ("INTERNAL", "UNKNOWN"), (label, error.details())
    finally:
        stream.cancel()


KEYS: dict[Mode, str] = {}
RATES = ("read_points", "read_points_per_second", "orders", "orders_per_second")
FREE = {"rates": dict.fromkeys(RATES, 10_000_000)}


async def test_dev_touches_what_reads_and_nothing_else(far, tmp_path):  # noqa: F811 the fixture
    KEYS[Mode.DEV] = make_keys(tmp_path, "dev")[0].create(Scope.ADMIN, None)
    settings = {"data_dir": str(tmp_path), "mode": "dev", **FREE}
    config = load_config(ROOT / "config.toml", settings)
    async with gateway(far, tmp_path, "dev", **FREE) as gate:
        assert await ask_all(gate, config, Mode.DEV, ACCOUNT) > 300
    touched = {name.partition(".")[::2] for name in far.double.touched}
    trader = {name for client, name in touched if client == "XtQuantAsyncClient" and name}
    data = {name for client, name in touched if client == "IPythonApiClient" and name}
    assert trader
    assert data
    assert {name for name in trader if not name.startswith(TRADER_READS)} == set()
    assert {name for name in data if not name.startswith(DATA_READS)} == set()
    assert {record for record, _ in touched if record.startswith(RECORDS)} == set()


async def test_mock_touches_nothing_of_the_vendor(far, tmp_path):  # noqa: F811 the fixture
    config = load_config(ROOT / "config.toml", {"data_dir": str(tmp_path), **FREE})
    async with opened(config) as caller:
        assert await ask_all(caller.assembly.gateway, config, Mode.MOCK, "sim-1") > 300
    assert far.double.touched == set()
