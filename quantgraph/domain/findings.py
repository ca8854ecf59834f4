"""What a look at a machine has found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has found; `advice` is empty where nothing is to be done."""

    check: str
    state: Literal["ok", "warning", "problem"]
    found: str
    advice: str = ""
