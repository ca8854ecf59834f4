"""The symbols that exist without any import: real codes and names, invented prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from quantgraph.backends.sim.streams import below, draw, stream_key
from quantgraph.domain.instruments import Instrument, InstrumentKind, classify
from quantgraph.domain.sources import Source

FIRST_DAY = date(2015, 1, 5)
INDEX = "000300.SH"
# Of index points, which no rule tells: nobody trades them.
_POINT = Decimal("0.01")

# symbol | name | listed | industry | price, yuan | shares, millions | dividend yield, ‰ | daily
# deviation, basis points
_TABLE = """
000300.SH | 沪深300   | 2005-04-08 | -        | 3900  | 4000000 | 0 | 95
600519.SH | 贵州茅台  | 2001-08-27 | 白酒     | 1750  | 1256   | 15 | 150
000858.SZ | 五粮液    | 1998-04-27 | 白酒     | 180   | 3882   | 18 | 180
000568.SZ | 泸州老窖  | 1994-05-09 | 白酒     | 210   | 1472   | 16 | 200
600809.SH | 山西汾酒  | 1994-01-06 | 白酒     | 260   | 1220   | 10 | 210
002304.SZ | 洋河股份  | 2009-11-06 | 白酒     | 160   | 1507   | 20 | 180
000001.SZ | 平安银行  | 1991-04-03 | 银行     | 13.5  | 19406  | 20 | 150
600000.SH | 浦发银行  | 1999-11-10 | 银行     | 9.5   | 29352  | 40 | 90
600036.SH | 招商银行  | 2002-04-09 | 银行     | 38    | 25220  | 40 | 140
601398.SH | 工商银行  | 2006-10-27 | 银行     | 5.2   | 356406 | 55 | 70
601166.SH | 兴业银行  | 2007-02-05 | 银行     | 17.5  | 20774  | 50 | 120
300750.SZ | 宁德时代  | 2018-06-11 | 新能源   | 240   | 4396   | 8  | 240
601012.SH | 隆基绿能  | 2012-04-11 | 新能源   | 42    | 7582   | 8  | 240
002594.SZ | 比亚迪    | 2011-06-30 | 新能源   | 230   | 2911   | 5  | 230
300274.SZ | 阳光电源  | 2011-11-02 | 新能源   | 95    | 2073   | 6  | 270
600438.SH | 通威股份  | 2004-03-02 | 新能源   | 38    | 4502   | 25 | 230
688981.SH | 中芯国际  | 2020-07-16 | 半导体   | 52    | 7946   | 0  | 220
688012.SH | 中微公司  | 2019-07-22 | 半导体   | 140   | 619    | 2  | 270
688036.SH | 传音控股  | 2019-09-30 | 电子     | 110   | 806    | 20 | 230
688111.SH | 金山办公  | 2019-11-18 | 软件     | 310   | 462    | 3  | 250
603501.SH | 韦尔股份  | 2017-05-04 | 半导体   | 115   | 1184   | 4  | 270
600276.SH | 恒瑞医药  | 2000-10-18 | 医药     | 45    | 6379   | 4  | 190
300760.SZ | 迈瑞医疗  | 2018-10-16 | 医药     | 300   | 1212   | 14 | 190
000538.SZ | 云南白药  | 1993-12-15 | 医药     | 56    | 1797   | 30 | 150
300015.SZ | 爱尔眼科  | 2009-10-30 | 医药     | 32    | 9328   | 4  | 220
603259.SH | 药明康德  | 2018-05-08 | 医药     | 85    | 2957   | 9  | 240
600030.SH | 中信证券  | 2003-01-06 | 证券     | 21    | 14821  | 22 | 180
300059.SZ | 东方财富  | 2010-03-19 | 证券     | 21    | 15857  | 4  | 230
601688.SH | 华泰证券  | 2010-02-26 | 证券     | 14    | 9075   | 30 | 180
601318.SH | 中国平安  | 2007-03-01 | 保险     | 48    | 18210  | 45 | 150
601628.SH | 中国人寿  | 2007-01-09 | 保险     | 34    | 28265  | 16 | 190
000333.SZ | 美的集团  | 2013-09-18 | 家电     | 55    | 7022   | 40 | 160
000651.SZ | 格力电器  | 1996-11-18 | 家电     | 35    | 5631   | 55 | 150
600690.SH | 海尔智家  | 1993-11-19 | 家电     | 25    | 9438   | 22 | 170
600887.SH | 伊利股份  | 1996-03-12 | 食品饮料 | 30    | 6400   | 32 | 140
603288.SH | 海天味业  | 2014-02-11 | 食品饮料 | 75    | 5560   | 10 | 170
600900.SH | 长江电力  | 2003-11-18 | 电力     | 22    | 24468  | 36 | 80
601985.SH | 中国核电  | 2015-06-10 | 电力     | 6.3   | 18883  | 26 | 130
002415.SZ | 海康威视  | 2010-05-28 | 电子     | 35    | 9331   | 20 | 190
000725.SZ | 京东方A   | 2001-01-12 | 电子     | 4.4   | 37650  | 15 | 190
300124.SZ | 汇川技术  | 2010-09-28 | 电子     | 66    | 2678   | 6  | 210
002230.SZ | 科大讯飞  | 2008-05-12 | 软件     | 48    | 2315   | 3  | 240
000063.SZ | 中兴通讯  | 1997-11-18 | 通信     | 32    | 4783   | 16 | 220
600050.SH | 中国联通  | 2002-10-09 | 通信     | 5.1   | 31804  | 22 | 150
601899.SH | 紫金矿业  | 2008-04-25 | 有色金属 | 11    | 26327  | 18 | 200
601857.SH | 中国石油  | 2007-11-05 | 石油石化 | 7.4   | 183021 | 50 | 130
600028.SH | 中国石化  | 2001-08-08 | 石油石化 | 5.6   | 119349 | 60 | 110
601668.SH | 中国建筑  | 2009-07-29 | 建筑     | 5.8   | 41934  | 42 | 110
835185.BJ | 贝特瑞    | 2021-11-15 | 新能源   | 46    | 1104   | 6  | 260
600518.SH | ST康美    | 2001-03-19 | 医药     | 8.2   | 13863  | 0  | 160
"""

# The same for what is no share: symbol | name | listed | last day | price | millions | deviation |
# whose luck it shares
_OTHERS = """
510300.SH | 沪深300ETF | 2012-05-28 | -          | 3.9 | 17000 | 95  | 000300.SH
110059.SH | 浦发转债   | 2019-11-15 | 2025-10-27 | 106 | 500   | 40  | 600000.SH
110085.SH | 通22转债   | 2022-03-18 | 2028-02-23 | 121 | 120   | 120 | 600438.SH
113052.SH | 兴业转债   | 2022-01-14 | 2027-12-26 | 104 | 500   | 50  | 601166.SH
113053.SH | 隆22转债   | 2022-02-17 | 2028-01-04 | 113 | 70    | 120 | 601012.SH
113616.SH | 韦尔转债   | 2021-01-22 | 2026-12-27 | 118 | 24    | 130 | 603501.SH
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the generator has to know. Price in yuan, yield in ‰, daily deviation in 0.01 %.

    `last` is the last day it trades. One that has the `luck` of another symbol moves with it.
    """

    symbol: str
    name: str | None
    listed: date | None
    industry: str
    price: float
    shares: int
    dividend: int
    deviation: int
    last: date | None = None
    luck: str | None = None

    def instrument(self) -> Instrument:
        """Return the simulated instrument."""
        market, kind, board = classify(self.symbol)
        return Instrument(
            symbol=self.symbol,
            name=self.name,
            market=market,
            kind=kind,
            board=board,
            price_tick=_POINT if kind is InstrumentKind.INDEX else None,
            list_date=self.listed,
            delist_date=None if self.last is None else self.last + timedelta(days=1),
            is_st=bool(self.name and self.name.startswith(("ST", "*ST"))),
            source=Source.SIMULATED,
        )


def _parse(line: str) -> Profile:
    cells = [cell.strip() for cell in line.split("|")]
    symbol, name, listed, industry = cells[:4]
    price, shares, dividend, deviation = cells[4:]
    return Profile(
        symbol=symbol,
        name=name,
        listed=date.fromisoformat(listed),
        industry=industry,
        price=float(price),
        shares=int(shares) * 1_000_000,
        dividend=int(dividend),
        deviation=int(deviation),
    )


def _parse_other(line: str) -> Profile:
    cells = [cell.strip() for cell in line.split("|")]
    symbol, name, listed, last, price, units, deviation, luck = cells
    return Profile(
        symbol=symbol,
        name=name,
        listed=date.fromisoformat(listed),
        industry="",
        price=float(price),
        shares=int(units) * 1_000_000,
        dividend=0,
        deviation=int(deviation),
        last=None if last == "-" else date.fromisoformat(last),
        luck=luck,
    )


UNIVERSE: Mapping[str, Profile] = {
    profile.symbol: profile for profile in map(_parse, _TABLE.strip().splitlines())
}
# Funds and convertible bonds: listed and quoted like the universe, but in none of its sectors.
OTHERS: Mapping[str, Profile] = {
    profile.symbol: profile for profile in map(_parse_other, _OTHERS.strip().splitlines())
}
LISTED: Mapping[str, Profile] = {**UNIVERSE, **OTHERS}
INDUSTRIES = tuple(sorted({p.industry for p in UNIVERSE.values() if p.symbol != INDEX}))


# Yuan, or points: the lowest level and how far others reach above it; of all else as of funds.
_LEVELS = {
    InstrumentKind.STOCK: (6.0, 54.0),
    InstrumentKind.INDEX: (1_000.0, 5_000.0),
    InstrumentKind.BOND: (95.0, 40.0),
}
_FUND_LEVEL = (1.0, 1.0)


def invent_profile(instrument: Instrument, seed: int, level: float | None = None) -> Profile:
    """Return a profile for an imported instrument that came without any daily bars.

    `level` is about where its price stands, where minutes tell it.
    """
    words = draw(stream_key(seed, instrument.symbol, "profile"), np.arange(4))
    price, shares, dividend, deviation = (int(below(word, 1000)) for word in words)
    stock = instrument.kind is InstrumentKind.STOCK
    lowest, reach = _LEVELS.get(instrument.kind, _FUND_LEVEL)
    return Profile(
        symbol=instrument.symbol,
        name=instrument.name,
        listed=instrument.list_date,
        industry="",
        price=level or lowest + price * reach / 1000,
        shares=(200 + 5 * shares) * 1_000_000,
        dividend=dividend // 30 if stock else 0,
        deviation=80 + deviation // 6,
    )
