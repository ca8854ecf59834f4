"""Finds config.toml and reads it, under what the environment and the command line say."""

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
    TomlConfigSettingsSource,
)

from quantgraph.config import Config
from quantgraph.domain.errors import StartupError
from quantgraph.domain.reasons import Reason


def find_config(path: Path | None) -> Path:
    """Return the file to read: the given one, ./config.toml, or the installed one.

    A wheel carries the installed one beside this module, an editable install one folder up.
    """
    if path is not None:
        return path
    here = Path(__file__)
    places = (Path("config.toml"), here.with_name("config.toml"), here.parents[1] / "config.toml")
    return next((place for place in places if place.is_file()), places[0])


def load_config(path: Path | None = None, overrides: dict[str, Any] | None = None) -> Config:
    """Read, override and validate.

    The file is beaten by QUANTGRAPH_SECTION__KEY and APP_MODE in the environment, and those by
    `overrides` (the command line). Raises StartupError CONFIG_INVALID naming file, key, what was
    found and what was expected.
    """
    file = find_config(path)
    if not file.is_file():
        raise StartupError(Reason.CONFIG_INVALID, f"There is no configuration file {file}.")
    try:
        return _layered(file)(**(overrides or {}))
    except ValidationError as error:
        raise _invalid(file, error.errors()) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, SettingsError) as error:
        text = f"Cannot read the configuration {file}: {error}."
        raise StartupError(Reason.CONFIG_INVALID, text, file=str(file)) from None


def _layered(file: Path) -> type[Config]:
    mode = os.environ.get("APP_MODE")
    from_mode = {"mode": mode} if mode is not None else {}

    class Layered(Config):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            app_mode = InitSettingsSource(settings_cls, init_kwargs=from_mode)
            toml = TomlConfigSettingsSource(settings_cls, toml_file=file)
            return (init_settings, app_mode, env_settings, toml)

    return Layered


def _invalid(file: Path, errors: list[ErrorDetails]) -> StartupError:
    lines: list[str] = []
    for error in errors:
        key = ".".join(str(part) for part in error["loc"])
        if key == "mode" and "APP_MODE" in os.environ:
            key = "APP_MODE"
        if error["type"] == "extra_forbidden":
            lines.append(f"{key}: unknown key; see config.toml in the project for all keys")
        else:
            lines.append(f"{key}: {error['msg']} (found {str(error['input'])[:60]!r})")
    text = f"The configuration {file} is invalid:\n  " + "\n  ".join(lines)
    return StartupError(Reason.CONFIG_INVALID, text, file=str(file))
