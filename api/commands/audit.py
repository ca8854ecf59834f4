"""`quantgraph audit`: whether the logs of what was done are whole."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config
from quantgraph.config import ASKED, Config

if TYPE_CHECKING:
    from quantgraph.store.verifying import Verdict

_audit = typer.Typer(help="Verify and show the logs of what was done.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_audit, name="audit")


@_audit.command("verify")
def verify(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Say whether every entry fits its hash, and whether any is missing.

    Exit code 1 with the first entry that does not fit. It runs beside a gateway too.
    """
    verdicts = _verdicts(read_config(config, data_dir))
    for verdict in verdicts:
        typer.echo(_told(verdict))
    if any(verdict.fault is not None for verdict in verdicts):
        raise typer.Exit(1)


@_audit.command("show")
def show(
    account: Annotated[str | None, typer.Option(help="Only acts on this account.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only acts since this date or instant, of this machine.")
    ] = None,
    asked: Annotated[
        bool, typer.Option("--asked", help="What a gateway was asked whose agent keeps the orders.")
    ] = False,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print who did what, from where, when, and the outcome: one JSON object per line."""
    from quantgraph.store.audit import ActQuery, read_acts

    settings = read_config(config, data_dir)
    file = _asked(settings) if asked else settings.desk_path / "audit.sqlite"
    if not file.exists():
        return
    query = ActQuery(account, None if since is None else since.astimezone())
    for act in read_acts(file, query):
        told = {
            "time": act.time.isoformat(timespec="milliseconds"),
            "operation": act.operation,
            "outcome": act.outcome,
            "account": act.account_id,
            "order": act.order_id,
            "key": act.actor.key_id,
            "wire": act.actor.wire.value,
            "peer": act.actor.peer,
            "what": json.loads(act.what),
        }
        typer.echo(json.dumps(told, ensure_ascii=False))


@_audit.command("head")
def head(config: ConfigOption = None, data_dir: DataDirOption = None) -> None:
    """Print the newest head of each log as it is kept: a line to keep elsewhere."""
    file = read_config(config, data_dir).head_path
    if not file.is_file():
        typer.echo(f"No head is kept yet in {file}.", err=True)
        raise typer.Exit(2)
    typer.echo(file.read_text("utf-8"), nl=False)


def _verdicts(settings: Config) -> "list[Verdict]":
    # Late: `--help` needs none of the store's libraries.
    from quantgraph.store.audit import verify_audit
    from quantgraph.store.heads import HeadFile
    from quantgraph.store.journal_tables import LOG
    from quantgraph.store.verifying import verify_journal

    heads, folder = HeadFile(settings.head_path), settings.desk_path
    kept = verify_journal(folder / "journal.sqlite", heads, LOG)
    found, asked = [kept, verify_audit(folder / "audit.sqlite", heads)], _asked(settings)
    if asked.exists():
        own = verify_audit(asked, HeadFile(asked.with_name("heads")))
        found.append(replace(own, log=f"{own.log} of what was asked"))
    return found


def _asked(settings: Config) -> Path:
    """Return the audit log of a gateway that keeps no orders itself, but has an agent do it."""
    return settings.data_path / ASKED / "audit.sqlite"


def _told(verdict: "Verdict") -> str:
    if verdict.fault is not None:
        return f"{verdict.log}: NOT WHOLE: {verdict.fault} ({verdict.entries} entries before fit)"
    text = f"{verdict.log}: {verdict.entries} entries, whole"
    later = verdict.entries - verdict.anchored
    if later > 0:
        text += f"; the last {later} are later than the kept head: a cut there would not show"
    if verdict.cut is not None:
        text += f"; it goes on from what was left of a damaged file at {verdict.cut.time}"
        text += f": {verdict.cut.left} entries, kept as {verdict.cut.file}"
    return text
