"""Where a generated path begins, and what decides how it goes."""

from dataclasses import dataclass

from quantgraph.backends.sim.streams import stream_key
from quantgraph.backends.sim.universe import Profile
from quantgraph.domain.instruments import Instrument
from quantgraph.domain.simulation import CorporateAction


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a walk begins: the close (in ticks) before its first session, and its nature.

    `scale` are ticks per yuan, `volume` the usual shares a day where an import tells them.
    `announced`: events of ex-days that somebody else decided, beside those of its nature.
    """

    profile: Profile
    instrument: Instrument
    seed: int
    scale: int
    close: int
    pays: bool
    volume: int | None = None
    announced: tuple[CorporateAction, ...] = ()

    def key(self, purpose: str) -> int:
        """Return the stream key of one purpose of this symbol."""
        return stream_key(self.seed, self.profile.luck or self.profile.symbol, purpose)
