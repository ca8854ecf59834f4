"""`quantgraph keys`: make, list and revoke API keys."""

from typing import Annotated

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config
from quantgraph.domain.access import Scope
from quantgraph.store.arming import ArmingSecret
from quantgraph.store.folder import usable_folder
from quantgraph.store.keys import KeyStore

_keys = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_keys, name="keys")


@_keys.command("create")
def create(
    scope: Annotated[
        Scope, typer.Option(help="read; trade (includes read); admin (both).")
    ] = Scope.READ,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; may be repeated. Default: all.")
    ] = None,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key and show it, once: only a salted hash is kept."""
    settings = read_config(config, data_dir)
    key = _store(config, data_dir).create(scope, frozenset(account) if account else None)
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
        state = "revoked" if row.revoked_at else "in use"
        made = row.created_at.isoformat(timespec="seconds")
        typer.echo(f"{row.id}  {row.scope.value:<5}  {state:<7}  {made}  {accounts}")


@_keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")],
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key useless at once."""
    if not _store(config, data_dir).revoke(key_id):
        typer.echo(f"No key {key_id!r} is in use; `quantgraph keys list` shows them.", err=True)
        raise typer.Exit(2)
    typer.echo(f"Key {key_id} is revoked.")


def _store(config: ConfigOption, data_dir: DataDirOption) -> KeyStore:
    return KeyStore(usable_folder(read_config(config, data_dir).data_path) / "keys.sqlite")
