"""A random life of an exchange, which a seed alone decides.

    python -m tests.backends.sim.steps --seed 7 --steps 100000

repeats one, and prints what it came to. Numbers come from `random.Random(seed)` as whole numbers
alone, which every Python draws alike.
"""

import argparse
import random
from decimal import Decimal

from quantgraph.domain.orders import PriceType, Side
from quantgraph.domain.rules.sessions import Phase
from quantgraph.domain.scenarios import SCENARIOS

from .trial import CLOSES, Trial, Wish

SYMBOLS = list(CLOSES)
MARKET = [kind for kind in PriceType if not kind.priced]
_SECOND = 1_000


class Life:
    """Draws acts and does them. `weights` of the acts add up to what `step` draws from."""

    def __init__(self, seed: int, *, each: bool = False) -> None:
        self.rng = random.Random(seed)
        self.trial = Trial(seed, each=each)
        self.acts = 0
        acts = (
            (self.place, 500),
            (self.withdraw, 180),
            (self.wait, 420),
            (self.leap, 3),
            (self.roll, 1),
            (self.halt, 4),
            (self.resume, 8),
            (self.deposit, 10),
            (self.open_account, 1),
            (self.announce, 3),
            (self.script, 3),
            (self.strangers, 25),
            (self.restore, 2),
        )
        self._acts = [act for act, weight in acts for _ in range(weight)]

    def run(self, steps: int, often: int = 100) -> None:
        """Do so many acts; now and then everything is checked."""
        for self.acts in range(steps):
            self._pick(self._acts)()
            if self.acts % often == 0:
                self.trial.check_all()
        self.trial.check_all()

    def place(self) -> None:
        account, side = self._pick(self.trial.accounts), self._pick(list(Side))
        symbol = self._symbol(account, side)
        kind = self._kind(symbol)
        self.trial.place(
            Wish(
                account=account,
                symbol=symbol,
                side=side,
                quantity=self._quantity(account, symbol, side),
                kind=kind,
                price=self._price(symbol, side) if kind.priced else None,
                lives=self._below(600) * _SECOND if self._below(8) == 0 else None,
            )
        )

    def withdraw(self) -> None:
        known = self.trial.live_orders
        if known and self._below(10):
            self.trial.withdraw(self._pick(known))
        else:
            self.trial.withdraw(f"o{self._below(self.trial.number + 2)}")

    def wait(self) -> None:
        if self._below(6) == 0:
            if self.trial.over:
                self.trial.roll()
            elif not self.trial.security("688981.SH").phase(self.trial.now).takes_orders:
                self.trial.leap()
        self.trial.wait(self._pick([0, 0, 1, 250, 900, 1_000, 2_500, 10_000, 30_000, 61_000]))

    def leap(self) -> None:
        self.trial.leap()

    def roll(self) -> None:
        self.trial.roll()

    def halt(self) -> None:
        self.trial.halt(self._pick(SYMBOLS))

    def resume(self) -> None:
        stopped = sorted(self.trial.witness.stopped)
        self.trial.resume(self._pick(stopped or SYMBOLS))

    def deposit(self) -> None:
        cents = self._below(4_000_000) - 1_500_000
        self.trial.deposit(self._pick(self.trial.accounts), Decimal(cents) / 100)

    def open_account(self) -> None:
        if len(self.trial.accounts) < 6:
            cash = Decimal(self._below(30_000_000)) / 100
            self.trial.open_account(cash, self._pick(SYMBOLS), 100 * (1 + self._below(30)) + 50)

    def announce(self) -> None:
        cash, bonus, split = self._below(200) / 1_000, self._below(5) / 20, self._below(4) / 5
        self.trial.announce(self._pick(SYMBOLS), cash, (bonus, split))

    def script(self) -> None:
        self.trial.script(self._pick(SYMBOLS), self._pick(SCENARIOS).name)

    def strangers(self) -> None:
        symbol = self._pick(SYMBOLS)
        price = self._price(symbol, self._pick(list(Side)))
        self.trial.strangers(symbol, price, 100 * (1 + self._below(40)))

    def restore(self) -> None:
        self.trial.restore()

    def _symbol(self, account: str, side: Side) -> str:
        """Return mostly one that the account may sell, where it is to sell."""
        held = self.trial.exchange.ledgers[account].holdings.items()
        own = sorted(symbol for symbol, each in held if each.sellable > 0)
        return self._pick(own if own and side is Side.SELL and self._below(8) else SYMBOLS)

    def _kind(self, symbol: str) -> PriceType:
        phase = self.trial.security(symbol).phase(self.trial.now)
        if self._below(3 if phase is Phase.CONTINUOUS else 20) == 0:
            return self._pick(MARKET)
        late = phase is Phase.AFTER_HOURS or self._below(15) == 0
        return PriceType.AFTER_HOURS if late else PriceType.LIMIT

    def _quantity(self, account: str, symbol: str, side: Side) -> int:
        sellable = self.trial.exchange.ledgers[account].holding(symbol).sellable
        if side is Side.SELL and sellable > 0 and self._below(3):
            whole = self._below(4) == 0 or sellable < 200
            return sellable if whole else 100 * (1 + self._below(sellable // 100))
        if self._below(40) == 0:
            return self._below(500)
        return 100 * (1 + self._below(12)) * self._pick([1, 1, 1, 5])

    def _price(self, symbol: str, side: Side) -> int:
        """Return ticks near the best price, seldom anywhere in the band and beyond."""
        security = self.trial.security(symbol)
        band, close = security.band, security.ticks(security.previous_close)
        if band is not None and self._below(12) == 0:
            low, high = security.ticks(band.low), security.ticks(band.high)
            return self._pick([low - 1, low, high, high + 1, low + self._below(high - low)])
        best = self.trial.best(symbol, side) or self.trial.best(symbol, side) or close
        return max(best + self._below(9) - 4, 1)

    def _below(self, bound: int) -> int:
        return self.rng.randrange(bound)

    def _pick(self, choices):
        return choices[self.rng.randrange(len(choices))]


def live(seed: int, steps: int) -> Life:
    """Return a life of so many acts; one that fails says how to repeat it."""
    life = Life(seed)
    try:
        life.run(steps)
    except BaseException as error:
        told = f"python -m tests.backends.sim.steps --seed {seed} --steps {steps}"
        error.add_note(f"on {life.trial.exchange.day}, act {life.acts}; to repeat it: {told}")
        raise
    return life


def main() -> None:
    parser = argparse.ArgumentParser(description="A random life of the simulated exchange.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--lives", type=int, default=1, help="seeds in a row")
    asked = parser.parse_args()
    for seed in range(asked.seed, asked.seed + asked.lives):
        life = live(seed, asked.steps)
        print(f"seed {seed}: {asked.steps} steps until {life.trial.exchange.day}")
        print(" ", life.trial.fingerprint)
        print(" ", ", ".join(f"{k} {n}" for k, n in sorted(life.trial.witness.counts.items())))


if __name__ == "__main__":
    main()
