"""How a statement table is declared: one line per field, `name | terminal's name | Chinese`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Statement(StrEnum):
    """The eight statement tables."""

    BALANCE = "BALANCE"
    INCOME = "INCOME"
    CASH_FLOW = "CASH_FLOW"
    CAPITAL = "CAPITAL"
    HOLDERS = "HOLDERS"
    TOP_HOLDERS = "TOP_HOLDERS"
    TOP_FLOAT_HOLDERS = "TOP_FLOAT_HOLDERS"
    INDICATORS = "INDICATORS"


@dataclass(frozen=True, slots=True)
class FinancialField:
    """One column: our name, the terminal's name, the Chinese name, the unit and the type."""

    name: str
    native: str
    chinese: str
    unit: str
    text: bool = False

    @property
    def description(self) -> str:
        """Return the sentence that contracts and docs show."""
        unit = f", {self.unit}" if self.unit else ""
        return f"{self.name.replace('_', ' ').capitalize()} ({self.chinese}){unit}."


@dataclass(frozen=True, slots=True)
class StatementTable:
    """All fields of one statement besides `report_date` and `announce_date`, which all have."""

    statement: Statement
    title: str
    chinese: str
    native: str
    fields: Mapping[str, FinancialField]


def parse(lines: str, unit: str) -> Mapping[str, FinancialField]:
    """Read declaration lines; a fourth part overrides the unit, `text` in it marks a string."""
    fields: dict[str, FinancialField] = {}
    for line in lines.strip().splitlines():
        name, native, chinese, *rest = (part.strip() for part in line.split("|"))
        if name in fields:
            raise ValueError(f"financial field {name} is declared twice")
        own = rest[0] if rest else unit
        text = own == "text"
        fields[name] = FinancialField(name, native, chinese, "" if text else own, text)
    return fields
