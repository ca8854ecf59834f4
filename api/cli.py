"""The command line."""

import sys
from typing import Annotated

import typer

from api.commands import (
    audit,
    conformance,
    doctor,
    documents,
    download,
    downloads,
    export,
    imports,
    keys,
    reload,
    serve,
    store,
)
from quantgraph import __version__
from quantgraph.domain.errors import GatewayError

app = typer.Typer(
    name="quantgraph",
    help="A GraphQL and gRPC gateway in front of the QMT trading terminal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_COMMANDS = (
    *(serve, doctor, conformance, reload, imports, export, download, downloads),
    *(store, keys, audit, documents),
)
for command in _COMMANDS:
    command.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quantgraph {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    del version


def run() -> None:
    """Run the command line; a known failure is one clear message and exit code 2."""
    try:
        app()
    except GatewayError as error:
        typer.echo(f"{error.reason.value}: {error.message}", err=True)
        sys.exit(2)
