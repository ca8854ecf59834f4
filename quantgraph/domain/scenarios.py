"""Scenarios that a simulated symbol can be made to play, and the numbers that shape them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from quantgraph.domain.errors import InvalidRequest, NotFound
from quantgraph.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class ScenarioParameter:
    """A number of a scenario with its bounds, both included. `whole`: no fractions."""

    name: str
    default: Decimal
    low: Decimal
    high: Decimal
    description: str
    description_zh: str
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """What can be played. Names are stable; parameters are only added."""

    name: str
    description: str
    description_zh: str
    parameters: tuple[ScenarioParameter, ...] = ()


def _count(name: str, default: int, high: int, words: tuple[str, str]) -> ScenarioParameter:
    return ScenarioParameter(name, Decimal(default), Decimal(0), Decimal(high), *words)


def _percent(name: str, default: int, low: int, words: tuple[str, str]) -> ScenarioParameter:
    bounds = Decimal(low), Decimal(100)
    return ScenarioParameter(name, Decimal(default), *bounds, *words, whole=False)


_QUEUE = _count(
    "queue",
    1_000_000,
    1_000_000_000,
    ("Shares that wait at the price in front of everybody who comes later.", "封单数量（股）"),
)
_NO_TRADES = _percent(
    "traded",
    0,
    0,
    (
        "Percent of the symbol's own volume that still trades at the price; 0: nobody gives in.",
        "封板后仍成交的比例（占自身成交量的百分比）",
    ),
)
_ALL_TRADES = _percent(
    "traded",
    100,
    0,
    (
        "Percent of the symbol's own volume that trades at the price.",
        "成交比例（占自身成交量的百分比）",
    ),
)

SCENARIOS = (
    Scenario(
        "SEALED_LIMIT_UP",
        "From now on the price is at its upper limit: a long queue of buyers, no sellers.",
        "一字封死涨停：买盘排队，没有卖盘",
        (_QUEUE, _NO_TRADES),
    ),
    Scenario(
        "SEALED_LIMIT_DOWN",
        "From now on the price is at its lower limit: a long queue of sellers, no buyers.",
        "一字封死跌停：卖盘排队，没有买盘",
        (_QUEUE, _NO_TRADES),
    ),
    Scenario(
        "HALT",
        "Nothing is displayed and nothing trades; then the day goes on where it would have been.",
        "临时停牌，到时复牌",
        (
            _count(
                "minutes",
                10,
                1_440,
                (
                    "Minutes until trading resumes; 0: not on this day.",
                    "停牌分钟数，0 表示当日不复牌",
                ),
            ),
        ),
    ),
    Scenario(
        "GAP_OPEN",
        "All prices from now on lie higher or lower; before the opening auction it is a gap.",
        "跳空：此后价格整体上移或下移",
        (
            _percent(
                "percent",
                5,
                -100,
                (
                    "Percent of the previous close, below 0 for a gap down.",
                    "相对昨收的百分比，负数为低开",
                ),
            ),
        ),
    ),
    Scenario(
        "ONE_PRICE_DAY",
        "Everything trades at one price, by default at the upper limit.",
        "一价到底：全天只有一个成交价",
        (
            _percent(
                "percent",
                100,
                -100,
                (
                    "Percent from the previous close; what is beyond a limit is at the limit.",
                    "相对昨收的百分比，超出涨跌停则取涨跌停价",
                ),
            ),
            _QUEUE,
            _ALL_TRADES,
        ),
    ),
    Scenario(
        "THIN_BOOK",
        "Few levels far apart with little size: a large order moves the price.",
        "薄盘口：档位稀疏、挂单很少",
        (
            _count("levels", 2, 10, ("Levels on each side.", "每边档数")),
            _count(
                "gap",
                5,
                1_000,
                ("Ticks between levels, and from the best price.", "档间距（最小变动价位）"),
            ),
            _count("size", 100, 1_000_000, ("Shares at each level.", "每档数量（股）")),
            _percent(
                "traded",
                5,
                0,
                (
                    "Percent of the symbol's own volume that trades.",
                    "成交比例（占自身成交量的百分比）",
                ),
            ),
        ),
    ),
    Scenario(
        "FLASH_CRASH",
        "The price falls within seconds and comes back more slowly.",
        "闪崩：快速下跌后逐步恢复",
        (
            _percent(
                "percent",
                8,
                0,
                ("Percent of the previous close that it falls.", "跌幅（相对昨收的百分比）"),
            ),
            _count("fall", 60, 14_400, ("Seconds of falling.", "下跌秒数")),
            _count("recovery", 300, 14_400, ("Seconds of coming back.", "恢复秒数")),
        ),
    ),
)
_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def fill_parameters(name: str, given: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    """Return every parameter of a scenario, the given ones checked, the others by default.

    Raises NotFound UNKNOWN_SCENARIO; InvalidRequest BAD_REQUEST for an unknown parameter or one
    out of bounds, naming it.
    """
    scenario = _BY_NAME.get(name)
    if scenario is None:
        text = f"There is no scenario {name!r}; there are {', '.join(_BY_NAME)}."
        raise NotFound(Reason.UNKNOWN_SCENARIO, text, name=name)
    known = {each.name: each for each in scenario.parameters}
    for unknown in given.keys() - known.keys():
        text = f"Scenario {name} has no parameter {unknown!r}; it has {', '.join(known)}."
        raise InvalidRequest(Reason.BAD_REQUEST, text, field=unknown)
    for each, value in given.items():
        _check(known[each], value)
    return {each.name: given.get(each.name, each.default) for each in scenario.parameters}


def _check(parameter: ScenarioParameter, value: Decimal) -> None:
    inside = value.is_finite() and parameter.low <= value <= parameter.high
    if inside and (not parameter.whole or value == value.to_integral_value()):
        return
    kind = "a whole number" if parameter.whole else "a number"
    text = f"{parameter.name} is {value}; expected {kind} from {parameter.low} to {parameter.high}."
    raise InvalidRequest(Reason.BAD_REQUEST, text, field=parameter.name)
