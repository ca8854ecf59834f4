"""A real server that wants a token and speaks TLS: who has neither is told, and goes on without."""

import asyncio

import pytest
import trustme
from structlog.testing import capture_logs

from api import buses
from api.doctor import examine
from tests.api.real import Terminal
from tests.backends.remote.test_desk import trading
from tests.bus.servers import NatsServer
from tests.bus.test_orders import Reading, told
from tests.waiting import until

TOKEN = "known-to-agent-and-gateways"
# What is wrong, and what is said of it.
WRONG = {"token": "authorization", "authority": "certificate verify failed"}


@pytest.fixture
def nats(tmp_path, certified):
    pem = certified.config["certificate"]
    rules = tmp_path / "nats.conf"
    rules.write_text(
        f'tls {{ cert_file: "{pem}", key_file: "{pem}" }}\nauthorization {{ token: "{TOKEN}" }}\n'
    )
    server = NatsServer(tmp_path / "nats", "--config", str(rules))
    while not server.answers():
        pass
    yield server
    server.kill()


@pytest.fixture
def section(nats, certified, tmp_path):
    """The section of config, with one thing wrong where a test says so."""

    def made(wrong=None):
        file, authority = tmp_path / "bus.token", certified.authority
        file.write_text("guessed" if wrong == "token" else TOKEN)
        if wrong == "authority":
            authority = tmp_path / "other.pem"
            trustme.CA().cert_pem.write_to_path(str(authority))
        url = f"tls://127.0.0.1:{nats.port}"
        return {"url": url, "token_file": str(file), "authorities": str(authority)}

    return made


def said(lines):
    return [each for each in lines if each["event"] == "bus_away"]


def looked(tmp_path, section):
    file = tmp_path / "config.toml"
    lines = "\n".join(f'{name} = "{value}"' for name, value in section.items())
    file.write_text(f'data_dir = "{tmp_path}"\n[bus]\n{lines}\n')
    (finding,) = [each for each in examine(file, {}) if each.check == "bus"]
    return finding


def test_doctor_uses_a_server_by_token_and_certificate(tmp_path, section):
    assert looked(tmp_path, section()).state == "ok"


@pytest.mark.parametrize("wrong", WRONG)
def test_doctor_says_what_is_wrong(tmp_path, section, wrong, monkeypatch):
    monkeypatch.setattr(buses, "_LOOK_S", 1.0)
    finding = looked(tmp_path, section(wrong))
    assert (finding.state, WRONG[wrong] in finding.found.lower()) == ("warning", True), finding


@pytest.mark.parametrize("wrong", WRONG)
async def test_who_is_not_let_in_says_so_and_goes_on_without(tmp_path, section, wrong):
    terminal = Terminal()
    with capture_logs() as lines:
        async with (
            asyncio.timeout(40),
            trading(terminal, tmp_path, bus=section(wrong)) as (beside, front),
        ):
            reading = Reading(front, after_sequence=0)
            await front.submit("k1")
            await told(beside, [reading])
            await until(lambda: len(said(lines)) == 2)
            assert not front.assembly.dials.bus.connected
            await reading.leave()
    await terminal.close()
    assert all(WRONG[wrong] in each["message"].lower() for each in said(lines)), said(lines)
