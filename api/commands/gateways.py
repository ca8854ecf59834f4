"""Options of commands that ask a running gateway over gRPC, and the client that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quantgraph.domain.errors import bad_request

if TYPE_CHECKING:
    from quantgraph.client import Client

TARGET = "127.0.0.1:50051"
TargetOption = Annotated[str, typer.Option(help="The gateway's gRPC address.")]
KeyOption = Annotated[
    str | None, typer.Option(envvar="QUANTGRAPH_KEY", help="API key, where one is due.")
]
TlsOption = Annotated[bool, typer.Option("--tls", help="The gateway has a certificate.")]
AuthoritiesOption = Annotated[
    Path | None, typer.Option(help="PEM file of who signed that; default: the system's.")
]
CertificateOption = Annotated[
    Path | None,
    typer.Option(help="PEM file of one's own certificate, where the gateway asks for one."),
]
PrivateKeyOption = Annotated[
    Path | None, typer.Option(help="PEM file of its private key; default: the same file.")
]
# authorities, certificate, private key
Papers = tuple[Path | None, Path | None, Path | None]


def reach(target: str, key: str | None, tls: bool, papers: Papers) -> "Client":
    """Return a client of the gateway; any file of TLS asks for TLS."""
    # Late: gRPC takes a while to load, and other commands do not need it.
    from quantgraph.client import Tls, connect

    authorities, certificate, private_key = papers
    own = (certificate, private_key or certificate)
    known = Tls(authorities, *own) if tls or authorities or certificate else None
    return connect(target, key, tls=known)


def chosen_symbols(client: "Client", symbols: list[str], sectors: list[str]) -> tuple[str, ...]:
    """Return the symbols that are named, and the members of sectors. Errors: BAD_REQUEST."""
    named = [each.strip() for text in symbols for each in text.split(",") if each.strip()]
    for name in sectors:
        named += client.sector(name).symbols
    if not named:
        raise bad_request("There is nothing to download: name --symbols, or a --sector.")
    return tuple(dict.fromkeys(named))
