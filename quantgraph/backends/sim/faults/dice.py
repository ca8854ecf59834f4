"""Which occasion an incident strikes: by a seeded stream of its own, so many times at most."""

from collections.abc import Iterable, Sequence

from quantgraph.backends.sim.streams import draw, stream_key
from quantgraph.domain.incidents import Incident, IncidentSetting

# Chances are counted in parts of this: no float decides.
_WHOLE = 1 << 53


class Dice:
    """Switched anew, every stream begins anew: the same orders meet the same incidents again."""

    def __init__(self, seed: int) -> None:
        """Strike nothing yet."""
        self._seed = seed
        self._settings: dict[Incident, IncidentSetting] = {}
        self._left: dict[Incident, int] = {}
        self._thrown: dict[Incident, int] = {}
        self._shuffled = 0

    @property
    def settings(self) -> Sequence[IncidentSetting]:
        """What is switched on, whether or not it has any times left."""
        return tuple(self._settings.values())

    def set(self, settings: Iterable[IncidentSetting]) -> None:
        """Switch these on and all others off; of one that is named twice the last one holds."""
        self._settings = {each.incident: each for each in settings}
        self._left = {each: of.times for each, of in self._settings.items() if of.times is not None}
        self._thrown = dict.fromkeys(self._settings, 0)
        self._shuffled = 0

    def strikes(self, incident: Incident) -> IncidentSetting | None:
        """Return how the incident is to be played at this occasion; None where it is not."""
        setting = self._settings.get(incident)
        if setting is None or self._left.get(incident, 1) == 0:
            return None
        number = self._thrown[incident]
        self._thrown[incident] = number + 1
        word = int(draw(stream_key(self._seed, "incident", incident), number)) >> 11
        if word >= int(setting.probability * _WHOLE):
            return None
        if incident in self._left:
            self._left[incident] -= 1
        return setting

    def shuffle(self, count: int) -> Sequence[int]:
        """Return the places 0 … count-1 in another order."""
        key = stream_key(self._seed, "incident", "shuffle")
        words = [int(draw(key, self._shuffled + place)) for place in range(count)]
        self._shuffled += count
        return sorted(range(count), key=words.__getitem__)
