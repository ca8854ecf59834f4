"""Options that several commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quantgraph.config import Config
from quantgraph.domain.instruments import checked_symbol
from quantgraph.loading import load_config

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Configuration file; ./config.toml, else the packaged one."),
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the store, one sub-folder per mode.")
]


def read_config(
    file: Path | None, data_dir: Path | None, overrides: dict[str, Any] | None = None
) -> Config:
    """Return the configuration with the command line's own settings on top."""
    values = dict(overrides or {})
    if data_dir is not None:
        values["data_dir"] = str(data_dir)
    return load_config(file, values)


def split_symbols(given: Sequence[str] | None) -> tuple[str, ...]:
    """Return the symbols of an option that takes several in one text. Raises BAD_REQUEST."""
    named = [each.strip() for text in given or () for each in text.split(",") if each.strip()]
    return tuple(checked_symbol(each) for each in dict.fromkeys(named))
