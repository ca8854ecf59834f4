"""Tags of instruments: the terminal's own classes of them, finer than `kind` and `board`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgraph.domain.errors import bad_request
from quantgraph.domain.sources import Source

# A terminal is asked for each tag of each symbol by itself.
MOST_CHECKS = 1_000
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class TagRequest:
    """Which tags of which symbols; no tags means all that the terminal knows."""

    symbols: tuple[str, ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InstrumentTags:
    """Those of the asked tags that a symbol has, by name."""

    symbol: str
    tags: tuple[str, ...]
    source: Source


def wanted_tags(request: TagRequest, known: Mapping[str, int]) -> Mapping[str, int]:
    """Return the asked tags by name, with the terminal's number of each. Errors: BAD_REQUEST."""
    wanted = sorted(set(request.tags or known))
    for name in wanted:
        if name not in known:
            text = f"{name[:_SHOWN]!r} is no tag of this terminal; ask without tags for all."
            raise bad_request(text, field="tags")
    _check_size(request.symbols, wanted)
    return {name: known[name] for name in wanted}


def _check_size(symbols: Sequence[str], tags: Sequence[str]) -> None:
    checks = len(symbols) * len(tags)
    if checks > MOST_CHECKS:
        text = (
            f"{len(symbols)} symbols with {len(tags)} tags are {checks} questions; at most "
            f"{MOST_CHECKS} in one request."
        )
        raise bad_request(text, field="symbols")
