"""Option contracts as the terminal describes them, and the chain that they make."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from quantgraph.backends.xtquant.codes import from_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import digits_day
from quantgraph.domain.options import (
    OptionChain,
    OptionContract,
    OptionExpiry,
    OptionStrike,
    OptionType,
)
from quantgraph.domain.sources import Source

_DECIMALS = 4
_KINDS = frozenset(each.value for each in OptionType)


def read_contracts(data: Data, codes: Sequence[str]) -> list[OptionContract]:
    """Return those of the contracts that the terminal describes whole."""
    read = (_read(code, data.call("get_option_detail_data", code)) for code in codes)
    return [contract for contract in read if contract is not None]


def build(underlying: str, contracts: Sequence[OptionContract]) -> OptionChain:
    """Return the chain: nearest expiry first, lowest strike first."""
    found: dict[Any, dict[float, dict[OptionType, OptionContract]]] = defaultdict(dict)
    for contract in contracts:
        found[contract.expiry].setdefault(contract.strike, {})[contract.type] = contract
    expiries = [
        OptionExpiry(
            expiry,
            tuple(
                OptionStrike(strike, pair.get(OptionType.CALL), pair.get(OptionType.PUT))
                for strike, pair in sorted(strikes.items())
            ),
        )
        for expiry, strikes in sorted(found.items())
    ]
    return OptionChain(underlying, tuple(expiries))


def _read(code: str, told: Mapping[str, Any] | None) -> OptionContract | None:
    symbol, told = from_vendor(code), told or {}
    expiry, kind = digits_day(told.get("ExpireDate")), str(told.get("optType") or "")
    strike = float(told.get("OptExercisePrice") or 0.0)
    if symbol is None or expiry is None or kind not in _KINDS or strike <= 0:
        return None
    unit = int(told.get("OptUnit") or told.get("VolumeMultiple") or 0)
    return OptionContract(
        symbol=symbol,
        name=str(told.get("InstrumentName") or "") or None,
        type=OptionType(kind),
        strike=round(strike, _DECIMALS),
        expiry=expiry,
        unit=unit or None,
        list_date=digits_day(told.get("CreateDate")) or digits_day(told.get("OpenDate")),
        source=Source.TERMINAL,
    )
