"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from quantgraph.config import Config, load_config

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
