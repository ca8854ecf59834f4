"""config.toml: every key shown, unknown ones refused, environment and command line on top."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason
from quantgraph.domain.system import Mode
from quantgraph.loading import load_config
from quantgraph.seeds import SeedPosition

FILE = Path(__file__).parents[1] / "config.toml"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    monkeypatch.delenv("APP_MODE", raising=False)


def refusal(tmp_path, text) -> str:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(StartupError) as caught:
        load_config(file)
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert str(file) in caught.value.message
    return caught.value.message


def keys(model: type[BaseModel], prefix="") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= keys(inner, f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def shown(section: dict, prefix="") -> set[str]:
    found = set()
    for name, value in section.items():
        inner = shown(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
        found |= inner
    return found


def test_the_file_shows_every_key_with_its_default():
    text = FILE.read_text("utf-8")
    # What has no default to show is there as a comment.
    commented = {"calendar.covered_until", "trading.accounts", "terminals", "terminal.sim.seed"}
    assert shown(tomllib.loads(text)) | commented == keys(Config)
    assert "# covered_until" in text
    assert "# [[trading.accounts]]" in text
    assert "# [[terminals]]" in text
    assert load_config(FILE).model_dump() == Config().model_dump()


def test_an_unknown_key_is_named(tmp_path):
    assert "http.prot: unknown key" in refusal(tmp_path, "[http]\nprot = 1")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('mode = "test"', "mode"),
        ("[http]\nport = 70000", "http.port"),
        ('[http]\nport = "x"', "http.port"),
        ("[limits]\nbar_rows = 0", "limits.bar_rows"),
        ("[mock]\nspeed = 0", "mock.speed"),
        ('[mock]\nfaults = ["NOTHING"]', "mock.faults"),
        ('[mock]\nfaults = ["DISCONNECT times=0"]', "mock.faults"),
        ("[mock]\naccounts = []", "mock.accounts"),
        ('[logging]\nlevel = "loud"', "logging.level"),
        ('[calendar]\nclosures = ["2027-13-01"]', "calendar.closures.0"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_found(tmp_path, text, key):
    message = refusal(tmp_path, text)
    assert f"{key}: " in message
    assert "found" in message


def test_broken_toml_and_a_missing_file_are_clear(tmp_path):
    assert "line 1" in refusal(tmp_path, "mode == 1")
    with pytest.raises(StartupError, match="no configuration file"):
        load_config(tmp_path / "none.toml")


def test_app_mode_beats_the_file_and_the_command_line_beats_both(monkeypatch):
    monkeypatch.setenv("APP_MODE", "dev")
    assert load_config(FILE).mode is Mode.DEV
    assert load_config(FILE, {"mode": "prod"}).mode is Mode.PROD


def test_an_unknown_app_mode_is_refused_not_guessed(monkeypatch):
    monkeypatch.setenv("APP_MODE", "production")
    with pytest.raises(StartupError, match="APP_MODE"):
        load_config(FILE)


def test_any_key_can_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("QUANTGRAPH_HTTP__PORT", "8123")
    assert load_config(FILE).http.port == 8123
    assert load_config(FILE, {"http": {"port": 1}}).http.port == 1


def test_modes_have_folders_of_their_own(tmp_path):
    mock = load_config(FILE, {"data_dir": str(tmp_path)})
    dev = load_config(FILE, {"data_dir": str(tmp_path), "mode": "dev"})
    assert mock.data_path == tmp_path / "mock"
    assert dev.data_path == tmp_path / "dev"


def test_only_rules_that_nobody_verified_can_be_accepted(tmp_path):
    said = refusal(tmp_path, '[rules]\naccept_unverified = ["lots.bse", "lots.main"]')
    assert "'lots.main'" in said
    assert "cage.bse" in said
    file = tmp_path / "good.toml"
    file.write_text('[rules]\naccept_unverified = ["lots.bse"]')
    assert load_config(file).rules.accept_unverified == ("lots.bse",)


@pytest.mark.parametrize("section", ["[trading.limits]", '[[trading.accounts]]\nid = "one"'])
def test_real_accounts_stay_far_below_high_frequency_trading(tmp_path, section):
    file, most = tmp_path / "config.toml", "actions_per_second = 100\nactions_per_day = 10000"
    for more in ("actions_per_second = 101", "actions_per_day = 10001"):
        file.write_text(f"{section}\n{more}")
        assert load_config(file).mode is Mode.MOCK
        assert "far below high-frequency" in refusal(tmp_path, f'mode = "prod"\n{section}\n{more}')
    file.write_text(f'mode = "prod"\n{section}\n{most}')
    assert load_config(file).trading.table.of("one").actions_per_day == 10_000
    usual = load_config(FILE, {"mode": "prod"}).trading.table.of("one")
    assert (usual.actions_per_second, usual.actions_per_day) == (5, 500)


def test_arming_lasts_a_day_at_most(tmp_path):
    assert "arming_minutes" in refusal(tmp_path, "[trading]\narming_minutes = 1441")


def test_a_commission_is_charged_as_configured_up_to_the_legal_cap(tmp_path):
    said = refusal(tmp_path, '[rules]\ncommission_rate = "0.0031"')
    assert "0.0031" in said
    file = tmp_path / "good.toml"
    file.write_text('[rules]\ncommission_rate = "0.003"\ncommission_minimum = "0"')
    commission = load_config(file).rules.fees.commission
    assert (str(commission.rate), str(commission.minimum)) == ("0.003", "0")


def test_a_holding_may_have_cost_nothing() -> None:
    """Bonus shares do; `createAccount` takes the same number."""
    assert SeedPosition(symbol="600519.SH", quantity=100, cost_price=Decimal(0)).cost_price == 0


REMOTE = '[terminal]\nkind = "remote"\n[terminal.remote]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[terminal]\nkind = "far"', "terminal.kind: "),
        ('[terminal]\nkind = "remote"', "remote.target"),
        (f'{REMOTE}target = "far"', "'far' is no host:port"),
        (f'{REMOTE}target = "http://far:1"', "is no host:port"),
        (f'{REMOTE}target = "far:70000"', "is no host:port"),
        (f'{REMOTE}target = "10.0.0.5:50051"\ntls = false', "10.0.0.5 is another machine"),
        (f'{REMOTE}target = "[::1]:1"\ntls = false\nauthorities = "a"', "of no use without tls"),
        (f'{REMOTE}target = "far:1"\ncertificate_key = "k"', "without a certificate"),
        (f'{REMOTE}target = "far:1"\nkey = "qg_secret"', "terminal.remote.key: unknown key"),
        ('[terminal.remote]\ntarget = "far:1"', 'no use with kind = "xtquant"'),
        (
            '[terminal]\nkind = "remote"\npath = "q"\nremote.target = "far:1"',
            "path is of a real terminal",
        ),
    ],
)
def test_a_remote_terminal_is_named_whole_or_refused(tmp_path, text, said):
    message = refusal(tmp_path, text)
    assert said in message
    assert "qg_secret" not in message


def test_a_remote_terminal_on_this_machine_may_be_asked_in_the_clear(tmp_path):
    file = tmp_path / "good.toml"
    for host in ("127.0.0.1", "localhost", "[::1]"):
        file.write_text(f'mode = "dev"\n{REMOTE}target = "{host}:50051"\ntls = false')
        assert load_config(file).terminal.remote.target == f"{host}:50051"


EAST = '[[terminals]]\nname = "east"\npath = "q"\n'
WEST = '[[terminals]]\nname = "west"\nkind = "remote"\nremote.target = "far:1"\n'


def test_several_terminals_are_asked_in_the_order_of_the_file(tmp_path):
    file = tmp_path / "good.toml"
    file.write_text(f'mode = "dev"\n{WEST}{EAST}')
    assert [each.name for each in load_config(file).chosen] == ["west", "east"]
    # What [terminal] says by itself is no second one.
    file.write_text(f'mode = "dev"\n{EAST}[terminal]\nname = "qmt"')
    assert [each.name for each in load_config(file).chosen] == ["east"]
    file.write_text("")
    assert [each.name for each in load_config(file).chosen] == ["qmt"]
    # In prod each has a journal of its own, where its own gateway is.
    file.write_text(f'mode = "prod"\n{WEST}{WEST.replace("west", "south")}')
    assert len(load_config(file).chosen) == 2
    # What the shipped file shows of [trading] changes nothing; in dev the limits are of twins here.
    file.write_text(f'mode = "prod"\n{WEST}[trading]\nanswer_seconds = 10')
    assert load_config(file).trading == Config().trading
    file.write_text(f'mode = "dev"\n{WEST}[trading.limits]\norder_value = "1"')
    assert load_config(file).trading.limits.order_value == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{EAST}[terminal]\npath = "r"', "[terminal] and [[terminals]] are both given"),
        (f"{EAST}{EAST}", "two are called 'east'"),
        (f"{EAST}market_data = false", "no terminal has market_data = true"),
        ("[terminal]\nmarket_data = false", "no terminal has market_data = true"),
        (f"{EAST}pth = 'r'", "terminals.0.pth: unknown key"),
        (f'mode = "prod"\n{WEST}{EAST}', "'east' has no gateway of its own"),
        (f'mode = "prod"\nisolate = true\n{WEST}{EAST}', "'east' has no gateway of its own"),
        (
            f'mode = "prod"\n{WEST}[trading.limits]\norder_value = "1"',
            "[trading] is of no use here",
        ),
        (f'mode = "prod"\n{WEST}[trading]\narming_minutes = 9', "[trading] is of no use here"),
        (f'mode = "prod"\nisolate = true\n{WEST}', "no terminal of this machine is named"),
    ],
)
def test_terminals_that_cannot_be_told_apart_or_asked_are_refused(tmp_path, text, said):
    assert said in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url = "nats://10.0.0.1:4222"', "give tls://host:port"),
        ('url = "127.0.0.1:4222"', "give tls://host:port"),
        ('url = "tls://user:secret@bus.example:4222"', "no secret belongs in a url"),
        ('url = "nats://127.0.0.1"\nauthorities = "ca.pem"', "of no use without tls"),
        ('url = "tls://bus.example"\ncertificate_key = "key.pem"', "without a certificate"),
        ('subject = "a b"', "bus.subject"),
        ("kept_mb = 0", "bus.kept_mb"),
    ],
)
def test_a_bus_that_would_show_orders_to_others_is_refused(tmp_path, text, said):
    assert said in refusal(tmp_path, f"[bus]\n{text}")


def test_several_servers_of_a_bus_are_named_with_commas(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[bus]\nurl = "tls://a.example:4222,tls://b.example:4222"')
    assert load_config(file).bus.secured
