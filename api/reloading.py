"""Takes limits from a changed config.toml without a restart; a bad one changes nothing."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import structlog

from quantgraph.config import Config
from quantgraph.domain.errors import GatewayError
from quantgraph.services.workers import Workers

_log = structlog.get_logger(__name__)
# What is taken at once. Keys need none of this: their file is read again whenever it changes.
_TAKEN = ("rates.", "trading.limits.", "trading.accounts")


class Reloader:
    """Reads the configuration again and hands on what may change while a gateway runs."""

    def __init__(
        self,
        config: Config,
        read: Callable[[], Config],
        adopts: Iterable[Callable[[Config], None]],
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
            changed = sorted(_changes(self._config, new))
            taken = [name for name in changed if name.startswith(_TAKEN)]
            if new.mode is self._config.mode:
                for adopt in self._adopts:
                    adopt(new)
            else:  # limits are judged by their mode: with another one nothing is taken
                taken = []
            waiting = [name for name in changed if name not in taken]
            _log.warning("config_reloaded", taken=taken, waits_for_restart=waiting)
            if taken:
                kept = {"rates": new.rates, "trading": _limits_of(self._config, new)}
                self._config = self._config.model_copy(update=kept)
            return True


def _limits_of(old: Config, new: Config) -> object:
    taken = {"limits": new.trading.limits, "accounts": new.trading.accounts}
    return old.trading.model_copy(update=taken)


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
