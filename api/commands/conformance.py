"""`quantgraph conformance`: whether the configured terminal is as the gateway takes for granted."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config, split_symbols
from quantgraph.services.conformance.running import Outcome


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("conformance")(conformance)


def conformance(
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    symbols: Annotated[
        list[str] | None,
        typer.Option("--symbols", help="Shares to look at; of the first one orders are."),
    ] = None,
    orders: Annotated[
        str | None,
        typer.Option(
            "--orders",
            metavar="ACCOUNT",
            help="Send ONE REAL ORDER of this account, a lot far below the market, and take it "
            "back. Mode prod; asks for the arming secret.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the report here, as JSON.")
    ] = None,
) -> None:
    """Ask the terminal of dev or prod what the gateway relies on. Exit code 1 where it fails.

    Reads alone, unless --orders is given. The report has no account's number: send it to whoever
    helps you.
    """
    from api.conformance import SYMBOLS, Wish, inspect
    from api.quiet import quietly

    secret: str | None = None
    if orders is not None:
        secret = typer.prompt("Arming secret", hide_input=True)
    wish = Wish(split_symbols(symbols) or SYMBOLS, orders, secret)
    with quietly():
        report = asyncio.run(inspect(read_config(config, data_dir), wish, told=_show))
    if out is not None:
        text = json.dumps(report.document(), ensure_ascii=False, indent=2)
        out.write_text(text, "utf-8")
    if report.failed:
        raise typer.Exit(1)


def _show(outcome: Outcome) -> None:
    typer.echo(f"{outcome.verdict:<8}{outcome.check} ({outcome.seconds:.2f} s): {outcome.found}")
