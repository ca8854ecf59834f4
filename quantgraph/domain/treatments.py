"""Days of special treatment: when a share was marked ST, *ST or PT."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from quantgraph.domain.errors import Unsupported
from quantgraph.domain.reasons import Reason
from quantgraph.domain.sources import Source


class TreatmentKind(StrEnum):
    """How a share was marked; STAR_ST is *ST."""

    ST = "ST"
    STAR_ST = "STAR_ST"
    PT = "PT"


@dataclass(frozen=True, slots=True)
class SpecialTreatment:
    """A span of days under one mark: from `start` on, up to the day before `end`.

    `start` None: its source does not tell it. `end` None: it still lasts.
    """

    symbol: str
    kind: TreatmentKind
    start: date | None
    end: date | None
    source: Source


def treatments_not_downloaded() -> Unsupported:
    """Say that the terminal's list of such days is not there."""
    text = "The terminal has no list of special treatments: SPECIAL_TREATMENTS downloads it."
    return Unsupported(Reason.NOT_DOWNLOADED, text)
