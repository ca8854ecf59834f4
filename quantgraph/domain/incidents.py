"""What goes wrong between a gateway and a real terminal: incidents that mock plays on demand."""

import re
from dataclasses import dataclass
from enum import StrEnum

from quantgraph.domain.errors import NotFound, bad_request
from quantgraph.domain.reasons import Reason

_MOST_TIMES = 1_000_000
_MOST_DELAY_MS = 3_600_000
_PARAMETER = re.compile(r"(probability|times|delay_ms)=([0-9.]{1,16})")


class Incident(StrEnum):
    """A kind of incident, what it is in English and Chinese, and its usual delay (simulated ms)."""

    text: str
    zh: str
    delay_ms: int

    def __new__(cls, code: str, text: str, zh: str, delay_ms: int = 0) -> "Incident":
        """Keep the texts and the delay on the member itself."""
        self = str.__new__(cls, code)
        self._value_ = code
        self.text = text
        self.zh = zh
        self.delay_ms = delay_ms
        return self

    CALLBACK_FIRST = (
        "CALLBACK_FIRST",
        "The order's callbacks come before the call that placed it returns.",
        "委托调用返回之前先收到回报",
        2_000,
    )
    DUPLICATE_CALLBACKS = ("DUPLICATE_CALLBACKS", "A callback comes twice.", "同一回报收到两次")
    REORDERED_CALLBACKS = (
        "REORDERED_CALLBACKS",
        "Callbacks are held for the delay, and then come in another order.",
        "回报延迟后乱序到达",
        1_000,
    )
    LOST_CALLBACK = (
        "LOST_CALLBACK",
        "A callback never comes; only the terminal's own list tells what it said.",
        "回报丢失，只能查询当日委托得知",
    )
    STATUS_UNKNOWN = (
        "STATUS_UNKNOWN",
        "A callback says status 255 (unknown) of an order that works.",
        "回报状态为 255（未知），委托实际有效",
    )
    REJECTED_TWICE = (
        "REJECTED_TWICE",
        "The counter takes the order, then refuses it: status 57 comes twice.",
        "柜台先接受后废单，状态 57 推送两次",
    )
    ERROR_WITHOUT_IDS = (
        "ERROR_WITHOUT_IDS",
        "The counter takes the order, then refuses it by an error that names no order.",
        "柜台废单，错误回报不带委托号和备注",
    )
    MINUS_ONE = (
        "MINUS_ONE",
        "The call that places the order returns -1 although the order is live.",
        "委托调用返回 -1，但委托已生效",
    )
    LATE_EXECUTION = (
        "LATE_EXECUTION",
        "The call times out; the order is placed all the same, after the delay.",
        "委托调用超时，延迟后仍被执行",
        20_000,
    )
    LOST_ORDER = (
        "LOST_ORDER",
        "The call times out, and the order never gets to the terminal.",
        "委托调用超时，委托从未到达终端",
    )
    SLOW_ANSWER = (
        "SLOW_ANSWER",
        "The call that places the order returns after the delay; callbacks come meanwhile.",
        "委托调用返回缓慢",
        3_000,
    )
    DISCONNECT = (
        "DISCONNECT",
        "The link breaks while an order is placed; what happens until it is back goes unreported.",
        "委托途中断线，延迟后重连，其间回报全部丢失",
        30_000,
    )
    SLOW_LIST = (
        "SLOW_LIST",
        "The terminal's list of the day's orders comes after the delay, as it was before.",
        "当日委托查询缓慢，返回旧数据",
        3_000,
    )
    NO_STRATEGY_NAME = (
        "NO_STRATEGY_NAME",
        "The terminal's list has lost the order's strategy name.",
        "当日委托的策略名称为空",
    )
    UNLISTED_STATUS = (
        "UNLISTED_STATUS",
        "A callback says status 58, which is in no list, of an order that works.",
        "回报状态为 58（未列出），委托实际有效，账户随即停止交易",
    )


@dataclass(frozen=True, slots=True)
class IncidentSetting:
    """How an incident is played: at each occasion by chance, at most so many times.

    An occasion is an order, a callback or a request of the list, whichever the incident is about.
    `times` None: until it is switched off. `delay_ms` is in simulated ms.
    """

    incident: Incident
    probability: float = 1.0
    times: int | None = None
    delay_ms: int = 0

    @classmethod
    def parse(cls, text: str) -> "IncidentSetting":
        """Read `NAME`, or `NAME probability=0.1 times=3 delay_ms=500` with any of the three.

        Errors: UNKNOWN_FAULT, BAD_REQUEST.
        """
        name, *words = text.split() or [""]
        if name not in Incident.__members__:
            known = ", ".join(Incident.__members__)
            shown = f"There is no incident {name[:60]!r}; there are {known}."
            raise NotFound(Reason.UNKNOWN_FAULT, shown, name=name[:60])
        incident = Incident[name]
        given = dict(_parameter(word) for word in words)
        probability = _number(given, "probability", 1.0)
        times = int(_number(given, "times", 0)) if "times" in given else None
        delay = int(_number(given, "delay_ms", incident.delay_ms))
        _check(probability, times, delay)
        return cls(incident, probability, times, delay)


def _parameter(word: str) -> tuple[str, str]:
    found = _PARAMETER.fullmatch(word)
    if found is None:
        text = f"{word[:60]!r} is no parameter; write probability=0.1, times=3 or delay_ms=500."
        raise bad_request(text, field="faults")
    return found[1], found[2]


def _number(given: dict[str, str], name: str, usual: float) -> float:
    whole = name != "probability"
    try:
        return usual if name not in given else (int if whole else float)(given[name])
    except ValueError:
        text = f"{name} is {given[name]!r}; it must be a {'whole ' if whole else ''}number."
        raise bad_request(text, field="faults") from None


def _check(probability: float, times: int | None, delay_ms: int) -> None:
    if not 0 < probability <= 1:
        raise bad_request(f"probability is {probability:g}; above 0, at most 1.", field="faults")
    if times is not None and not 0 < times <= _MOST_TIMES:
        raise bad_request(f"times is {times}; from 1 to {_MOST_TIMES}.", field="faults")
    if delay_ms > _MOST_DELAY_MS:
        raise bad_request(f"delay_ms is {delay_ms}; at most {_MOST_DELAY_MS}.", field="faults")
