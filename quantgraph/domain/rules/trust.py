"""Which rules may be relied on that nobody has checked against the official text."""

from collections.abc import Iterable
from dataclasses import dataclass

from quantgraph.domain.errors import OrderRefused
from quantgraph.domain.reasons import Reason
from quantgraph.domain.rules.rows import Row
from quantgraph.domain.system import Mode


@dataclass(frozen=True, slots=True)
class Trust:
    """Every row, or besides the verified ones only those of these names."""

    everything: bool
    names: frozenset[str] = frozenset()

    def check(self, rows: Iterable[Row]) -> None:
        """Raise OrderRefused RULE_UNVERIFIED for the first row that must not be relied on."""
        for row in rows:
            if not (row.verified or self.everything or row.name in self.names):
                text = (
                    f"The rule {row.name!r} ({row.rule}) was never checked against the official "
                    "text. Check it, then list it in rules.accept_unverified of config.toml."
                )
                raise OrderRefused(Reason.RULE_UNVERIFIED, text, rule=row.name, source=row.rule)


# Where no real order can follow, a plausible rule is better than none.
ANY_ROW = Trust(everything=True)


def trust_of(mode: Mode, accepted: Iterable[str]) -> Trust:
    """Return what a mode relies on: real orders only on rules that somebody answers for."""
    return Trust(everything=False, names=frozenset(accepted)) if mode is Mode.PROD else ANY_ROW
