"""`quantgraph serve`: both wires, until a signal."""

import asyncio
import os
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.options import ConfigOption, DataDirOption, read_config
from api.tied import Tie

if TYPE_CHECKING:
    from api.server import Running


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(  # noqa: PLR0913, PLR0917 the options of a command
    host: Annotated[str | None, typer.Option(help="Address to listen on, for both wires.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of GraphQL and the explorer.")] = None,
    grpc_port: Annotated[int | None, typer.Option(help="Port of gRPC.")] = None,
    config: ConfigOption = None,
    data_dir: DataDirOption = None,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Each terminal of this machine in its own process.")
    ] = False,
    tied: Annotated[bool, typer.Option("--tied", hidden=True)] = False,
) -> None:
    """Serve GraphQL and gRPC until Ctrl-C or SIGTERM."""
    tie = Tie()
    if tied:
        tie.hold()
    given = _overrides(host, port, grpc_port) | ({"isolate": True} if isolate else {})
    settings = read_config(config, data_dir, given)
    # gRPC's core writes raw lines to standard error before it raises what we report ourselves.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Late: `quantgraph keys` and `--help` need none of the server's libraries.
    from api import logs, server
    from api.banner import print_banner
    from api.process_file import named_process
    from api.steady import steady

    with (
        closing(logs.configure(settings.logging)) as log,
        asyncio.Runner(loop_factory=server.loop_factory()) as runner,
    ):
        named = ExitStack()

        def ready(running: "Running") -> None:
            named.enter_context(named_process(settings.data_path))
            tie.to(running.stop)
            steady()
            print_banner(running)

        with named:
            reread = partial(read_config, config, data_dir, given)
            runner.run(server.serve(settings, ready, log, reread))
    typer.echo("Stopped.")


def _overrides(host: str | None, port: int | None, grpc_port: int | None) -> dict[str, Any]:
    http = {"host": host, "port": port}
    grpc = {"host": host, "port": grpc_port}
    sections = {"http": http, "grpc": grpc}
    return {
        name: given
        for name, values in sections.items()
        if (given := {key: value for key, value in values.items() if value is not None})
    }
