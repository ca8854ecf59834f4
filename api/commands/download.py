"""`quantgraph download`: bars of any gateway into Parquet files."""

from pathlib import Path
from typing import Annotated

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
from quantgraph.domain.bars import Adjustment, Period

_download = typer.Typer(help="Download from a running gateway.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_download, name="download")


@_download.callback()
def _group() -> None:
    """Download from a running gateway."""


@_download.command("bars")
def bars(  # noqa: PLR0913, PLR0917 the options of a command
    out: Annotated[
        Path, typer.Option(help="Folder for one <symbol>.parquet each; made if absent.")
    ],
    symbols: Annotated[
        list[str] | None, typer.Option(help="Symbols, as in 600519.SH,000001.SZ; may be repeated.")
    ] = None,
    sector: Annotated[
        list[str] | None, typer.Option(help="All members of this sector; may be repeated.")
    ] = None,
    period: Annotated[
        Period, typer.Option(case_sensitive=False, help="Bar length.")
    ] = Period.DAY_1,
    start: Annotated[
        str | None, typer.Option(help="First day or instant; default: the first bar held.")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Last day or instant; default: now.")] = None,
    adjustment: Annotated[
        Adjustment, typer.Option(case_sensitive=False, help="How prices are adjusted.")
    ] = Adjustment.NONE,
    target: TargetOption = TARGET,
    key: KeyOption = None,
    tls: TlsOption = False,
    authorities: AuthoritiesOption = None,
    certificate: CertificateOption = None,
    private_key: PrivateKeyOption = None,
) -> None:
    """Download bars. Each file appears whole or not at all; times are market time.

    A cut connection is taken up again by itself. What could not be finished, the same command goes
    on with, for 24 hours. Exit code 0: all symbols; 1: some have failed, and are named; 2: the
    download could not be begun, or not be finished.
    """
    with reach(target, key, tls, (authorities, certificate, private_key)) as client:
        chosen = chosen_symbols(client, symbols or [], sector or [])
        saved = client.save_bars(
            chosen, out, period=period, start=start, end=end, adjustment=adjustment
        )
    earlier = f" ({saved.resumed} of an earlier call)" if saved.resumed else ""
    typer.echo(f"{len(saved.files)} of {len(chosen)} symbols{earlier}, {saved.rows} bars, in {out}")
    for symbol, error in saved.failures.items():
        typer.echo(f"{symbol}: {error.reason.value}: {error.message}", err=True)
    if saved.failures:
        raise typer.Exit(1)
