"""Takes limits from a changed config.toml without a restart; a bad one changes nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, cast

import structlog

from quantgraph.config import Config
from quantgraph.domain.errors import GatewayError
from quantgraph.services.workers import Workers

_log = structlog.get_logger(__name__)
# What a restart alone changes of the limits, and what needs none of [http]: who has not asked yet.
_FIXED = ("worker_threads",)
_LOBBY = ("connections", "head_seconds", "max_head_bytes")
Adopt: TypeAlias = Callable[[Config], None]


class Reloader:
    """Reads the configuration again and hands on what may change while a gateway runs."""

    def __init__(
        self,
        config: Config,
        read: Callable[[], Config],
        adopts: Iterable[Adopt],
        workers: Workers,
    ) -> None:
        """Start from `config`; each of `adopts` takes its part of a new one, and cannot refuse."""
        self._config = config
        self._read = read
        self._adopts = tuple(adopts)
        self._workers = workers
        self._turn = asyncio.Lock()

    async def reload(self) -> bool:
        """Take the new limits, and say in the log what changed and what waits for a restart.

        False where the new configuration is refused: all of the old one stays.
        """
        async with self._turn:
            try:
                new = await self._workers.run(self._read)
            except GatewayError as error:
                _log.error("config_refused", code=error.reason, why=error.message)
                return False
            # Limits are judged by their mode: with another one nothing is taken.
            same = new.mode is self._config.mode
            taken = _taken(self._config, new) if same else self._config
            names = _changes(self._config, taken)
            waiting = _changes(taken, new)
            if names:
                for adopt in self._adopts:
                    adopt(taken)
                self._config = taken
            _log.warning("config_reloaded", taken=sorted(names), waits_for_restart=sorted(waiting))
            return True


def _taken(old: Config, new: Config) -> Config:
    """Return the old configuration with whatever of the new one is taken without a restart.

    Keys need none of this: their file is read again whenever it changes.
    """
    limits = new.limits.model_copy(update={name: getattr(old.limits, name) for name in _FIXED})
    http = old.http.model_copy(update={name: getattr(new.http, name) for name in _LOBBY})
    orders = {"limits": new.trading.limits, "accounts": new.trading.accounts}
    trading = old.trading.model_copy(update=orders)
    kept = {"rates": new.rates, "limits": limits, "http": http, "trading": trading}
    return old.model_copy(update=kept)


def _changes(old: Config, new: Config) -> set[str]:
    before, after = _flat(old.model_dump()), _flat(new.model_dump())
    return {name for name in before | after if before.get(name) != after.get(name)}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Return values by their whole names; lists are one value."""
    found: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(cast("Mapping[str, Any]", value), f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
