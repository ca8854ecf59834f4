"""Limits are taken from a changed configuration at once; a bad one changes nothing."""

import signal
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from tests.api.test_serve import banner, serve

__all__ = ["serve"]
SUBMIT = """mutation($t: SubmitOrderInput!) {
  submitOrder(input: $t) { ... on Problem { code } } }"""
PRICE = '{ quote(symbol: "600519.SH") { lastPrice } }'


class Next:
    """The configuration that is read next: the present one, changed as a test says."""

    def __init__(self) -> None:
        self.change: dict[str, Any] = {}

    def __call__(self, config: Config) -> Config:
        if "broken" in self.change:
            raise StartupError(Reason.CONFIG_INVALID, "limits.query_tokens: found 'many'")
        values = config.model_dump()
        for name, given in self.change.items():
            section, _, key = name.rpartition(".")
            where = values
            for each in filter(None, section.split(".")):
                where = where[each]
            where[key] = given
        return Config.model_validate(values)


@pytest.fixture(scope="module")
def read():
    return Next()


@pytest.fixture(scope="module")
def running(start_gateway, tmp_path_factory, read):
    with start_gateway(tmp_path_factory.mktemp("reloading"), reread=read) as running:
        yield running


def policy(running) -> str:
    url = f"{running.addresses.http}/graphql"
    return httpx.post(url, json={"query": "{ __typename }"}).headers["ratelimit-policy"]


def reload(running, read, **change) -> tuple[bool, dict[str, Any]]:
    read.change = {name.replace("__", "."): value for name, value in change.items()}
    with capture_logs() as logs:
        done = running.reload().result(timeout=20)
    return done, logs[-1]


def test_rates_are_taken_at_once(running, read):
    done, told = reload(running, read, rates__orders=7, rates__orders_per_second=7)
    assert done
    assert told["taken"] == ["rates.orders", "rates.orders_per_second"]
    assert '"orders";q=7;w=1' in policy(running)


def test_a_lower_limit_holds_for_orders_that_come(running, read):
    done, _ = reload(running, read, trading__limits__order_value="1000")
    assert done
    url = f"{running.addresses.http}/graphql"
    quoted = httpx.post(url, json={"query": PRICE}).json()["data"]["quote"]
    price = f"{quoted['lastPrice']:.2f}"
    ticket = {"accountId": "sim-1", "clientOrderId": "r-1", "symbol": "600519.SH", "side": "BUY"}
    ticket |= {"quantity": 100, "limitPrice": price}
    found = httpx.post(url, json={"query": SUBMIT, "variables": {"t": ticket}}).json()
    assert found["data"]["submitOrder"] == {"code": "ORDER_VALUE_LIMIT"}


def test_what_needs_a_restart_is_named_and_not_taken(running, read):
    done, told = reload(running, read, http__port=9, rates__orders=8)
    assert done
    assert "rates.orders" in told["taken"]
    assert "http.port" in told["waits_for_restart"]


def test_a_bad_configuration_is_refused_whole(running, read):
    before = policy(running)
    done, told = reload(running, read, broken=True, rates__orders=9)
    assert not done
    assert (told["event"], told["code"]) == ("config_refused", "CONFIG_INVALID")
    assert "query_tokens" in told["why"]
    assert policy(running) == before


def test_the_command_has_a_serving_process_take_the_file(serve, tmp_path):
    from typer.testing import CliRunner

    from api.cli import app

    file = tmp_path / "own.toml"
    file.write_text("[rates]\norders = 5\n")
    process = serve("--config", str(file))
    url = banner(process)["GraphQL"].split()[0]
    asked = {"json": {"query": "{ __typename }"}}
    assert '"orders";q=5;' in httpx.post(url, **asked).headers["ratelimit-policy"]
    file.write_text("[rates]\norders = 6\n")
    data = ["--data-dir", str(tmp_path / "data"), "--config", str(file)]
    done = CliRunner().invoke(app, ["reload", *data])
    assert done.exit_code == 0, done.output
    while "config_reloaded" not in (line := process.stderr.readline()):
        assert line
    assert '"orders";q=6;' in httpx.post(url, **asked).headers["ratelimit-policy"]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    again = CliRunner().invoke(app, ["reload", *data])
    assert again.exit_code == 2
    assert "No gateway serves" in again.output
