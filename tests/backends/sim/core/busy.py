"""A day of one symbol that meets everything a venue does; run alone it prints its fingerprint."""

from quantgraph.backends.sim.core.events import Cancel, Command, Enter, Expire, Halt, Lower, Turn
from quantgraph.backends.sim.core.tally import Terms
from quantgraph.backends.sim.core.venue import Venue
from quantgraph.domain.instruments import Market
from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase

PHASES = [
    Phase.OPEN_AUCTION,
    Phase.OPEN_AUCTION_FIXED,
    Phase.PRE_OPEN,
    Phase.CONTINUOUS,
    Phase.LUNCH,
    Phase.CONTINUOUS,
    Phase.CLOSE_AUCTION,
    Phase.CLOSED,
    Phase.AFTER_HOURS,
]


def commands(each: int = 400) -> list[Command]:
    """The day's commands, `each` to a phase, by a plain congruence: no library draws for it."""
    kinds, state, number, told = [*PriceType][:6], 20230201, 0, list[Command]()
    for phase in PHASES:
        told.append(Turn(phase))
        for step in range(each):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            bits = state >> 33
            number += 1
            key = number if bits % 7 == 0 else -number
            side = Side.BUY if bits >> 3 & 1 else Side.SELL
            kind = kinds[(bits >> 4) % 12] if (bits >> 4) % 12 < len(kinds) else PriceType.LIMIT
            price = 1000 + (bits >> 8) % 41 - 20 if kind is PriceType.LIMIT else None
            told.append(Enter(key, side, 100 * (1 + (bits >> 14) % 20), kind, price))
            if bits >> 20 & 1:
                gone = 1 + (bits >> 21) % number
                told += [Lower(-gone, 300), Cancel(gone), Cancel(-(1 + (bits >> 9) % number))]
            if step in {each // 2, each // 2 + 9}:
                told.append(Halt(resumed=step > each // 2))
    return [*told, Expire()]


def lived(market: Market = Market.SZ) -> Venue:
    """A venue at the end of such a day."""
    venue = Venue(Terms(market, 1000, (900, 1100)))
    for command in commands():
        venue.apply(command)
    return venue


if __name__ == "__main__":
    print(lived().fingerprint()[0])
