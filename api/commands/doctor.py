"""`quantgraph doctor`: why a gateway would not start here."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from api.commands.options import ConfigOption, DataDirOption

_MARKS = {"ok": "ok     ", "warning": "WARNING", "problem": "PROBLEM"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    ntp: Annotated[
        str | None, typer.Option(help="A time server to ask, as in pool.ntp.org; else none is.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")] = False,
) -> None:
    """Look at everything that a start needs, and say what to do. Exit code 1 with a problem.

    Looks at the configuration (with line and key), the folders, the disk, the ports, the store, the
    keys, TLS with the end of its certificates, and the clock, and in dev and prod at the terminal;
    it runs beside a gateway too.
    """
    from api.doctor import examine
    from api.quiet import quietly

    given: dict[str, object] = {} if data_dir is None else {"data_dir": str(data_dir)}
    with quietly():
        findings = list(examine(config, given, ntp))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in findings], ensure_ascii=False, indent=2))
    else:
        for each in findings:
            typer.echo(f"{_MARKS[each.state]}  {each.check}: {each.found}")
            if each.advice and each.state != "ok":
                typer.echo(f"         {each.advice}")
    if any(each.state == "problem" for each in findings):
        raise typer.Exit(1)
