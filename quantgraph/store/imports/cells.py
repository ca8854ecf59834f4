"""Columns of cells → numbers, flags and texts; what cannot be read becomes a fault."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from quantgraph.domain.bars import Column, Mask
from quantgraph.domain.calendar import Times
from quantgraph.store.imports.faults import Faults

_SCALES = (1, 100, 10_000, 1_000_000)
_EXACT = 2.0**53
# far above all money there is, far below what sums and units could lift out of a double
_MOST = 1e18
_NEAR_WHOLE = 1e-6
_TRUE, _FALSE = ("1", "true"), ("0", "false")


@dataclass(frozen=True, slots=True)
class Cells:
    """One column as text, where it says nothing, and where to put its faults."""

    name: str
    text: pl.Series
    missing: Mask
    faults: Faults

    @classmethod
    def of(cls, series: pl.Series, blanks: tuple[str, ...], faults: Faults) -> "Cells":
        """Read a column of a table; `blanks` are the texts that mean nothing is there."""
        text = series if series.dtype == pl.String else series.cast(pl.String)
        missing = (text.is_null() | text.is_in(list(blanks))).fill_null(value=True)
        return cls(series.name, text, missing.to_numpy(), faults)

    def require(self) -> None:
        """Call every missing cell a fault."""
        self.faults.add(self.missing, f"{self.name} is missing")

    def numbers(self, factor: int = 1) -> tuple[Column, Mask]:
        """Return doubles in our unit and where they are there."""
        values = self.text.cast(pl.Float64, strict=False)
        known = ~self.missing
        odd = known & values.is_null().to_numpy()
        self.faults.add(odd, f"{self.name} {{}} is not a number", self.text)
        numbers = values.fill_null(0.0).to_numpy()
        finite = np.isfinite(numbers)
        self.faults.add(known & ~finite, f"{self.name} {{}} is not a finite number", self.text)
        sane = finite & (np.abs(numbers) < _MOST)
        self.faults.add(known & ~sane, f"{self.name} {{}} is too large", self.text)
        return scaled(np.where(known & sane, numbers, 0.0), factor), known

    def whole(self, factor: int = 1) -> tuple[Times, Mask]:
        """Return integers in our unit and where they are there."""
        numbers, known = self.numbers(factor)
        nearest = np.rint(numbers)
        odd = np.abs(numbers - nearest) > _NEAR_WHOLE
        large = np.abs(nearest) >= _EXACT
        self.faults.add(known & odd, f"{self.name} {{}} is not a whole number", self.text)
        self.faults.add(known & large, f"{self.name} {{}} is too large", self.text)
        return np.where(odd | large, 0, nearest).astype(np.int64), known

    def bound(self, values: Column, least: float, most: float) -> None:
        """Call what is not zero a fault below `least`, and anything from `most` on."""
        small = (values > 0) & (values < least)
        self.faults.add(small, f"{self.name} {{}} is below {least:.4f}", self.text)
        self.faults.add(values >= most, f"{self.name} {{}} is {most:,.0f} or more", self.text)

    def flags(self) -> tuple[Mask, Mask]:
        """Return truth from 1, 0, true, false, and where it is there."""
        lower = self.text.fill_null("").str.to_lowercase()
        yes = lower.is_in(list(_TRUE)).to_numpy()
        known = ~self.missing
        odd = known & ~yes & ~lower.is_in(list(_FALSE)).to_numpy()
        self.faults.add(odd, f"{self.name} {{}} is neither 0 nor 1", self.text)
        return yes, known

    def texts(self) -> list[str | None]:
        """Return the texts, None where there is none."""
        cells: list[str | None] = self.text.to_list()
        missing: list[bool] = self.missing.tolist()
        return [None if gone else cell for cell, gone in zip(cells, missing, strict=True)]


def scaled(values: Column, factor: int) -> Column:
    """Return values × factor, exact where the values are decimals of few places."""
    if factor == 1:
        return values
    for scale in _SCALES:
        whole = np.rint(values * scale)
        if (whole / scale == values).all() and (np.abs(whole) * factor < _EXACT).all():
            return whole * factor / scale
    return values * factor
