"""Option contracts as the terminal describes them, and the chain that they make."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from quantgraph.backends.xtquant.codes import from_vendor
from quantgraph.backends.xtquant.data import Data
from quantgraph.backends.xtquant.days import day_digits, digits_day
from quantgraph.domain.calendar import day_start
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
# All contracts of an exchange, as they were from time to time: the SDK's codes, not ours.
_HISTORY = "optionhistorycontract"
_LISTS: Mapping[str, str] = {"SH": "XXXXXX.SHO", "SZ": "XXXXXX.SZO"}
# A list has what was listed since the one before; the SDK looks as far ahead for it.
_AHEAD = timedelta(days=31)
# The reference does not tell how the direction is written: as the rest of the SDK writes it.
_TYPES: Mapping[str, OptionType] = {
    **dict.fromkeys(("CALL", "C", "认购", "购"), OptionType.CALL),
    **dict.fromkeys(("PUT", "P", "认沽", "沽"), OptionType.PUT),
}


def read_contracts(data: Data, codes: Sequence[str]) -> list[OptionContract]:
    """Return those of the contracts that the terminal describes whole."""
    read = (_read(code, data.call("get_option_detail_data", code)) for code in codes)
    return [contract for contract in read if contract is not None]


def read_day(data: Data, underlying: str, day: date) -> list[OptionContract] | None:
    """Return the contracts on an underlying that were listed on a day; None where nobody knows.

    Of the downloaded lists the first that is not before the day has them, with what came since.
    """
    name, market = underlying.split(".")
    code = _LISTS.get(market)
    if code is None:
        return []
    span = (day_digits(day), day_digits(day + _AHEAD))
    frame = data.history(_HISTORY, code, *span)
    if frame is None or frame.empty:
        return None
    later = frame[frame["time"] >= day_start(day)]
    rows: Sequence[Mapping[str, Any]] = later[later["time"] == later["time"].min()].to_dict(
        "records"
    )
    mine = [row for row in rows if (str(row["标的编码"]), str(row["标的市场"])) == (name, market)]
    read = (_read_row(row) for row in mine)
    return [each for each in read if each is not None and _was_listed(each, day)] if rows else None


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


def _read_row(row: Mapping[str, Any]) -> OptionContract | None:
    symbol = from_vendor(f"{row['期权编码']}.{row['期权市场']}")
    expiry, kind = digits_day(row["到期日"]), _TYPES.get(str(row["方向"]).upper())
    strike = float(row["行权价"] or 0.0)
    if symbol is None or expiry is None or kind is None or not strike > 0:
        return None
    unit = row["合约单位"]
    return OptionContract(
        symbol=symbol,
        name=str(row["期权名称"] or "") or None,
        type=kind,
        strike=round(strike, _DECIMALS),
        expiry=expiry,
        unit=int(unit) if unit and unit > 0 else None,
        list_date=digits_day(row["上市日"]),
        source=Source.TERMINAL,
    )


def _was_listed(contract: OptionContract, day: date) -> bool:
    return contract.expiry >= day and (contract.list_date is None or contract.list_date <= day)
