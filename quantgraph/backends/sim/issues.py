"""New issues: those of the universe's younger shares, and invented companies from 2023 on.

An invented company is subscribed every tenth session and listed eight sessions later; from then on
it is quoted like any share. Its code lies in a range that no real company has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from quantgraph.backends.sim.streams import below, draw, stream_key
from quantgraph.backends.sim.universe import FIRST_DAY, INDEX, UNIVERSE, Profile
from quantgraph.domain.calendar import TradingCalendar
from quantgraph.domain.instruments import Instrument, Market
from quantgraph.domain.ipos import Ipo, IpoRequest
from quantgraph.domain.sources import Source

_FIRST = date(2023, 1, 3)
_EVERY = 10  # sessions between two invented issues
_ANNOUNCED = 7  # calendar days before the subscription
_LISTED = 8  # sessions from subscription to listing
_TOLD = 2  # sessions before the listing that its day is told
_RANGES = (("6056", "SH"), ("3029", "SZ"), ("6891", "SH"))
_CODE = re.compile(r"(6056|3029|6891)([0-9]{2})\.(?:SH|SZ)")
_FRONT = "华天恒瑞新凌晟博远航启明"
_MIDDLE = "辰源科创信达微芯宇泰联合"
_BACK = ("科技", "材料", "电子", "生物", "智能", "装备")
# What the first session trades around, over the issue price: inside every first day's band.
_GAIN = 1.2
# Shanghai's subscription codes: its own leading digits for each range of shares.
_SUBSCRIBED = {"600": "730", "601": "780", "603": "732", "605": "707", "688": "787", "689": "789"}


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue and its days."""

    profile: Profile
    price: float
    subscribed: date
    listed: date
    luck: Sequence[int]


class IssueDesk:
    """Knows every new issue of the calendar."""

    def __init__(self, seed: int, calendar: TradingCalendar) -> None:
        """Invent by the seed; nothing is made before it is asked for."""
        self._seed = seed
        self._calendar = calendar

    def ipos(self, request: IpoRequest, today: date) -> Sequence[Ipo]:
        """Return what is announced on a day, by subscription day and symbol."""
        known = today + timedelta(days=_ANNOUNCED)
        last = known if request.end is None else min(request.end, known)
        issues = [*self._young(), *self._invented(last)]
        chosen = [
            each
            for each in issues
            if each.subscribed <= last
            if request.start is None or request.start <= each.subscribed
        ]
        chosen.sort(key=lambda each: (each.subscribed, each.profile.symbol))
        return [self._ipo(each, today) for each in chosen]

    def find(self, symbol: str, day: date) -> Instrument | None:
        """Return an invented share that is announced; its list day only once that is told."""
        issue = self._find(symbol)
        if issue is None or day < issue.subscribed - timedelta(days=_ANNOUNCED):
            return None
        listed = issue.listed if self._told(issue, day) else None
        return replace(issue.profile, listed=listed).instrument()

    def profile(self, symbol: str) -> Profile | None:
        """Return what the generator has to know of an invented share."""
        issue = self._find(symbol)
        return None if issue is None else issue.profile

    def price(self, symbol: str) -> float | None:
        """Return what was paid for a new share: its first session's previous close, yuan."""
        profile = UNIVERSE.get(symbol)
        if profile is not None:
            return _issue_price(profile) if _is_young(profile) else None
        issue = self._find(symbol)
        return None if issue is None else issue.price

    def _find(self, symbol: str) -> Issue | None:
        found = _CODE.fullmatch(symbol)
        if found is None:
            return None
        number = int(found[2])
        code, market = _RANGES[number % len(_RANGES)]
        right = symbol == f"{code}{number:02d}.{market}"
        return self._invent(number) if right else None

    def _invented(self, last: date) -> list[Issue]:
        found: list[Issue] = []
        for number in range(100):
            issue = self._invent(number)
            if issue is None or issue.subscribed > last:
                break
            found.append(issue)
        return found

    def _invent(self, number: int) -> Issue | None:
        """Return the n-th invented issue, None where the calendar ends before it is listed."""
        days = self._calendar.sessions
        place = int(np.searchsorted(days, np.datetime64(_FIRST))) + number * _EVERY
        if place + _LISTED >= len(days):
            return None
        code, market = _RANGES[number % len(_RANGES)]
        symbol = f"{code}{number:02d}.{market}"
        luck = below(draw(stream_key(self._seed, symbol, "issue"), np.arange(8)), 1_000).tolist()
        price = round(8 + luck[0] * 0.052, 2)
        profile = Profile(
            symbol=symbol,
            name=_name(number),
            listed=days[place + _LISTED].astype(date),
            industry="",
            price=round(price * _GAIN, 2),
            shares=(80 + luck[1]) * 1_000_000,
            dividend=0,
            deviation=240 + luck[2] // 10,
        )
        return Issue(profile, price, days[place].astype(date), profile_day(profile), luck)

    def _young(self) -> list[Issue]:
        """Return the issues of those shares of the universe that were listed since 2015."""
        return [self._past(each) for each in UNIVERSE.values() if _is_young(each)]

    def _past(self, profile: Profile) -> Issue:
        listed = profile_day(profile)
        subscribed = self._calendar.offset(listed, -_LISTED)
        key = stream_key(self._seed, profile.symbol, "issue")
        luck = below(draw(key, np.arange(8)), 1_000).tolist()
        return Issue(profile, _issue_price(profile), subscribed, listed, luck)

    def _told(self, issue: Issue, day: date) -> bool:
        return day >= self._calendar.offset(issue.listed, -_TOLD)

    def _ipo(self, issue: Issue, today: date) -> Ipo:
        profile, luck = issue.profile, issue.luck
        quantity = profile.shares // 10 // 500 * 500
        after = 18 + luck[3] / 50
        announced = self._calendar.offset(issue.subscribed, 2)
        return Ipo(
            symbol=profile.symbol,
            name=profile.name,
            subscription_code=_subscription_code(profile),
            subscription_date=issue.subscribed,
            issue_price=issue.price,
            issue_quantity=quantity,
            online_quantity=quantity * 3 // 10 // 500 * 500,
            max_subscription=max(quantity * 3 // 10 // 1000 // 500 * 500, 500),
            min_subscription=500,
            announce_date=announced,
            payment_date=announced,
            list_date=issue.listed if self._told(issue, today) else None,
            industry_pe=round(after * (90 + luck[4] // 20) / 100, 2),
            pe_before=round(after * 0.9, 2),
            pe_after=round(after, 2),
            profitable=True,
            # drawn once the subscription is over
            win_rate=(200 + luck[5]) / 1e6 if today >= announced else None,
            source=Source.SIMULATED,
        )


def profile_day(profile: Profile) -> date:
    """Return the list day; one that is not known lies before all."""
    return profile.listed or date.min


def _is_young(profile: Profile) -> bool:
    return profile.symbol != INDEX and profile_day(profile) > FIRST_DAY


def _issue_price(profile: Profile) -> float:
    return round(profile.price / _GAIN, 2)


def _name(number: int) -> str:
    front = _FRONT[number % len(_FRONT)]
    middle = _MIDDLE[number * 5 % len(_MIDDLE) - number // len(_MIDDLE) % len(_MIDDLE)]
    return f"{front}{middle}{_BACK[number % len(_BACK)]}"


def _subscription_code(profile: Profile) -> str:
    """Return the code that orders for it carry: Shenzhen's and Beijing's is the share's own."""
    code, market = profile.symbol.split(".")
    return _SUBSCRIBED[code[:3]] + code[3:] if market == Market.SH else code
