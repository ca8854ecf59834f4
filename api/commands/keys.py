"""`quantgraph keys`: make, list, rotate and revoke API keys."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, NoReturn

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config
from quantgraph.domain.access import Naming, Network, Scope, Terms
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.folder import usable_folder
from quantgraph.store.keys import KeyStore

_keys = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_keys, name="keys")


@_keys.command("create")
def create(  # noqa: PLR0913, PLR0917 the options of a command
    scope: Annotated[
        Scope, typer.Option(help="read; trade (includes read); admin (both).")
    ] = Scope.READ,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; may be repeated. Default: all.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days that it is good for. Default: ever.")
    ] = None,
    address: Annotated[
        list[str] | None,
        typer.Option(help="Good from this address or network alone, as in 10.0.0.0/8; repeatable."),
    ] = None,
    gateway: Annotated[
        bool,
        typer.Option(
            "--gateway", help="For a gateway elsewhere: it is believed whose acts it passes on."
        ),
    ] = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key and show it, once: only a salted hash is kept."""
    settings = read_config(config, data_dir)
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    names = Naming.BELOW if gateway else None
    terms = Terms(ends, tuple(map(_network, address)) if address else None, names)
    accounts = frozenset(account) if account else None
    key = _store(config, data_dir).create(scope, accounts, terms)
    typer.echo(key)
    note = f"Keep it now; it is not shown again. Scope {scope.value}, mode {settings.mode.value}."
    typer.echo(note, err=True)


@_keys.command("arming-secret")
def arming_secret(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Make the second secret that arms real trading, and show it, once; the last one is void."""
    settings = read_config(config, data_dir)
    path = usable_folder(settings.data_path) / "keys.sqlite"
    typer.echo(ArmingSecret(path).create())
    typer.echo(
        "Keep it now, apart from the keys; it is not shown again. Mode "
        f"{settings.mode.value}. A running gateway takes it at once.",
        err=True,
    )


@_keys.command("list")
def show(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """List the keys without their secrets."""
    for row in _store(config, data_dir).rows():
        accounts = "all accounts" if row.accounts is None else ", ".join(sorted(row.accounts))
        made = row.created_at.isoformat(timespec="seconds")
        terms = _told(row.terms) + ("  gateway" if row.terms.names else "")
        typer.echo(f"{row.id}  {row.scope.value:<5}  {row.state:<7}  {made}  {accounts}{terms}")


@_keys.command("rotate")
def rotate(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=8_760, help="Hours that the old key stays good.")
    ] = 0,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key that may what another may, and show it, once; the other ends."""
    made = _store(config, data_dir).rotate(key_id, timedelta(hours=overlap_hours))
    if made is None:
        _unknown(key_id)
    typer.echo(made)
    ends = f"in {overlap_hours} h" if overlap_hours else "at once"
    typer.echo(f"Keep it now; it is not shown again. Key {key_id} ends {ends}.", err=True)


@_keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")],
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key useless at once."""
    if not _store(config, data_dir).revoke(key_id):
        _unknown(key_id)
    typer.echo(f"Key {key_id} is revoked.")


def _store(config: ConfigOption, data_dir: DataDirOption) -> KeyStore:
    return KeyStore(usable_folder(read_config(config, data_dir).data_path) / "keys.sqlite")


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--address") from None


def _told(terms: Terms) -> str:
    ends, networks = terms.expires_at, terms.networks
    until = "" if ends is None else f"  until {ends.isoformat(timespec='seconds')}"
    return until if networks is None else f"{until}  from {', '.join(map(str, networks))}"


def _unknown(key_id: str) -> NoReturn:
    typer.echo(f"No key {key_id!r} is in use; `quantgraph keys list` shows them.", err=True)
    raise typer.Exit(2)
