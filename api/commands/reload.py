"""`quantgraph reload`: has the running gateway take changed limits."""

import os
import signal

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config
from api.process_file import serving_process


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reload")(reload)


def reload(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Have the gateway of this data folder read its configuration again.

    [limits], [rates], the limits of accounts and those of waiting connections are taken at once.
    A bad configuration is refused whole.
    """
    folder = read_config(config, data_dir).data_path
    process = serving_process(folder)
    if process is None:
        typer.echo(f"No gateway serves {folder}.", err=True)
        raise typer.Exit(2)
    if not hasattr(signal, "SIGHUP"):
        typer.echo("This system has no signal for it: restart the gateway.", err=True)
        raise typer.Exit(2)
    os.kill(process, signal.SIGHUP)
    typer.echo(f"Asked process {process}; its log says what was taken (config_reloaded).")
