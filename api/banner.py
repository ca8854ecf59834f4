"""What `quantgraph serve` prints when it is ready."""

import typer

from api.explorer import is_built
from api.server import Running
from quantgraph.wires import shown


def print_banner(running: Running) -> None:
    """Print mode, data and addresses."""
    assembly, addresses = running.assembly, running.addresses
    config = assembly.config
    socket = addresses.http.replace("http", "ws", 1)
    lines = [
        ("mode", f"{config.mode.value}: simulated exchange and time"),
        ("data", assembly.data),
        ("GraphQL", f"{addresses.http}/graphql  (POST, SSE; WebSocket {socket}/graphql)"),
        ("gRPC", addresses.grpc or "off (grpc.enabled = false)"),
        ("health", f"{addresses.http}/health/"),
        ("access", assembly.access),
        ("store", str(config.data_path)),
    ]
    if shown(config.http.graphiql, config.mode):
        note = "" if is_built() else "  (not built: the page says what to run)"
        lines.insert(2, ("GraphiQL", f"{addresses.http}/{note}"))
    typer.echo("quantgraph is ready")
    for name, value in lines:
        typer.echo(f"  {name:<9}{value}")
    typer.echo("Ctrl-C stops it.")
