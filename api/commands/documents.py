"""`quantgraph documents`: the manifest of documents that clients may send."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

_documents = typer.Typer(help="Make manifests of trusted documents.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_documents, name="documents")


@_documents.callback()
def _group() -> None:
    """Make manifests of trusted documents."""


@_documents.command("extract")
def extract(
    sources: Annotated[
        list[Path], typer.Argument(exists=True, help="Files, or folders to look through.")
    ],
    out: Annotated[Path, typer.Option(help="The manifest to write, as in `http.manifest`.")],
) -> None:
    """Write the documents of client sources into a manifest of ids and texts.

    Found are .graphql files and templates tagged gql, graphql or /* GraphQL */ in JavaScript and
    TypeScript. Exit code 1: some cannot be in it, and are named; the others are written.
    """
    # Late: the schema takes a while to load, and other commands do not need it.
    from api.extracts import documents_in
    from api.trusted import id_of
    from quantgraph.domain.system import Mode
    from resolvers.root import schema_of

    schema = schema_of(Mode.MOCK)._schema  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] no public name
    found = [each for source in sources for each in documents_in(source, schema)]
    texts = {id_of(each.text): each.text for each in found if each.fault is None}
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    out.write_bytes(orjson.dumps(texts, option=options))
    typer.echo(f"{len(texts)} documents in {out}")
    faults = [each for each in found if each.fault is not None]
    for each in faults:
        typer.echo(f"{each.place}: {each.fault}", err=True)
    if faults:
        raise typer.Exit(1)
