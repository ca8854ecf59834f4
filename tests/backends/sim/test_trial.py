"""The whole exchange under any acts: accounts, symbols, phases, halts, scenarios, events, days.

QUANTGRAPH_TRIALS sets how many lives of 50 acts hypothesis tries; 44 by default. Only
then is a failure made smaller, which takes minutes.
"""

import os

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from .steps import Life

TRIALS = int(os.environ.get("QUANTGRAPH_TRIALS", "44"))


class Draws:
    """Draws for a life what its seed draws elsewhere, so that hypothesis can shrink it."""

    def __init__(self) -> None:
        self.data: st.DataObject | None = None

    def randrange(self, bound: int) -> int:
        assert self.data is not None
        return self.data.draw(st.integers(0, bound - 1))


class Trading(RuleBasedStateMachine):
    """`Life` with its acts as rules; `Trial` and `Witness` hold the promises after each act."""

    @initialize(data=st.data(), seed=st.integers(0, 50), begin=st.integers(0, 5))
    def open(self, data: st.DataObject, seed: int, begin: int) -> None:
        self.life = Life(seed, each=True)
        self.life.rng = self.draws = Draws()  # type: ignore[assignment]  # drawn, not random
        self.draws.data = data
        for _ in range(begin):  # to an auction, to trading, or to the close
            self.life.trial.leap()

    @rule(data=st.data())
    def place(self, data: st.DataObject) -> None:
        self.draws.data = data
        self.life.place()

    @rule(data=st.data())
    def place_again(self, data: st.DataObject) -> None:
        self.place(data)

    @rule(data=st.data())
    def place_once_more(self, data: st.DataObject) -> None:
        self.place(data)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.draws.data = data
        self.life.withdraw()

    @rule(ms=st.sampled_from([0, 1, 500, 1_000, 30_000, 90_000, 600_000]))
    def wait(self, ms: int) -> None:
        self.life.trial.wait(ms)

    @rule(ahead=st.integers(1, 2))
    def leap(self, ahead: int) -> None:
        self.life.trial.leap(ahead)

    @precondition(lambda self: self.life.trial.over)
    @rule()
    def roll(self) -> None:
        self.life.trial.roll()

    @rule(data=st.data())
    def interfere(self, data: st.DataObject) -> None:
        """Do what an operator does: halts, scenarios, events, strangers, money, a restart."""
        self.draws.data, life = data, self.life
        acts = [life.halt, life.resume, life.script, life.strangers, life.announce]
        acts += [life.deposit, life.open_account, life.restore, life.roll, life.resume]
        data.draw(st.sampled_from(acts))()

    @invariant()
    def every_book_holds(self) -> None:
        if hasattr(self, "life"):
            self.life.trial.check_all()


TestTrading = Trading.TestCase
_ASKED = "QUANTGRAPH_TRIALS" in os.environ
TestTrading.settings = settings(
    max_examples=TRIALS,
    stateful_step_count=50,
    phases=[Phase.generate, *([Phase.shrink] if _ASKED else [])],
)
