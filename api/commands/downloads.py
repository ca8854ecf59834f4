"""`quantgraph downloads`: what a running gateway's terminal fetches into its own cache."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.gateways import (
    TARGET,
    AuthoritiesOption,
    CertificateOption,
    KeyOption,
    PrivateKeyOption,
    TargetOption,
    TlsOption,
    chosen_symbols,
    reach,
)
from quantgraph.domain.downloads import DownloadJob, DownloadKind, DownloadState
from quantgraph.domain.errors import bad_request

if TYPE_CHECKING:
    from quantgraph.client import Client

_HELP = "Downloads of a running gateway's terminal into its own cache."
_downloads = typer.Typer(help=_HELP, no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_downloads, name="downloads")


@_downloads.command("start")
def start(  # noqa: PLR0913, PLR0917 the options of a command
    kind: Annotated[DownloadKind, typer.Option(case_sensitive=False, help="What is fetched.")],
    symbols: Annotated[
        list[str] | None, typer.Option(help="Symbols, as in 600519.SH,000001.SZ; may be repeated.")
    ] = None,
    sector: Annotated[
        list[str] | None, typer.Option(help="All members of this sector; may be repeated.")
    ] = None,
    first_day: Annotated[
        str | None, typer.Option("--start", help="First day; default: what is new.")
    ] = None,
    last_day: Annotated[str | None, typer.Option("--end", help="Last day; default: today.")] = None,
    table: Annotated[
        str | None, typer.Option(help="Which of the terminal's tables, of the kind TABLE.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Say the ids, and do not wait for the end.")
    ] = False,
    target: TargetOption = TARGET,
    key: KeyOption = None,
    tls: TlsOption = False,
    authorities: AuthoritiesOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
) -> None:
    """Start a download, and watch it to its end.

    It runs in the gateway: Ctrl-C leaves it alone, `cancel` ends it. More symbols than one download
    takes are several. Exit code 0: all is there; 1: some symbols have failed, and are named, or a
    download has; 2: it could not be started, or the gateway was lost.
    """
    span = _day(first_day, "--start"), _day(last_day, "--end")
    with reach(target, key, tls, (authorities, certificate, private_key)) as client:
        named = kind.named or symbols or sector
        chosen = chosen_symbols(client, symbols or [], sector or []) if named else ()
        size = client.server_info().limits.batch_symbols
        portions = [chosen[at : at + size] for at in range(0, len(chosen), size)] or [()]
        ids: list[str] = []
        for portion in portions:
            done = client.downloads.start(kind, portion, start=span[0], end=span[1], table=table)
            typer.echo(f"{done.job.id} {'started' if done.changed else 'is under way already'}")
            ids.append(done.job.id)
        if not detach:
            _finish(client, ids)


@_downloads.command("list")
def show(  # noqa: PLR0913, PLR0917 the options of a command
    state: Annotated[
        list[DownloadState] | None,
        typer.Option(case_sensitive=False, help="Only those in this state; may be repeated."),
    ] = None,
    target: TargetOption = TARGET,
    key: KeyOption = None,
    tls: TlsOption = False,
    authorities: AuthoritiesOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
) -> None:
    """List the downloads that the gateway remembers, newest first."""
    with reach(target, key, tls, (authorities, certificate, private_key)) as client:
        for job in client.downloads.all(states=state or ()):
            typer.echo(_line(job))


@_downloads.command("cancel")
def cancel(  # noqa: PLR0913, PLR0917 the options of a command
    job: Annotated[
        str, typer.Argument(metavar="ID", help="The download's id, as `list` shows it.")
    ],
    target: TargetOption = TARGET,
    key: KeyOption = None,
    tls: TlsOption = False,
    authorities: AuthoritiesOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
) -> None:
    """End a download; what it brought stays."""
    with reach(target, key, tls, (authorities, certificate, private_key)) as client:
        typer.echo(_line(client.downloads.cancel(job).job))


@_downloads.command("watch")
def watch(  # noqa: PLR0913, PLR0917 the options of a command
    job: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="One download; all that are under way if absent."),
    ] = None,
    target: TargetOption = TARGET,
    key: KeyOption = None,
    tls: TlsOption = False,
    authorities: AuthoritiesOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
) -> None:
    """Watch downloads to their ends. Exit codes as those of `start`."""
    with reach(target, key, tls, (authorities, certificate, private_key)) as client:
        live = [each for each in DownloadState if not each.ended]
        ids = [each.id for each in client.downloads.all(states=live)] if job is None else [job]
        # Listed newest first, and run the other way round.
        _finish(client, ids[::-1])


def _finish(client: "Client", ids: Sequence[str]) -> None:
    """Show a bar of each until it has ended; exit with 1 where anything is missing then."""
    # Late: rich takes a while to load, and other commands do not need it.
    from quantgraph.client.progress import job_bars

    ended: list[DownloadJob] = []
    with job_bars() as bars:
        for each in ids:
            with closing(client.downloads.follow(each)) as events:
                for event in events:
                    if event.job is not None:
                        bars.show(event.job)
                        ended += [event.job] if event.job.state.ended else []
    _tell(ended)


def _tell(ended: Iterable[DownloadJob]) -> None:
    whole = True
    for job in ended:
        typer.echo(_line(job))
        for failure in job.failures:
            typer.echo(f"{failure.symbol}: {failure.code}: {failure.message}", err=True)
        whole = whole and job.state is DownloadState.DONE and not job.failures
    if not whole:
        raise typer.Exit(1)


def _line(job: DownloadJob) -> str:
    wish = job.wish
    span = f" {wish.start or ''}..{wish.end or ''}" if wish.start or wish.end else ""
    total = "?" if job.total is None else job.total
    why = f"  {job.code}: {job.message}" if job.code else f"  {job.message or ''}"
    failed = f", {len(job.failures)} failed" if job.failures else ""
    return f"{job.id}  {wish.kind}{span}  {job.state}  {job.done}/{total}{failed}{why}".rstrip()


def _day(text: str | None, option: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise bad_request(f"{option} {text!r} is not a date like 2023-02-01.") from None
